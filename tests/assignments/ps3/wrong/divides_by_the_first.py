"""Mixes up the two spaces."""

import numpy as np


def subspace_overlap(a, b):
    """Divides by the dimension of the first space instead of the second."""
    a, b = (np.linalg.qr(rows[rows.any(axis=1)].T)[0] for rows in (a, b))
    return np.sum((a.T @ b) ** 2) / a.shape[1]
