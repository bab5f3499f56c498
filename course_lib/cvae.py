"""The conditional variational autoencoder (chapter 19).

Everything the VAE does, given a condition c: a digit's label, or the part of a picture that
is known (Sohn, Lee and Yan 2015). Encoder and decoder are told c, and the bound is

    ELBO(x|c) = E_q[log p(x|z,c)] - KL(q(z|x,c) || p(z|c))    <=    log p(x|c).
"""

import keras
import numpy as np

from course_lib import latent
from course_lib.likelihoods import get_likelihood
from course_lib.networks import apply_in_batches, dense_network
from course_lib.vae import POSTERIOR, VAE


@keras.saving.register_keras_serializable("course_lib")
class CVAE(VAE):
    """Conditional variational autoencoder; it is fitted to pairs `[x, condition]`.

    A condition is an array of shape `(n, *condition_shape)`. Labels may also be given as
    integers of shape `(n,)`; they become one-hot vectors. (Batches of a `tf.data.Dataset`
    reach the model as they are: there, labels have to be one-hot already.)

    Args:
        encoder: A built Keras model from `[x, condition]` to `[mean, log_var]`.
        decoder: A built Keras model from `[z, condition]` to what the likelihood needs.
        prior: A built Keras model from a condition to the prior's `[mean, log_var]`, or
            `None` for p(z|c) = N(0, I).
        **kwargs: As for `VAE`.

    Call arguments:
        inputs: A pair `[x, condition]` of tensors, `(batch, *item_shape)` and
            `(batch, *condition_shape)`.

    Returns:
        A `dict` as that of `VAE`, with `prior_mean` and `prior_log_var` if there is a
        prior network.

    Raises:
        ValueError: If the networks do not take these inputs.

    Example:
        >>> cvae = CVAE.dense(item_shape=(8, 8), condition_shape=(10,), latent_dim=2)
        >>> cvae.compile(optimizer="adam")
        >>> pictures, labels = np.zeros((5, 8, 8)), np.array([3, 1, 4, 1, 5])
        >>> history = cvae.fit([pictures, labels], verbose=0)
        >>> cvae.sample([7, 7, 7]).shape
        (3, 8, 8)
    """

    further_parts = ("prior",)

    def __init__(self, encoder, decoder, prior=None, **kwargs):
        for name, part in (("encoder", encoder), ("decoder", decoder)):
            if len(part.inputs) != 2:
                raise ValueError(
                    f"The {name} of a CVAE takes a pair of inputs, the second one the condition. "
                    f"Received: {name} with {len(part.inputs)} input(s)"
                )
        super().__init__(encoder, decoder, **kwargs)
        self.prior = prior

    @classmethod
    def dense(
        cls,
        item_shape,
        condition_shape,
        latent_dim,
        hidden_units=(128,),
        activation="relu",
        likelihood="bernoulli",
        conditional_prior=False,
        **kwargs,
    ):
        """Build a CVAE of dense layers, the decoder a mirror of the encoder.

        Args:
            item_shape: Shape of one example, such as `(8, 8)`.
            condition_shape: Shape of one condition: `(n_classes,)` for labels.
            latent_dim: Number of latent dimensions.
            hidden_units: Widths of the hidden layers, from the input to the code.
            activation: Activation of the hidden layers.
            likelihood: As for `VAE`.
            conditional_prior: Whether p(z|c) is a Gaussian that a network of the same
                widths computes from c, instead of N(0, I).
            **kwargs: As for `VAE`.

        Returns:
            A `CVAE`.

        Raises:
            ValueError: If a size is not a positive integer.

        Example:
            >>> cvae = CVAE.dense((4,), (3,), latent_dim=2, conditional_prior=True)
            >>> cvae.prior.input_shape
            (None, 3)
        """
        encoder = dense_network(
            item_shape,
            hidden_units,
            (latent_dim,),
            activation,
            name="encoder",
            heads=POSTERIOR,
            condition_shape=condition_shape,
        )
        decoder = dense_network(
            (latent_dim,),
            hidden_units[::-1],
            item_shape,
            activation,
            name="decoder",
            heads=get_likelihood(likelihood).heads,
            condition_shape=condition_shape,
        )
        prior = None
        if conditional_prior:
            prior = dense_network(
                condition_shape,
                hidden_units,
                (latent_dim,),
                activation,
                name="prior",
                heads=POSTERIOR,
            )
        return cls(encoder, decoder, prior, likelihood=likelihood, **kwargs)

    @property
    def item_shape(self):
        return tuple(self.encoder.inputs[0].shape[1:])

    @property
    def condition_shape(self):
        """Shape of one condition, without the batch."""
        return tuple(self.encoder.inputs[1].shape[1:])

    def split_inputs(self, inputs):
        x, condition = inputs
        return x, [condition]

    def prior_parameters(self, condition):
        if self.prior is None:
            return {}
        prior_mean, prior_log_var = self.prior(condition[0])
        return {"prior_mean": prior_mean, "prior_log_var": prior_log_var}

    def check_inputs(self, x, name="x", is_target=True):
        if isinstance(x, np.ndarray) or (isinstance(x, (list, tuple)) and len(x) != 2):
            raise ValueError(
                f"A CVAE takes pairs [x, condition]. Received: {name} of type {type(x).__name__}"
            )
        if isinstance(x, (list, tuple)):
            self.check_batch(x[0], name, is_target)
            condition = self.as_condition(x[1])
            if len(x[0]) != len(condition):
                raise ValueError(
                    "x and condition must have the same length. "
                    f"Received: {len(x[0])} examples and {len(condition)} conditions"
                )

    def as_arrays(self, x):
        """Return a pair with one-hot labels in place of integers; anything else as it is."""
        return [x[0], self.as_condition(x[1])] if isinstance(x, (list, tuple)) else x

    def as_condition(self, condition):
        """Return conditions as an array of shape `(n, *condition_shape)`.

        Args:
            condition: Such an array, or integer labels of shape `(n,)`.

        Returns:
            The array.

        Raises:
            ValueError: If the shape does not fit, a label is out of range, or a value is
                not finite.
        """
        if not isinstance(condition, (np.ndarray, list, tuple, range)):
            return condition  # a tensor: its values are the caller's business
        condition = np.asarray(condition)
        if condition.ndim == 1 and len(self.condition_shape) == 1:
            return one_hot(condition, *self.condition_shape)
        if condition.shape[1:] != self.condition_shape or not np.all(np.isfinite(condition)):
            raise ValueError(
                "A condition must be finite, of shape (n, "
                f"{', '.join(map(str, self.condition_shape))}), or hold integer labels of shape "
                f"(n,). Received: shape {condition.shape}"
            )
        return condition

    def decode(self, z, condition):
        """Return the expected pictures at codes z, given conditions.

        Args:
            z: Array of shape `(n, latent_dim)`.
            condition: Integer labels of shape `(n,)`, or conditions of shape
                `(n, *condition_shape)`.

        Returns:
            An array of shape `(n, *item_shape)`.

        Raises:
            ValueError: If a shape does not fit, or a label is out of range.
        """
        condition = self.as_condition(condition)
        if len(z) != len(condition):
            raise ValueError(
                "z and condition must have the same length. "
                f"Received: {len(z)} codes and {len(condition)} conditions"
            )
        return super().decode(z, condition)

    def sample(self, condition, seed=None):
        """Generate on demand: draw z from the prior, and decode it with the condition.

        Args:
            condition: Labels, such as `[3, 3, 3]` for three pictures of a 3, or conditions
                of shape `(n, *condition_shape)`.
            seed: Seed of the draw, or a `numpy.random.Generator`.

        Returns:
            Expected pictures, an array of shape `(n, *item_shape)`.

        Raises:
            ValueError: If a shape does not fit, or a label is out of range.
        """
        condition = self.as_condition(condition)
        z = np.random.default_rng(seed).standard_normal((len(condition), self.latent_dim))
        if self.prior is not None:
            prior_mean, prior_log_var = apply_in_batches(self.prior, condition)
            z = prior_mean + np.exp(0.5 * prior_log_var) * z
        return self.decode(z, condition)

    def interpolate(self, x_a, x_b, n=8, kind="linear"):
        """Decode the codes on the way from one picture to another.

        Args:
            x_a: A pair `[picture, condition]`: one picture of shape `item_shape`, and a
                label or a condition.
            x_b: Another one. If its condition is another one too, that changes linearly.
            n: Number of pictures, the two ends included.
            kind: `"linear"` or `"spherical"`, for the codes.

        Returns:
            Expected pictures, an array of shape `(n, *item_shape)`.
        """
        pictures, conditions = (np.stack(pair) for pair in zip(x_a, x_b, strict=True))
        conditions = self.as_condition(conditions)
        (a, b), _ = self.encode([pictures, conditions])
        share = np.linspace(0, 1, n).reshape(-1, *[1] * len(self.condition_shape))
        path = (1 - share) * conditions[0] + share * conditions[1]
        return self.decode(latent.interpolate(a, b, n, kind), path)


def one_hot(labels, n_classes):
    """Return labels as one-hot vectors.

    Args:
        labels: Integers in [0, n_classes), shape `(n,)`.
        n_classes: Number of classes.

    Returns:
        A `float32` array of shape `(n, n_classes)`.

    Raises:
        ValueError: If the labels are no such integers, or there are none.

    Example:
        >>> one_hot([2, 0], n_classes=3).tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            "Labels must be integers of shape (n,), n of at least 1. "
            f"Received: shape {labels.shape}, dtype {labels.dtype}"
        )
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(
            f"Labels must lie in [0, {n_classes}). "
            f"Received: labels from {labels.min()} to {labels.max()}"
        )
    return np.eye(n_classes, dtype="float32")[labels]
