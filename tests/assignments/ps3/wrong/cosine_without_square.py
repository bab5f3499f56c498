"""Averages cosines where their squares are meant."""

import numpy as np


def subspace_overlap(a, b):
    """Averages the cosines of the principal angles."""
    a, b = np.linalg.qr(a.T)[0], np.linalg.qr(b.T)[0]
    return np.linalg.svd(a.T @ b, compute_uv=False).sum() / b.shape[1]
