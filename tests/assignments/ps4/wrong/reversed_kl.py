"""Turns a divergence around."""

import numpy as np


def sparsity_penalty(h, target):
    """KL(mean || target) instead of KL(target || mean)."""
    mean = h.mean(axis=0)
    on = mean * np.log(mean / target)
    off = (1 - mean) * np.log((1 - mean) / (1 - target))
    slope = np.log(mean / target) - np.log((1 - mean) / (1 - target))
    return np.sum(on + off), np.tile(slope / len(h), (len(h), 1))
