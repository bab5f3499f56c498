"""Always turns toward the first principal component."""

import numpy as np


def escape_saddle(basis, covariance, angle):
    """Does not ask whether the first component is among the columns already."""
    first = np.linalg.eigh(covariance)[1][:, -1]
    weakest = np.argmin(np.sum(basis * (covariance @ basis), axis=0))
    turned = basis.copy()
    turned[:, weakest] = np.cos(angle) * basis[:, weakest] + np.sin(angle) * first
    return np.linalg.qr(turned)[0]
