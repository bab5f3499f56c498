"""Knows one direction of the divergence only."""

import numpy as np


def two_fits(x, p, means, stds):
    """Searches both fits by the forward divergence."""
    weights = p / p.sum()
    mean = weights @ x
    forward = mean, np.sqrt(weights @ (x - mean) ** 2)

    def cost(candidate):
        return weights @ (0.5 * ((x - candidate[0]) / candidate[1]) ** 2) + np.log(candidate[1])

    return forward, min(((m, s) for m in means for s in stds), key=cost)
