"""Lets all code units start alike."""

import numpy as np


def train_autoencoder(x, latent_dim):
    """Starts all units with the same weights: they stay alike, and are one unit forever."""
    mean = x.mean(axis=0)
    first = np.linalg.svd(x - mean, full_matrices=False)[2][0]
    w1 = 0.01 * np.tile(first[:, None], (1, latent_dim))
    return w1, -mean @ w1, 100 / latent_dim * np.tile(first, (latent_dim, 1)), mean
