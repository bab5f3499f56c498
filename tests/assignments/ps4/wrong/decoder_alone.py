"""Sees the shared matrix in one place only."""

import numpy as np


def tied_gradient(x, w, b, c):
    """Takes the encoder's matrix as a constant."""
    h = 1 / (1 + np.exp(-(x @ w + b)))
    difference = h @ w.T + c - x
    return np.mean(np.sum(difference**2, axis=1)), 2 * difference.T @ h / len(x)
