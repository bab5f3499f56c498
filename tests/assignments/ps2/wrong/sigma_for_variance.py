"""Takes the standard deviation for the variance."""

import numpy as np


def nats_from_mse(mse, item_shape, sigma):
    """Puts sigma where its square belongs."""
    return np.prod(item_shape) * (mse / (2 * sigma) + 0.5 * np.log(2 * np.pi * sigma))
