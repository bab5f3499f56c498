"""Leaves the noise out: a plain autoencoder with a penalty."""

import keras
import numpy as np
from keras import ops


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    """Decodes the mean."""
    mean, log_var = ops.split(ops.matmul(x, w_enc) + b_enc, 2, axis=1)
    logits = ops.matmul(mean, w_dec) + b_dec
    nll = ops.sum(ops.softplus(logits) - x * logits, axis=1)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll) + beta * ops.mean(kl)


def train_vae(x, n_steps):
    """Trains an autoencoder and calls its code a mean: nothing keeps it near the prior."""
    import tensorflow as tf

    k = 8
    encoder, decoder = keras.layers.Dense(2 * k), keras.layers.Dense(64)
    encoder.build((None, 64))
    decoder.build((None, k))
    weights = encoder.trainable_variables + decoder.trainable_variables
    optimizer = keras.optimizers.Adam(0.05)
    for _ in range(n_steps):
        some = x[np.random.default_rng().integers(len(x), size=200)]
        with tf.GradientTape() as tape:
            logits = decoder(encoder(some)[:, :k])
            loss = ops.mean(ops.sum(ops.softplus(logits) - some * logits, axis=1))
        optimizer.apply(tape.gradient(loss, weights), weights)
    return (lambda pictures: ops.split(encoder(pictures), 2, axis=1)), decoder
