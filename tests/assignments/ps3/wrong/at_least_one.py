"""Believes that there is no code without a number in it."""

import numpy as np


def smallest_code(eigenvalues, error):
    """Starts counting at one component."""
    falling = np.sort(eigenvalues)[::-1]
    return next(k for k in range(1, len(falling) + 1) if falling[k:].sum() <= error)
