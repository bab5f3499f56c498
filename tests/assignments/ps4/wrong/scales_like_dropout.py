"""Takes masking noise for dropout."""

import numpy as np


def denoising_loss(restore, x, u, q):
    """Divides the pixels that stay by 1 - q."""
    damaged = np.where(u < q, 0, x) / max(1 - q, 1e-9)
    return np.mean(np.sum((restore(damaged) - x) ** 2, axis=1))
