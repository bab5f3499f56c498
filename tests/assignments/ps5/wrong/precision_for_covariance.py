"""Takes a matrix for its inverse."""

import numpy as np


def kl_precision(mean_a, cov_a, mean_b, precision_b):
    """Takes the second matrix for a covariance."""
    inverse = np.linalg.inv(precision_b)
    log_det = np.linalg.slogdet(precision_b)[1] - np.linalg.slogdet(cov_a)[1]
    difference = mean_a - mean_b
    distance = difference @ inverse @ difference
    return 0.5 * (np.trace(inverse @ cov_a) + distance - len(mean_a) + log_det)


def posterior(x, w, b, noise_var):
    """Returns the precision in place of the covariance."""
    scaled = w / noise_var[:, None]
    precision = np.eye(w.shape[1]) + w.T @ scaled
    return (x - b) @ scaled @ np.linalg.inv(precision), precision


def best_diagonal(cov):
    """Keeps the diagonal of the covariance: the marginal variances."""
    log_var = np.log(np.diagonal(cov))
    trace = np.sum(np.diagonal(np.linalg.inv(cov)) * np.exp(log_var))
    log_det = np.linalg.slogdet(cov)[1]
    return log_var, 0.5 * (trace - len(cov) + log_det - np.sum(log_var))
