"""Forgets to divide."""

import numpy as np


def importance_bound(log_w, group):
    """Adds the weights of a group instead of averaging them."""
    log_w = np.asarray(log_w, "float64").reshape(-1, group, log_w.shape[1])
    return np.logaddexp.reduce(log_w, axis=1).mean(axis=0)
