"""Takes the largest logarithm of all pictures out: the others still underflow."""

import numpy as np


def importance_bound(log_w, group):
    """Estimate the bound with several draws in each logarithm."""
    top = np.max(log_w)
    w = np.exp(np.asarray(log_w, "float64") - top).reshape(-1, group, log_w.shape[1])
    return np.mean(np.log(np.mean(w, axis=1)), axis=0) + top
