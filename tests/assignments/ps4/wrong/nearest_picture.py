"""Gives the most probable answer where the mean is best."""

import numpy as np


def best_guess(noisy, points, prior, sigma):
    """Returns the most probable clean picture."""
    squares = np.sum((noisy[:, None] - points) ** 2, axis=2)
    return points[np.argmax(np.log(prior) - squares / (2 * sigma**2), axis=1)]
