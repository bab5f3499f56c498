"""Cuts the way back to the encoder."""

import numpy as np
from keras import ops


def draw(mean, raw, eps):
    """Computes with NumPy: the right draws, and no derivative."""
    return np.asarray(mean) + np.logaddexp(0, np.asarray(raw)) * np.asarray(eps)


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    """Stops the gradient at the draw, as if it were a random number of its own."""
    mean, log_var = ops.split(ops.matmul(x, w_enc) + b_enc, 2, axis=1)
    z = ops.stop_gradient(mean + ops.exp(log_var / 2) * eps)
    logits = ops.matmul(z, w_dec) + b_dec
    nll = ops.sum(ops.softplus(logits) - x * logits, axis=2)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll) + beta * ops.mean(kl)
