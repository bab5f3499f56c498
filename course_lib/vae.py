"""The variational autoencoder of chapter 16, with a Bernoulli likelihood.

The model (Kingma and Welling 2013): a latent vector z ~ N(0, I), and binary pixels
x ~ Bernoulli(sigmoid(decoder(z))). The encoder proposes, for each x, an approximate
posterior q(z|x) = N(mean(x), exp(log_var(x))). Both are trained to maximize the evidence
lower bound

    ELBO(x) = E_q[log p(x|z)] - KL(q(z|x) || p(z))    <=    log p(x).
"""

import math

import keras
import numpy as np
from keras import layers, ops

from course_lib.autoencoders import (
    ReconstructionModel,
    apply_in_batches,
    check_sizes,
    dense_network,
)
from course_lib.layers import GaussianSampling
from course_lib.losses import bernoulli_nll, kl_standard_normal


@keras.saving.register_keras_serializable("course_lib")
class VAE(ReconstructionModel):
    """Variational autoencoder of binary pictures.

    The loss is `-ELBO` in nats: summed over pixels and latent dimensions, averaged over
    the batch, its expectation estimated with one draw of z an example. `fit` and
    `evaluate` report its two terms as `reconstruction` and `kl`.

    With another weight than 1 on the KL term, the loss is `reconstruction + beta * kl`,
    which is no longer a bound on log p(x) unless `beta >= 1` (Higgins et al. 2017).

    Args:
        encoder: A built Keras model from `(batch, *item_shape)` to a pair
            `[mean, log_var]`, each `(batch, latent_dim)`.
        decoder: A built Keras model from `(batch, latent_dim)` to Bernoulli logits of
            shape `(batch, *item_shape)`.
        beta: Weight of the KL term in the loss, at least 0.
        seed: Seed of the draws of z, or `None`.
        **kwargs: As for `keras.Model`.

    Call arguments:
        inputs: A batch of shape `(batch, *item_shape)`, values in [0, 1].

    Returns:
        A `dict` with `mean`, `log_var`, `z`, each `(batch, latent_dim)`, and `logits`,
        `(batch, *item_shape)`.

    Example:
        >>> vae = VAE.dense(item_shape=(8, 8), latent_dim=2, seed=0)
        >>> vae.compile(optimizer="adam")
        >>> history = vae.fit(np.zeros((5, 8, 8)), verbose=0)
        >>> vae.sample(3, seed=0).shape
        (3, 8, 8)
    """

    needs_unit_interval = True

    def __init__(self, encoder, decoder, beta=1.0, seed=None, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        if len(encoder.outputs) != 2:
            raise ValueError(
                "The encoder of a VAE returns a pair [mean, log_var]. "
                f"Received: an encoder with {len(encoder.outputs)} output(s)"
            )
        if not (math.isfinite(beta) and beta >= 0):
            raise ValueError(f"beta must be a finite number of at least 0. Received: beta={beta}")
        self.beta = float(beta)
        self.seed = seed
        self.sampling = GaussianSampling(seed=seed)
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    @classmethod
    def dense(cls, item_shape, latent_dim, hidden_units=(128,), activation="relu", **kwargs):
        """Build a VAE of dense layers, the decoder a mirror of the encoder.

        Args:
            item_shape: Shape of one example, such as `(8, 8)`.
            latent_dim: Number of latent dimensions.
            hidden_units: Widths of the hidden layers, from the input to the code.
            activation: Activation of the hidden layers.
            **kwargs: As for the constructor.

        Returns:
            A `VAE`.
        """
        check_sizes(item_shape=item_shape, hidden_units=hidden_units, latent_dim=(latent_dim,))
        inputs = keras.Input(item_shape)
        h = layers.Flatten()(inputs)
        for units in hidden_units:
            h = layers.Dense(units, activation=activation)(h)
        mean = layers.Dense(latent_dim, name="mean")(h)
        log_var = layers.Dense(latent_dim, name="log_var")(h)
        encoder = keras.Model(inputs, [mean, log_var], name="encoder")
        decoder = dense_network(
            (latent_dim,), hidden_units[::-1], item_shape, activation, name="decoder"
        )
        return cls(encoder, decoder, **kwargs)

    @property
    def latent_dim(self):
        """Number of latent dimensions."""
        return self.decoder.input_shape[-1]

    def call(self, inputs, training=None):
        mean, log_var = self.encoder(inputs, training=training)
        z = self.sampling([mean, log_var])
        return {
            "mean": mean,
            "log_var": log_var,
            "z": z,
            "logits": self.decoder(z, training=training),
        }

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction, kl = self._terms(x if y is None else y, y_pred)
        self.reconstruction_tracker.update_state(reconstruction, sample_weight)
        self.kl_tracker.update_state(kl, sample_weight)
        loss = reconstruction + self.beta * kl
        if sample_weight is not None:
            loss = loss * ops.cast(sample_weight, loss.dtype)
        # Penalties of the encoder's and the decoder's layers, if they have any.
        return ops.mean(loss) + sum(ops.sum(penalty) for penalty in self.losses)

    def _terms(self, x, outputs):
        """Return the two terms of -ELBO, each `(batch,)`: -log p(x|z) and the KL."""
        return (
            bernoulli_nll(x, outputs["logits"]),
            kl_standard_normal(outputs["mean"], outputs["log_var"]),
        )

    def elbo(self, x, n_samples=1, batch_size=500):
        """Estimate the ELBO of each example, by averaging over draws of z.

        The estimate is that of the bound itself, whatever `beta` the model is trained with.

        Args:
            x: Array of shape `(n, *item_shape)`, values in [0, 1].
            n_samples: Draws of z an example.
            batch_size: Examples at a time.

        Returns:
            An array of shape `(n,)`, in nats.
        """
        if not isinstance(n_samples, int) or n_samples < 1:
            raise ValueError(
                f"n_samples must be an integer of at least 1. Received: n_samples={n_samples!r}"
            )
        mean, log_var = self.encode(x)
        kl = ops.convert_to_numpy(kl_standard_normal(mean, log_var))
        nll = np.zeros(len(x))
        for start in range(0, len(x), batch_size):
            part = slice(start, start + batch_size)
            for _ in range(n_samples):
                z = self.sampling([mean[part], log_var[part]])
                draw = bernoulli_nll(x[part], self.decoder(z, training=False))
                nll[part] += ops.convert_to_numpy(draw) / n_samples
        return -(nll + kl)

    def predict(self, x, **kwargs):
        """Return reconstructions, as `reconstruct` does.

        Args:
            x: As for `keras.Model.predict`; arrays hold values in [0, 1].
            **kwargs: As for `keras.Model.predict`.

        Returns:
            An array of shape `(n, *item_shape)`.
        """
        self.check_batch(x)
        mean, _ = self.encoder.predict(x, **kwargs)
        return self.decode(mean)

    def encode(self, x):
        """Return the parameters of q(z|x), arrays `mean` and `log_var`, `(n, latent_dim)`."""
        self.check_batch(x)
        return apply_in_batches(self.encoder, x)

    def decode(self, z):
        """Return the pixel probabilities p(x = 1 | z) for codes of shape `(n, latent_dim)`."""
        z = np.asarray(z)
        if z.ndim != 2 or z.shape[1] != self.latent_dim or len(z) == 0:
            raise ValueError(
                f"z must have shape (n, {self.latent_dim}), with n of at least 1. "
                f"Received: shape {z.shape}"
            )
        return ops.convert_to_numpy(ops.sigmoid(apply_in_batches(self.decoder, z)))

    def reconstruct(self, x):
        """Return the pixel probabilities at the mean of q(z|x), without randomness.

        Args:
            x: Array of shape `(n, *item_shape)`, values in [0, 1].

        Returns:
            An array of the same shape.
        """
        mean, _ = self.encode(x)
        return self.decode(mean)

    def sample(self, n, seed=None):
        """Generate: draw z from the prior and decode it.

        Args:
            n: How many pictures.
            seed: Seed of the draw, or a `numpy.random.Generator`.

        Returns:
            Pixel probabilities, an array of shape `(n, *item_shape)`.
        """
        if not isinstance(n, int) or n < 1:
            raise ValueError(f"n must be an integer of at least 1. Received: n={n!r}")
        return self.decode(np.random.default_rng(seed).standard_normal((n, self.latent_dim)))

    def get_config(self):
        return {**super().get_config(), "beta": self.beta, "seed": self.seed}
