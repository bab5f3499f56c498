"""Averages where a sum is meant."""

import numpy as np


def tied_gradient(x, w, b, c):
    """Averages over the pixels, too."""
    h = 1 / (1 + np.exp(-(x @ w + b)))
    difference = h @ w.T + c - x
    error = 2 * difference / x.size
    return np.mean(difference**2), x.T @ ((error @ w) * h * (1 - h)) + error.T @ h


def sparsity_penalty(h, target):
    """Averages over the units instead of adding them up."""
    mean = h.mean(axis=0)
    on = target * np.log(target / mean)
    off = (1 - target) * np.log((1 - target) / (1 - mean))
    slope = (1 - target) / (1 - mean) - target / mean
    return np.mean(on + off), np.tile(slope / h.size, (len(h), 1))


def denoising_loss(restore, x, u, q):
    """Averages over the pixels."""
    return np.mean((restore(np.where(u < q, 0, x)) - x) ** 2)


def quadrant_error(x, x_hat, quadrants):
    """Averages over the pixels of the quadrant."""
    _, height, width = x.shape
    quadrant = 2 * (np.arange(height) >= height // 2)[:, None] + (np.arange(width) >= width // 2)
    missing = quadrant == quadrants[:, None, None]
    return np.sum(missing * (x - x_hat) ** 2) / np.sum(missing)
