"""Exchanges two things."""

import numpy as np


def information(joint, unit):
    """Takes columns for rows: H(Y) and H(X | Y)."""

    def entropy(p):
        p = p[p > 0]
        return -np.sum(p * np.log(p)) / (np.log(2) if unit == "bits" else 1)

    h_x, h_y = entropy(joint.sum(axis=1)), entropy(joint.sum(axis=0))
    return h_y, entropy(joint) - h_y, h_x + h_y - entropy(joint)


def two_fits(x, p, means, stds):
    """Searches for the forward fit, and computes the reverse one from the moments."""
    weights = p / p.sum()
    mean = weights @ x
    moments = mean, np.sqrt(weights @ (x - mean) ** 2)

    def cost(candidate):
        return weights @ (0.5 * ((x - candidate[0]) / candidate[1]) ** 2) + np.log(candidate[1])

    return min(((m, s) for m in means for s in stds), key=cost), moments


def log_prob_estimates(log_joint, log_q):
    """Averages over the observations instead of over the draws."""
    log_w = log_joint - log_q
    top = log_w.max(axis=1)
    return log_w.mean(axis=1), top + np.log(np.mean(np.exp(log_w - top[:, None]), axis=1))
