"""Mixes up the two spaces."""

import numpy as np


def subspace_overlap(a, b):
    """Divides by the dimension of the first space instead of the second."""
    a, b = np.linalg.qr(a.T)[0], np.linalg.qr(b.T)[0]
    return np.sum((a.T @ b) ** 2) / a.shape[1]
