"""Entropy, cross-entropy and KL against sums, integrals and draws."""

import math

import numpy as np
import pytest

from course_lib.information import (
    Estimate,
    cross_entropy,
    entropy,
    gaussian_entropy,
    kl_divergence,
    kl_gaussians,
    kl_monte_carlo,
    kl_multivariate_gaussians,
)

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6

EPS = float(np.finfo("float64").eps)

# Sums of at most 50 terms p log q with p <= 1 and |log q| < 40, each rounded once or twice.
SUM_TOLERANCE = 50 * 2 * 40 * EPS


def distributions(n_outcomes, n=20, seed=0):
    """Return random distributions, from nearly uniform to nearly certain, shape `(n, n_outcomes)`.

    The logits' range keeps every probability above exp(-36) / n_outcomes.
    """
    rng = np.random.default_rng(seed)
    logits = rng.uniform(-1, 1, (n, n_outcomes)) * np.linspace(0.01, 18, n)[:, None]
    weights = np.exp(logits)
    return weights / weights.sum(axis=1, keepdims=True)


def brute_force(term, p, q):
    """Add up `term(p_i, q_i)` without rounding of the sum."""
    return [
        math.fsum(term(a, b) for a, b in zip(*pair, strict=True)) for pair in zip(p, q, strict=True)
    ]


# Discrete distributions


@pytest.mark.equation("eq-entropy", "eq-information-cross-entropy", "eq-kl-discrete")
@pytest.mark.parametrize("n_outcomes", [1, 2, 3, 50])
def test_sums_over_outcomes(n_outcomes):
    p, q = distributions(n_outcomes), distributions(n_outcomes, seed=1)[::-1]
    expected = brute_force(lambda a, b: -a * math.log(a), p, q)
    assert entropy(p) == pytest.approx(expected, abs=SUM_TOLERANCE)
    expected = brute_force(lambda a, b: -a * math.log(b), p, q)
    assert cross_entropy(p, q) == pytest.approx(expected, abs=SUM_TOLERANCE)
    expected = brute_force(lambda a, b: a * math.log(a / b), p, q)
    assert kl_divergence(p, q) == pytest.approx(expected, abs=SUM_TOLERANCE)


@pytest.mark.equation("eq-cross-entropy-split")
@pytest.mark.parametrize("n_outcomes", [2, 5, 50])
def test_cross_entropy_is_entropy_plus_divergence(n_outcomes):
    p, q = distributions(n_outcomes), distributions(n_outcomes, seed=1)[::-1]
    total = entropy(p) + kl_divergence(p, q)
    assert cross_entropy(p, q) == pytest.approx(total, abs=2 * SUM_TOLERANCE)


@pytest.mark.equation("eq-gibbs")
@pytest.mark.parametrize("n_outcomes", [2, 5, 50])
def test_gibbs_inequality(n_outcomes):
    p, q = distributions(n_outcomes), distributions(n_outcomes, seed=1)
    all_pairs = kl_divergence(p[:, None], q)  # (20, 20)
    assert all_pairs.shape == (20, 20)
    assert np.all(all_pairs > 0)  # no two of them are equal
    assert np.all(np.abs(kl_divergence(p, p)) == 0)
    assert np.all(cross_entropy(p[:, None], q) > entropy(p)[:, None])


def test_divergence_is_not_symmetric():
    p, q = [0.5, 0.5], [0.9, 0.1]
    assert kl_divergence(p, q) == pytest.approx(0.5 * math.log(0.25 / 0.09), abs=SUM_TOLERANCE)
    backward = 0.9 * math.log(1.8) + 0.1 * math.log(0.2)
    assert kl_divergence(q, p) == pytest.approx(backward, abs=SUM_TOLERANCE)
    assert abs(kl_divergence(p, q) - kl_divergence(q, p)) > 0.1


def test_small_divergence_keeps_its_digits():
    # (1/2 + d, 1/2 - d) against a fair coin: 2 d^2 + O(d^4). The terms, of size d, are off by
    # rounding of log's argument and value: a few eps in all.
    d = 1e-5
    assert kl_divergence([0.5 + d, 0.5 - d], [0.5, 0.5]) == pytest.approx(2 * d**2, abs=8 * EPS)


@pytest.mark.parametrize("n_outcomes", [1, 2, 7, 50])
def test_entropy_is_largest_for_the_uniform_distribution(n_outcomes):
    uniform = np.full(n_outcomes, 1 / n_outcomes)
    assert entropy(uniform) == pytest.approx(math.log(n_outcomes), abs=SUM_TOLERANCE)
    assert np.all(entropy(distributions(n_outcomes)) <= math.log(n_outcomes) + SUM_TOLERANCE)
    certain = np.eye(n_outcomes)
    assert np.all(entropy(certain) == 0)
    assert not np.any(np.signbit(entropy(certain)))


def test_entropy_of_independent_variables_adds_up():
    p, q = distributions(5)[10], distributions(4, seed=1)[10]
    joint = np.outer(p, q).ravel()
    assert entropy(joint) == pytest.approx(entropy(p) + entropy(q), abs=2 * SUM_TOLERANCE)


def test_zero_probabilities():
    p, q = [0.5, 0.5, 0.0], [0.5, 0.0, 0.5]
    assert entropy(p) == pytest.approx(math.log(2), abs=SUM_TOLERANCE)
    for function in (cross_entropy, kl_divergence):
        assert function(p, q) == np.inf
        assert function(p, [0.25, 0.25, 0.5]) == pytest.approx(
            math.log(4 if function is cross_entropy else 2), abs=SUM_TOLERANCE
        )
    # Both rule the last outcome out.
    assert kl_divergence(p, [0.25, 0.75, 0.0]) == pytest.approx(
        0.5 * math.log(4 / 3), abs=SUM_TOLERANCE
    )


def test_a_bit_is_log_two_nats():
    p, q = distributions(6), distributions(6, seed=1)
    for function, arrays in [(entropy, (p,)), (cross_entropy, (p, q)), (kl_divergence, (p, q))]:
        in_bits = function(*arrays, unit="bits")
        assert in_bits * math.log(2) == pytest.approx(function(*arrays), abs=SUM_TOLERANCE)
        assert np.array_equal(function(*arrays, unit="nats"), function(*arrays))
    # Eight equally likely outcomes are told apart by three yes-or-no questions.
    assert entropy(np.full(8, 1 / 8), unit="bits") == 3


def test_last_axis_holds_the_outcomes():
    p = distributions(4, n=6).reshape(2, 3, 4)
    assert entropy(p).shape == (2, 3)
    assert entropy(p)[1, 2] == entropy(p[1, 2])
    q = distributions(4, n=3, seed=1)
    assert kl_divergence(p, q).shape == cross_entropy(p, q).shape == (2, 3)
    assert kl_divergence(p, q)[1, 2] == kl_divergence(p[1, 2], q[2])


def test_probabilities_of_a_model_in_single_precision():
    p = distributions(1000).astype("float32")
    p /= p.sum(axis=1, keepdims=True)
    assert np.max(np.abs(p.astype("float64").sum(axis=1) - 1)) > 0
    assert np.all(np.isfinite(entropy(p)))


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([0.5, 0.4], r"add up to 1 .*off by 0\.1"),
        ([0.5, 0.50001], "add up to 1"),
        ([[0.5, 0.5], [0.2, 0.2]], "add up to 1"),
        ([1.5, -0.5], r"at least 0\. Received: . with values from -0\.5 to 1\.5"),
        ([np.nan, 1.0], "at least 0"),
        ([np.inf, 0.0], "add up to 1"),
        ([], r"Received: . of shape \(0,\)"),
        (1.0, r"Received: . of shape \(\)"),
    ],
)
def test_what_is_no_distribution(p, message):
    with pytest.raises(ValueError, match=message):
        entropy(p)
    for function in (cross_entropy, kl_divergence):
        with pytest.raises(ValueError, match=message):
            function(p, [0.5, 0.5])
        with pytest.raises(ValueError, match=message):
            function([0.5, 0.5], p)


@pytest.mark.parametrize("function", [cross_entropy, kl_divergence])
def test_distributions_over_different_outcomes(function):
    with pytest.raises(ValueError, match=r"Received: p of shape \(2,\), q of shape \(3,\)"):
        function([0.5, 0.5], [0.5, 0.25, 0.25])
    with pytest.raises(ValueError, match="same last axis"):
        function([0.5, 0.5], [1.0])  # NumPy alone would broadcast
    with pytest.raises(ValueError, match="Received"):
        function(np.full((2, 2), 0.5), np.full((3, 2), 0.5))


def test_unknown_unit():
    for unit in ("base2", 2, None):
        with pytest.raises(ValueError, match="Received: unit="):
            entropy([1.0], unit=unit)
        with pytest.raises(ValueError, match="Received: unit="):
            kl_divergence([1.0], [1.0], unit=unit)


# Gaussians


def gaussian_log_density(x, mean, log_var):
    return -0.5 * ((x - mean) ** 2 / np.exp(log_var) + log_var + math.log(2 * math.pi))


def integrate(function, mean, log_var):
    """Integrate over the 20 standard deviations on both sides of a mean.

    The trapezoidal rule on an analytic integrand that vanishes at both ends converges faster
    than any power of the step; with 100 points a standard deviation what is left is rounding,
    and beyond the ends lies less than exp(-200).
    """
    std = math.exp(log_var / 2)
    x = np.linspace(mean - 20 * std, mean + 20 * std, 4001)
    return np.trapezoid(function(x), x)


# Integrals of 4001 terms that add up to 1 times log-densities below 2000.
INTEGRAL_TOLERANCE = 4001 * 2000 * EPS


@pytest.mark.equation("eq-gaussian-entropy")
@pytest.mark.parametrize("log_var", [-3.0, 0.0, 0.7, 4.0])
def test_gaussian_entropy_is_the_integral(log_var):
    def integrand(x):
        log_p = gaussian_log_density(x, 1.5, log_var)
        return -np.exp(log_p) * log_p

    expected = integrate(integrand, 1.5, log_var)
    assert gaussian_entropy([log_var]) == pytest.approx(expected, abs=INTEGRAL_TOLERANCE)


def test_gaussian_entropy_adds_up_over_dimensions():
    log_var = np.random.default_rng(0).normal(size=(4, 3))
    total = sum(gaussian_entropy(log_var[:, [i]]) for i in range(3))
    assert gaussian_entropy(log_var) == pytest.approx(total, abs=100 * EPS)


@pytest.mark.equation("eq-kl-gaussians")
@pytest.mark.parametrize(
    "parameters",
    [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 1), (0.5, -1, -1.2, 0.7), (2, 1.5, 3, 0)],
)
def test_kl_of_gaussians_is_the_integral(parameters):
    mean_a, log_var_a, mean_b, log_var_b = parameters

    def integrand(x):
        log_a = gaussian_log_density(x, mean_a, log_var_a)
        return np.exp(log_a) * (log_a - gaussian_log_density(x, mean_b, log_var_b))

    expected = integrate(integrand, mean_a, log_var_a)
    kl = kl_gaussians(*([value] for value in parameters))
    assert kl == pytest.approx(expected, abs=INTEGRAL_TOLERANCE)


def test_kl_of_gaussians_sums_over_the_last_axis_and_broadcasts():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 3))
    found = kl_gaussians(*a, *b)
    assert found.shape == (5,)
    each = sum(kl_gaussians(*a[..., [i]], *b[..., [i]]) for i in range(3))
    assert found == pytest.approx(each, abs=100 * EPS * np.max(each))
    assert np.all(found > 0)
    assert np.all(kl_gaussians(*a, *a) == 0)


def test_kl_of_nearly_equal_gaussians_keeps_its_digits():
    # For a difference v of the log-variances it is v^2 / 4 + v^3 / 12 + ...; the difference
    # expm1(v) - v keeps v^2 / 2 up to the rounding of v, here 1e-16 * 1e-6 of 5e-13.
    assert kl_gaussians([0.0], [1e-6], [0.0], [0.0]) == pytest.approx(2.5e-13, rel=1e-6, abs=0)


def random_covariance(rng, dim):
    root = rng.normal(size=(dim, dim))
    return root @ root.T + 0.1 * np.eye(dim)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_kl_of_gaussians_with_full_covariance_by_the_textbook_formula(dim):
    rng = np.random.default_rng(dim)
    for _ in range(10):
        mean_a, mean_b = rng.normal(size=(2, dim))
        cov_a, cov_b = random_covariance(rng, dim), random_covariance(rng, dim)
        d, inverse = mean_a - mean_b, np.linalg.inv(cov_b)
        log_dets = [np.linalg.slogdet(cov)[1] for cov in (cov_a, cov_b)]
        expected = 0.5 * (
            np.trace(inverse @ cov_a) - dim + d @ inverse @ d + log_dets[1] - log_dets[0]
        )
        # Condition numbers below 1e3 for these matrices, times values below 1e3.
        found = kl_multivariate_gaussians(mean_a, cov_a, mean_b, cov_b)
        assert found == pytest.approx(expected, abs=1e6 * EPS)
        assert found > 0
        assert kl_multivariate_gaussians(mean_a, cov_a, mean_a, cov_a) == pytest.approx(
            0, abs=1e3 * EPS
        )


def test_full_covariance_agrees_with_diagonal():
    rng = np.random.default_rng(3)
    mean_a, log_var_a, mean_b, log_var_b = rng.normal(size=(4, 6, 3))
    covariances = [np.exp(log_var)[..., None] * np.eye(3) for log_var in (log_var_a, log_var_b)]
    found = kl_multivariate_gaussians(mean_a, covariances[0], mean_b, covariances[1])
    expected = kl_gaussians(mean_a, log_var_a, mean_b, log_var_b)
    assert found.shape == (6,)
    # Sums of ten terms, each a few roundings of a number no larger than the sum plus three.
    assert found == pytest.approx(expected, abs=100 * EPS * (3 + np.max(expected)))


def test_kl_does_not_change_under_an_invertible_map():
    rng = np.random.default_rng(4)
    mean_a, mean_b = rng.normal(size=(2, 3))
    cov_a, cov_b = random_covariance(rng, 3), random_covariance(rng, 3)
    m = rng.normal(size=(3, 3)) + 3 * np.eye(3)
    mapped = kl_multivariate_gaussians(m @ mean_a, m @ cov_a @ m.T, m @ mean_b, m @ cov_b @ m.T)
    expected = kl_multivariate_gaussians(mean_a, cov_a, mean_b, cov_b)
    assert mapped == pytest.approx(expected, abs=1e6 * EPS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0], [0.0], [0.0, 0.0], [0.0]), "same last axis"),
        (([0.0], [np.nan], [0.0], [0.0]), "log_var_a must .* finite"),
        (([np.inf], [0.0], [0.0], [0.0]), "mean_a must .* finite"),
        ((0.0, [0.0], [0.0], [0.0]), r"mean_a must have shape \(\.\.\., dim\)"),
        (([], [], [], []), "not be empty"),
    ],
)
def test_bad_parameters_of_gaussians(arguments, message):
    with pytest.raises(ValueError, match=message):
        kl_gaussians(*arguments)
    with pytest.raises(ValueError, match="log_var must have shape"):
        gaussian_entropy(np.nan)


@pytest.mark.parametrize(
    ("cov", "message"),
    [
        ([[1.0, 0.5], [0.4, 1.0]], "not symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], "positive definite"),
        ([[1.0, 0.0], [0.0, 0.0]], "positive definite"),
        ([[np.nan, 0.0], [0.0, 1.0]], "Received: cov"),
        ([1.0, 1.0], r"shape \(\.\.\., 2, 2\)"),
        (np.eye(3), r"Received: cov_. of shape \(3, 3\)"),
    ],
)
def test_what_is_no_covariance(cov, message):
    mean = np.zeros(2)
    with pytest.raises(ValueError, match=message):
        kl_multivariate_gaussians(mean, cov, mean, np.eye(2))
    with pytest.raises(ValueError, match=message):
        kl_multivariate_gaussians(mean, np.eye(2), mean, cov)


# Monte Carlo


def gaussian_estimate(parameters, n, seed):
    mean_a, log_var_a, mean_b, log_var_b = parameters
    return kl_monte_carlo(
        lambda n, rng: rng.normal(mean_a, math.exp(log_var_a / 2), n),
        lambda x: gaussian_log_density(x, mean_a, log_var_a),
        lambda x: gaussian_log_density(x, mean_b, log_var_b),
        n,
        seed,
    )


@pytest.mark.equation("eq-kl-monte-carlo")
@pytest.mark.parametrize("parameters", [(1.0, 0.0, 0.0, 0.0), (0.5, -1.0, -1.2, 0.7)])
def test_monte_carlo_agrees_with_the_closed_form(parameters):
    exact = kl_gaussians(*([value] for value in parameters))
    estimate = gaussian_estimate(parameters, 40_000, seed=0)
    assert isinstance(estimate, Estimate)
    assert abs(estimate.value - exact) < Z * estimate.standard_error
    assert estimate.standard_error < 0.02


def test_standard_error_is_that_of_the_mean():
    # KL(N(1, 1) || N(0, 1)): the log-ratio x - 1/2 has standard deviation 1, and so has the mean
    # of n draws 1 / sqrt(n). The standard deviation of 400 estimates is itself off by a share of
    # 1 / sqrt(800).
    n, repeats = 100, 400
    estimates = [gaussian_estimate((1, 0, 0, 0), n, seed) for seed in range(repeats)]
    values = np.array([estimate.value for estimate in estimates])
    spread = np.std(values, ddof=1) * math.sqrt(n)
    assert abs(spread - 1) < Z / math.sqrt(2 * repeats)
    # That of one run is off by a share of about 1 / sqrt(2 n); their average by less.
    claimed = np.mean([estimate.standard_error for estimate in estimates]) * math.sqrt(n)
    assert abs(claimed - 1) < Z / math.sqrt(2 * n * repeats) + 1 / n


def test_monte_carlo_of_discrete_distributions():
    p, q = distributions(6)[8], distributions(6, seed=1)[8]
    estimate = kl_monte_carlo(
        lambda n, rng: rng.choice(6, n, p=p),
        lambda x: np.log(p)[x],
        lambda x: np.log(q)[x],
        n=40_000,
        seed=2,
    )
    assert abs(estimate.value - kl_divergence(p, q)) < Z * estimate.standard_error


def test_monte_carlo_depends_on_the_seed_alone():
    first = gaussian_estimate((1, 0, 0, 0), 100, seed=1)
    assert gaussian_estimate((1, 0, 0, 0), 100, np.random.default_rng(1)) == first
    assert gaussian_estimate((1, 0, 0, 0), 100, seed=2) != first


def test_monte_carlo_where_q_is_zero():
    estimate = kl_monte_carlo(
        lambda n, rng: rng.random(n), np.zeros_like, lambda x: np.where(x < 0.5, 0, -np.inf), 100
    )
    assert estimate.value == np.inf
    assert np.isnan(estimate.standard_error)


@pytest.mark.parametrize("n", [0, 1, 2.5, "10"])
def test_bad_number_of_draws(n):
    with pytest.raises(ValueError, match="Received: n="):
        gaussian_estimate((0, 0, 0, 0), n, seed=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", ["log_p", "log_q"])
def test_bad_log_densities(bad, which):
    functions = {"log_p": np.zeros_like, "log_q": np.zeros_like}
    functions[which] = lambda x: np.where(x == x[0], bad, 0.0)
    if (which, bad) == ("log_q", -np.inf):
        return  # a divergence that is infinite
    with pytest.raises(ValueError, match="Received: log_p from"):
        kl_monte_carlo(lambda n, rng: rng.random(n), n=5, seed=0, **functions)


def test_log_densities_of_the_wrong_shape():
    with pytest.raises(ValueError, match=r"log_q of shape \(5, 1\)"):
        kl_monte_carlo(
            lambda n, rng: rng.random(n), np.zeros_like, lambda x: np.zeros((5, 1)), 5, seed=0
        )
