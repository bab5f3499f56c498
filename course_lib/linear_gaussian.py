"""A latent-variable model whose log p(x) and posterior are known exactly.

The model of chapter 15, in NumPy and in double precision:

    z ~ N(0, I_k),    x | z ~ N(W z + b, s^2 I_d).

Everything about it is Gaussian, so that the evidence lower bound, its gap, and estimates of
its gradient can be held against the truth. Log-probabilities are in nats.
"""

import math
import numbers
from typing import NamedTuple

import numpy as np

from course_lib.information import kl_gaussians, kl_multivariate_gaussians


class Gradients(NamedTuple):
    """Gradient of the ELBO with respect to the parameters of q, or estimates of it.

    Attributes:
        mean: The part with respect to q's mean, shape `(..., latent_dim)`.
        log_var: The part with respect to the logarithm of q's variance, of that shape too.
    """

    mean: np.ndarray
    log_var: np.ndarray


class LinearGaussian:
    """Linear-Gaussian latent-variable model (probabilistic PCA, Tipping and Bishop 1999).

    A Gaussian `q(z) = N(mean, cov)` that stands in for the posterior is given by its mean
    and either `log_var`, the logarithm of the diagonal of a diagonal covariance, or
    `covariance`, the full matrix. Each example has a mean of its own; the variances may be
    shared by all.

    Args:
        weights: The matrix W, shape `(data_dim, latent_dim)`.
        bias: The vector b, shape `(data_dim,)`.
        noise_std: The standard deviation s of the noise, above 0.

    Raises:
        ValueError: If a shape is wrong, a value is not finite, or the noise is not above 0.

    Example:
        >>> model = LinearGaussian(weights=[[1.0], [0.0]], bias=[0.0, 0.0], noise_std=1.0)
        >>> float(model.log_prob([[0.0, 0.0]])[0])  # x ~ N(0, diag(2, 1))
        -2.184450...
        >>> mean, covariance = model.posterior([[1.0, 5.0]])
        >>> mean.tolist(), covariance.tolist()
        ([[0.5]], [[0.5]])
    """

    def __init__(self, weights, bias, noise_std):
        self.weights = _check_array("weights", weights, ("data_dim", "latent_dim"))
        self.bias = _check_array("bias", bias, (len(self.weights),))
        if not (isinstance(noise_std, numbers.Real) and 0 < noise_std < math.inf):
            raise ValueError(
                f"noise_std must be a finite number above 0. Received: noise_std={noise_std!r}"
            )
        self.noise_std = float(noise_std)

    @classmethod
    def fit(cls, x, latent_dim):
        """Return the model that makes the data most probable.

        The maximum is known in closed form (Tipping and Bishop 1999, equations 7 and 8):
        the columns of W are the first principal axes, shortened by the noise, and the
        variance of the noise is the average variance along the axes that are left.

        Args:
            x: Data, shape `(n, data_dim)`.
            latent_dim: Number of latent dimensions, less than `data_dim`.

        Returns:
            A `LinearGaussian`.

        Raises:
            ValueError: If `x` has a wrong shape, or its examples lie in a space of
                `latent_dim` dimensions, so that nothing is left for the noise.

        Example:
            >>> x = LinearGaussian([[3.0], [4.0]], [0.0, 1.0], 0.5).sample(10_000, seed=0)
            >>> round(LinearGaussian.fit(x, latent_dim=1).noise_std, 2)
            0.5
        """
        x = _check_array("x", x, ("n", "data_dim"))
        n, data_dim = x.shape
        if not isinstance(latent_dim, (int, np.integer)) or not 0 < latent_dim < data_dim:
            raise ValueError(
                f"latent_dim must be an integer from 1 to data_dim - 1 = {data_dim - 1}. "
                f"Received: latent_dim={latent_dim!r}"
            )
        mean = np.mean(x, axis=0)
        _, singular_values, axes = np.linalg.svd(x - mean, full_matrices=False)
        variances = np.square(singular_values) / n  # along the axes, the rows of `axes`
        noise_var = np.sum(variances[latent_dim:]) / (data_dim - latent_dim)
        # Centered data of exactly that rank leave only the rounding of the SVD.
        if noise_var <= np.square(np.finfo("float64").eps * max(x.shape)) * variances[0]:
            raise ValueError(
                f"The examples must vary in more than latent_dim={latent_dim} directions. "
                f"Received: x of shape {x.shape}, with noise of variance {noise_var:.3g}"
            )
        signal_std = np.sqrt(np.maximum(variances[:latent_dim] - noise_var, 0))
        return cls(axes[:latent_dim].T * signal_std, mean, math.sqrt(noise_var))

    @property
    def data_dim(self):
        """Number of dimensions of x."""
        return self.weights.shape[0]

    @property
    def latent_dim(self):
        """Number of dimensions of z."""
        return self.weights.shape[1]

    def sample(self, n, seed=None):
        """Generate: draw z from the prior, then x given z.

        Args:
            n: How many examples.
            seed: Seed of the draw, or a `numpy.random.Generator`.

        Returns:
            An array `x` of shape `(n, data_dim)`.
        """
        _check_count("n", n)
        rng = np.random.default_rng(seed)
        z = rng.standard_normal((n, self.latent_dim))
        noise = rng.standard_normal((n, self.data_dim))
        return z @ self.weights.T + self.bias + self.noise_std * noise

    def log_prob(self, x):
        """Return log p(x) of each example: x ~ N(b, W W^T + s^2 I).

        Along each left singular vector of W, with singular value a, x has variance
        a^2 + s^2; in all other directions it has variance s^2.

        Args:
            x: Array of shape `(n, data_dim)`.

        Returns:
            An array of shape `(n,)`.
        """
        residual = self._check_x(x) - self.bias
        directions, singular_values, _ = np.linalg.svd(self.weights, full_matrices=False)
        along = residual @ directions  # (n, min(data_dim, latent_dim))
        across = residual - along @ directions.T  # (n, data_dim)
        variances, noise_var = np.square(singular_values) + self.noise_std**2, self.noise_std**2
        quadratic = np.sum(np.square(along) / variances, axis=1)
        quadratic += np.sum(np.square(across), axis=1) / noise_var
        n_across = self.data_dim - len(variances)
        log_det = np.sum(np.log(variances)) + n_across * math.log(noise_var)
        return -0.5 * (quadratic + log_det + self.data_dim * math.log(2 * math.pi))

    def log_likelihood(self, x, z):
        """Return log p(x|z).

        Args:
            x: Array of shape `(..., data_dim)`.
            z: Array of shape `(..., latent_dim)`; its other axes broadcast against those
                of `x`, so that many draws of z can be scored at once.

        Returns:
            An array of shape `(...)`.
        """
        x, z = np.asarray(x, "float64"), np.asarray(z, "float64")
        if x.shape[-1:] != (self.data_dim,) or z.shape[-1:] != (self.latent_dim,):
            raise ValueError(
                f"x must have shape (..., {self.data_dim}) and z (..., {self.latent_dim}). "
                f"Received: x of shape {x.shape}, z of shape {z.shape}"
            )
        residual = x - self.bias - z @ self.weights.T
        noise_var = self.noise_std**2
        constant = self.data_dim * math.log(2 * math.pi * noise_var)
        return -0.5 * (np.sum(np.square(residual), axis=-1) / noise_var + constant)

    def posterior(self, x):
        """Return p(z|x), a Gaussian, by Bayes' rule.

        Its precision is I + W^T W / s^2, the same for all examples (Bishop 2006, equation
        12.42).

        Args:
            x: Array of shape `(n, data_dim)`.

        Returns:
            The means, shape `(n, latent_dim)`, and the covariance, shape
            `(latent_dim, latent_dim)`.
        """
        x = self._check_x(x)
        covariance = np.linalg.inv(np.eye(self.latent_dim) + self._signal_to_noise())
        covariance = 0.5 * (covariance + covariance.T)  # inv rounds the halves differently
        mean = (x - self.bias) @ self.weights @ covariance / self.noise_std**2
        return mean, covariance

    def elbo(self, x, mean, log_var=None, *, covariance=None):
        """Return the evidence lower bound E_q[log p(x|z)] - KL(q(z) || p(z)), exactly.

        Args:
            x: Array of shape `(n, data_dim)`.
            mean: Means of q, shape `(n, latent_dim)`.
            log_var: Logarithm of the variances of a diagonal q, shape `(n, latent_dim)` or
                `(latent_dim,)`.
            covariance: Instead of `log_var`: shape `(latent_dim, latent_dim)`, or one such
                matrix for each example.

        Returns:
            An array of shape `(n,)`, nowhere above `log_prob(x)`.

        Raises:
            ValueError: If a shape is wrong, or not exactly one of `log_var` and
                `covariance` is given.
        """
        x, mean, covariance = self._check_q(x, mean, log_var, covariance)
        # The mean of a square is the square of the mean plus the variance, here of W z.
        spread = np.sum(covariance * self._signal_to_noise(), axis=(-2, -1))
        prior_mean, prior_covariance = np.zeros(self.latent_dim), np.eye(self.latent_dim)
        kl = (
            kl_multivariate_gaussians(mean, covariance, prior_mean, prior_covariance)
            if log_var is None
            else kl_gaussians(mean, np.broadcast_to(log_var, mean.shape), prior_mean, prior_mean)
        )
        return self.log_likelihood(x, mean) - 0.5 * spread - kl

    def kl_to_posterior(self, x, mean, log_var=None, *, covariance=None):
        """Return KL(q(z) || p(z|x)), which is `log_prob(x) - elbo(x, ...)`.

        Args:
            x: As for `elbo`.
            mean: As for `elbo`.
            log_var: As for `elbo`.
            covariance: As for `elbo`.

        Returns:
            An array of shape `(n,)`.
        """
        x, mean, covariance = self._check_q(x, mean, log_var, covariance)
        return kl_multivariate_gaussians(mean, covariance, *self.posterior(x))

    def elbo_gradients(self, x, mean, log_var):
        """Return the gradient of one example's ELBO with respect to a diagonal q.

        Args:
            x: One example, shape `(data_dim,)`.
            mean: Mean of q, shape `(latent_dim,)`.
            log_var: Logarithm of the variances of q, shape `(latent_dim,)`.

        Returns:
            `Gradients`, each of shape `(latent_dim,)`.

        Example:
            >>> model = LinearGaussian(weights=[[1.0]], bias=[0.0], noise_std=1.0)
            >>> model.elbo_gradients(x=[2.0], mean=[0.0], log_var=[0.0]).mean.tolist()
            [2.0]
        """
        x, mean, log_var = self._check_one(x, mean, log_var)
        from_kl = self._kl_gradients(mean, log_var)
        curvature = np.diagonal(self._signal_to_noise())
        return Gradients(
            self._slope(x, mean) - from_kl.mean,
            -0.5 * np.exp(log_var) * curvature - from_kl.log_var,
        )

    def reparameterized_gradients(self, x, mean, log_var, n_samples, seed=None):
        """Estimate `elbo_gradients` by differentiating through draws of z.

        With `z = mean + exp(log_var / 2) * eps` (Kingma and Welling 2013, section 2.4), the
        gradient of log p(x|z) with respect to q's parameters follows from that with respect
        to z, by the chain rule. The KL term is exact, as in the VAE's loss.

        Args:
            x: One example, shape `(data_dim,)`.
            mean: Mean of q, shape `(latent_dim,)`.
            log_var: Logarithm of the variances of q, shape `(latent_dim,)`.
            n_samples: Number of draws.
            seed: Seed of the draws, or a `numpy.random.Generator`.

        Returns:
            `Gradients`, each of shape `(n_samples, latent_dim)`: one unbiased estimate a
            draw, so that their variance can be seen.

        Example:
            >>> model = LinearGaussian(weights=[[1.0]], bias=[0.0], noise_std=1.0)
            >>> draws = model.reparameterized_gradients([2.0], [0.0], [0.0], 10_000, seed=0)
            >>> round(float(draws.mean.mean()), 1)
            2.0
        """
        x, mean, log_var = self._check_one(x, mean, log_var)
        eps, z = self._draws(mean, log_var, n_samples, seed)
        slope = self._slope(x, z)
        from_kl = self._kl_gradients(mean, log_var)
        return Gradients(
            slope - from_kl.mean,
            slope * 0.5 * np.exp(0.5 * log_var) * eps - from_kl.log_var,
        )

    def score_function_gradients(self, x, mean, log_var, n_samples, seed=None, baseline=0.0):
        """Estimate `elbo_gradients` without differentiating log p(x|z).

        The gradient of E_q[f(z)] is E_q[(f(z) - baseline) * gradient of log q(z)] for any
        constant baseline (Williams 1992). Here f(z) = log p(x|z); the KL term is exact.

        Args:
            x: One example, shape `(data_dim,)`.
            mean: Mean of q, shape `(latent_dim,)`.
            log_var: Logarithm of the variances of q, shape `(latent_dim,)`.
            n_samples: Number of draws.
            seed: Seed of the draws, or a `numpy.random.Generator`.
            baseline: Subtracted from log p(x|z). It does not change the mean of the
                estimates; one near E_q[log p(x|z)] lowers their variance.

        Returns:
            `Gradients`, each of shape `(n_samples, latent_dim)`: one unbiased estimate a
            draw.

        Example:
            >>> model = LinearGaussian(weights=[[1.0]], bias=[0.0], noise_std=1.0)
            >>> draws = model.score_function_gradients([2.0], [0.0], [0.0], 100_000, seed=0)
            >>> round(float(draws.mean.mean()), 1)
            2.0
        """
        x, mean, log_var = self._check_one(x, mean, log_var)
        eps, z = self._draws(mean, log_var, n_samples, seed)
        signal = self.log_likelihood(x, z)[:, None] - baseline  # (n_samples, 1)
        from_kl = self._kl_gradients(mean, log_var)
        return Gradients(
            signal * eps * np.exp(-0.5 * log_var) - from_kl.mean,
            signal * 0.5 * (np.square(eps) - 1) - from_kl.log_var,
        )

    def _signal_to_noise(self):
        """Return W^T W / s^2, shape `(latent_dim, latent_dim)`."""
        return self.weights.T @ self.weights / self.noise_std**2

    def _slope(self, x, z):
        """Return the gradient of log p(x|z) with respect to z, of the shape of z."""
        return (x - self.bias - z @ self.weights.T) @ self.weights / self.noise_std**2

    def _kl_gradients(self, mean, log_var):
        """Return the gradient of KL(q(z) || p(z))."""
        return Gradients(mean, 0.5 * np.expm1(log_var))

    def _draws(self, mean, log_var, n_samples, seed):
        """Return noise and the draws of z made of it, each `(n_samples, latent_dim)`."""
        _check_count("n_samples", n_samples)
        eps = np.random.default_rng(seed).standard_normal((n_samples, self.latent_dim))
        return eps, mean + np.exp(0.5 * log_var) * eps

    def _check_x(self, x):
        return _check_array("x", x, ("n", self.data_dim))

    def _check_one(self, x, mean, log_var):
        return (
            _check_array("x", x, (self.data_dim,)),
            _check_array("mean", mean, (self.latent_dim,)),
            _check_array("log_var", log_var, (self.latent_dim,)),
        )

    def _check_q(self, x, mean, log_var, covariance):
        """Return x and the mean and covariance of q, checked."""
        x = self._check_x(x)
        n, k = len(x), self.latent_dim
        mean = _check_array("mean", mean, (n, k))
        if (log_var is None) == (covariance is None):
            raise ValueError(
                "Give q's variances as either log_var or covariance. "
                f"Received: log_var={log_var}, covariance={covariance}"
            )
        if covariance is None:
            log_var = np.asarray(log_var, "float64")
            shape = (k,) if log_var.ndim == 1 else (n, k)
            log_var = _check_array("log_var", log_var, shape)
            return x, mean, np.exp(log_var)[..., None] * np.eye(k)
        covariance = np.asarray(covariance, "float64")
        shape = (n, k, k) if covariance.ndim == 3 else (k, k)
        return x, mean, _check_array("covariance", covariance, shape)


def _check_array(name, values, shape):
    """Return a float array of that shape; a size given by its name may be any above 0."""
    values = np.asarray(values, "float64")
    fits = values.ndim == len(shape) and all(
        size == expected or (isinstance(expected, str) and size > 0)
        for size, expected in zip(values.shape, shape, strict=True)
    )
    if not fits:
        raise ValueError(
            f"{name} must have shape ({', '.join(map(str, shape))}{',' * (len(shape) == 1)}), "
            f"and not be empty. Received: {name} of shape {values.shape}"
        )
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{name} must be finite. Received: {name}={values}")
    return values


def _check_count(name, n):
    if not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"{name} must be an integer of at least 1. Received: {name}={n!r}")
