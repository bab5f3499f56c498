"""Goes forward through an activation function and not back through it."""

import numpy as np


def tied_gradient(x, w, b, c):
    """Leaves out the derivative of the sigmoid."""
    h = 1 / (1 + np.exp(-(x @ w + b)))
    difference = h @ w.T + c - x
    error = 2 * difference / len(x)
    return np.mean(np.sum(difference**2, axis=1)), x.T @ (error @ w) + error.T @ h


def deep_jacobian(x, w1, b1, w2, b2):
    """Leaves out the derivative of the sigmoid."""
    g = 1 / (1 + np.exp(-(x @ w1 + b1)))
    h = np.tanh(g @ w2 + b2)
    return (1 - h**2)[:, :, None] * (w1 @ w2).T
