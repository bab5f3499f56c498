"""Takes exp first and the logarithm afterward."""

import numpy as np
from keras import ops


def draw(mean, raw, eps):
    """Writes softplus as it stands: infinite for a large raw number."""
    return mean + ops.log(1 + ops.exp(raw)) * eps


def gray_nll(levels, logits):
    """Takes the logarithm of a probability that was rounded to 0 or 1, plus a constant."""
    import math

    ways = np.log([math.comb(16, x) for x in range(17)])[levels.astype(int)]
    pi = 1 / (1 + np.exp(-logits))
    log_p = ways + levels * np.log(pi + 1e-7) + (16 - levels) * np.log(1 - pi + 1e-7)
    return -np.sum(log_p, axis=(1, 2))


def importance_bound(log_w, group):
    """Averages weights that are 0 or infinite."""
    weights = np.exp(log_w).reshape(-1, group, log_w.shape[1])
    return np.log(weights.mean(axis=1)).mean(axis=0)
