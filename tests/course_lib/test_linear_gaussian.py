"""The linear-Gaussian model against SciPy, integrals, draws and finite differences."""

import math

import numpy as np
import pytest
import scipy.stats

from course_lib.information import gaussian_entropy, kl_monte_carlo
from course_lib.linear_gaussian import LinearGaussian

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6

EPS = float(np.finfo("float64").eps)

#: Sizes of x and z, with more and with fewer latent dimensions than pixels.
SIZES = [(1, 1), (3, 1), (4, 2), (3, 3), (2, 4), (30, 5)]

# Log-probabilities here are sums of at most 200 terms below 1e4 in absolute value (noise of 0.1
# at least), behind matrices of condition number below 1e3.
TOLERANCE = 200 * 1e4 * 1e3 * EPS


def model(data_dim=4, latent_dim=2, noise_std=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return LinearGaussian(
        rng.normal(size=(data_dim, latent_dim)), rng.normal(size=data_dim), noise_std
    )


def random_q(model, n, seed=1):
    """Return means, log-variances and full covariances of random Gaussians."""
    rng = np.random.default_rng(seed)
    k = model.latent_dim
    root = rng.normal(size=(n, k, k))
    return (
        rng.normal(size=(n, k)),
        rng.uniform(-3, 1, size=(n, k)),
        0.2 * root @ np.swapaxes(root, 1, 2) + 0.05 * np.eye(k),
    )


# log p(x)


@pytest.mark.equation("eq-linear-gaussian-evidence")
@pytest.mark.parametrize("noise_std", [0.1, 1.0, 3.0])
@pytest.mark.parametrize(("data_dim", "latent_dim"), SIZES)
def test_log_prob_is_that_of_scipy(data_dim, latent_dim, noise_std):
    m = model(data_dim, latent_dim, noise_std)
    x = m.sample(20, seed=1)
    covariance = m.weights @ m.weights.T + noise_std**2 * np.eye(data_dim)
    expected = scipy.stats.multivariate_normal(m.bias, covariance).logpdf(x)
    assert m.log_prob(x) == pytest.approx(expected, abs=TOLERANCE)


def test_log_prob_with_little_noise():
    # On the subspace log p(x) = -sum a^2 / (2 var) - sum log(var) / 2 - d log(2 pi) / 2, with
    # variances 9 + s^2, s^2, s^2. A formula that subtracts numbers of size x^2 / s^2 would lose
    # all digits; here W is along an axis, and nothing is subtracted.
    s = 1e-7
    m = LinearGaussian([[3.0], [0.0], [0.0]], np.zeros(3), s)
    expected = -0.5 * (4 / 9 + math.log(9) + 4 * math.log(s) + 3 * math.log(2 * math.pi))
    assert m.log_prob([[2.0, 0.0, 0.0]])[0] == pytest.approx(expected, rel=1e-13)


@pytest.fixture(scope="module")
def one_latent():
    """A model of one latent dimension, a grid over it, and densities on the grid.

    The trapezoidal rule on a Gaussian converges faster than any power of the step: with 40
    points or more a standard deviation of the posterior what is left is rounding. The prior
    beyond 12 is exp(-72).
    """
    m = model(3, 1, noise_std=0.5)
    x = m.sample(5, seed=2)
    z = np.linspace(-12, 12, 6001)
    log_prior = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
    log_joint = m.log_likelihood(x[:, None], z[:, None]) + log_prior  # (5, 6001)
    assert math.sqrt(m.posterior(x)[1][0, 0]) > 40 * (z[1] - z[0])
    return m, x, z, log_joint


@pytest.mark.equation("eq-evidence")
def test_log_prob_is_the_integral_over_z(one_latent):
    m, x, z, log_joint = one_latent
    expected = np.log(np.trapezoid(np.exp(log_joint), z))
    assert m.log_prob(x) == pytest.approx(expected, abs=1e-11)


def test_density_integrates_to_one():
    m = model(2, 1, noise_std=0.7)
    # Twelve standard deviations on both sides, forty points a standard deviation of the noise.
    std = math.sqrt(np.sum(m.weights**2) + 0.7**2)
    side = np.linspace(-12 * std, 12 * std, int(24 * std / 0.7 * 20))
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2) + m.bias
    total = np.sum(np.exp(m.log_prob(grid))) * (side[1] - side[0]) ** 2
    assert total == pytest.approx(1, abs=1e-11)


def test_log_likelihood_is_that_of_scipy():
    m = model(4, 2)
    x, z = m.sample(6, seed=1), np.random.default_rng(2).normal(size=(6, 2))
    expected = [
        scipy.stats.multivariate_normal(m.weights @ z[i] + m.bias, 0.25 * np.eye(4)).logpdf(x[i])
        for i in range(6)
    ]
    assert m.log_likelihood(x, z) == pytest.approx(expected, abs=TOLERANCE)
    many = m.log_likelihood(x, np.stack([z, z + 1, z - 1]))
    assert many.shape == (3, 6)
    assert many[0] == pytest.approx(expected, abs=TOLERANCE)
    assert m.log_likelihood(x[0], z).shape == (6,)


@pytest.mark.equation("eq-linear-gaussian")
@pytest.mark.parametrize(("data_dim", "latent_dim"), [(3, 2), (2, 3)])
def test_samples_have_the_mean_and_covariance_of_the_model(data_dim, latent_dim):
    m, n = model(data_dim, latent_dim), 40_000
    x = m.sample(n, seed=0)
    covariance = m.weights @ m.weights.T + m.noise_std**2 * np.eye(data_dim)
    variances = np.diagonal(covariance)
    assert np.all(np.abs(x.mean(axis=0) - m.bias) < Z * np.sqrt(variances / n))
    # Variance of a product of two Gaussians: c_ii c_jj + c_ij^2. Centering at the sample mean
    # shifts the estimate by 1/n of its value, far less than a standard error.
    standard_error = np.sqrt((np.outer(variances, variances) + covariance**2) / n)
    assert np.all(np.abs(np.cov(x.T, bias=True) - covariance) < Z * standard_error)


def test_samples_depend_on_the_seed_alone():
    m = model()
    first = m.sample(5, seed=1)
    assert np.array_equal(m.sample(5, np.random.default_rng(1)), first)
    assert not np.array_equal(m.sample(5, seed=2), first)


def test_two_models_compared_by_monte_carlo():
    a, b = model(seed=0), model(seed=1)
    covariances = [m.weights @ m.weights.T + m.noise_std**2 * np.eye(4) for m in (a, b)]
    inverse, d = np.linalg.inv(covariances[1]), a.bias - b.bias
    exact = 0.5 * (
        np.trace(inverse @ covariances[0])
        - 4
        + d @ inverse @ d
        + np.linalg.slogdet(covariances[1])[1]
        - np.linalg.slogdet(covariances[0])[1]
    )
    estimate = kl_monte_carlo(a.sample, a.log_prob, b.log_prob, 40_000, seed=0)
    assert abs(estimate.value - exact) < Z * estimate.standard_error


# The posterior


def test_posterior_is_bayes_rule_on_a_grid(one_latent):
    m, x, z, log_joint = one_latent
    weights = np.exp(log_joint)
    weights /= np.trapezoid(weights, z)[:, None]
    expected_mean = np.trapezoid(weights * z, z)
    expected_var = np.trapezoid(weights * (z - expected_mean[:, None]) ** 2, z)
    mean, covariance = m.posterior(x)
    assert mean.shape == (5, 1)
    assert covariance.shape == (1, 1)
    assert mean[:, 0] == pytest.approx(expected_mean, abs=1e-11)
    assert expected_var == pytest.approx(np.full(5, covariance[0, 0]), abs=1e-11)


@pytest.mark.parametrize(("data_dim", "latent_dim"), SIZES)
def test_bayes_rule_holds_at_every_z(data_dim, latent_dim):
    m = model(data_dim, latent_dim)
    x = m.sample(3, seed=1)
    mean, covariance = m.posterior(x)
    prior = scipy.stats.multivariate_normal(np.zeros(latent_dim), np.eye(latent_dim))
    for z in np.random.default_rng(2).normal(size=(5, latent_dim)):
        posterior = [scipy.stats.multivariate_normal(mu, covariance).logpdf(z) for mu in mean]
        joint = m.log_likelihood(x, z) + prior.logpdf(z)
        assert joint - posterior == pytest.approx(m.log_prob(x), abs=TOLERANCE)


# The evidence lower bound


@pytest.mark.equation("eq-elbo")
@pytest.mark.parametrize(("data_dim", "latent_dim"), SIZES)
def test_elbo_is_a_lower_bound(data_dim, latent_dim):
    m = model(data_dim, latent_dim)
    x = m.sample(50, seed=1)
    mean, log_var, covariance = random_q(m, 50)
    for q in ({"log_var": log_var}, {"covariance": covariance}):
        assert np.all(m.elbo(x, mean, **q) < m.log_prob(x))


@pytest.mark.equation("eq-elbo", "eq-elbo-identity")
@pytest.mark.parametrize(("data_dim", "latent_dim"), SIZES)
def test_gap_of_the_elbo_is_the_divergence_from_the_posterior(data_dim, latent_dim):
    m = model(data_dim, latent_dim)
    x = m.sample(50, seed=1)
    mean, log_var, covariance = random_q(m, 50)
    for q in ({"log_var": log_var}, {"covariance": covariance}, {"covariance": covariance[0]}):
        total = m.elbo(x, mean, **q) + m.kl_to_posterior(x, mean, **q)
        assert total == pytest.approx(m.log_prob(x), abs=TOLERANCE)


@pytest.mark.parametrize(("data_dim", "latent_dim"), SIZES)
def test_bound_is_tight_at_the_posterior(data_dim, latent_dim):
    m = model(data_dim, latent_dim)
    x = m.sample(20, seed=1)
    mean, covariance = m.posterior(x)
    assert m.elbo(x, mean, covariance=covariance) == pytest.approx(m.log_prob(x), abs=TOLERANCE)
    assert m.kl_to_posterior(x, mean, covariance=covariance) == pytest.approx(
        np.zeros(20), abs=TOLERANCE
    )
    # A diagonal q cannot reach it where the posterior is not diagonal: the gap is then
    # log(product of variances / det) / 2 or more.
    diagonal = m.elbo(x, mean, np.log(np.diagonal(covariance)))
    if latent_dim > 1:
        assert np.all(m.log_prob(x) - diagonal > 1e-3)


def test_elbo_of_diagonal_and_full_covariance_agree():
    m = model()
    x = m.sample(6, seed=1)
    mean, log_var, _ = random_q(m, 6)
    full = np.exp(log_var)[..., None] * np.eye(2)
    expected = m.elbo(x, mean, covariance=full)
    assert m.elbo(x, mean, log_var) == pytest.approx(expected, abs=TOLERANCE)
    shared = m.elbo(x, mean, log_var[0])
    assert shared == pytest.approx(m.elbo(x, mean, np.tile(log_var[0], (6, 1))), abs=TOLERANCE)


@pytest.mark.equation("eq-elbo-joint")
def test_elbo_is_an_expectation_over_q():
    m, n = model(), 40_000
    x = m.sample(1, seed=1)
    mean, log_var, _ = random_q(m, 1)
    z = mean + np.exp(log_var / 2) * np.random.default_rng(3).normal(size=(n, 2))
    log_joint = m.log_likelihood(x, z) - 0.5 * np.sum(z**2, axis=1) - math.log(2 * math.pi)
    estimate = log_joint.mean() + gaussian_entropy(log_var)[0]
    standard_error = log_joint.std() / math.sqrt(n)
    assert abs(m.elbo(x, mean, log_var)[0] - estimate) < Z * standard_error


def test_importance_weighted_bound_rises_to_log_p():
    # The bound of k draws, E[log mean of k weights] (Burda et al. 2016), from the same draws for
    # each k: groups of k out of 64 n. Differences of bounds have correlated errors; their
    # standard error is that of the differences, group by group.
    m, n = model(), 4000
    x = m.sample(1, seed=1)
    mean, log_var, _ = random_q(m, 1)
    z = mean + np.exp(log_var / 2) * np.random.default_rng(3).normal(size=(n * 64, 2))
    log_prior = -0.5 * np.sum(z**2, axis=1)
    log_q = -0.5 * np.sum((z - mean) ** 2 / np.exp(log_var) + log_var, axis=1)
    log_weights = m.log_likelihood(x, z) + log_prior - log_q
    exact, previous = m.log_prob(x)[0], None
    for k in (1, 4, 16, 64):
        groups = np.logaddexp.reduce(log_weights.reshape(n, -1, k), axis=2) - math.log(k)
        bound = groups.mean(axis=1)  # (n,)
        assert bound.mean() < exact + Z * bound.std() / math.sqrt(n)
        if previous is None:
            elbo = m.elbo(x, mean, log_var)[0]
            assert abs(bound.mean() - elbo) < Z * bound.std() / math.sqrt(n)
        else:
            rise = bound - previous
            assert rise.mean() > Z * rise.std() / math.sqrt(n)
        previous = bound
    assert exact - elbo > 1
    assert exact - bound.mean() < 0.5


# Gradients of the ELBO


@pytest.fixture(scope="module")
def at_one_point():
    m = model(3, 2, noise_std=0.8)
    x = m.sample(1, seed=1)[0]
    return m, x, np.array([0.4, -0.7]), np.array([-1.0, 0.3])


def finite_differences(function, parameters, step):
    """Return central differences. They are exact for a quadratic function, up to rounding."""
    moves = step * np.eye(len(parameters))
    return np.array([function(parameters + d) - function(parameters - d) for d in moves]) / (
        2 * step
    )


def test_exact_gradient_is_that_of_finite_differences(at_one_point):
    m, x, mean, log_var = at_one_point
    exact = m.elbo_gradients(x, mean, log_var)
    # Error of the differences: step^2 / 6 times a third derivative, below 20 here, plus the
    # rounding of an ELBO below 100 divided by the step.
    step = 1e-5
    tolerance = 20 * step**2 / 6 + 100 * 10 * EPS / step
    by_mean = finite_differences(lambda p: m.elbo(x[None], p[None], log_var)[0], mean, step)
    assert exact.mean == pytest.approx(by_mean, abs=tolerance)
    by_log_var = finite_differences(lambda p: m.elbo(x[None], mean[None], p)[0], log_var, step)
    assert exact.log_var == pytest.approx(by_log_var, abs=tolerance)


def test_gradient_vanishes_at_the_posterior():
    # Orthogonal columns make the posterior diagonal.
    m = LinearGaussian([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]], [0.1, 0.2, 0.3], 0.5)
    x = m.sample(1, seed=0)
    mean, covariance = m.posterior(x)
    gradients = m.elbo_gradients(x[0], mean[0], np.log(np.diagonal(covariance)))
    # Terms of size 20 that cancel.
    assert gradients.mean == pytest.approx(np.zeros(2), abs=20 * 20 * EPS)
    assert gradients.log_var == pytest.approx(np.zeros(2), abs=20 * 20 * EPS)


@pytest.mark.equation("eq-score-function", "eq-pathwise")
@pytest.mark.parametrize("kwargs", [{}, {"baseline": -5.0}])
def test_gradient_estimates_are_unbiased(at_one_point, kwargs):
    m, x, mean, log_var = at_one_point
    n = 100_000
    exact = m.elbo_gradients(x, mean, log_var)
    estimators = [m.score_function_gradients]
    if not kwargs:
        estimators.append(m.reparameterized_gradients)
    for estimator in estimators:
        draws = estimator(x, mean, log_var, n, seed=0, **kwargs)
        for part, expected in zip(draws, exact, strict=True):
            assert part.shape == (n, 2)
            standard_error = part.std(axis=0) / math.sqrt(n)
            assert np.all(np.abs(part.mean(axis=0) - expected) < Z * standard_error)


def test_reparameterization_lowers_the_variance(at_one_point):
    m, x, mean, log_var = at_one_point
    by_path = m.reparameterized_gradients(x, mean, log_var, 20_000, seed=0)
    by_score = m.score_function_gradients(x, mean, log_var, 20_000, seed=0)
    baseline = m.log_likelihood(x, mean)
    with_baseline = m.score_function_gradients(x, mean, log_var, 20_000, 0, baseline)
    for path, score, less in zip(by_path, by_score, with_baseline, strict=True):
        assert np.all(2 * path.var(axis=0) < score.var(axis=0))
        assert np.all(less.var(axis=0) < score.var(axis=0))


def test_gradient_estimates_depend_on_the_seed_alone(at_one_point):
    m, x, mean, log_var = at_one_point
    for name in ("reparameterized_gradients", "score_function_gradients"):
        first = getattr(m, name)(x, mean, log_var, 3, seed=1)
        again = getattr(m, name)(x, mean, log_var, 3, seed=1)
        other = getattr(m, name)(x, mean, log_var, 3, seed=2)
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


# Maximum likelihood


def total_log_prob(m, x):
    return np.sum(m.log_prob(x))


@pytest.mark.parametrize("latent_dim", [1, 2, 3])
def test_fit_is_a_maximum_of_the_likelihood(latent_dim):
    rng = np.random.default_rng(0)
    x = model(4, 2).sample(200, seed=1) * [1, 2, 1, 0.5]
    m = LinearGaussian.fit(x, latent_dim)
    assert m.weights.shape == (4, latent_dim)
    best = total_log_prob(m, x)
    step, curvature_bound = 1e-4, 1e6
    for _ in range(20):
        # Along a random line the log-likelihood is symmetric around a maximum: the central
        # difference vanishes up to the third derivative, and both ends lie lower.
        move = [rng.normal(size=p.shape) for p in (m.weights, m.bias)]
        shift = rng.normal()
        ends = [
            total_log_prob(
                LinearGaussian(
                    m.weights + sign * step * move[0],
                    m.bias + sign * step * move[1],
                    m.noise_std + sign * step * shift,
                ),
                x,
            )
            for sign in (1, -1)
        ]
        assert max(ends) < best
        assert abs(ends[0] - ends[1]) / (2 * step) < curvature_bound * step**2
    # Far away it is lower, too: no rotation of other principal axes does better.
    for seed in range(20):
        other = model(4, latent_dim, noise_std=rng.uniform(0.3, 2), seed=seed)
        assert total_log_prob(other, x) < best


def test_fit_recovers_the_model_up_to_a_rotation():
    m, n = model(4, 2, noise_std=0.5), 100_000
    fitted = LinearGaussian.fit(m.sample(n, seed=0), latent_dim=2)
    covariances = [a.weights @ a.weights.T + a.noise_std**2 * np.eye(4) for a in (m, fitted)]
    variances = np.diagonal(covariances[0])
    # The sample covariance has these standard errors; the maximum-likelihood covariance, which
    # uses fewer parameters, has no larger ones.
    standard_error = np.sqrt((np.outer(variances, variances) + covariances[0] ** 2) / n)
    assert np.all(np.abs(covariances[1] - covariances[0]) < Z * standard_error)
    assert np.all(np.abs(fitted.bias - m.bias) < Z * np.sqrt(variances / n))
    # The noise is estimated from n draws along two directions: its variance has a standard
    # error of s^2 sqrt(2 / (2 n)), and s half that share.
    assert abs(fitted.noise_std - 0.5) < Z * 0.5 / (2 * math.sqrt(n))


def test_fit_with_all_but_one_dimension_has_the_sample_covariance():
    # With d - 1 latent dimensions nothing is averaged: the covariance is that of the sample.
    x = np.random.default_rng(0).normal(size=(50, 3)) * [1, 2, 3]
    m = LinearGaussian.fit(x, latent_dim=2)
    covariance = m.weights @ m.weights.T + m.noise_std**2 * np.eye(3)
    assert covariance == pytest.approx(np.cov(x.T, bias=True), abs=1000 * 20 * EPS)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [0.0, 0.0], 1.0), r"weights must have shape \(data_dim, latent_dim\)"),
        (([[1.0], [2.0]], [0.0], 1.0), r"bias must have shape \(2,\).*Received: bias of shape"),
        (([[1.0], [np.nan]], [0.0, 0.0], 1.0), "weights must be finite"),
        ((np.zeros((2, 0)), [0.0, 0.0], 1.0), "not be empty"),
        (([[1.0]], [0.0], 0.0), "Received: noise_std=0.0"),
        (([[1.0]], [0.0], -1.0), "Received: noise_std=-1.0"),
        (([[1.0]], [0.0], np.nan), "Received: noise_std=nan"),
        (([[1.0]], [0.0], np.inf), "Received: noise_std=inf"),
        (([[1.0]], [0.0], "1"), "Received: noise_std='1'"),
        (([[1.0]], [0.0], [1.0]), r"Received: noise_std=\[1.0\]"),
    ],
)
def test_bad_parameters(arguments, message):
    with pytest.raises(ValueError, match=message):
        LinearGaussian(*arguments)


@pytest.mark.parametrize("shape", [(4,), (0, 4), (5, 3), (5, 4, 1)])
def test_data_of_the_wrong_shape(shape):
    m, x = model(), np.zeros(shape)
    calls = [
        lambda: m.log_prob(x),
        lambda: m.posterior(x),
        lambda: m.elbo(x, np.zeros((5, 2)), np.zeros(2)),
        lambda: m.kl_to_posterior(x, np.zeros((5, 2)), np.zeros(2)),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"x must have shape \(n, 4\)") as info:
            call()
        assert str(shape) in str(info.value)


def test_data_that_are_no_numbers():
    with pytest.raises(ValueError, match="x must be finite"):
        model().log_prob([[0.0, 0.0, np.nan, 0.0]])


def test_bad_q():
    m, x, mean = model(), np.zeros((5, 4)), np.zeros((5, 2))
    for method in (m.elbo, m.kl_to_posterior):
        with pytest.raises(ValueError, match="either log_var or covariance"):
            method(x, mean)
        with pytest.raises(ValueError, match="either log_var or covariance"):
            method(x, mean, np.zeros(2), covariance=np.eye(2))
        with pytest.raises(ValueError, match=r"mean must have shape \(5, 2\)"):
            method(x, mean[:4], np.zeros(2))
        with pytest.raises(ValueError, match=r"log_var must have shape \(2,\)"):
            method(x, mean, np.zeros(3))
        with pytest.raises(ValueError, match=r"covariance must have shape \(5, 2, 2\)"):
            method(x, mean, covariance=np.zeros((4, 2, 2)))
        with pytest.raises(ValueError, match="positive definite"):
            method(x, mean, covariance=-np.eye(2))


@pytest.mark.parametrize("latent_dim", [0, 4, 5, 1.5])
def test_fit_with_a_bad_number_of_latent_dimensions(latent_dim):
    with pytest.raises(ValueError, match=r"1 to data_dim - 1 = 3\. Received: latent_dim="):
        LinearGaussian.fit(model().sample(10, seed=0), latent_dim)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_fit_to_data_without_noise(rank):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, rank)) @ rng.normal(size=(rank, 4)) + 1
    with pytest.raises(ValueError, match="vary in more than latent_dim=2 directions"):
        LinearGaussian.fit(x, latent_dim=2)


def test_bad_counts():
    m = model()
    with pytest.raises(ValueError, match="Received: n=0"):
        m.sample(0)
    with pytest.raises(ValueError, match=r"Received: n_samples=2\.5"):
        m.reparameterized_gradients(np.zeros(4), np.zeros(2), np.zeros(2), 2.5)
    with pytest.raises(ValueError, match=r"x must have shape \(4,\)"):
        m.score_function_gradients(np.zeros((1, 4)), np.zeros(2), np.zeros(2), 5)
    with pytest.raises(ValueError, match=r"z \(\.\.\., 2\)\. Received: x of shape"):
        m.log_likelihood(np.zeros((3, 4)), np.zeros((3, 3)))
