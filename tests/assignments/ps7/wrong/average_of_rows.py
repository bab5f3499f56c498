"""Averages the classes' accuracies, and forgets the square root."""

import numpy as np


def report(requested, recognized, n_classes):
    """Weighs every class the same in the accuracy, and returns the variance as the error."""
    counts = np.zeros((n_classes, n_classes))
    np.add.at(counts, (requested, recognized), 1)
    table = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    accuracy = np.mean(np.diag(table))
    return table, accuracy, accuracy * (1 - accuracy) / len(requested)
