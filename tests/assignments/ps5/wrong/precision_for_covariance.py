"""Takes a matrix for its inverse."""

import numpy as np


def kl_precision(eta_a, precision_a, eta_b, precision_b):
    """Finds the means, and takes the precisions for covariances afterwards."""
    mean_a = np.linalg.solve(precision_a, eta_a.T).T
    difference = mean_a - np.linalg.solve(precision_b, eta_b)
    log_det = np.linalg.slogdet(precision_b)[1] - np.linalg.slogdet(precision_a)[1]
    trace = np.trace(np.linalg.solve(precision_b, precision_a))
    distance = np.sum(difference * np.linalg.solve(precision_b, difference.T).T, axis=1)
    return 0.5 * (trace + distance - len(eta_b) + log_det)


def posterior(x, w, b, noise_var):
    """Returns the precision in place of the covariance."""
    scaled = w / noise_var[:, None]
    precision = np.eye(w.shape[1]) + w.T @ scaled
    return (x - b) @ scaled @ np.linalg.inv(precision), precision


def best_diagonal(cov, groups):
    """Takes the diagonal of the covariance: the marginal variances."""
    same = groups[:, None] == groups
    log_var = np.log(same @ np.diagonal(cov) / same.sum(axis=1))
    trace = np.sum(np.diagonal(np.linalg.inv(cov)) * np.exp(log_var))
    log_det = np.linalg.slogdet(cov)[1]
    return log_var, 0.5 * (trace - len(cov) + log_det - np.sum(log_var))
