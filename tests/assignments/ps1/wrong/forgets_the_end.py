"""Forgets that the end of a review is an outcome like any word."""

import math

import numpy as np


def smoothed_probability(word, context, counts, alpha, vocabulary):
    """Forgets that the end is an outcome, too: the smoothing denominator is alpha too small."""
    n_context = sum(n for trigram, n in counts.items() if trigram[:2] == context)
    total = n_context + alpha * len(vocabulary)
    return (counts.get((*context, word), 0) + alpha) / total if total else 0.0


def log_probability(review, table):
    """Leaves out the factor for the end."""
    padded = ("<s>", "<s>", *review)
    factors = [table.get(padded[i : i + 3], 0.0) for i in range(len(review))]
    return -math.inf if 0 in factors else sum(map(math.log, factors))


def perplexity(log_probs, n_words):
    """Divides by the number of words and forgets that each end is a prediction."""
    return np.exp(-np.sum(log_probs) / np.sum(n_words))
