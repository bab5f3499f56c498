"""Goes through the groups from 0 to the largest number: groups may have any numbers."""

import numpy as np


def attribute_direction(codes, has, group):
    """Return the direction of an attribute, compared within groups."""
    differences = []
    for g in range(np.max(group) + 1):
        inside = group == g
        if np.any(inside & has) and np.any(inside & ~has):
            differences.append(codes[inside & has].mean(0) - codes[inside & ~has].mean(0))
    return np.mean(differences, axis=0)
