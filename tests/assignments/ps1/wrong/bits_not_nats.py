"""Mixes up the bases 2 and e."""

import math

import numpy as np


def log_probability(review, table):
    """Takes the logarithm to base 2: bits instead of nats."""
    padded = ("<s>", "<s>", *review, "</s>")
    total = 0.0
    for i in range(len(review) + 1):
        p = table.get(padded[i : i + 3], 0.0)
        if p == 0:
            return -math.inf
        total += math.log2(p)
    return total


def perplexity(log_probs, n_words):
    """Raises 2, not e, to a number of nats."""
    return 2 ** (-np.sum(log_probs) / np.sum(n_words + 1))
