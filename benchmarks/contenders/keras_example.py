"""Contender: a VAE as a plain Keras subclass with a train step of its own, on TensorFlow.

The pattern of https://keras.io/examples/generative/vae/, with dense layers.
"""

import keras
import tensorflow as tf
from common import (
    HIDDEN_UNITS,
    LATENT_DIM,
    LEARNING_RATE,
    EpochLog,
    keras_callback,
    load,
    parse,
    report,
)
from keras import layers, ops


class Sampling(layers.Layer):
    """Draws z from the encoder's mean and log-variance."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs):
        mean, log_var = inputs
        epsilon = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_var) * epsilon


class SubclassedVAE(keras.Model):
    """A VAE whose train step writes the gradient tape out."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.total_tracker = keras.metrics.Mean(name="loss")
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    @property
    def metrics(self):
        return [self.total_tracker, self.reconstruction_tracker, self.kl_tracker]

    def train_step(self, data):
        """Make one step of gradient descent on a batch."""
        with tf.GradientTape() as tape:
            mean, log_var, z = self.encoder(data)
            prediction = self.decoder(z)
            # Keras' cross-entropy averages over the last axis: one pixel each here.
            pixels = keras.losses.binary_crossentropy(data[..., None], prediction[..., None])
            reconstruction = ops.mean(ops.sum(pixels, axis=(1, 2)))
            kl = -0.5 * (1 + log_var - ops.square(mean) - ops.exp(log_var))
            kl = ops.mean(ops.sum(kl, axis=1))
            total = reconstruction + kl
        gradients = tape.gradient(total, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        self.total_tracker.update_state(total)
        self.reconstruction_tracker.update_state(reconstruction)
        self.kl_tracker.update_state(kl)
        return {metric.name: metric.result() for metric in self.metrics}


def build():
    """Return the encoder and the decoder."""
    pictures = keras.Input((28, 28))
    x = layers.Flatten()(pictures)
    for units in HIDDEN_UNITS:
        x = layers.Dense(units, activation="relu")(x)
    mean = layers.Dense(LATENT_DIM)(x)
    log_var = layers.Dense(LATENT_DIM)(x)
    encoder = keras.Model(pictures, [mean, log_var, Sampling()([mean, log_var])])

    codes = keras.Input((LATENT_DIM,))
    x = codes
    for units in HIDDEN_UNITS[::-1]:
        x = layers.Dense(units, activation="relu")(x)
    x = layers.Dense(28 * 28, activation="sigmoid")(x)
    return encoder, keras.Model(codes, layers.Reshape((28, 28))(x))


def main():
    """Train, and print what it took."""
    args = parse(__doc__)
    log = EpochLog()
    vae = SubclassedVAE(*build())
    vae.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE))
    vae.fit(
        load(args),
        epochs=args.epochs,
        batch_size=args.batch_size,
        verbose=0,
        callbacks=[keras_callback(log)],
    )
    report(["keras", "tensorflow"], **log.results())


if __name__ == "__main__":
    main()
