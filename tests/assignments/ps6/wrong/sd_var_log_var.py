"""Mixes up standard deviation, variance and log-variance."""

import numpy as np
from keras import ops


def draw(mean, raw, eps):
    """Takes the raw number for a log-variance, as in the chapter."""
    return mean + ops.exp(ops.clip(raw, -80.0, 80.0) / 2) * eps


def kl_parts(mean, log_var, prior_mean, prior_sd):
    """Divides by the prior's standard deviation where its variance is meant."""
    place = 0.5 * np.sum((mean - prior_mean) ** 2 / prior_sd, axis=1)
    log_ratio = log_var - np.log(prior_sd)
    width = 0.5 * np.sum(np.exp(log_ratio) - log_ratio - 1, axis=1)
    return np.stack([place, width], axis=1)


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    """Multiplies the noise by the variance, exp(log_var) without the half."""
    mean, log_var = ops.split(ops.matmul(x, w_enc) + b_enc, 2, axis=1)
    logits = ops.matmul(mean + ops.exp(log_var) * eps, w_dec) + b_dec
    nll = ops.sum(ops.softplus(logits) - x * logits, axis=2)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll) + beta * ops.mean(kl)


def sampled_elbo(x, mean, log_var, eps, decode):
    """Draws with the variance in the place of the standard deviation."""
    s, n, k = eps.shape
    z = mean + np.exp(log_var) * eps
    logits = np.asarray(decode(z.reshape(s * n, k))).reshape(s, n, -1)
    log_p_x = np.sum(x * logits - np.logaddexp(0, logits), axis=2)
    log_q_z = -0.5 * np.sum((z - mean) ** 2 / np.exp(log_var) + log_var, axis=2)
    return log_p_x - 0.5 * np.sum(z**2, axis=2) - log_q_z
