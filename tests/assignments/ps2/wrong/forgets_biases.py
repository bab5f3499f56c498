"""Forgets the biases."""

import numpy as np


def count_parameters(item_shape, filters, kernel, latent_dim):
    """Counts the weights alone."""
    chain = [item_shape[2], *filters]
    weights = sum(kernel**2 * a * b for a, b in zip(chain[:-1], filters, strict=True))
    flat = item_shape[0] * item_shape[1] * filters[-1] // 4 ** len(filters)
    return weights + flat * latent_dim, weights + flat * latent_dim


def copying_decoder(a, c):
    """Undoes the mixing, and forgets what c has added."""
    inverse = np.linalg.inv(a)
    return np.concatenate([inverse, -inverse]), np.zeros(len(a))
