"""Leaves out one factor of Bayes' rule."""

import numpy as np


def restore_word(typed, position, table, vocabulary, slip):
    """Trusts the critic alone: the typed word, and how often the typist slips, do not count."""
    weights = {}
    for meant in vocabulary:
        padded = ("<s>", "<s>", *typed[:position], meant, *typed[position + 1 :], "</s>")
        weights[meant] = 1.0
        for i in range(len(typed) + 1):
            weights[meant] *= table.get(padded[i : i + 3], 0.0)
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()}


def writer_posterior(log_p, prior):
    """Takes all writers to be equally likely beforehand."""
    weights = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)
