"""Mixes up rows and columns."""

import numpy as np


def report(requested, recognized, n_classes):
    """Makes the rows what was recognized."""
    counts = np.zeros((n_classes, n_classes))
    np.add.at(counts, (recognized, requested), 1)
    table = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    accuracy = np.mean(requested == recognized)
    return table, accuracy, np.sqrt(accuracy * (1 - accuracy) / len(requested))


def completion_nll(pictures, logits, missing):
    """Numbers the quadrants column by column."""
    nll = np.logaddexp(0, logits) - pictures * logits
    height, width = nll.shape[1] // 2, nll.shape[2] // 2
    total = np.zeros(len(nll))
    for q in missing:
        rows = slice((q % 2) * height, (q % 2 + 1) * height)
        columns = slice((q // 2) * width, (q // 2 + 1) * width)
        total += nll[:, rows, columns].sum(axis=(1, 2))
    return total


def label_posterior(log_w, prior):
    """Normalizes over the pictures instead of over the labels."""
    log_joint = np.logaddexp.reduce(log_w, axis=0) - np.log(len(log_w)) + np.log(prior)
    log_p = np.logaddexp.reduce(log_joint, axis=1)
    return log_p, np.exp(log_joint - np.logaddexp.reduce(log_joint, axis=0))
