"""Trusts the gradient where it is zero."""

import numpy as np


def escape_saddle(basis, covariance, angle):
    """Takes a gradient step: at a saddle it leads nowhere."""
    gradient = -2 * (covariance @ basis - basis @ (basis.T @ covariance @ basis))
    return np.linalg.qr(basis - angle * gradient)[0]
