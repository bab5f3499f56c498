"""Gives both halves of the code the same sign."""

import numpy as np


def copying_decoder(a, c):
    """Rebuilds the absolute value: r(t) + r(-t) is not t."""
    inverse = np.linalg.inv(a)
    return np.concatenate([inverse, inverse]), -c @ inverse
