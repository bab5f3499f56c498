"""Takes a small number for zero."""

import numpy as np


def elastic_code(a, l1, l2):
    """Halves an interval around the minimum 40 times: what should be 0 is about 1e-11."""
    a = np.asarray(a)
    low, high = -np.abs(a) - 1, np.abs(a) + 1.1
    for _ in range(40):
        h = (low + high) / 2
        rises = 2 * (h - a) + l1 * np.sign(h) + 2 * l2 * h > 0
        low, high = np.where(rises, low, h), np.where(rises, h, high)
    return (low + high) / 2
