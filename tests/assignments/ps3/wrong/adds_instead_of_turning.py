"""Adds a vector and forgets that lengths must stay."""

import numpy as np


def escape_saddle(basis, covariance, angle):
    """Moves along the tangent: the columns are no longer of length 1."""
    values, vectors = np.linalg.eigh(covariance)
    outside = np.sum((basis.T @ vectors) ** 2, axis=0) < 0.5
    weakest = np.argmin(np.sum(basis * (covariance @ basis), axis=0))
    moved = basis.copy()
    moved[:, weakest] += np.sin(angle) * vectors[:, outside][:, np.argmax(values[outside])]
    return moved
