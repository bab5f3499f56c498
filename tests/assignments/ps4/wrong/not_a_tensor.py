"""Leaves the tensors on the way."""

import numpy as np


def contraction(x, w, b, noise):
    """Computes in NumPy, through which no gradient passes."""
    x, w, b, noise = (np.asarray(a) for a in (x, w, b, noise))
    h = 1 / (1 + np.exp(-(x @ w + b)))
    return ((h * (1 - h)) ** 2 * (noise**2 @ w**2)).sum(axis=1)
