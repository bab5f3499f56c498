"""Averages where a sum is meant, or adds where a mean is."""

import numpy as np


def kl_from_logits(a, b):
    """Averages over the outcomes."""
    log_p = a - np.logaddexp.reduce(a, axis=1)[:, None]
    log_q = b - np.logaddexp.reduce(b, axis=1)[:, None]
    possible = log_p > -np.inf
    ratio = np.where(possible, log_p, 0) - np.where(possible, log_q, 0)
    return np.mean(np.exp(log_p) * ratio, axis=1)


def elbo(x, w, b, noise_var, mean, cov):
    """Averages over the coordinates of x."""
    squares = (x - b - mean @ w.T) ** 2 + np.diag(w @ cov @ w.T)
    fit = -0.5 * np.mean(np.log(2 * np.pi * noise_var) + squares / noise_var, axis=1)
    log_det = np.linalg.slogdet(cov)[1]
    return fit - 0.5 * (np.trace(cov) + np.mean(mean**2, axis=1) - len(cov) - log_det)


def log_prob_estimates(log_joint, log_q):
    """Adds the weights up and does not divide by the number of draws."""
    log_w = log_joint - log_q
    return log_w.mean(axis=0), np.logaddexp.reduce(log_w, axis=0)
