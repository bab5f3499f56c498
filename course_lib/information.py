"""Entropy, cross-entropy and KL divergence: discrete, Gaussian, and by Monte Carlo.

The quantities of chapter 14, in NumPy and in double precision. Discrete distributions lie
along the last axis, and three quantities of them are tied together by

    H(p, q) = H(p) + KL(p || q).

Gaussians are given by their mean and `log_var`, the logarithm of the variance, or by a
full covariance matrix. Results are in nats unless bits are asked for.
"""

import math
from typing import NamedTuple

import numpy as np

#: How many nats each unit is worth.
_NATS = {"nats": 1.0, "bits": math.log(2)}

_EPS32 = float(np.finfo("float32").eps)


def entropy(p, unit="nats"):
    """Return the entropy H(p) = -sum_i p_i log p_i (Shannon 1948).

    An outcome of probability 0 adds nothing: 0 log 0 = 0.

    Args:
        p: Probabilities, shape `(..., n_outcomes)`; the last axis adds up to 1.
        unit: `"nats"` (natural logarithm) or `"bits"` (logarithm to base 2).

    Returns:
        An array of shape `(...)`, from 0 to log(n_outcomes).

    Raises:
        ValueError: If `p` is no distribution, or the unit is unknown.

    Example:
        >>> float(entropy([0.5, 0.25, 0.25], unit="bits"))
        1.5
    """
    p = _check_distribution(p, "p")
    # 0 minus: the entropy of certainty is 0 then, not -0.
    return 0.0 - _sum_p_log(p, p) / _nats_per(unit)


def cross_entropy(p, q, unit="nats"):
    """Return the cross-entropy H(p, q) = -sum_i p_i log q_i.

    It is infinite where `q` rules out an outcome that `p` allows.

    Args:
        p: Probabilities of what happens, shape `(..., n_outcomes)`.
        q: Probabilities that a model gives, the same outcomes on the last axis; the other
            axes broadcast against those of `p`.
        unit: `"nats"` or `"bits"`.

    Returns:
        An array of shape `(...)`, at least the entropy of `p`.

    Raises:
        ValueError: If `p` or `q` is no distribution, their shapes do not fit together, or
            the unit is unknown.

    Example:
        >>> float(cross_entropy([1.0, 0.0], [0.25, 0.75], unit="bits"))
        2.0
    """
    p, q = _check_pair(p, q)
    return 0.0 - _sum_p_log(p, q) / _nats_per(unit)


def kl_divergence(p, q, unit="nats"):
    """Return KL(p || q) = sum_i p_i log(p_i / q_i) (Kullback and Leibler 1951).

    What is lost by taking `q` for `p`: it is not symmetric, and infinite where `q` rules
    out an outcome that `p` allows.

    Args:
        p: Probabilities of what happens, shape `(..., n_outcomes)`.
        q: Probabilities that a model gives, the same outcomes on the last axis; the other
            axes broadcast against those of `p`.
        unit: `"nats"` or `"bits"`.

    Returns:
        An array of shape `(...)`; up to rounding at least 0, and 0 for `p = q` only.

    Raises:
        ValueError: If `p` or `q` is no distribution, their shapes do not fit together, or
            the unit is unknown.

    Example:
        >>> float(kl_divergence([0.5, 0.5], [0.25, 0.75]))  # log(4/3) / 2
        0.143841...
    """
    p, q = _check_pair(p, q)
    # One sum of differences: a small divergence is not the difference of two large numbers.
    log_ratio = np.zeros(p.shape)
    happens = p > 0
    with np.errstate(divide="ignore"):
        log_ratio[happens] = np.log(p[happens]) - np.log(q[happens])
    return np.sum(p * log_ratio, axis=-1) / _nats_per(unit)


def gaussian_entropy(log_var):
    """Return the differential entropy of a diagonal Gaussian, in nats.

    For each dimension it is `(log_var + log(2 pi e)) / 2`, whatever the mean. It is that
    of a density and may be negative.

    Args:
        log_var: Logarithm of the variances, shape `(..., dim)`.

    Returns:
        An array of shape `(...)`.

    Raises:
        ValueError: If `log_var` has no axis, or a value that is no number.

    Example:
        >>> float(gaussian_entropy([0.0]))  # log(2 pi e) / 2
        1.418938...
    """
    (log_var,) = _check_vectors(log_var=log_var)
    return 0.5 * np.sum(log_var + math.log(2 * math.pi * math.e), axis=-1)


def kl_gaussians(mean_a, log_var_a, mean_b, log_var_b):
    """Return KL(N(mean_a, exp(log_var_a)) || N(mean_b, exp(log_var_b))), diagonal Gaussians.

    Half the sum over dimensions of

        (mean_a - mean_b)^2 / exp(log_var_b) + exp(v) - v - 1,    v = log_var_a - log_var_b.

    Args:
        mean_a: Means of the first Gaussian, shape `(..., dim)`.
        log_var_a: Logarithm of its variances.
        mean_b: Means of the second.
        log_var_b: Logarithm of its variances. The four have the same `dim` and broadcast
            over the other axes.

    Returns:
        An array of shape `(...)`, in nats, never negative.

    Raises:
        ValueError: If the shapes do not fit together, or a value is not finite.

    Example:
        >>> float(kl_gaussians([2.0], [0.0], [0.0], [0.0]))
        2.0
    """
    mean_a, log_var_a, mean_b, log_var_b = _check_vectors(
        mean_a=mean_a, log_var_a=log_var_a, mean_b=mean_b, log_var_b=log_var_b
    )
    v = log_var_a - log_var_b
    # expm1 keeps the small difference exp(v) - 1 - v that two like variances leave.
    terms = np.square(mean_a - mean_b) * np.exp(-log_var_b) + (np.expm1(v) - v)
    return 0.5 * np.sum(terms, axis=-1)


def kl_multivariate_gaussians(mean_a, cov_a, mean_b, cov_b):
    """Return KL(N(mean_a, cov_a) || N(mean_b, cov_b)), Gaussians with any covariance.

    Half of

        trace(cov_b^-1 cov_a) - dim + d^T cov_b^-1 d + log det cov_b - log det cov_a,

    with `d = mean_a - mean_b`.

    Args:
        mean_a: Means of the first Gaussian, shape `(..., dim)`.
        cov_a: Its covariance, shape `(..., dim, dim)`, symmetric and positive definite.
        mean_b: Means of the second.
        cov_b: Its covariance. All four broadcast over the other axes.

    Returns:
        An array of shape `(...)`, in nats; up to rounding at least 0.

    Raises:
        ValueError: If the shapes do not fit together, a value is not finite, or a
            covariance is not symmetric and positive definite.

    Example:
        >>> float(kl_multivariate_gaussians([2.0, 0.0], np.eye(2), [0.0, 0.0], np.eye(2)))
        2.0
    """
    mean_a, mean_b = _check_vectors(mean_a=mean_a, mean_b=mean_b)
    dim = mean_a.shape[-1]
    root_a = _check_covariance(cov_a, dim, "cov_a")
    root_b = _check_covariance(cov_b, dim, "cov_b")
    # With Cholesky factors cov = L L^T, trace and quadratic form are sums of squares.
    ratio = np.linalg.solve(root_b, root_a)  # (..., dim, dim)
    shift = np.linalg.solve(root_b, (mean_a - mean_b)[..., None])  # (..., dim, 1)
    trace = np.sum(np.square(ratio), axis=(-2, -1))
    quadratic = np.sum(np.square(shift), axis=(-2, -1))
    return 0.5 * (trace - dim + quadratic + _log_det(root_b) - _log_det(root_a))


class Estimate(NamedTuple):
    """A Monte Carlo estimate: a mean of independent draws, and how far off it may be.

    Attributes:
        value: The mean of the draws.
        standard_error: Their standard deviation divided by the root of their number.
    """

    value: float
    standard_error: float


def kl_monte_carlo(sample, log_p, log_q, n, seed=None):
    """Estimate KL(p || q) = E_p[log p(x) - log q(x)] from draws out of `p`.

    For distributions that can be drawn from and scored, but not summed or integrated.

    Args:
        sample: Function `sample(n, rng)` that returns `n` draws from `p`, along the first
            axis; `rng` is a `numpy.random.Generator`.
        log_p: Function that returns log p of draws, shape `(n,)`, in nats.
        log_q: The same for `q`.
        n: Number of draws, at least 2.
        seed: Seed of the draws, or a `numpy.random.Generator`.

    Returns:
        An `Estimate` in nats. If a draw has q = 0, the value is infinite and the standard
        error NaN.

    Raises:
        ValueError: If `n` is too small, or a function returns another shape, a NaN, or
            probability 0 for a draw from `p`.

    Example:
        >>> def normal_log_density(x, mean):
        ...     return -0.5 * (x - mean) ** 2 - 0.5 * np.log(2 * np.pi)
        >>> estimate = kl_monte_carlo(
        ...     sample=lambda n, rng: rng.normal(2, 1, n),
        ...     log_p=lambda x: normal_log_density(x, 2),
        ...     log_q=lambda x: normal_log_density(x, 0),
        ...     n=10_000,
        ...     seed=0,
        ... )
        >>> abs(estimate.value - 2) < 6 * estimate.standard_error
        True
    """
    if not isinstance(n, (int, np.integer)) or n < 2:
        raise ValueError(f"n must be an integer of at least 2. Received: n={n!r}")
    draws = sample(n, np.random.default_rng(seed))
    log_p, log_q = (np.asarray(log(draws), "float64") for log in (log_p, log_q))
    if log_p.shape != (n,) or log_q.shape != (n,):
        raise ValueError(
            f"log_p and log_q must return one number a draw, shape ({n},). "
            f"Received: log_p of shape {log_p.shape}, log_q of shape {log_q.shape}"
        )
    if not np.all(np.isfinite(log_p)) or not np.all(log_q < np.inf):
        raise ValueError(
            "Draws from p must have a finite log_p, and a log_q that is finite or -inf. "
            f"Received: log_p from {np.min(log_p)} to {np.max(log_p)}, "
            f"log_q from {np.min(log_q)} to {np.max(log_q)}"
        )
    if np.any(log_q == -np.inf):
        return Estimate(math.inf, math.nan)
    log_ratio = log_p - log_q
    return Estimate(float(np.mean(log_ratio)), float(np.std(log_ratio, ddof=1) / math.sqrt(n)))


def _sum_p_log(p, q):
    """Return sum_i p_i log q_i, with 0 log 0 = 0."""
    log_q = np.zeros(p.shape)
    happens = p > 0
    with np.errstate(divide="ignore"):
        log_q[happens] = np.log(q[happens])
    return np.sum(p * log_q, axis=-1)


def _nats_per(unit):
    if unit not in _NATS:
        raise ValueError(f"unit must be 'nats' or 'bits'. Received: unit={unit!r}")
    return _NATS[unit]


def _check_pair(p, q):
    p, q = _check_distribution(p, "p"), _check_distribution(q, "q")
    _check_shapes(p=p, q=q)
    return np.broadcast_arrays(p, q)


def _check_distribution(p, name):
    p = np.asarray(p, "float64")
    if p.ndim == 0 or p.size == 0:
        raise ValueError(
            f"{name} must have shape (..., n_outcomes), with one outcome or more. "
            f"Received: {name} of shape {p.shape}"
        )
    # Written so that a NaN fails the test.
    if not np.all(p >= 0):
        raise ValueError(
            f"{name} must hold probabilities, at least 0. Received: {name} with values "
            f"from {np.min(p)} to {np.max(p)}"
        )
    # A model's probabilities were divided by their sum in single precision. The rounding
    # errors of a sum of n terms grow as the root of n.
    off = np.max(np.abs(np.sum(p, axis=-1) - 1))
    if not off <= 8 * math.sqrt(p.shape[-1]) * _EPS32:
        raise ValueError(
            f"{name} must add up to 1 along its last axis. Received: {name} with a sum that "
            f"is off by {off:.3g}"
        )
    return p


def _check_vectors(**arrays):
    arrays = {name: np.asarray(values, "float64") for name, values in arrays.items()}
    for name, values in arrays.items():
        if values.ndim == 0 or values.size == 0 or not np.all(np.isfinite(values)):
            raise ValueError(
                f"{name} must have shape (..., dim), not be empty, and be finite. "
                f"Received: {name}={values}"
            )
    _check_shapes(**arrays)
    return tuple(arrays.values())


def _check_shapes(**arrays):
    """Raise unless the last axes are equal and the others broadcast."""
    shapes = [values.shape for values in arrays.values()]
    try:
        np.broadcast_shapes(*shapes)
        fits = len({shape[-1] for shape in shapes}) == 1
    except ValueError:
        fits = False
    if not fits:
        received = ", ".join(f"{name} of shape {v.shape}" for name, v in arrays.items())
        raise ValueError(
            f"{', '.join(arrays)} must have the same last axis, and other axes that "
            f"broadcast. Received: {received}"
        )


def _check_covariance(cov, dim, name):
    """Return the Cholesky factor of a covariance matrix, or of each of several."""
    cov = np.asarray(cov, "float64")
    if cov.shape[-2:] != (dim, dim):
        raise ValueError(
            f"{name} must have shape (..., {dim}, {dim}), as the means have {dim} "
            f"dimensions. Received: {name} of shape {cov.shape}"
        )
    # A product such as W W^T is symmetric up to the rounding of sums of `dim` terms or so.
    scale = np.max(np.abs(cov), initial=0)
    asymmetry = np.max(np.abs(cov - np.swapaxes(cov, -1, -2)), initial=0)
    try:
        if not asymmetry <= 100 * dim * np.finfo("float64").eps * scale:
            raise np.linalg.LinAlgError(f"it is not symmetric, by {asymmetry:.3g}")
        return np.linalg.cholesky(cov)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            f"{name} must be symmetric and positive definite. Received: {name}={cov} ({error})"
        ) from None


def _log_det(root):
    """Return log det(L L^T) for a Cholesky factor L."""
    return 2 * np.sum(np.log(np.diagonal(root, axis1=-2, axis2=-1)), axis=-1)
