"""Takes a Jacobian for the same everywhere."""

import numpy as np


def deep_jacobian(x, w1, b1, w2, b2):
    """Computes the slopes at the average example."""
    g = 1 / (1 + np.exp(-(x @ w1 + b1)))
    h = np.tanh(g @ w2 + b2)
    g, h = g.mean(axis=0), h.mean(axis=0)
    one = ((1 - h**2)[:, None] * w2.T) @ ((g * (1 - g))[:, None] * w1.T)
    return np.repeat(one[None], len(x), axis=0)
