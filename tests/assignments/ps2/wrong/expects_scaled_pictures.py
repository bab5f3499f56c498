"""Forgets what was done to the data before training."""

import numpy as np


def train_autoencoder(x, latent_dim):
    """Trains on centered pictures, and returns weights that expect centered pictures."""
    z = np.asarray(x - x.mean(axis=0), "float64")
    directions = np.linalg.svd(z, full_matrices=False)[2][:latent_dim]
    zeros = np.zeros(latent_dim), np.zeros(x.shape[1])
    return 0.01 * directions.T, zeros[0], 100 * directions, zeros[1]
