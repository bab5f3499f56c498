"""Takes the logarithm of 0."""

import numpy as np


def information(joint, unit):
    """0 log 0 becomes NaN."""

    def entropy(p):
        return -np.sum(p * np.log(p)) / (np.log(2) if unit == "bits" else 1)

    h_x, h_y = entropy(joint.sum(axis=1)), entropy(joint.sum(axis=0))
    return h_x, entropy(joint) - h_x, h_x + h_y - entropy(joint)


def kl_from_logits(a, b):
    """-inf minus -inf becomes NaN."""
    log_p = a - np.logaddexp.reduce(a, axis=1)[:, None]
    log_q = b - np.logaddexp.reduce(b, axis=1)[:, None]
    return np.sum(np.exp(log_p) * (log_p - log_q), axis=1)


def mixture_elbo(x, weights, means, stds, q):
    """0 log 0 becomes NaN."""
    log_joint = np.log(weights) - ((x[:, None] - means) / stds) ** 2 / 2
    log_joint = log_joint - np.log(stds * np.sqrt(2 * np.pi))
    return np.sum(q * (log_joint - np.log(q)), axis=1)
