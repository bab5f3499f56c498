"""Averages where a sum is meant, or adds where a mean is."""

import numpy as np
from keras import ops


def cvae_loss(x, label, eps, w_enc, b_enc, w_dec, b_dec):
    """Averages the cross-entropy over pixels."""
    code = ops.matmul(ops.concatenate([x, label], axis=1), w_enc) + b_enc
    mean, log_var = ops.split(code, 2, axis=1)
    z = mean + ops.exp(log_var / 2) * eps
    logits = ops.matmul(ops.concatenate([z, label], axis=1), w_dec) + b_dec
    nll = ops.mean(ops.softplus(logits) - x * logits, axis=1)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll + kl)


def label_posterior(log_w, prior):
    """Adds the weights of all draws instead of averaging them."""
    log_joint = np.logaddexp.reduce(log_w, axis=0) + np.log(prior)
    log_p = np.logaddexp.reduce(log_joint, axis=1)
    return log_p, np.exp(log_joint - log_p[:, None])


def completion_nll(pictures, logits, missing):
    """Averages over the missing pixels."""
    nll = np.logaddexp(0, logits) - pictures * logits
    height, width = nll.shape[1] // 2, nll.shape[2] // 2
    parts = []
    for q in missing:
        rows = slice((q // 2) * height, (q // 2 + 1) * height)
        columns = slice((q % 2) * width, (q % 2 + 1) * width)
        parts.append(nll[:, rows, columns].mean(axis=(1, 2)))
    return np.mean(parts, axis=0)
