"""Applies two prices one after the other."""

import numpy as np


def elastic_code(a, l1, l2):
    """Solves for the square first, and cuts off what came out of it."""
    shrunk = a / (1 + l2)
    return np.sign(shrunk) * np.maximum(np.abs(shrunk) - l1 / 2, 0)
