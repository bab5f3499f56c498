"""Confuses examples with units."""

import numpy as np
from keras import ops


def sparsity_penalty(h, target):
    """Averages over the units of each example."""
    mean = h.mean(axis=1, keepdims=True)
    on = target * np.log(target / mean)
    off = (1 - target) * np.log((1 - target) / (1 - mean))
    slope = (1 - target) / (1 - mean) - target / mean
    return np.sum(on + off), np.tile(slope / h.shape[1], (1, h.shape[1]))


def top_k_code(h, k):
    """Keeps the k largest of each unit, over the examples."""
    k = min(k, len(h))
    threshold = np.sort(np.abs(h), axis=0)[-k]
    return np.where(np.abs(h) >= threshold, h, 0)


def contraction(x, w, b, noise):
    """Adds up over the examples, and returns a number for each unit."""
    h = ops.sigmoid(ops.matmul(x, w) + b)
    lengths = ops.sum(ops.square(w * noise[:, None]), axis=0)
    return ops.sum(ops.square(h * (1 - h)), axis=0) * lengths
