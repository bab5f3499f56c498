"""Believes that a ReLU code keeps a number in one unit."""

import numpy as np


def copying_decoder(a, c):
    """Reads the first half of the code, where negative numbers are missing."""
    inverse = np.linalg.inv(a)
    return np.concatenate([inverse, np.zeros_like(inverse)]), -c @ inverse
