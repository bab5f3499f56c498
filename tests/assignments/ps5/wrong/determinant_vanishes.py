"""Takes a determinant, and its logarithm afterwards."""

import numpy as np


def kl_precision(eta_a, precision_a, eta_b, precision_b):
    """The determinants become infinite in many dimensions."""
    mean_a = np.linalg.solve(precision_a, eta_a.T).T
    difference = mean_a - np.linalg.solve(precision_b, eta_b)
    log_det = np.log(np.linalg.det(precision_a)) - np.log(np.linalg.det(precision_b))
    trace = np.trace(np.linalg.solve(precision_a, precision_b))
    distance = np.einsum("mi,ij,mj->m", difference, precision_b, difference)
    return 0.5 * (trace + distance - len(eta_b) + log_det)


def log_evidence(x, w, b, noise_var):
    """The determinant becomes 0 with many coordinates."""
    cov = w @ w.T + np.diag(noise_var)
    result = []
    for row, seen in zip(x - b, ~np.isnan(x), strict=True):
        part = cov[seen][:, seen]
        distance = row[seen] @ np.linalg.solve(part, row[seen])
        log_det = np.log(np.linalg.det(part))
        result.append(-0.5 * (distance + seen.sum() * np.log(2 * np.pi) + log_det))
    return np.array(result)
