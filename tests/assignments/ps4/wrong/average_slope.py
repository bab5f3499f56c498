"""Averages the factors of a product before they are multiplied."""

import numpy as np


def tied_gradient(x, w, b, c):
    """Multiplies the mean error with the mean slope of the batch."""
    h = 1 / (1 + np.exp(-(x @ w + b)))
    difference = h @ w.T + c - x
    error = 2 * difference / len(x)
    slope = np.mean(h * (1 - h), axis=0)
    loss = np.mean(np.sum(difference**2, axis=1))
    return loss, x.T @ (error @ w) * slope + error.T @ h


def deep_jacobian(x, w1, b1, w2, b2):
    """Takes the slopes of the first layer at the average example."""
    g = 1 / (1 + np.exp(-(x @ w1 + b1)))
    h = np.tanh(g @ w2 + b2)
    slope = np.mean(g * (1 - g), axis=0)
    return (1 - h**2)[:, :, None] * (w2.T @ (slope[:, None] * w1.T))
