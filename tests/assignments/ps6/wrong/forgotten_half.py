"""Leaves out a factor one half."""

import numpy as np
from keras import ops


def kl_parts(mean, log_var, prior_mean, prior_sd):
    """Has no one half in front of both sums."""
    log_ratio = log_var - 2 * np.log(prior_sd)
    place = np.sum(((mean - prior_mean) / prior_sd) ** 2, axis=1)
    return np.stack([place, np.sum(np.exp(log_ratio) - log_ratio - 1, axis=1)], axis=1)


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    """Has no one half in the KL term: that is another beta."""
    mean, log_var = ops.split(ops.matmul(x, w_enc) + b_enc, 2, axis=1)
    logits = ops.matmul(mean + ops.exp(log_var / 2) * eps, w_dec) + b_dec
    nll = ops.sum(ops.softplus(logits) - x * logits, axis=2)
    kl = ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll) + beta * ops.mean(kl)
