"""Writes the label in front, where the networks expect it behind."""

import numpy as np
from keras import ops


def encoder_input(pictures, labels, known, n_classes):
    """Writes the label before the pixels."""
    one_hot = (labels[:, None] == np.arange(n_classes)) & known[:, None]
    return np.concatenate([one_hot, pictures.reshape(len(pictures), -1)], axis=1)


def cvae_loss(x, label, eps, w_enc, b_enc, w_dec, b_dec):
    """Writes the label before picture and latent vector."""
    code = ops.matmul(ops.concatenate([label, x], axis=1), w_enc) + b_enc
    mean, log_var = ops.split(code, 2, axis=1)
    z = mean + ops.exp(log_var / 2) * eps
    logits = ops.matmul(ops.concatenate([label, z], axis=1), w_dec) + b_dec
    nll = ops.sum(ops.softplus(logits) - x * logits, axis=1)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll + kl)
