"""Writes the sigmoid with the wrong sign: white for black."""

import numpy as np


def run_autoencoder(x, weights, code_layer):
    """Computes 1 / (1 + exp(l)) at the end."""
    hidden = x.reshape(len(x), -1)
    n_layers = len(weights) // 2
    for layer in range(1, n_layers + 1):
        hidden = hidden @ weights[2 * layer - 2] + weights[2 * layer - 1]
        if layer == code_layer:
            code = hidden
        elif layer < n_layers:
            hidden = np.maximum(hidden, 0)
    return code, (1 / (1 + np.exp(hidden))).reshape(x.shape)
