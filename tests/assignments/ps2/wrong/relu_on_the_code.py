"""Treats the code like any hidden layer."""

import numpy as np


def run_autoencoder(x, weights, code_layer):
    """Cuts off the negative half of the code."""
    hidden = x.reshape(len(x), -1)
    n_layers = len(weights) // 2
    for layer in range(1, n_layers):
        hidden = np.maximum(hidden @ weights[2 * layer - 2] + weights[2 * layer - 1], 0)
        if layer == code_layer:
            code = hidden
    logits = hidden @ weights[-2] + weights[-1]
    return code, (1 / (1 + np.exp(-logits))).reshape(x.shape)
