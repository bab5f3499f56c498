"""Uses a loss that is no probability of the levels."""

import numpy as np


def gray_nll(levels, logits):
    """Leaves out the binomial coefficient: no distribution over 17 levels."""
    each = levels * np.logaddexp(0, -logits) + (16 - levels) * np.logaddexp(0, logits)
    return np.sum(each, axis=(1, 2))
