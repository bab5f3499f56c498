"""Asks a denoiser for its own input."""

import numpy as np


def denoising_loss(restore, x, u, q):
    """Compares with the damaged picture."""
    damaged = np.where(u < q, 0, x)
    return np.mean(np.sum((restore(damaged) - damaged) ** 2, axis=1))


def restore(clean, damaged, q, seed):
    """Trains with damaged inputs and the same damaged targets, and so learns to copy."""
    mask = np.random.default_rng(seed).random(clean.shape) < q
    spoiled = np.where(mask, 0, clean)
    ridge = 0.1 * np.eye(clean.shape[1])
    return damaged @ np.linalg.solve(spoiled.T @ spoiled + ridge, spoiled.T @ spoiled)
