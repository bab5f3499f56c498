"""Takes the eigenvalues in the order in which they come."""

import numpy as np


def weighted_pca(x, weights, k):
    """Takes the first of eigh's eigenvectors: those with the smallest eigenvalues."""
    shares = weights / weights.sum()
    centered = x - shares @ x
    values, vectors = np.linalg.eigh((centered * shares[:, None]).T @ centered)
    return shares @ x, vectors.T[:k], values[:k]


def smallest_code(eigenvalues, error):
    """Drops eigenvalues from the end of the list, sorted or not."""
    return next(k for k in range(len(eigenvalues) + 1) if sum(eigenvalues[k:]) <= error)
