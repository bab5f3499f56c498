"""Divides by the wrong sum."""

import numpy as np


def smoothed_probability(word, context, counts, alpha, vocabulary):
    """Divides by the count of all trigrams instead of the context's: a joint probability."""
    total = sum(counts.values()) + alpha * (len(vocabulary) + 1)
    return (counts.get((*context, word), 0) + alpha) / total if total else 0.0


def writer_posterior(log_p, prior):
    """Normalizes over the reviews instead of over the writers."""
    log_joint = log_p + np.log(prior)
    weights = np.exp(log_joint - log_joint.max(axis=0))
    return weights / weights.sum(axis=0)
