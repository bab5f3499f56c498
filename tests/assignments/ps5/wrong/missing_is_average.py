"""Makes up what was not seen."""

import numpy as np


def log_evidence(x, w, b, noise_var):
    """Puts the mean in place of what is missing, and so claims to have seen it."""
    cov = w @ w.T + np.diag(noise_var)
    difference = np.where(np.isnan(x), 0, x - b)
    distance = np.einsum("mi,ij,mj->m", difference, np.linalg.inv(cov), difference)
    return -0.5 * (distance + len(b) * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1])
