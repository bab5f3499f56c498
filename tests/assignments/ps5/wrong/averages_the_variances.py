"""Averages on the wrong side of an inverse."""

import numpy as np


def best_diagonal(cov, groups):
    """Averages the best variances of a group, not their inverses."""
    precision = np.diagonal(np.linalg.inv(cov))
    same = groups[:, None] == groups
    log_var = np.log(same @ (1 / precision) / same.sum(axis=1))
    trace = np.sum(precision * np.exp(log_var))
    log_det = np.linalg.slogdet(cov)[1]
    return log_var, 0.5 * (trace - len(cov) + log_det - np.sum(log_var))
