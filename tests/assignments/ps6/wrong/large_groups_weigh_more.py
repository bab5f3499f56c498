"""Weighs groups by their size."""

import numpy as np


def attribute_direction(codes, has, group):
    """Weighs each group by its number of pictures."""
    total, n = 0, 0
    for g in np.unique(group):
        with_it, without = codes[(group == g) & has], codes[(group == g) & ~has]
        if len(with_it) and len(without):
            size = len(with_it) + len(without)
            total = total + size * (with_it.mean(axis=0) - without.mean(axis=0))
            n += size
    return total / n
