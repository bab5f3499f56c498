"""Averages where a sum is meant."""

import math

import numpy as np


def log_probability(review, table):
    """Averages the logarithms instead of adding them."""
    padded = ("<s>", "<s>", *review, "</s>")
    factors = [table.get(padded[i : i + 3], 0.0) for i in range(len(review) + 1)]
    if 0 in factors:
        return -math.inf
    return sum(map(math.log, factors)) / len(factors)


def perplexity(log_probs, n_words):
    """Averages within each review and then over the reviews, so short ones weigh too much."""
    return np.exp(np.mean(-log_probs / (n_words + 1)))
