"""Sums over the batch where a mean is meant."""

import numpy as np


def excess_cross_entropy(x, logits):
    """Never divides by the number of pictures."""
    x, logits = np.asarray(x, "float64"), np.asarray(logits, "float64")
    entropy = -x * np.log(np.where(x > 0, x, 1)) - (1 - x) * np.log(np.where(x < 1, 1 - x, 1))
    return np.sum(np.logaddexp(0, logits) - x * logits - entropy)


def preactivation_gradient(x, output, activation, loss):
    """Differentiates the loss of one picture."""
    if loss == "cross-entropy":
        return output - x
    slope = {
        "linear": 1,
        "relu": output > 0,
        "sigmoid": output * (1 - output),
        "tanh": 1 - output**2,
    }
    return 2 * (output - x) * slope[activation]


def gradients(x, w1, b1, w2, b2):
    """Adds up the gradients of all pictures and forgets to average them."""
    h = np.tanh(x @ w1 + b1)
    d_copies = 2 * (h @ w2 + b2 - x)
    d_pre = (d_copies @ w2.T) * (1 - h**2)
    return x.T @ d_pre, d_pre.sum(axis=0), h.T @ d_copies, d_copies.sum(axis=0)
