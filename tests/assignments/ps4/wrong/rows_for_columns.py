"""Swaps two axes."""

import numpy as np


def quadrant_error(x, x_hat, quadrants):
    """Counts quadrants down the columns: 1 is the lower left."""
    _, height, width = x.shape
    quadrant = (np.arange(height) >= height // 2)[:, None] + 2 * (np.arange(width) >= width // 2)
    missing = quadrant == quadrants[:, None, None]
    return np.sum(missing * (x - x_hat) ** 2) / len(x)


def deep_jacobian(x, w1, b1, w2, b2):
    """Returns the transpose: inputs in rows, code units in columns."""
    g = 1 / (1 + np.exp(-(x @ w1 + b1)))
    h = np.tanh(g @ w2 + b2)
    first = w1 * (g * (1 - g))[:, None, :]
    return first @ (w2 * (1 - h**2)[:, None, :])
