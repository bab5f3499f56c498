"""Estimates of log p(x), against a model whose log p(x) is known; active units; q(z)."""

import keras
import numpy as np
import pytest
import scipy.stats

from course_lib import evaluation
from course_lib.cvae import CVAE
from course_lib.evaluation import AggregatePosterior, active_units, importance_log_prob
from course_lib.linear_gaussian import LinearGaussian
from course_lib.networks import dense_network
from course_lib.vae import VAE

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6

# Five pixels in float32: log-densities below 60 in size, of a dozen terms.
FLOAT32 = 12 * 60 * 1.2e-7


@pytest.fixture(scope="module")
def truth():
    """A linear-Gaussian model whose posterior has a diagonal covariance."""
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(5, 2)))[0]
    return LinearGaussian(weights=axes * [1.5, 0.8], bias=rng.normal(size=5), noise_std=1.0)


@pytest.fixture(scope="module")
def x(truth):
    return truth.sample(6, seed=1).astype("float32")


def as_vae(truth, shift=0.0, widen=0.0, **options):
    """Return the model as a VAE; its q(z|x) is the posterior, moved and widened on demand."""
    vae = VAE.dense((5,), 2, hidden_units=(), likelihood="unit_gaussian", **options)
    precision = np.diag(truth.weights.T @ truth.weights) + 1
    to_mean = truth.weights / precision
    vae.encoder.get_layer("mean").set_weights([to_mean, shift - truth.bias @ to_mean])
    vae.encoder.get_layer("log_var").set_weights([np.zeros((5, 2)), widen - np.log(precision)])
    vae.decoder.get_layer("x_mean").set_weights([truth.weights.T, truth.bias])
    return vae


@pytest.mark.parametrize("n_samples", [1, 2, 50])
def test_exact_with_the_true_posterior(truth, x, n_samples):
    # Every weight p(x, z) / q(z|x) is p(x): one draw is enough.
    found = as_vae(truth).log_prob(x, n_samples=n_samples, seed=0)
    assert found == pytest.approx(truth.log_prob(x), abs=FLOAT32)


def test_elbo_is_log_prob_minus_the_gap(truth, x):
    for shift, widen in [(0.0, 0.0), (0.4, 0.0), (0.0, 0.7), (-0.3, -0.5)]:
        vae = as_vae(truth, shift, widen, seed=0)
        mean, log_var = vae.encode(x)
        exact = truth.elbo(x, mean, log_var)
        n = 500
        found = vae.elbo(np.repeat(x, n, axis=0)).reshape(len(x), n)
        error = found.std(axis=1) / np.sqrt(n)
        assert np.all(np.abs(found.mean(axis=1) - exact) < Z * error + FLOAT32)
        gap = truth.kl_to_posterior(x, mean, log_var)
        assert exact + gap == pytest.approx(truth.log_prob(x), abs=1e-9)
        assert np.all(exact <= truth.log_prob(x) + 1e-9)


def test_bound_rises_from_the_elbo_to_log_prob(truth, x):
    vae = as_vae(truth, shift=0.5, widen=0.5)
    n = 4000
    many = np.repeat(x[:2], n, axis=0)
    means, errors = [], []
    for k in (1, 2, 5, 20):
        draws = importance_log_prob(vae, many, k, seed=k).reshape(2, n)
        means.append(draws.mean(axis=1))
        errors.append(draws.std(axis=1) / np.sqrt(n))
    mean, log_var = vae.encode(x[:2])
    elbo = truth.elbo(x[:2], mean, log_var)
    assert np.all(np.abs(means[0] - elbo) < Z * errors[0] + FLOAT32)
    for k in range(3):
        # The rise is some twenty standard errors here, so its sign is sure.
        assert np.all(means[k + 1] - means[k] > 2 * (errors[k] + errors[k + 1]))
    exact = truth.log_prob(x[:2])
    assert np.all(means[-1] < exact + Z * errors[-1])
    assert np.all(exact - means[-1] < 0.1 * (exact - means[0]))


def test_estimate_of_p_is_unbiased(truth, x):
    vae = as_vae(truth, shift=0.3, widen=0.4)
    n = 4000
    ratio = np.exp(
        importance_log_prob(vae, np.repeat(x[:2], n, axis=0), 3, seed=0).reshape(2, n)
        - truth.log_prob(x[:2])[:, None]
    )
    assert np.all(np.abs(ratio.mean(axis=1) - 1) < Z * ratio.std(axis=1) / np.sqrt(n))


@pytest.mark.parametrize("max_rows", [1, 7, 64, 1000])
def test_memory_limit_does_not_bias(truth, x, max_rows):
    # With the true posterior any arrangement of draws gives log p(x).
    found = importance_log_prob(as_vae(truth), x, n_samples=30, seed=0, max_rows=max_rows)
    assert found == pytest.approx(truth.log_prob(x), abs=FLOAT32)


def test_memory_limit_holds(truth, x, monkeypatch):
    vae, seen = as_vae(truth), []
    whole = evaluation._LogWeights.call

    def call(self, inputs):
        seen.append(tuple(inputs[0].shape))
        return whole(self, inputs)

    monkeypatch.setattr(evaluation._LogWeights, "call", call)
    importance_log_prob(vae, x, n_samples=50, seed=0, max_rows=20)
    assert seen
    assert all(n is None or k is None or n * k <= 20 for n, k, _ in seen)


def test_same_seed_same_estimate(truth, x):
    vae = as_vae(truth, shift=0.5)
    first, again, other = (vae.log_prob(x, 5, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.any(first == other)


def test_weights_changed_after_an_estimate_count(truth, x):
    vae = as_vae(truth)
    vae.log_prob(x, 2, seed=0)
    kernel, bias = vae.decoder.get_layer("x_mean").get_weights()
    vae.decoder.get_layer("x_mean").set_weights([kernel, bias + 5.0])
    assert np.all(vae.log_prob(x, 2, seed=0) < truth.log_prob(x) - 1)


def test_conditional_prior_takes_part():
    # p(z|c) = N(c, e^c) and x = z + noise: log p(x|c) is a Gaussian's, of variance e^c + 1.
    names = ("mean", "log_var")
    prior = dense_network((1,), (), (1,), heads=names)
    for name in names:
        prior.get_layer(name).set_weights([np.ones((1, 1)), np.zeros(1)])
    encoder = dense_network((1,), (), (1,), heads=names, condition_shape=(1,))
    decoder = dense_network((1,), (), (1,), heads=("x_mean",), condition_shape=(1,))
    decoder.get_layer("x_mean").set_weights([np.array([[1.0], [0.0]]), np.zeros(1)])
    cvae = CVAE(encoder, decoder, prior, likelihood="unit_gaussian")
    c = np.array([[-0.5], [0.0], [0.7]], dtype="float32")
    pictures = np.array([[0.3], [1.0], [-0.4]], dtype="float32")
    # The true posterior, through the encoder's weights, holds for one c only: use one at a time.
    for picture, condition in zip(pictures, c, strict=True):
        variance = 1 / (np.exp(-condition) + 1)
        mean = variance * (np.exp(-condition) * condition + picture)
        encoder.get_layer("mean").set_weights([np.zeros((2, 1)), mean])
        encoder.get_layer("log_var").set_weights([np.zeros((2, 1)), np.log(variance)])
        found = cvae.log_prob([picture[None], condition[None]], 3, seed=0)
        scale = np.sqrt(np.exp(condition) + 1)
        assert found == pytest.approx(scipy.stats.norm.logpdf(picture, condition, scale), abs=1e-5)
        elbo = cvae.elbo([np.tile(picture, (2000, 1)), np.tile(condition, (2000, 1))])
        error = elbo.std() / np.sqrt(2000)
        assert abs(elbo.mean() - found[0]) < Z * error + 1e-5


@pytest.mark.parametrize("n_samples", [0, -1, 1.5, True])
def test_bad_number_of_draws(truth, x, n_samples):
    with pytest.raises(ValueError, match=r"n_samples must be .* Received: n_samples="):
        as_vae(truth).log_prob(x, n_samples=n_samples)


def test_bad_data(truth):
    with pytest.raises(ValueError, match="Received: shape"):
        as_vae(truth).log_prob(np.zeros((2, 4)))


# Active units


def test_active_units_vary_with_the_data():
    rng = np.random.default_rng(2)
    mean = rng.normal(size=(1000, 3)) * [1.0, 0.05, 0.5] + [0.0, 3.0, 0.0]
    assert active_units(mean).tolist() == [True, False, True]
    assert active_units(mean, threshold=0.5).tolist() == [True, False, False]


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((1, 3)), np.full((4, 2), np.nan)])
def test_active_units_of_bad_input(bad):
    with pytest.raises(ValueError, match="Received: shape"):
        active_units(bad)


# The aggregate posterior


@pytest.fixture(scope="module")
def mixture():
    rng = np.random.default_rng(3)
    return AggregatePosterior(rng.normal(size=(7, 2)), rng.normal(size=(7, 2)) - 1)


def test_aggregate_is_the_mean_of_the_components(mixture):
    z = np.random.default_rng(4).normal(size=(20, 2))
    densities = [
        np.prod(scipy.stats.norm.pdf(z, mean, np.exp(log_var / 2)), axis=1)
        for mean, log_var in zip(mixture.mean, mixture.log_var, strict=True)
    ]
    expected = np.log(np.mean(densities, axis=0))
    # The square is multiplied out: terms of a size of some 1,000 cancel in double precision.
    assert mixture.log_prob(z) == pytest.approx(expected, abs=1e-10)
    assert mixture.log_prob(z, batch_size=3) == pytest.approx(expected, abs=1e-10)


def test_aggregate_integrates_to_one(mixture):
    axis = np.linspace(-12, 12, 601)
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    # The narrowest component has a standard deviation above 0.15, four steps of the grid.
    total = np.exp(mixture.log_prob(z)).sum() * (axis[1] - axis[0]) ** 2
    assert total == pytest.approx(1, abs=1e-6)


def test_aggregate_samples_have_its_moments(mixture):
    n = 50_000
    z = mixture.sample(n, seed=5)
    variance = np.exp(mixture.log_var)
    mean = mixture.mean.mean(axis=0)
    spread = (variance + mixture.mean**2).mean(axis=0) - mean**2
    assert np.all(np.abs(z.mean(axis=0) - mean) < Z * np.sqrt(spread / n))
    kurtosis = scipy.stats.kurtosis(z, axis=0, fisher=False)
    error = spread * np.sqrt((kurtosis - 1) / n)
    assert np.all(np.abs(z.var(axis=0) - spread) < Z * error)
    assert np.array_equal(z, mixture.sample(n, seed=5))


@pytest.mark.parametrize("bad", [(np.zeros((2, 3)), np.zeros((2, 2))), (np.zeros(3), np.zeros(3))])
def test_aggregate_of_bad_input(bad):
    with pytest.raises(ValueError, match="Received: shapes"):
        AggregatePosterior(*bad)


def test_model_sees_no_gradient_of_the_estimate():
    # An estimate is an evaluation: it leaves weights and trainable state alone.
    keras.utils.set_random_seed(0)
    vae = VAE.dense((4,), 2, (3,))
    before = vae.get_weights()
    vae.log_prob(np.zeros((3, 4)), 4, seed=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, vae.get_weights(), strict=True))
