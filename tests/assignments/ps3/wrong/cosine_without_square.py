"""Averages cosines where their squares are meant."""

import numpy as np


def subspace_overlap(a, b):
    """Averages the cosines of the principal angles."""
    a, b = (np.linalg.qr(rows[rows.any(axis=1)].T)[0] for rows in (a, b))
    return np.linalg.svd(a.T @ b, compute_uv=False).sum() / b.shape[1]
