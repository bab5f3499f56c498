"""Does not mind the case that the text mentions."""

import numpy as np


def turn(a, b, angle):
    """Divides by the length of the perpendicular part, which is rounding if there is no plane."""
    length = np.linalg.norm(a)
    across = b - (b @ a) / length**2 * a
    return np.cos(angle) * a + np.sin(angle) * length * across / (np.linalg.norm(across) + 1e-300)


def attribute_direction(codes, has, group):
    """Lets a group without a comparison count with a mean of zero."""
    differences = []
    for g in np.unique(group):
        with_it, without = codes[(group == g) & has], codes[(group == g) & ~has]
        plus = with_it.mean(axis=0) if len(with_it) else 0
        minus = without.mean(axis=0) if len(without) else 0
        differences.append(plus - minus)
    return np.mean(differences, axis=0)
