"""Averages over pixels, or over draws, where a sum or nothing is meant."""

import math

import numpy as np
from keras import ops


def gray_nll(levels, logits):
    """Averages over the pixels of a picture."""
    ways = np.log([math.comb(16, x) for x in range(17)])[levels.astype(int)]
    log_p = ways - levels * np.logaddexp(0, -logits) - (16 - levels) * np.logaddexp(0, logits)
    return -np.mean(log_p, axis=(1, 2))


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    """Takes the mean cross-entropy of a library: divided by the number of pixels."""
    mean, log_var = ops.split(ops.matmul(x, w_enc) + b_enc, 2, axis=1)
    logits = ops.matmul(mean + ops.exp(log_var / 2) * eps, w_dec) + b_dec
    nll = ops.mean(ops.softplus(logits) - x * logits)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return nll + beta * ops.mean(kl)


def sampled_elbo(x, mean, log_var, eps, decode):
    """Averages log p(x|z) over pixels."""
    s, n, k = eps.shape
    z = mean + np.exp(log_var / 2) * eps
    logits = np.asarray(decode(z.reshape(s * n, k))).reshape(s, n, -1)
    log_p_x = np.mean(x * logits - np.logaddexp(0, logits), axis=2)
    return log_p_x - 0.5 * np.sum(z**2 - eps**2 - log_var, axis=2)
