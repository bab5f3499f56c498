"""Leaves the tensors on the way."""

import numpy as np


def contraction(x, w, b):
    """Computes in NumPy, through which no gradient passes."""
    x, w, b = np.asarray(x), np.asarray(w), np.asarray(b)
    h = 1 / (1 + np.exp(-(x @ w + b)))
    return ((h * (1 - h)) ** 2 * np.sum(w**2, axis=0)).sum(axis=1)
