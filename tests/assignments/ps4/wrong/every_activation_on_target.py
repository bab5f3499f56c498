"""Wants every activation, not every mean, to be small."""

import numpy as np


def sparsity_penalty(h, target):
    """Takes the divergence first and the mean afterwards."""
    on = target * np.log(target / h)
    off = (1 - target) * np.log((1 - target) / (1 - h))
    slope = (1 - target) / (1 - h) - target / h
    return np.sum(np.mean(on + off, axis=0)), slope / len(h)
