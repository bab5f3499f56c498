"""How good a VAE is: log p(x) by importance sampling, active units, the aggregate posterior.

Everything is in nats.
"""

import functools
import math

import keras
import numpy as np
from keras import ops

#: Rows that pass through the decoder at a time; with 784 pixels, some 20 MB.
MAX_ROWS = 2000


def importance_log_prob(model, x, n_samples=1000, seed=None, max_rows=MAX_ROWS):
    """Estimate log p(x) of each example by importance sampling from q(z|x).

    With draws z_1 .. z_k from q(z|x), the estimate is

        log 1/k sum_i p(x|z_i) p(z_i) / q(z_i|x).

    Its expectation is the bound of Burda et al. (2015), equation 8: the ELBO for k = 1, no
    smaller for a larger k, and log p(x) in the limit. Thousands of draws are customary
    for an estimate of log p(x); it errs on the low side.

    Args:
        model: A `VAE` or `CVAE`.
        x: What the model takes: an array of shape `(n, *item_shape)`, or a pair with
            conditions.
        n_samples: Draws k of z an example.
        seed: Seed of the draws, or a `numpy.random.Generator`.
        max_rows: Draws held in memory at a time, over all examples.

    Returns:
        An array of shape `(n,)`, in nats.

    Raises:
        ValueError: If `x` does not fit the model, or a number is no positive integer.

    Example:
        >>> from course_lib.vae import VAE
        >>> vae = VAE.dense((4,), latent_dim=2, hidden_units=(3,))
        >>> importance_log_prob(vae, np.zeros((5, 4)), n_samples=10, seed=0).shape
        (5,)
    """
    check_number(n_samples=n_samples, max_rows=max_rows)
    rng = np.random.default_rng(seed)
    mean, log_var = model.encode(x)
    x, condition = model.split_inputs(model.as_arrays(x))
    arrays = [np.asarray(a) for a in (x, mean, log_var, *condition)]
    log_weights = _log_weights(model)

    draws = min(n_samples, max_rows)
    batch_size = max(1, max_rows // draws)
    estimates = np.empty(len(x))
    for start in range(0, len(x), batch_size):
        # The last batch is padded: another shape would be compiled anew.
        rows = np.minimum(np.arange(start, start + batch_size), len(x) - 1)
        batch = [a[rows] for a in arrays]
        log_sum = np.full(len(rows), -np.inf)
        for done in range(0, n_samples, draws):
            shape = (len(rows), min(draws, n_samples - done), model.latent_dim)
            eps = rng.standard_normal(shape, dtype="float32")
            part = log_weights.predict_on_batch([eps, *batch]).astype("float64")
            log_sum = np.logaddexp(log_sum, np.logaddexp.reduce(part, axis=1))
        kept = min(batch_size, len(x) - start)
        estimates[start : start + kept] = log_sum[:kept] - math.log(n_samples)
    return estimates


def active_units(mean, threshold=0.01):
    """Return which latent dimensions say something about x.

    A dimension is active if the mean of q(z|x) varies with x, by a variance above the
    threshold (Burda et al. 2015, section 5.2). One that has collapsed to the prior
    returns the same mean for every x.

    Args:
        mean: Means of q(z|x), shape `(n, latent_dim)`, with n of at least 2.
        threshold: Variance over x above which a dimension is active.

    Returns:
        Booleans of shape `(latent_dim,)`.

    Raises:
        ValueError: If `mean` is no such array.

    Example:
        >>> active_units([[1.0, 0.0], [-1.0, 0.01]]).tolist()
        [True, False]
    """
    mean = np.asarray(mean, dtype="float64")
    if mean.ndim != 2 or len(mean) < 2 or not np.all(np.isfinite(mean)):
        raise ValueError(
            "mean must hold finite values, shape (n, latent_dim), n of at least 2. "
            f"Received: shape {mean.shape}"
        )
    return mean.var(axis=0) > threshold


class AggregatePosterior:
    """The mixture of all q(z|x), one component an example, of equal weights.

    If the model were perfect, it would be the prior. Where it has holes, samples from the
    prior decode to nothing seen in training (Hoffman and Johnson 2016).

    Args:
        mean: Means of q(z|x), shape `(n, latent_dim)`.
        log_var: Log-variances, of the same shape.

    Raises:
        ValueError: If the shapes differ or the arrays are empty.

    Example:
        >>> one = AggregatePosterior([[0.0]], [[0.0]])
        >>> round(float(one.log_prob([[0.0]])[0]), 4)  # -log(2 pi) / 2
        -0.9189
    """

    def __init__(self, mean, log_var):
        self.mean = np.asarray(mean, dtype="float64")
        self.log_var = np.asarray(log_var, dtype="float64")
        if self.mean.ndim != 2 or self.mean.shape != self.log_var.shape or not len(self.mean):
            raise ValueError(
                "mean and log_var must have one shape (n, latent_dim). "
                f"Received: shapes {self.mean.shape} and {self.log_var.shape}"
            )

    def sample(self, n, seed=None):
        """Draw codes: pick an example, then a code from its q(z|x).

        Args:
            n: How many.
            seed: Seed of the draw, or a `numpy.random.Generator`.

        Returns:
            An array of shape `(n, latent_dim)`.
        """
        check_number(n=n)
        rng = np.random.default_rng(seed)
        i = rng.integers(len(self.mean), size=n)
        eps = rng.standard_normal((n, self.mean.shape[1]))
        return self.mean[i] + np.exp(0.5 * self.log_var[i]) * eps

    def log_prob(self, z, batch_size=500):
        """Return the log-density at codes.

        Args:
            z: Array of shape `(n, latent_dim)`.
            batch_size: Codes at a time, which bounds the memory.

        Returns:
            An array of shape `(n,)`, in nats.
        """
        z = np.asarray(z, dtype="float64")
        precision = np.exp(-self.log_var)
        constant = -0.5 * np.sum(self.log_var + math.log(2 * math.pi), axis=1)
        constant -= 0.5 * np.sum(self.mean**2 * precision, axis=1) + math.log(len(self.mean))
        parts = []
        for start in range(0, len(z), batch_size):
            part = z[start : start + batch_size]
            # The square of (z - mean), multiplied out: two matrix products.
            terms = part @ (self.mean * precision).T - 0.5 * part**2 @ precision.T + constant
            parts.append(np.logaddexp.reduce(terms, axis=1))
        return np.concatenate(parts)


def check_number(**numbers):
    """Raise a `ValueError` unless each argument is a positive integer.

    Args:
        **numbers: Numbers, by name.

    Raises:
        ValueError: If one is not.

    Example:
        >>> check_number(n_samples=10)
    """
    for name, value in numbers.items():
        is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not is_integer or value < 1:
            raise ValueError(f"{name} must be an integer of at least 1. Received: {name}={value!r}")


class _LogWeights(keras.Model):
    """Computes log p(x|z) + log p(z) - log q(z|x), shape `(batch, k)`, for noise `(batch, k, d)`.

    A model of its own, so that Keras compiles it on whatever backend.
    """

    def __init__(self, vae):
        super().__init__(name="log_weights")
        self.vae = vae

    def call(self, inputs):
        eps, x, mean, log_var, *condition = inputs
        k, latent_dim = ops.shape(eps)[1], eps.shape[-1]
        z = mean[:, None] + ops.exp(0.5 * log_var)[:, None] * eps
        # log p(z) - log q(z|x): the two constants log(2 pi) cancel.
        prior = self.vae.prior_parameters(condition)
        log_p, log_q = -ops.square(z), -ops.square(eps) - log_var[:, None]
        if prior:
            prior_mean, prior_log_var = (prior[n][:, None] for n in ("prior_mean", "prior_log_var"))
            log_p = -ops.square(z - prior_mean) * ops.exp(-prior_log_var) - prior_log_var
        log_ratio = 0.5 * ops.sum(log_p - log_q, axis=-1)

        def each_draw(tensor):
            return ops.repeat(tensor, k, axis=0)

        parameters = self.vae.decoder_parameters(
            ops.reshape(z, (-1, latent_dim)), [each_draw(c) for c in condition]
        )
        nll = self.vae.reconstruction_nll(each_draw(x), parameters)
        return log_ratio - ops.reshape(nll, (-1, k))


@functools.lru_cache(maxsize=4)
def _log_weights(vae):
    """Return the compiled computation of a model; made anew, it would be compiled anew."""
    return _LogWeights(vae)
