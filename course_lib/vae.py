"""The variational autoencoder (chapters 16 and 17).

The model (Kingma and Welling 2013): a latent vector z ~ N(0, I), and a picture
x ~ p(x|z), whose parameters the decoder computes from z. The encoder proposes, for each x,
an approximate posterior q(z|x) = N(mean(x), exp(log_var(x))). Both are trained to maximize
the evidence lower bound

    ELBO(x) = E_q[log p(x|z)] - KL(q(z|x) || p(z))    <=    log p(x).
"""

import math

import keras
import numpy as np
from keras import ops

from course_lib import evaluation, latent
from course_lib.autoencoders import ReconstructionModel
from course_lib.layers import GaussianSampling
from course_lib.likelihoods import get_likelihood
from course_lib.losses import kl_per_dimension
from course_lib.networks import (
    apply_in_batches,
    check_sizes,
    convolutional_decoder,
    convolutional_encoder,
    dense_network,
)

#: What the encoder of a VAE returns.
POSTERIOR = ("mean", "log_var")


@keras.saving.register_keras_serializable("course_lib")
class VAE(ReconstructionModel):
    """Variational autoencoder.

    The loss is `-ELBO` in nats: summed over pixels and latent dimensions, averaged over
    the batch, its expectation estimated with one draw of z an example. `fit` and
    `evaluate` report its two terms as `reconstruction` and `kl`.

    With another weight than 1 on the KL term, the loss is `reconstruction + beta * kl`,
    which is no longer a bound on log p(x) unless `beta >= 1` (Higgins et al. 2017). With
    free bits, a latent dimension whose KL, averaged over the batch, is below `free_bits`
    is charged `free_bits`, so that nothing is gained by shutting it down (Kingma et al.
    2016, section 3 of the appendix).

    Args:
        encoder: A built Keras model from `(batch, *item_shape)` to a pair
            `[mean, log_var]`, each `(batch, latent_dim)`.
        decoder: A built Keras model from `(batch, latent_dim)` to what the likelihood
            needs, each of shape `(batch, *item_shape)`.
        likelihood: `"bernoulli"` for binary pixels, the decoder returns logits;
            `"unit_gaussian"` for real ones, it returns means; `"gaussian"`, it returns a
            pair of means and log-variances.
        beta: Weight of the KL term in the loss, at least 0. It can be changed later, by
            assignment or by `BetaWarmUp`.
        free_bits: Least KL that a latent dimension is charged, in nats, at least 0.
        seed: Seed of the draws of z, or `None`.
        **kwargs: As for `keras.Model`.

    Call arguments:
        inputs: A batch of shape `(batch, *item_shape)`.

    Returns:
        A `dict` with `mean`, `log_var`, `z`, each `(batch, latent_dim)`, and the
        likelihood's parameters, each `(batch, *item_shape)`: `logits`, or `x_mean`, or
        `x_mean` and `x_log_var`.

    Raises:
        ValueError: If the encoder or the decoder has another number of outputs, or an
            option is out of range.

    Example:
        >>> vae = VAE.dense(item_shape=(8, 8), latent_dim=2, seed=0)
        >>> vae.compile(optimizer="adam")
        >>> history = vae.fit(np.zeros((5, 8, 8)), verbose=0)
        >>> vae.sample(3, seed=0).shape
        (3, 8, 8)
    """

    def __init__(
        self,
        encoder,
        decoder,
        likelihood="bernoulli",
        beta=1.0,
        free_bits=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        self.likelihood = get_likelihood(likelihood)
        if len(encoder.outputs) != 2:
            raise ValueError(
                "The encoder of a VAE returns a pair [mean, log_var]. "
                f"Received: an encoder with {len(encoder.outputs)} output(s)"
            )
        if len(decoder.outputs) != len(self.likelihood.heads):
            raise ValueError(
                f"The decoder of a VAE with likelihood={likelihood!r} returns "
                f"{self.likelihood.heads}. "
                f"Received: a decoder with {len(decoder.outputs)} output(s)"
            )
        if not 0 <= free_bits < math.inf:
            raise ValueError(
                f"free_bits must be a finite number of at least 0. Received: free_bits={free_bits}"
            )
        _check_beta(beta)
        self.free_bits = free_bits
        self.seed = seed
        self.sampling = GaussianSampling(seed=seed)
        # A variable, since a compiled training step would take a number for a constant.
        self._beta = self.add_weight(
            name="beta", initializer=keras.initializers.Constant(beta), trainable=False
        )
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    @classmethod
    def dense(
        cls,
        item_shape,
        latent_dim,
        hidden_units=(128,),
        activation="relu",
        likelihood="bernoulli",
        **kwargs,
    ):
        """Build a VAE of dense layers, the decoder a mirror of the encoder.

        Args:
            item_shape: Shape of one example, such as `(8, 8)`.
            latent_dim: Number of latent dimensions.
            hidden_units: Widths of the hidden layers, from the input to the code.
            activation: Activation of the hidden layers.
            likelihood: As for the constructor.
            **kwargs: As for the constructor.

        Returns:
            A `VAE`.

        Raises:
            ValueError: If a size is not a positive integer.

        Example:
            >>> VAE.dense((8, 8), latent_dim=2, likelihood="unit_gaussian").latent_dim
            2
        """
        check_sizes(item_shape=item_shape, hidden_units=hidden_units, latent_dim=(latent_dim,))
        encoder = dense_network(
            item_shape, hidden_units, (latent_dim,), activation, name="encoder", heads=POSTERIOR
        )
        decoder = dense_network(
            (latent_dim,),
            hidden_units[::-1],
            item_shape,
            activation,
            name="decoder",
            heads=get_likelihood(likelihood).heads,
        )
        return cls(encoder, decoder, likelihood=likelihood, **kwargs)

    @classmethod
    def convolutional(
        cls,
        item_shape,
        latent_dim,
        filters=(16, 32),
        kernel_size=3,
        activation="relu",
        likelihood="bernoulli",
        **kwargs,
    ):
        """Build a VAE of convolutions, the decoder a mirror of the encoder.

        Args:
            item_shape: Height and width of one picture, and the number of channels where
                there are several.
            latent_dim: Number of latent dimensions.
            filters: Number of filters of each convolution, from the input to the code. Each
                one halves height and width.
            kernel_size: Height and width of the filters.
            activation: Activation of the hidden layers.
            likelihood: As for the constructor.
            **kwargs: As for the constructor.

        Returns:
            A `VAE`.

        Raises:
            ValueError: If a size is not a positive integer, or if height or width cannot be
                halved once for each convolution.

        Example:
            >>> vae = VAE.convolutional((8, 8), latent_dim=2, filters=(4, 8))
            >>> vae.sample(3).shape
            (3, 8, 8)
        """
        sizes = {"filters": filters, "kernel_size": kernel_size, "activation": activation}
        encoder = convolutional_encoder(item_shape, latent_dim, heads=POSTERIOR, **sizes)
        decoder = convolutional_decoder(
            latent_dim, item_shape, heads=get_likelihood(likelihood).heads, **sizes
        )
        return cls(encoder, decoder, likelihood=likelihood, **kwargs)

    @property
    def latent_dim(self):
        """Number of latent dimensions."""
        return self.encoder.outputs[0].shape[-1]

    @property
    def beta(self):
        """Weight of the KL term in the loss, a number of at least 0."""
        # The shortest decimal that is this float32: 0.1, not 0.10000000149.
        return float(str(ops.convert_to_numpy(self._beta.value).astype("float32")))

    @beta.setter
    def beta(self, beta):
        _check_beta(beta)
        if keras.backend.backend() == "jax":
            self.jax_state_sync()  # during `fit`, JAX keeps the variables elsewhere
        self._beta.assign(beta)

    @property
    def needs_unit_interval(self):
        return self.likelihood.needs_unit_interval

    def call(self, inputs, training=None):
        condition = [ops.convert_to_tensor(c) for c in self.split_inputs(inputs)[1]]
        mean, log_var = self.encoder(inputs, training=training)
        z = self.sampling([mean, log_var])
        return {
            "mean": mean,
            "log_var": log_var,
            "z": z,
            **self.prior_parameters(condition),
            **self.decoder_parameters(z, condition, training=training),
        }

    def prior_parameters(self, condition):
        """Return the prior's parameters where they are not those of N(0, I).

        Args:
            condition: A list of tensors, empty without a condition.

        Returns:
            A `dict`, empty or with `prior_mean` and `prior_log_var`.
        """
        return {}

    def decoder_parameters(self, z, condition=(), training=False):
        """Return the parameters of p(x|z), as a `dict` of tensors `(batch, *item_shape)`.

        Args:
            z: Tensor of shape `(batch, latent_dim)`.
            condition: A list of tensors, empty without a condition.
            training: Whether layers such as dropout are to behave as in training.

        Returns:
            A `dict`, whose names depend on the likelihood.
        """
        outputs = self.decoder([z, *condition] if condition else z, training=training)
        several = isinstance(outputs, (list, tuple))
        return self.likelihood.parameters(outputs if several else [outputs])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        target = self.split_inputs(x)[0] if y is None else y
        reconstruction = self.reconstruction_nll(target, y_pred)
        kl = self.kl_per_dimension(y_pred)
        self.reconstruction_tracker.update_state(reconstruction, sample_weight)
        self.kl_tracker.update_state(ops.sum(kl, axis=-1), sample_weight)
        if sample_weight is not None:
            weight = ops.cast(sample_weight, reconstruction.dtype)
            reconstruction, kl = reconstruction * weight, kl * weight[:, None]
        kl = ops.mean(kl, axis=0)
        if self.free_bits:
            kl = ops.maximum(kl, self.free_bits)
        loss = ops.mean(reconstruction) + ops.cast(self._beta, kl.dtype) * ops.sum(kl)
        # Penalties of the encoder's and the decoder's layers, if they have any.
        return loss + sum(ops.sum(penalty) for penalty in self.losses)

    def reconstruction_nll(self, x, outputs):
        """Return -log p(x|z), shape `(batch,)`, in nats.

        Args:
            x: Target, shape `(batch, *item_shape)`.
            outputs: What the model returned.

        Returns:
            A tensor.
        """
        return self.likelihood.nll(x, **{name: outputs[name] for name in self.likelihood.heads})

    def kl_per_dimension(self, outputs):
        """Return KL(q(z|x) || p(z)) of each latent dimension, `(batch, latent_dim)`, in nats.

        Args:
            outputs: What the model returned.

        Returns:
            A tensor.
        """
        return kl_per_dimension(
            outputs["mean"],
            outputs["log_var"],
            outputs.get("prior_mean", 0.0),
            outputs.get("prior_log_var", 0.0),
        )

    def elbo(self, x, n_samples=1, batch_size=500):
        """Estimate the ELBO of each example, by averaging over draws of z.

        The estimate is that of the bound itself, whatever `beta` and `free_bits` the model
        is trained with.

        Args:
            x: Array of shape `(n, *item_shape)`.
            n_samples: Draws of z an example.
            batch_size: Examples at a time.

        Returns:
            An array of shape `(n,)`, in nats.

        Raises:
            ValueError: If `x` does not fit the model, or `n_samples` is no positive integer.
        """
        evaluation.check_number(n_samples=n_samples)
        mean, log_var = self.encode(x)
        x, condition = self.split_inputs(self.as_arrays(x))
        elbo = np.zeros(len(x))
        for start in range(0, len(x), batch_size):
            part = slice(start, start + batch_size)
            given = [ops.convert_to_tensor(c[part], dtype=self.compute_dtype) for c in condition]
            outputs = {"mean": mean[part], "log_var": log_var[part], **self.prior_parameters(given)}
            elbo[part] = -ops.convert_to_numpy(ops.sum(self.kl_per_dimension(outputs), axis=-1))
            for _ in range(n_samples):
                z = self.sampling([mean[part], log_var[part]])
                nll = self.reconstruction_nll(x[part], self.decoder_parameters(z, given))
                elbo[part] -= ops.convert_to_numpy(nll) / n_samples
        return elbo

    def log_prob(self, x, n_samples=1000, seed=None):
        """Estimate log p(x) of each example by importance sampling from q(z|x).

        The expectation of the estimate is the bound of Burda et al. (2015) with `n_samples`
        samples: the ELBO for one, log p(x) in the limit, and never more.

        Args:
            x: Array of shape `(n, *item_shape)`.
            n_samples: Draws of z an example. Time grows with it, memory does not.
            seed: Seed of the draws, or a `numpy.random.Generator`.

        Returns:
            An array of shape `(n,)`, in nats.

        Raises:
            ValueError: If `x` does not fit the model, or `n_samples` is no positive integer.
        """
        return evaluation.importance_log_prob(self, x, n_samples, seed)

    def predict(self, x, **kwargs):
        """Return reconstructions, as `reconstruct` does.

        Args:
            x: As for `keras.Model.predict`.
            **kwargs: As for `keras.Model.predict`.

        Returns:
            An array of shape `(n, *item_shape)`.
        """
        self.check_inputs(x)
        x = self.as_arrays(x)
        mean, _ = self.encoder.predict(x, **kwargs)
        return self.decode(mean, *self.split_inputs(x)[1])

    def encode(self, x):
        """Return the parameters of q(z|x).

        Args:
            x: Array of shape `(n, *item_shape)`.

        Returns:
            A pair of arrays `(mean, log_var)`, each `(n, latent_dim)`.
        """
        self.check_inputs(x)
        return apply_in_batches(self.encoder, self.as_arrays(x))

    def decode(self, z, *condition):
        """Return the expected pictures at codes z: pixel probabilities, or means.

        Args:
            z: Array of shape `(n, latent_dim)`.
            *condition: What the decoder is given beside z; nothing here.

        Returns:
            An array of shape `(n, *item_shape)`.

        Raises:
            ValueError: If `z` has another shape.
        """
        z = self.check_codes(z)
        outputs = apply_in_batches(self.decoder, [z, *condition] if condition else z)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        parameters = self.likelihood.parameters(outputs)
        return ops.convert_to_numpy(self.likelihood.expectation(**parameters))

    def check_codes(self, z):
        """Return codes as an array; raise a `ValueError` if they do not fit the decoder.

        Args:
            z: Array of shape `(n, latent_dim)`.

        Returns:
            The array.
        """
        z = np.asarray(z)
        if z.ndim != 2 or z.shape[1] != self.latent_dim or len(z) == 0:
            raise ValueError(
                f"z must have shape (n, {self.latent_dim}), with n of at least 1. "
                f"Received: shape {z.shape}"
            )
        return z

    def reconstruct(self, x):
        """Return the expected pictures at the mean of q(z|x), without randomness.

        Args:
            x: Array of shape `(n, *item_shape)`.

        Returns:
            An array of the same shape.
        """
        mean, _ = self.encode(x)
        return self.decode(mean, *self.split_inputs(self.as_arrays(x))[1])

    def sample(self, n, seed=None):
        """Generate: draw z from the prior and decode it.

        Args:
            n: How many pictures.
            seed: Seed of the draw, or a `numpy.random.Generator`.

        Returns:
            Expected pictures, an array of shape `(n, *item_shape)`.

        Raises:
            ValueError: If `n` is no positive integer.
        """
        evaluation.check_number(n=n)
        return self.decode(np.random.default_rng(seed).standard_normal((n, self.latent_dim)))

    def interpolate(self, x_a, x_b, n=8, kind="linear"):
        """Decode the codes on the way from one picture to another.

        Args:
            x_a: One picture, shape `item_shape`.
            x_b: Another one.
            n: Number of pictures, the two ends included.
            kind: `"linear"` or `"spherical"`, as for `course_lib.latent.interpolate`.

        Returns:
            Expected pictures, an array of shape `(n, *item_shape)`.
        """
        (a, b), _ = self.encode(np.stack([x_a, x_b]))
        return self.decode(latent.interpolate(a, b, n, kind))

    def attribute_vector(self, x, has_attribute):
        """Return the direction of an attribute in the latent space.

        Args:
            x: Pictures, shape `(n, *item_shape)`.
            has_attribute: Whether each picture has it, booleans of shape `(n,)`.

        Returns:
            An array of shape `(latent_dim,)`: the mean code of pictures with the attribute
            minus that of pictures without it.
        """
        mean, _ = self.encode(x)
        return latent.attribute_vector(mean, has_attribute)

    def get_config(self):
        return {
            **super().get_config(),
            "likelihood": self.likelihood.name,
            "beta": self.beta,
            "free_bits": self.free_bits,
            "seed": self.seed,
        }


class BetaWarmUp(keras.callbacks.Callback):
    """Raises a VAE's `beta` from `start` to `end`, linearly, over the first training steps.

    At the start of training a decoder knows nothing of z, and the KL term alone would
    teach the encoder to say nothing: the posterior collapses. A weight that grows from 0
    gives the decoder time to make z useful (Bowman et al. 2016; Soenderby et al. 2016).
    The steps go on from one `fit` to the next. Where a model is compiled with
    `steps_per_execution`, the weight is set before each execution, and stays during it.

    Args:
        n_steps: Number of training steps until `end` is reached.
        start: `beta` at the first step, at least 0.
        end: `beta` from step `n_steps` on, at least 0.

    Raises:
        ValueError: If `n_steps` is no positive integer, or a weight is negative.

    Example:
        >>> vae = VAE.dense((2,), latent_dim=1, hidden_units=())
        >>> vae.compile(optimizer="adam")
        >>> x = np.zeros((10, 2))
        >>> history = vae.fit(x, batch_size=1, verbose=0, callbacks=[BetaWarmUp(20)])
        >>> vae.beta  # 9 of 20 steps after the first one
        0.45
    """

    def __init__(self, n_steps, start=0.0, end=1.0):
        super().__init__()
        evaluation.check_number(n_steps=n_steps)
        for beta in (start, end):
            _check_beta(beta)
        self.n_steps = n_steps
        self.start = start
        self.end = end
        self._steps_before = 0  # in earlier epochs; Keras counts anew in each
        self._finished = False

    def on_train_batch_begin(self, batch, logs=None):
        """Set the weight for the step that begins."""
        if not self._finished:
            share = min(1.0, (self._steps_before + batch) / self.n_steps)
            self.model.beta = (1 - share) * self.start + share * self.end
            self._finished = share == 1

    def on_train_batch_end(self, batch, logs=None):
        """Note the last step that is done."""
        self._last = batch

    def on_epoch_end(self, epoch, logs=None):
        """Count the steps of the epoch."""
        self._steps_before += self._last + 1


def _check_beta(beta):
    if not (math.isfinite(beta) and beta >= 0):
        raise ValueError(f"beta must be a finite number of at least 0. Received: beta={beta}")
