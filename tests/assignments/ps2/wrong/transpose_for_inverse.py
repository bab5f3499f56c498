"""Takes any matrix for an orthogonal one."""

import numpy as np


def copying_decoder(a, c):
    """Transposes the encoder instead of inverting it."""
    return np.concatenate([a.T, -a.T]), -c @ a.T
