"""Starts training where it cannot move."""

import numpy as np


def train_autoencoder(x, latent_dim):
    """Starts with zeros: no gradient reaches a weight, and only b2 learns."""
    w1, w2 = np.zeros((x.shape[1], latent_dim)), np.zeros((latent_dim, x.shape[1]))
    b1, b2 = np.zeros(latent_dim), np.zeros(x.shape[1])
    for _ in range(100):
        h = np.tanh(x @ w1 + b1)
        d_copies = 2 * (h @ w2 + b2 - x) / len(x)
        d_pre = (d_copies @ w2.T) * (1 - h**2)
        w1, b1 = w1 - 0.1 * x.T @ d_pre, b1 - 0.1 * d_pre.sum(axis=0)
        w2, b2 = w2 - 0.1 * h.T @ d_copies, b2 - 0.1 * d_copies.sum(axis=0)
    return w1, b1, w2, b2
