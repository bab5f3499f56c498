"""Tells the encoder only."""

import keras
import numpy as np
from keras import ops


def cvae_loss(x, label, eps, w_enc, b_enc, w_dec, b_dec):
    """Leaves out the label at the decoder."""
    code = ops.matmul(ops.concatenate([x, label], axis=1), w_enc) + b_enc
    mean, log_var = ops.split(code, 2, axis=1)
    z = mean + ops.exp(log_var / 2) * eps
    logits = ops.matmul(z, w_dec[: z.shape[1]]) + b_dec
    nll = ops.sum(ops.softplus(logits) - x * logits, axis=1)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll + kl)


def restyle(x, labels, n_classes, encode, decode):
    """Decodes with the true label every time: the label does not change."""
    told = np.eye(n_classes, dtype="float32")[labels]
    mean, _ = encode(np.concatenate([x, told], axis=1))
    logits = np.asarray(decode(np.concatenate([mean, told], axis=1)))
    return np.stack([1 / (1 + np.exp(-logits))] * n_classes, axis=1)


def train_cvae(x, y, n_steps):
    """Trains a decoder that never hears the label."""
    import tensorflow as tf

    k, one_hot = 8, np.eye(10, dtype="float32")
    encoder, decoder = keras.layers.Dense(2 * k), keras.layers.Dense(64)
    encoder.build((None, 74))
    decoder.build((None, k))
    weights = encoder.trainable_variables + decoder.trainable_variables
    optimizer = keras.optimizers.Adam(0.05)
    rng = np.random.default_rng()

    def encode(pictures, labels):
        return ops.split(encoder(ops.concatenate([pictures, one_hot[labels]], axis=1)), 2, axis=1)

    for _ in range(n_steps):
        rows = rng.integers(len(x), size=200)
        eps = rng.normal(size=(200, k)).astype("float32")
        with tf.GradientTape() as tape:
            mean, log_var = encode(x[rows], y[rows])
            logits = decoder(mean + ops.exp(log_var / 2) * eps)
            nll = ops.sum(ops.softplus(logits) - x[rows] * logits, axis=1)
            kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
            loss = ops.mean(nll + kl)
        optimizer.apply(tape.gradient(loss, weights), weights)
    return encode, lambda z, labels: decoder(z)
