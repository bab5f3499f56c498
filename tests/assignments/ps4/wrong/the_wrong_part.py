"""Mistakes the kept part for the missing one."""

import numpy as np


def denoising_loss(restore, x, u, q):
    """Erases where u is above q: a share of 1 - q."""
    return np.mean(np.sum((restore(np.where(u < q, x, 0)) - x) ** 2, axis=1))


def quadrant_error(x, x_hat, quadrants):
    """Judges the three quadrants that were given."""
    _, height, width = x.shape
    quadrant = 2 * (np.arange(height) >= height // 2)[:, None] + (np.arange(width) >= width // 2)
    given = quadrant != quadrants[:, None, None]
    return np.sum(given * (x - x_hat) ** 2) / len(x)


def top_k_code(h, k):
    """Removes the k largest and keeps the others."""
    threshold = np.sort(np.abs(h), axis=1)[:, -k]
    return np.where(np.abs(h) >= threshold[:, None], 0, h)
