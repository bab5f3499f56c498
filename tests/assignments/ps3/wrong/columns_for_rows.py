"""Takes rows for columns."""

import numpy as np


def weighted_pca(x, weights, k):
    """Returns rows of the matrix whose columns are the eigenvectors."""
    shares = weights / weights.sum()
    centered = x - shares @ x
    values, vectors = np.linalg.eigh((centered * shares[:, None]).T @ centered)
    return shares @ x, vectors[:, ::-1][:k], values[::-1][:k]
