"""Loses the shape of a picture."""

import numpy as np


def run_autoencoder(x, weights, code_layer):
    """Returns rows of pixels where pictures came in."""
    hidden = x.reshape(len(x), -1)
    n_layers = len(weights) // 2
    for layer in range(1, n_layers + 1):
        hidden = hidden @ weights[2 * layer - 2] + weights[2 * layer - 1]
        if layer == code_layer:
            code = hidden
        elif layer < n_layers:
            hidden = np.maximum(hidden, 0)
    return code, 1 / (1 + np.exp(-hidden))


def memorize(x_train, x):
    """Flattens the copies and gives them back flat."""
    flat, queries = x_train.reshape(len(x_train), -1), x.reshape(len(x), -1)
    codes = ((queries[:, None] - flat) ** 2).sum(axis=2).argmin(axis=1)
    return codes, flat[codes].reshape(len(x), -1, 1)
