"""Takes a determinant, and its logarithm afterwards."""

import numpy as np


def kl_precision(mean_a, cov_a, mean_b, precision_b):
    """The determinants become 0 and infinity in many dimensions."""
    log_det = -np.log(np.linalg.det(cov_a)) - np.log(np.linalg.det(precision_b))
    difference = mean_a - mean_b
    distance = difference @ precision_b @ difference
    return 0.5 * (np.trace(precision_b @ cov_a) + distance - len(mean_a) + log_det)


def log_evidence(x, w, b, noise_var):
    """The determinant becomes 0 with many coordinates."""
    cov = w @ w.T + np.diag(noise_var)
    distance = np.einsum("mi,ij,mj->m", x - b, np.linalg.inv(cov), x - b)
    return -0.5 * (distance + len(b) * np.log(2 * np.pi) + np.log(np.linalg.det(cov)))
