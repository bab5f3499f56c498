"""Forgets a factor of one half."""

import numpy as np


def kl_precision(mean_a, cov_a, mean_b, precision_b):
    """The half in front of the divergence is missing."""
    log_det = -np.linalg.slogdet(precision_b)[1] - np.linalg.slogdet(cov_a)[1]
    difference = mean_a - mean_b
    distance = difference @ precision_b @ difference
    return np.trace(precision_b @ cov_a) + distance - len(mean_a) + log_det


def best_diagonal(cov):
    """The half in front of the divergence is missing."""
    log_var = -np.log(np.diagonal(np.linalg.inv(cov)))
    return log_var, np.linalg.slogdet(cov)[1] - np.sum(log_var)


def gradient_estimates(f, slope, mean, log_var, eps):
    """The derivatives in log_var lack their half."""
    std = np.exp(log_var / 2)
    z = mean + std * eps
    values, slopes = f(z)[:, None], slope(z)
    score = np.stack([values * eps / std, values * (eps**2 - 1)], axis=1)
    return score, np.stack([slopes, slopes * std * eps], axis=1)
