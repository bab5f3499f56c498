"""Negative log-likelihoods and KL divergences, in nats.

The functions return one number an example: summed over pixels or latent dimensions, not
averaged. The Keras losses built on them average over the batch, and over nothing else.
"""

import math

import keras
import numpy as np
from keras import ops


def bernoulli_nll(x, logits):
    """Return -log p(x) of independent Bernoulli pixels.

    Written with the logits `l`, where p(x = 1) = sigmoid(l), it is the sum over pixels of
    `softplus(l) - x * l`, which stays exact where the probability rounds to 0 or 1.

    Args:
        x: Binary pixels, shape `(batch, ...)`. Gray values in [0, 1] are accepted; the
            result is then a cross-entropy, not the negative logarithm of a probability.
        logits: Tensor of the same shape.

    Returns:
        A tensor of shape `(batch,)`, in nats.

    Raises:
        ValueError: If the shapes differ, or an array `x` has a value outside [0, 1].

    Example:
        >>> float(bernoulli_nll(np.array([[1.0, 0.0]]), np.zeros((1, 2)))[0])  # 2 log 2
        1.386294...
    """
    _check_same_shape("x", x, "logits", logits)
    check_unit_interval(x)
    logits = _as_floats(logits)
    x = ops.cast(x, logits.dtype)
    return _sum_over_items(ops.softplus(logits) - x * logits)


def gaussian_nll(x, mean, log_var=0.0):
    """Return -log p(x) of independent Gaussian pixels.

    For each pixel it is `(x - mean)^2 / (2 exp(log_var)) + log_var / 2 + log(2 pi) / 2`.
    It is a density's logarithm and may be negative.

    Args:
        x: Real-valued pixels, shape `(batch, ...)`.
        mean: Tensor of the same shape.
        log_var: Logarithm of the variance: a tensor of the same shape, or a number. The
            default, 0, is unit variance.

    Returns:
        A tensor of shape `(batch,)`, in nats.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> float(gaussian_nll(np.zeros((1, 1)), np.zeros((1, 1)))[0])  # log(2 pi) / 2
        0.918938...
    """
    _check_same_shape("x", x, "mean", mean)
    if np.ndim(log_var):
        _check_same_shape("mean", mean, "log_var", log_var)
    mean = _as_floats(mean)
    x = ops.cast(x, mean.dtype)
    log_var = ops.convert_to_tensor(log_var, dtype=mean.dtype)
    quadratic = ops.square(x - mean) * ops.exp(-log_var)
    return _sum_over_items(0.5 * (quadratic + log_var + math.log(2 * math.pi)))


def categorical_nll(tokens, logits):
    """Return -log p(tokens) of sequences of tokens, each given those before it.

    Args:
        tokens: Integers in [0, n_tokens), shape `(batch, length)`; 0 is padding and costs
            nothing.
        logits: Unnormalized log-probabilities of the token at each place, shape
            `(batch, length, n_tokens)`.

    Returns:
        A tensor of shape `(batch,)`, in nats.

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> float(categorical_nll(np.array([[3, 1, 0]]), np.zeros((1, 3, 4)))[0])  # 2 log 4
        2.772588...
    """
    _check_same_shape("tokens", tokens, "logits without their last axis", logits[..., 0])
    logits = _as_floats(logits)
    tokens = ops.cast(tokens, "int32")
    chosen = ops.sum(ops.one_hot(tokens, logits.shape[-1], dtype=logits.dtype) * logits, axis=-1)
    nll = ops.logsumexp(logits, axis=-1) - chosen
    return ops.sum(ops.where(ops.equal(tokens, 0), ops.zeros_like(nll), nll), axis=-1)


def kl_standard_normal(mean, log_var):
    """Return KL(N(mean, exp(log_var)) || N(0, I)), the KL term of the ELBO.

    The closed form of Kingma and Welling (2013), appendix B: half the sum over latent
    dimensions of `mean^2 + exp(log_var) - log_var - 1`.

    Args:
        mean: Tensor of shape `(batch, latent_dim)`.
        log_var: Tensor of the same shape.

    Returns:
        A tensor of shape `(batch,)`, in nats, never negative.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> float(kl_standard_normal(np.array([[2.0]]), np.array([[0.0]]))[0])
        2.0
    """
    return _sum_over_items(kl_per_dimension(mean, log_var))


def kl_per_dimension(mean, log_var, prior_mean=0.0, prior_log_var=0.0):
    """Return the divergence of a Gaussian from its prior, one term a latent dimension.

    For each dimension it is `(d^2 exp(-log_var_p) + exp(r) - r - 1) / 2`, with `d` the
    difference of the means and `r` that of the log-variances. By default the prior is
    N(0, I), and the terms are those of `kl_standard_normal`.

    Args:
        mean: Tensor of shape `(batch, latent_dim)`.
        log_var: Tensor of the same shape.
        prior_mean: The prior's mean: a tensor of the same shape, or a number.
        prior_log_var: The prior's log-variance: a tensor of the same shape, or a number.

    Returns:
        A tensor of shape `(batch, latent_dim)`, in nats, never negative.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> [float(v) for v in kl_per_dimension(np.array([[2.0, 0.0]]), np.zeros((1, 2)))[0]]
        [2.0, 0.0]
    """
    _check_same_shape("mean", mean, "log_var", log_var)
    for name, value in [("prior_mean", prior_mean), ("prior_log_var", prior_log_var)]:
        if np.ndim(value):
            _check_same_shape("mean", mean, name, value)
    mean, log_var = _as_floats(mean), _as_floats(log_var)
    prior_mean = ops.cast(prior_mean, mean.dtype)
    prior_log_var = ops.cast(prior_log_var, log_var.dtype)
    ratio = log_var - prior_log_var
    quadratic = ops.square(mean - prior_mean) * ops.exp(-prior_log_var)
    # expm1 keeps the small difference exp(r) - 1 - r that a collapsed dimension leaves.
    return 0.5 * (quadratic + ops.expm1(ratio) - ratio)


def squared_error(x, reconstruction):
    """Return the squared error summed over pixels.

    Args:
        x: Tensor of shape `(batch, ...)`.
        reconstruction: Tensor of the same shape.

    Returns:
        A tensor of shape `(batch,)`. Half of it is `gaussian_nll` up to a constant.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> float(squared_error(np.ones((1, 3)), np.zeros((1, 3)))[0])
        3.0
    """
    _check_same_shape("x", x, "reconstruction", reconstruction)
    reconstruction = _as_floats(reconstruction)
    return _sum_over_items(ops.square(ops.cast(x, reconstruction.dtype) - reconstruction))


@keras.saving.register_keras_serializable("course_lib")
class BernoulliNLL(keras.losses.Loss):
    """Cross-entropy between pixels and their predicted probabilities, as a Keras loss.

    Summed over pixels, averaged over the batch, in nats.

    Args:
        from_logits: Whether predictions are logits; otherwise they are probabilities,
            kept at least 1e-7 away from 0 and 1.
        **kwargs: As for `keras.losses.Loss`.

    Call arguments:
        y_true: Pixels in [0, 1], shape `(batch, ...)`.
        y_pred: Predictions of the same shape.

    Example:
        >>> loss = BernoulliNLL(from_logits=True)
        >>> float(loss(np.ones((4, 3)), np.zeros((4, 3))))  # 3 log 2, whatever the batch
        2.079441...
    """

    def __init__(self, from_logits=False, name="bernoulli_nll", **kwargs):
        super().__init__(name=name, **kwargs)
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        if not self.from_logits:
            p = ops.clip(y_pred, keras.config.epsilon(), 1 - keras.config.epsilon())
            y_pred = ops.log(p) - ops.log1p(-p)
        return bernoulli_nll(y_true, y_pred)

    def get_config(self):
        return {**super().get_config(), "from_logits": self.from_logits}


@keras.saving.register_keras_serializable("course_lib")
class SquaredError(keras.losses.Loss):
    """Squared error summed over pixels and averaged over the batch, as a Keras loss.

    Keras' own `"mse"` averages over pixels too, and so is smaller by their number.

    Call arguments:
        y_true: Values of shape `(batch, ...)`.
        y_pred: Predictions of the same shape.

    Example:
        >>> float(SquaredError()(np.ones((4, 3)), np.zeros((4, 3))))
        3.0
    """

    def __init__(self, name="squared_error", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        return squared_error(y_true, y_pred)


def check_unit_interval(x, name="x"):
    """Raise a `ValueError` if an array has a value outside [0, 1] or that is no number.

    Only NumPy arrays are looked into: reading a tensor's values would stop a compiled
    training step, and cannot be done inside one.

    Args:
        x: Array, or anything else, which passes.
        name: What to call it in the message.

    Raises:
        ValueError: If it is an array with such a value.

    Example:
        >>> check_unit_interval(np.array([0.0, 0.5]))
    """
    if isinstance(x, np.ndarray) and not np.all((x >= 0) & (x <= 1)):
        raise ValueError(
            f"A Bernoulli likelihood needs values in [0, 1]. Received: {name} with values "
            f"from {np.min(x)} to {np.max(x)}"
        )


def _check_same_shape(name_a, a, name_b, b):
    shape_a, shape_b = (tuple(t.shape if hasattr(t, "shape") else np.shape(t)) for t in (a, b))
    # A dimension is None while Keras traces a model for any batch size.
    compatible = len(shape_a) == len(shape_b) and all(
        i is None or j is None or i == j for i, j in zip(shape_a, shape_b, strict=True)
    )
    if not compatible:
        raise ValueError(
            f"{name_a} and {name_b} must have the same shape. "
            f"Received: {name_a} of shape {shape_a}, {name_b} of shape {shape_b}"
        )


def _as_floats(values):
    """Return a tensor of floats in which a sum over pixels is safe.

    Half precision has 11 bits: a sum over 784 pixels would lose whole nats. Such values, and
    integers, become Keras' default floats; others stay what they are.
    """
    tensor = ops.convert_to_tensor(values)
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    is_wide = keras.backend.is_float_dtype(dtype) and dtype not in ("float16", "bfloat16")
    return tensor if is_wide else ops.cast(tensor, keras.config.floatx())


def _sum_over_items(values):
    """Sum over all axes but the first."""
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))
