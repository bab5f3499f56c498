"""Takes what is kept for what is lost."""

import numpy as np


def smallest_code(eigenvalues, error):
    """Compares the error with the sum of the eigenvalues that are kept."""
    falling = np.sort(eigenvalues)[::-1]
    for k in range(len(falling) + 1):
        if falling[:k].sum() >= error:
            return k
    return len(falling)
