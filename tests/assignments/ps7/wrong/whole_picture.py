"""Counts pixels that were given."""

import numpy as np


def completion_nll(pictures, logits, missing):
    """Adds up all pixels of the picture."""
    return np.sum(np.logaddexp(0, logits) - pictures * logits, axis=(1, 2))


def neighbor_completion(visible, hidden, query, m):
    """Lets all training pictures vote, near or not."""
    votes = (hidden.sum(axis=0) + 1) / (len(hidden) + 2)
    return np.tile(votes, (len(query), 1))
