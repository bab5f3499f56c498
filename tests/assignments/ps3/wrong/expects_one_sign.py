"""Forgets that minus an eigenvector is an eigenvector, too."""

import numpy as np


def escape_saddle(basis, covariance, angle):
    """Looks for each eigenvector among the columns, and misses those of the other sign."""
    vectors = np.linalg.eigh(covariance)[1].T[::-1]
    toward = next(v for v in vectors if not any(np.allclose(v, column) for column in basis.T))
    weakest = np.argmin(np.sum(basis * (covariance @ basis), axis=0))
    turned = basis.copy()
    turned[:, weakest] = np.cos(angle) * basis[:, weakest] + np.sin(angle) * toward
    return turned
