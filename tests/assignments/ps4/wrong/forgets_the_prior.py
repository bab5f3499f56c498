"""Leaves out one factor of Bayes' rule."""

import numpy as np


def best_guess(noisy, points, prior, sigma):
    """Takes all clean pictures to be equally likely beforehand."""
    squares = np.sum((noisy[:, None] - points) ** 2, axis=2)
    exponent = -squares / (2 * sigma**2)
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return weights @ points / weights.sum(axis=1, keepdims=True)
