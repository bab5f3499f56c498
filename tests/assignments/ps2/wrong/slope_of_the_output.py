"""Puts an output where the formula wants a preactivation."""

import numpy as np


def preactivation_gradient(x, output, activation, loss):
    """Applies the activation once more to what has been through it already."""
    if loss == "cross-entropy":
        return (output - x) / len(x)
    s = 1 / (1 + np.exp(-output))
    slope = {
        "linear": 1,
        "relu": output > 0,
        "sigmoid": s * (1 - s),
        "tanh": 1 - np.tanh(output) ** 2,
    }
    return 2 * (output - x) * slope[activation] / len(x)


def gradients(x, w1, b1, w2, b2):
    """Takes the slope of the tanh at the code instead of at what went into it."""
    h = np.tanh(x @ w1 + b1)
    d_copies = 2 * (h @ w2 + b2 - x) / len(x)
    d_pre = (d_copies @ w2.T) * (1 - np.tanh(h) ** 2)
    return x.T @ d_pre, d_pre.sum(axis=0), h.T @ d_copies, d_copies.sum(axis=0)
