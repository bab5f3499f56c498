"""Forgets a factor of one half."""

import numpy as np


def kl_precision(eta_a, precision_a, eta_b, precision_b):
    """The half in front of the divergence is missing."""
    mean_a = np.linalg.solve(precision_a, eta_a.T).T
    difference = mean_a - np.linalg.solve(precision_b, eta_b)
    log_det = np.linalg.slogdet(precision_a)[1] - np.linalg.slogdet(precision_b)[1]
    trace = np.trace(np.linalg.solve(precision_a, precision_b))
    distance = np.einsum("mi,ij,mj->m", difference, precision_b, difference)
    return trace + distance - len(eta_b) + log_det


def best_diagonal(cov, groups):
    """The half in front of the divergence is missing."""
    same = groups[:, None] == groups
    log_var = -np.log(same @ np.diagonal(np.linalg.inv(cov)) / same.sum(axis=1))
    return log_var, np.linalg.slogdet(cov)[1] - np.sum(log_var)


def gradient_estimates(f, slope, mean, log_var, eps):
    """The derivatives in log_var lack their half."""
    std = np.exp(log_var / 2)
    z = mean + std * eps
    values, slopes = f(z)[:, None], slope(z)
    score = np.stack([values * eps / std, values * (eps**2 - 1)], axis=1)
    return score, np.stack([slopes, slopes * std * eps], axis=1)
