"""Returns what it was given."""

import numpy as np


def memorize(x_train, x):
    """Finds the right codes, and then shows the input instead of the training picture."""
    flat, queries = x_train.reshape(len(x_train), -1), x.reshape(len(x), -1)
    return ((queries[:, None] - flat) ** 2).sum(axis=2).argmin(axis=1), np.array(x)
