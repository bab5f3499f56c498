"""Mixes up standard deviation and log-variance."""

import numpy as np
from keras import ops


def class_prior_kl(mean, log_var, labels, class_means):
    """Takes log_var for the logarithm of the standard deviation."""
    square = (mean - class_means[labels]) ** 2
    return 0.5 * np.sum(square + np.exp(2 * log_var) - 2 * log_var - 1, axis=1)


def cvae_loss(x, label, eps, w_enc, b_enc, w_dec, b_dec):
    """Multiplies the noise by the variance."""
    code = ops.matmul(ops.concatenate([x, label], axis=1), w_enc) + b_enc
    mean, log_var = ops.split(code, 2, axis=1)
    z = mean + ops.exp(log_var) * eps
    logits = ops.matmul(ops.concatenate([z, label], axis=1), w_dec) + b_dec
    nll = ops.sum(ops.softplus(logits) - x * logits, axis=1)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll + kl)
