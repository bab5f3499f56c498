"""Averages without weights."""

import numpy as np


def information(joint, unit):
    """Takes the plain average of the rows' entropies, however rare a row is."""

    def entropy(p):
        p = p[p > 0]
        return -np.sum(p * np.log(p)) / (np.log(2) if unit == "bits" else 1)

    h_x, h_y = entropy(joint.sum(axis=1)), entropy(joint.sum(axis=0))
    rows = [row / row.sum() for row in joint if row.sum() > 0]
    h_y_given_x = np.mean([entropy(row) for row in rows])
    return h_x, h_y_given_x, h_y - h_y_given_x


def log_prob_estimates(log_joint, log_q):
    """Averages the logarithms twice: the second estimate is the first."""
    log_w = log_joint - log_q
    return log_w.mean(axis=0), log_w.mean(axis=0)
