"""Cuts off at the wrong place."""

import numpy as np


def elastic_code(a, l1, l2):
    """Subtracts the whole price: the derivative of the square has a factor 2, too."""
    return np.sign(a) * np.maximum(np.abs(a) - l1, 0) / (1 + l2)
