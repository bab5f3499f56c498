"""Goes the wrong way."""

import numpy as np


def tied_gradient(w, x):
    """Returns the direction to go instead of the gradient."""
    h = x @ w
    rest = 2 * (x - h @ w.T) / len(x)
    return x.T @ (rest @ w) + rest.T @ h


def escape_saddle(basis, covariance, angle):
    """Turns the strongest column toward the weakest eigenvector outside."""
    values, vectors = np.linalg.eigh(covariance)
    outside = np.sum((basis.T @ vectors) ** 2, axis=0) < 0.5
    kept = np.argmax(np.sum(basis * (covariance @ basis), axis=0))
    turned = basis.copy()
    toward = vectors[:, outside][:, np.argmin(values[outside])]
    turned[:, kept] = np.cos(angle) * basis[:, kept] + np.sin(angle) * toward
    return turned
