"""The equations of chapter 20: rate and distortion, many draws, collapse, a critic, diffusion."""

import keras
import numpy as np
import pytest
from keras import ops

from course_lib.linear_gaussian import LinearGaussian
from course_lib.losses import bernoulli_nll, kl_per_dimension
from course_lib.vae import VAE

#: Standard errors that an estimate may be off: probability 2e-9 under any seed.
Z = 6

EPS = float(np.finfo("float64").eps)
EPS32 = float(np.finfo("float32").eps)


def outputs_and_loss(vae, x):
    outputs = vae(x)
    return outputs, float(vae.compute_loss(x=x, y=x, y_pred=outputs))


@pytest.mark.equation("eq-beyond-beta")
@pytest.mark.parametrize("beta", [0.1, 1.0, 10.0])
def test_loss_is_distortion_plus_weighted_rate(beta):
    keras.utils.set_random_seed(0)
    vae = VAE.dense((5,), 3, (4,), beta=beta, seed=0)
    x = (np.random.default_rng(0).random((20, 5)) < 0.5).astype("float32")
    outputs, loss = outputs_and_loss(vae, x)
    nats = np.asarray(kl_per_dimension(outputs["mean"], outputs["log_var"]))
    rate = float(np.mean(np.sum(nats, axis=1)))
    distortion = float(ops.mean(bernoulli_nll(x, outputs["logits"])))
    assert rate > 0.01  # or the weight could not be seen
    # Some hundred additions of terms below 10, in float32.
    assert loss == pytest.approx(distortion + beta * rate, abs=100 * 10 * EPS32)


@pytest.mark.equation("eq-beyond-variance")
@pytest.mark.parametrize("std", [0.3, 1.0, 2.0])
def test_weighted_squared_error_is_a_bound_with_another_variance(std):
    n = 4
    model = LinearGaussian(np.random.default_rng(0).normal(size=(n, 2)), np.zeros(n), std)
    x = model.sample(50, seed=1)
    mean, log_var = 0.3 * x[:, :2], np.array([-1.0, 0.5])
    # D + R of the Gaussian decoder with that variance, exactly.
    negative_bound = -np.mean(model.elbo(x, mean, log_var))
    rate = np.mean(np.sum(np.asarray(kl_per_dimension(mean, np.tile(log_var, (50, 1)))), axis=1))
    copies = mean @ model.weights.T
    spread = np.sum(np.exp(log_var) * np.sum(model.weights**2, axis=0))
    half_error = 0.5 * (np.mean(np.sum((x - copies) ** 2, axis=1)) + spread)
    constant = n / 2 * std**2 * np.log(2 * np.pi * std**2)
    # The KL is computed in float32: terms below 100.
    assert std**2 * negative_bound == pytest.approx(
        half_error + std**2 * rate + constant, abs=100 * 100 * EPS32
    )


def linear_rate_and_error(variances, weights, beta):
    """Return rate and squared error of a diagonal linear VAE, whose guess is the posterior."""
    model = LinearGaussian(np.diag(weights), np.zeros(len(weights)), np.sqrt(beta))
    axes = np.eye(len(weights))
    mean, covariance = model.posterior(axes)  # linear: the means of the unit vectors
    moments = variances * np.diagonal(mean) ** 2
    v = np.diagonal(covariance)
    rate = 0.5 * np.sum(moments + v - np.log(v) - 1)
    gains = weights * np.diagonal(mean)
    return rate, np.sum(variances * (1 - gains) ** 2 + weights**2 * v)


@pytest.mark.equation("eq-beyond-water")
@pytest.mark.parametrize("beta", [0.05, 0.3, 0.8, 3.0, 9.0])
def test_linear_vae_fills_with_water(beta):
    variances = np.array([4.0, 2.0, 1.0, 0.5, 0.25, 0.12])
    best = np.sqrt(np.maximum(variances - beta, 0))
    rate, error = linear_rate_and_error(variances, best, beta)
    # Six terms below 10, with a division by beta.
    tolerance = 6 * 10 / beta * 10 * EPS
    assert rate == pytest.approx(
        0.5 * np.sum(np.log(np.maximum(variances / beta, 1))), abs=tolerance
    )
    assert error == pytest.approx(np.sum(np.minimum(variances, beta)), abs=tolerance)
    loss = 0.5 * error + beta * rate
    rng = np.random.default_rng(0)
    for _ in range(50):  # other weights, each with its exact posterior, are worse
        other = linear_rate_and_error(variances, best + 0.1 * rng.normal(size=6), beta)
        assert 0.5 * other[1] + beta * other[0] > loss


@pytest.mark.equation("eq-beyond-water")
def test_slope_of_the_curve_is_minus_beta():
    variances = np.array([4.0, 1.0, 0.3])
    h = 1e-5
    for beta in (0.1, 0.5, 2.0):  # none is a variance, where the curve has a corner
        near = np.array([beta - h, beta + h])[:, None]
        rate = 0.5 * np.sum(np.log(np.maximum(variances / near, 1)), axis=1)
        half_error = 0.5 * np.sum(np.minimum(variances, near), axis=1)
        slope = np.diff(half_error)[0] / np.diff(rate)[0]
        # Central differences: a relative error of (h / beta)^2 / 3, and rounding over h.
        tolerance = beta * (h / beta) ** 2 + beta * 100 * EPS / h
        assert slope == pytest.approx(-beta, abs=tolerance)


def log_weights(model, x, mean, std, n, seed):
    """Return log p(x|z) p(z) / q(z) of n draws from a diagonal Gaussian, and q's noise."""
    eps = np.random.default_rng(seed).standard_normal((n, model.latent_dim))
    z = mean + std * eps
    log_ratio = 0.5 * np.sum(eps**2 - z**2, axis=1) + np.sum(np.log(std))
    return model.log_likelihood(x, z) + log_ratio


@pytest.mark.equation("eq-beyond-iwae")
def test_bound_of_many_draws_rises_from_the_elbo_to_log_p():
    model = LinearGaussian([[1.2, 0.6], [0.4, 1.1], [0.8, 0.9]], np.zeros(3), 0.8)
    x = np.array([[2.0, 1.0, 1.2]])
    exact = float(model.log_prob(x)[0])
    mean, covariance = model.posterior(x)
    mean, std = mean[0] + 0.3, 1.3 * np.sqrt(np.diagonal(covariance))  # a guess, too wide
    log_w = log_weights(model, x[0], mean, std, 2**17, seed=0)
    bounds = {}
    for k in (1, 4, 16, 64, 1024):
        groups = log_w.reshape(-1, k)
        values = np.logaddexp.reduce(groups, axis=1) - np.log(k)
        bounds[k] = values.mean(), values.std() / np.sqrt(len(values))
    elbo = float(model.elbo(x, mean[None], 2 * np.log(std))[0])
    assert abs(bounds[1][0] - elbo) < Z * bounds[1][1]
    for (below, error_below), (above, error_above) in zip(
        list(bounds.values())[:-1], list(bounds.values())[1:], strict=True
    ):
        assert below < above + Z * np.hypot(error_below, error_above)
    assert bounds[1][0] + Z * bounds[1][1] < bounds[16][0] - Z * bounds[16][1]
    # The gap of k draws is about the weights' relative variance over 2 k; here below 3.
    assert exact - 3 / 1024 - Z * bounds[1024][1] < bounds[1024][0]
    assert bounds[1024][0] < exact + Z * bounds[1024][1]


@pytest.mark.equation("eq-beyond-iwae")
def test_leaving_a_weight_out_never_helps_on_average():
    # Exactly, by enumeration: weights with two values, all sequences of k draws.
    values, p = np.array([0.2, 3.0]), np.array([0.7, 0.3])
    bounds = []
    for k in range(1, 8):
        draws = np.array(np.meshgrid(*[[0, 1]] * k)).reshape(k, -1)
        probability = np.prod(p[draws], axis=0)
        bounds.append(np.sum(probability * np.log(np.mean(values[draws], axis=0))))
    assert bounds == sorted(bounds)
    assert bounds[-1] < np.log(p @ values)


@pytest.mark.equation("eq-beyond-nothing")
def test_no_code_beats_the_entropy_and_silence_reaches_it():
    ink = np.array([0.1, 0.5, 0.8])
    pictures = np.array(np.meshgrid(*[[0.0, 1.0]] * 3)).reshape(3, -1).T  # all eight
    chances = np.prod(np.where(pictures == 1, ink, 1 - ink), axis=1)
    entropy = -np.sum(chances * np.log(chances))
    rng = np.random.default_rng(0)

    def total(logits_of_z, p_z, q_of_x):
        """Return R + D of a model with a discrete z."""
        rate = np.sum(chances[:, None] * q_of_x * np.log(q_of_x / p_z))
        nll = np.logaddexp(0, logits_of_z).sum(axis=1) - pictures @ logits_of_z.T
        return rate + np.sum(chances[:, None] * q_of_x * nll)

    p_z = np.array([0.25, 0.75])
    for _ in range(50):
        guess = rng.dirichlet([2, 2], size=8)
        assert total(rng.normal(size=(2, 3)), p_z, guess) > entropy
    silent = np.tile(np.log(ink / (1 - ink)), (2, 1))
    # Sums of some twenty terms below 3.
    assert total(silent, p_z, np.tile(p_z, (8, 1))) == pytest.approx(entropy, abs=20 * 3 * EPS)


@pytest.mark.equation("eq-beyond-critic")
def test_best_critic_is_the_share_of_the_data():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(9), size=2)

    def loss(c):
        return -np.sum(p * np.log(c)) - np.sum(q * np.log(1 - c))

    best = p / (p + q)
    for _ in range(100):
        other = np.clip(best + 0.05 * rng.normal(size=9), 1e-3, 1 - 1e-3)
        assert loss(best) < loss(other)
    middle = 0.5 * (p + q)
    shannon = 0.5 * np.sum(p * np.log(p / middle)) + 0.5 * np.sum(q * np.log(q / middle))
    # Two sums of nine terms below 10.
    assert loss(best) == pytest.approx(2 * np.log(2) - 2 * shannon, abs=20 * 10 * EPS)


ALPHA = np.array([0.99, 0.9, 0.7, 0.5])


@pytest.mark.equation("eq-beyond-noising")
def test_many_small_steps_are_one_jump():
    factor, variance = 1.0, 0.0  # of x_t given x_0, a Gaussian after every step
    for t, alpha in enumerate(ALPHA, start=1):
        factor, variance = np.sqrt(alpha) * factor, alpha * variance + 1 - alpha
        kept = np.prod(ALPHA[:t])
        assert factor == pytest.approx(np.sqrt(kept), abs=10 * EPS)
        assert variance == pytest.approx(1 - kept, abs=10 * EPS)


@pytest.mark.equation("eq-beyond-noising")
def test_small_steps_by_drawing():
    rng, n, x_0 = np.random.default_rng(0), 100_000, 1.5
    x = np.full(n, x_0)
    for alpha in ALPHA:
        x = np.sqrt(alpha) * x + np.sqrt(1 - alpha) * rng.standard_normal(n)
    kept = np.prod(ALPHA)
    error = np.sqrt((1 - kept) / n)
    assert abs(x.mean() - np.sqrt(kept) * x_0) < Z * error
    # A sample variance of Gaussians has the relative standard error sqrt(2 / n).
    assert abs(x.var() - (1 - kept)) < Z * (1 - kept) * np.sqrt(2 / n)


@pytest.mark.equation("eq-beyond-denoise")
def test_best_guess_of_the_noise_is_that_of_the_clean_point():
    # Clean points of two values: enumerate, and integrate over the noisy one.
    kept, clean = 0.6, np.array([-1.0, 1.0])
    x_t = np.linspace(-8, 8, 4001)
    step = x_t[1] - x_t[0]
    noise = (x_t - np.sqrt(kept) * clean[:, None]) / np.sqrt(1 - kept)  # given each
    density = 0.5 * np.exp(-0.5 * noise**2) / np.sqrt(2 * np.pi * (1 - kept))
    posterior = density / density.sum(axis=0)
    mean_clean = posterior.T @ clean
    best = (x_t - np.sqrt(kept) * mean_clean) / np.sqrt(1 - kept)

    def loss(guess):
        return step * np.sum(density * (noise - guess) ** 2)

    # The mean of the noise, given what is seen, is the guess made of the mean clean point.
    assert best == pytest.approx(np.sum(posterior * noise, axis=0), abs=1000 * EPS)
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert loss(best) < loss(best + 0.1 * rng.normal(size=len(best)))
    # A guess of 0 leaves all of the noise, of variance 1.
    assert loss(0.0) == pytest.approx(1.0, abs=1e-9)
    assert loss(best) < 0.9
