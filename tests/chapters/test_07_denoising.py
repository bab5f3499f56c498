"""The equations of chapter 7: noise by counting, the best denoiser by enumeration."""

import itertools

import keras
import numpy as np
import pytest

from course_lib.autoencoders import Autoencoder
from course_lib.layers import MaskingNoise
from course_lib.losses import SquaredError

#: Standard errors that an estimate may be off: probability 2e-9 under any seed.
Z = 6

#: Rounding of float64 in sums of at most a thousand terms below 10.
ROUNDING = 1000 * 10 * float(np.finfo("float64").eps)


def masked(x, q, n, seed=0):
    """Return n pictures that `MaskingNoise` has made of one."""
    copies = np.tile(x, (n, 1)).astype("float32")
    return np.asarray(MaskingNoise(q, seed=seed)(copies, training=True))


@pytest.mark.equation("eq-noise-masking")
@pytest.mark.parametrize("q", [0.2, 0.5, 0.9])
def test_masking_noise_is_zero_or_the_pixel(q):
    n, x = 20_000, np.array([0.25, 0.5, 1.0, 0.0], "float32")
    spoiled = masked(x, q, n)
    assert np.all((spoiled == 0) | (spoiled == x))
    share = np.mean(spoiled == 0, axis=0)
    # A count of n independent events has standard deviation sqrt(n q (1 - q)).
    assert np.all(np.abs(share[:3] - q) < Z * np.sqrt(q * (1 - q) / n))
    assert share[3] == 1


@pytest.mark.equation("eq-noise-loss")
def test_loss_is_the_error_against_the_clean_pictures():
    # Masks that erase everything: the reconstruction is that of an empty picture.
    keras.utils.set_random_seed(0)
    noise = MaskingNoise(1 - 1e-7, seed=0)
    model = Autoencoder.dense((6,), 12, output_activation=None, noise=noise)
    model.compile(keras.optimizers.SGD(0.0), loss=SquaredError(), run_eagerly=True)
    x = np.random.default_rng(0).random((5, 6)).astype("float32")
    loss = model.fit(x, batch_size=5, verbose=0).history["loss"][0]
    empty = np.asarray(model.reconstruct(np.zeros((1, 6), "float32")), "float64")
    # 30 squares below 10, in float32.
    tolerance = 30 * 10 * float(np.finfo("float32").eps)
    assert loss == pytest.approx(np.sum((x - empty) ** 2, axis=1).mean(), abs=tolerance)
    assert loss > 0.5  # against the pictures that were shown it would be near 0


@pytest.mark.equation("eq-noise-identity-masking")
@pytest.mark.parametrize("q", [0.1, 0.5, 0.8])
def test_cost_of_copying_masked_pictures(q):
    n, x = 20_000, np.random.default_rng(1).random(10)
    costs = np.sum((masked(x, q, n) - x.astype("float32")) ** 2.0, axis=1)
    # The variance of a picture's cost is q (1 - q) sum of x^4; rounding is far below that.
    standard_error = np.sqrt(q * (1 - q) * np.sum(x**4) / n)
    assert abs(costs.mean() - q * np.sum(x**2)) < Z * standard_error


@pytest.mark.equation("eq-noise-identity-gaussian")
@pytest.mark.parametrize("sigma", [0.3, 0.9])
def test_cost_of_copying_with_gaussian_noise(sigma):
    n, n_pixels = 20_000, 10
    x = np.tile(np.random.default_rng(1).random(n_pixels), (n, 1)).astype("float32")
    spoiled = np.asarray(keras.layers.GaussianNoise(sigma, seed=0)(x, training=True))
    costs = np.sum((spoiled - x) ** 2.0, axis=1)
    # sigma^2 times chi-squared with n_pixels degrees of freedom: variance 2 n_pixels sigma^4.
    standard_error = sigma**2 * np.sqrt(2 * n_pixels / n)
    assert abs(costs.mean() - n_pixels * sigma**2) < Z * standard_error


def posteriors(q=0.4):
    """Return all pictures of three binary pixels, and their probabilities given each damage.

    Returns:
        A pair: pictures of shape `(8, 3)`, and one row of probabilities for each picture that
        masking may leave, shape `(8, 8)`; and how probable that is, shape `(8,)`.
    """
    pictures = np.array(list(itertools.product([0.0, 1.0], repeat=3)))
    prior = np.random.default_rng(2).dirichlet(np.ones(8))
    factors = np.where(
        pictures[None] == pictures[:, None],
        np.where(pictures[None] == 1, 1 - q, 1.0),
        np.where(pictures[None] == 1, q, 0.0),
    )  # (damaged, clean, pixel)
    joint = factors.prod(axis=2) * prior
    assert joint.sum() == pytest.approx(1)
    return pictures, joint / joint.sum(axis=1, keepdims=True), joint.sum(axis=1)


@pytest.mark.equation("eq-noise-best")
def test_the_conditional_mean_is_best():
    pictures, given, _ = posteriors()
    answers = np.random.default_rng(3).random((50, 3))
    for weights in given:
        mean = weights @ pictures
        unavoidable = weights @ np.sum((pictures - mean) ** 2, axis=1)
        for answer in answers:
            expected = weights @ np.sum((pictures - answer) ** 2, axis=1)
            split = unavoidable + np.sum((mean - answer) ** 2)
            assert expected == pytest.approx(split, abs=ROUNDING)
            assert expected > unavoidable


@pytest.mark.equation("eq-noise-draw")
def test_a_draw_costs_twice_as_much_as_the_mean():
    pictures, given, probability = posteriors()
    apart = np.sum((pictures[:, None] - pictures) ** 2, axis=2)
    draw = sum(p * (w @ apart @ w) for p, w in zip(probability, given, strict=True))
    best = sum(
        p * (w @ np.sum((pictures - w @ pictures) ** 2, axis=1))
        for p, w in zip(probability, given, strict=True)
    )
    assert draw == pytest.approx(2 * best, abs=ROUNDING)
    assert best > 0.1


@pytest.mark.equation("eq-noise-shrink")
@pytest.mark.parametrize(("mean", "variance", "sigma"), [(0.0, 1.0, 0.5), (-2.0, 0.3, 1.5)])
def test_conditional_mean_of_a_gaussian(mean, variance, sigma):
    # By Bayes' rule on a grid of 12 standard deviations each way: what is left out is below
    # 1e-31, and the sum of a smooth function that vanishes at both ends is as exact.
    grid = mean + np.sqrt(variance) * np.linspace(-12, 12, 4001)
    for noisy in (mean, mean + 1.0, mean - 2.5):
        log_weights = -((grid - mean) ** 2) / (2 * variance) - (noisy - grid) ** 2 / (2 * sigma**2)
        weights = np.exp(log_weights - log_weights.max())
        expected = weights @ grid / weights.sum()
        shrunk = mean + variance / (variance + sigma**2) * (noisy - mean)
        assert shrunk == pytest.approx(expected, abs=ROUNDING)
