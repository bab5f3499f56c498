"""Judges what was given as well."""

import numpy as np


def quadrant_error(x, x_hat, quadrants):
    """Counts the error of all pixels, missing or not."""
    return np.sum((x - x_hat) ** 2) / len(x)


def denoising_loss(restore, x, u, q):
    """Counts the error of the erased pixels only."""
    damaged = np.where(u < q, 0, x)
    return np.sum(((restore(damaged) - x) ** 2)[u < q]) / len(x)
