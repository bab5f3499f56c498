"""Mixes up cross-entropy, entropy and their difference."""

import numpy as np


def excess_cross_entropy(x, logits):
    """Adds the entropy instead of subtracting it."""
    x, logits = np.asarray(x, "float64"), np.asarray(logits, "float64")
    entropy = -x * np.log(np.where(x > 0, x, 1)) - (1 - x) * np.log(np.where(x < 1, 1 - x, 1))
    return np.sum(np.logaddexp(0, logits) - x * logits + entropy) / len(x)
