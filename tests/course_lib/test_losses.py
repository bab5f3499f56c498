"""Likelihoods and divergences against their definitions, in NumPy and by quadrature."""

import itertools
import math

import keras
import numpy as np
import pytest
from autodiff import gradients
from keras import ops

from course_lib.losses import (
    BernoulliNLL,
    SquaredError,
    bernoulli_nll,
    check_unit_interval,
    gaussian_nll,
    kl_standard_normal,
    squared_error,
)

EPS32 = float(np.finfo("float32").eps)

#: In double precision a sum of n terms of size m is off by at most about n m EPS. No sum here
#: exceeds 1e5 in absolute terms: 1e5 * 2.2e-16 < 1e-10.
TOLERANCE = 1e-10

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def rounding(n, largest):
    """Bound float32's error of a sum of n terms of at most `largest`.

    Each term is off by a few units in the last place, and so is each of n additions of a
    partial sum of at most n * largest.
    """
    return 4 * n * n * largest * EPS32


@pytest.fixture
def batch():
    """Binary pixels and logits of double precision, shapes (6, 4, 5)."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 2, (6, 4, 5)).astype("float64"), rng.normal(0, 3, (6, 4, 5))


# The Bernoulli likelihood


@pytest.mark.equation("eq-bernoulli-likelihood")
def test_bernoulli_nll_is_minus_the_sum_of_log_probabilities(batch):
    x, logits = batch
    p = sigmoid(logits)
    log_pmf = np.log(np.where(x == 1, p, 1 - p))
    assert to_numpy(bernoulli_nll(x, logits)) == pytest.approx(
        -log_pmf.sum(axis=(1, 2)), abs=TOLERANCE
    )


@pytest.mark.equation("eq-bernoulli-likelihood")
@pytest.mark.parametrize("n", [1, 3, 8])
def test_probabilities_of_all_binary_vectors_add_up_to_one(n):
    logits = np.random.default_rng(n).normal(0, 2, (1, n))
    x = np.array(list(itertools.product([0.0, 1.0], repeat=n)))
    p = np.exp(-to_numpy(bernoulli_nll(x, np.repeat(logits, 2**n, axis=0))))
    assert p.sum() == pytest.approx(1, abs=TOLERANCE)


@pytest.mark.equation("eq-cross-entropy")
def test_cross_entropy_from_logits_equals_the_formula(batch):
    _, logits = batch
    x = np.random.default_rng(1).random(logits.shape)  # gray values too
    p = sigmoid(logits)
    expected = -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=(1, 2))
    assert to_numpy(bernoulli_nll(x, logits)) == pytest.approx(expected, abs=TOLERANCE)
    # The Keras loss computes in float32: 20 terms of at most 12.
    loss = float(BernoulliNLL(from_logits=True)(x, logits))
    assert loss == pytest.approx(expected.mean(), abs=rounding(20, 12))


@pytest.mark.equation("eq-cross-entropy")
def test_cross_entropy_from_probabilities_equals_the_formula():
    rng = np.random.default_rng(2)
    x, p = rng.random((6, 4, 5)), rng.uniform(0.05, 0.95, (6, 4, 5))
    expected = -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=(1, 2)).mean()
    # Terms of at most 3; p is rounded to EPS32 p, which changes log(p) and log(1 - p) by at
    # most 20 EPS32: less than what `rounding` allows a term.
    assert float(BernoulliNLL()(x, p)) == pytest.approx(expected, abs=rounding(20, 3))


@pytest.mark.equation("eq-cross-entropy")
def test_cross_entropy_from_logits_and_from_probabilities_agree():
    rng = np.random.default_rng(3)
    x, logits = rng.random((5, 8)), rng.uniform(-3, 3, (5, 8))
    a = float(BernoulliNLL(from_logits=True)(x, logits))
    b = float(BernoulliNLL()(x, sigmoid(logits)))
    assert a == pytest.approx(b, abs=rounding(8, 3.1))


def test_cross_entropy_of_gray_pixels_is_at_least_their_entropy():
    rng = np.random.default_rng(4)
    x = rng.uniform(0.01, 0.99, (50, 3))
    entropy = -(x * np.log(x) + (1 - x) * np.log(1 - x)).sum(axis=1)
    best = np.log(x / (1 - x))
    assert to_numpy(bernoulli_nll(x, best)) == pytest.approx(entropy, abs=TOLERANCE)
    assert np.all(to_numpy(bernoulli_nll(x, best + rng.normal(size=x.shape))) > entropy)


@pytest.mark.parametrize("logit", [-1e4, -100.0, 100.0, 1e4])
def test_bernoulli_nll_is_exact_where_the_probability_rounds(logit):
    x = np.array([[0.0], [1.0]], "float32")
    nll = to_numpy(bernoulli_nll(x, np.full((2, 1), logit, "float32")))
    # softplus(l) is l or 0 up to exp(-100), far below one unit in the last place.
    expected = [max(logit, 0.0), max(-logit, 0.0)]
    assert nll == pytest.approx(expected, rel=EPS32, abs=1e-40)


@pytest.mark.parametrize(("x", "p"), [(1.0, 0.0), (0.0, 1.0)])
def test_probabilities_are_kept_away_from_zero_and_one(x, p):
    loss = float(BernoulliNLL()(np.array([[x]]), np.array([[p]])))
    # -log(1e-7), and 1 - 1e-7 is rounded by half a unit of 2^-24: between 0.7 and 1.3 times.
    assert -math.log(1.3e-7) <= loss <= -math.log(0.7e-7)


@pytest.mark.equation("eq-ce-gradient")
def test_gradient_of_cross_entropy_is_probability_minus_pixel(batch):
    x, logits = batch
    [gradient] = gradients(lambda logits: ops.sum(bernoulli_nll(x, logits)), logits)
    assert gradient == pytest.approx(sigmoid(logits) - x, abs=TOLERANCE)


@pytest.mark.equation("eq-ce-gradient")
def test_gradient_of_cross_entropy_survives_saturation():
    x, logits = np.array([[1.0, 0.0]]), np.array([[-60.0, 60.0]], dtype="float32")
    [gradient] = gradients(lambda logits: ops.sum(bernoulli_nll(x, logits)), logits)
    # sigmoid(-60) is 1e-26: both gradients are 1 in float32.
    assert gradient.tolist() == [[-1.0, 1.0]]


# Gaussians and squared errors


@pytest.mark.equation("eq-squared-error")
def test_squared_error_is_summed_over_pixels(batch):
    x, r = batch
    expected = ((x - r) ** 2).sum(axis=(1, 2))
    assert to_numpy(squared_error(x, r)) == pytest.approx(expected, abs=TOLERANCE)
    # In float32: 20 terms of at most (1 + 3 * 4)^2.
    assert float(SquaredError()(x, r)) == pytest.approx(expected.mean(), abs=rounding(20, 170))


@pytest.mark.equation("eq-squared-error")
def test_keras_mse_is_smaller_by_the_number_of_pixels():
    rng = np.random.default_rng(5)
    x, r = rng.random((3, 20)), rng.random((3, 20))
    mse = float(keras.losses.MeanSquaredError()(x, r))
    assert float(SquaredError()(x, r)) == pytest.approx(20 * mse, abs=rounding(20, 1))


@pytest.mark.equation("eq-se-sigmoid-gradient")
def test_gradient_of_squared_error_through_a_sigmoid(batch):
    x, logits = batch
    [gradient] = gradients(lambda logits: ops.sum(squared_error(x, ops.sigmoid(logits))), logits)
    s = sigmoid(logits)
    assert gradient == pytest.approx(2 * (s - x) * s * (1 - s), abs=TOLERANCE)


@pytest.mark.equation("eq-gaussian-nll")
def test_unit_gaussian_nll_is_half_the_squared_error_plus_a_constant(batch):
    x, mean = batch
    expected = 0.5 * ((x - mean) ** 2).sum(axis=(1, 2)) + 20 / 2 * math.log(2 * math.pi)
    assert to_numpy(gaussian_nll(x, mean)) == pytest.approx(expected, abs=TOLERANCE)
    half = 0.5 * to_numpy(squared_error(x, mean)) + 10 * math.log(2 * math.pi)
    assert to_numpy(gaussian_nll(x, mean)) == pytest.approx(half, abs=TOLERANCE)


@pytest.mark.parametrize("log_var", [-2.0, 0.0, 1.3])
def test_gaussian_density_integrates_to_one_with_variance_exp_log_var(log_var):
    sigma, mean = math.exp(log_var / 2), 0.7
    # The trapezoidal rule on a Gaussian converges faster than any power of the step: with 20
    # points a standard deviation its error is below exp(-2 (20 pi)^2); the cut tails beyond 12
    # standard deviations hold 4e-33. What remains is rounding.
    x = np.linspace(mean - 12 * sigma, mean + 12 * sigma, 481)
    nll = to_numpy(gaussian_nll(x[:, None], np.full((481, 1), mean), log_var))
    density = np.exp(-nll)
    assert np.trapezoid(density, x) == pytest.approx(1, abs=TOLERANCE)
    variance = np.trapezoid(density * (x - mean) ** 2, x)
    assert variance == pytest.approx(math.exp(log_var), abs=TOLERANCE)


def test_gaussian_nll_with_a_variance_for_each_pixel(batch):
    x, mean = batch
    log_var = np.random.default_rng(6).normal(size=x.shape)
    density = np.exp(-((x - mean) ** 2) / (2 * np.exp(log_var))) / np.sqrt(
        2 * np.pi * np.exp(log_var)
    )
    expected = -np.log(density).sum(axis=(1, 2))
    # log(density) of a density d loses relative precision EPS in d: as many EPS as terms.
    assert to_numpy(gaussian_nll(x, mean, log_var)) == pytest.approx(expected, abs=TOLERANCE)


def test_gaussian_nll_can_be_part_of_a_graph():
    x, mean, log_var = np.random.default_rng(6).normal(size=(3, 4, 2)).astype("float32")
    expected = to_numpy(gaussian_nll(x, mean, log_var))
    inputs = [keras.Input((2,)) for _ in range(3)]
    outputs = gaussian_nll(*inputs)
    assert outputs.shape == (None,)
    # Two terms below 100 in float32.
    found = keras.Model(inputs, outputs).predict([x, mean, log_var], verbose=0)
    assert found == pytest.approx(expected, abs=rounding(2, 100))


def test_gaussian_nll_may_be_negative():
    assert to_numpy(gaussian_nll(np.zeros((1, 1)), np.zeros((1, 1)), -6.0))[0] < 0


# The KL divergence

KL_CASES = [(0.0, 0.0), (2.0, 0.0), (0.0, 1.5), (-1.0, -2.0), (0.3, 0.4), (0.0, -4.0)]


@pytest.mark.equation("eq-kl-closed-form")
@pytest.mark.parametrize(("mean", "log_var"), KL_CASES)
def test_kl_equals_quadrature(mean, log_var):
    sigma = math.exp(log_var / 2)
    # Error of the rule: see above. Beyond 12 standard deviations the integrand, 4e-32 times
    # at most (12 sigma + |mean|)^2, is nothing.
    z = np.linspace(mean - 12 * sigma, mean + 12 * sigma, 961)
    log_q = -((z - mean) ** 2) / (2 * sigma**2) - math.log(sigma)
    log_p = -(z**2) / 2
    q = np.exp(log_q) / math.sqrt(2 * math.pi)
    expected = np.trapezoid(q * (log_q - log_p), z)
    kl = to_numpy(kl_standard_normal(np.array([[mean]]), np.array([[log_var]])))
    assert kl == pytest.approx([expected], abs=TOLERANCE)


@pytest.mark.equation("eq-kl-closed-form")
def test_kl_equals_a_monte_carlo_estimate():
    rng, n = np.random.default_rng(7), 200_000
    mean, log_var = np.array([0.8, -1.5, 0.0]), np.array([-1.0, 0.6, 0.9])
    z = mean + np.exp(log_var / 2) * rng.standard_normal((n, 3))
    log_q = -0.5 * ((z - mean) ** 2 / np.exp(log_var) + log_var).sum(axis=1)
    log_p = -0.5 * (z**2).sum(axis=1)
    ratio = log_q - log_p
    kl = float(kl_standard_normal(mean[None], log_var[None])[0])
    assert abs(ratio.mean() - kl) < Z * ratio.std() / math.sqrt(n)


@pytest.mark.equation("eq-kl-closed-form")
def test_kl_is_summed_over_latent_dimensions():
    rng = np.random.default_rng(8)
    mean, log_var = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    expected = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1)
    assert to_numpy(kl_standard_normal(mean, log_var)) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("scale", [1e-8, 1e-5, 1e-2, 1.0, 10.0])
def test_kl_is_never_negative(scale):
    log_var = np.random.default_rng(9).normal(0, scale, (100_000, 1)).astype("float32")
    assert np.all(to_numpy(kl_standard_normal(np.zeros_like(log_var), log_var)) >= 0)


def test_kl_of_the_prior_is_zero():
    assert to_numpy(kl_standard_normal(np.zeros((2, 3)), np.zeros((2, 3)))).tolist() == [0, 0]


@pytest.mark.parametrize("log_var", [-1e-3, 1e-4, 3e-3])
def test_kl_of_a_nearly_collapsed_dimension_is_not_lost_to_rounding(log_var):
    v = np.float32(log_var)
    kl = float(kl_standard_normal(np.zeros((1, 1), "float32"), np.full((1, 1), v))[0])
    # About v^2 / 4. expm1(v) is off by one unit in the last place of v, or two; computing
    # exp(v) first would be off by one of 1, a thousand times as much.
    expected = 0.5 * (math.expm1(float(v)) - float(v))
    assert kl == pytest.approx(expected, abs=2 * EPS32 * abs(log_var))


# Reductions


@pytest.mark.equation("eq-autoencoder-loss")
@pytest.mark.parametrize("loss", [BernoulliNLL(), BernoulliNLL(from_logits=True), SquaredError()])
def test_loss_is_the_batch_mean_of_sums_over_pixels(loss):
    rng = np.random.default_rng(10)
    x, y = rng.random((6, 5, 4)), rng.uniform(0.1, 0.9, (6, 5, 4))
    value = float(loss(x, y))
    tolerance = rounding(40, 2.4)
    # Twice the batch: the same. Twice the pixels: twice as much, along whichever axis.
    assert float(loss(np.tile(x, (2, 1, 1)), np.tile(y, (2, 1, 1)))) == pytest.approx(
        value, abs=tolerance
    )
    for tiling in [(1, 2, 1), (1, 1, 2)]:
        doubled = float(loss(np.tile(x, tiling), np.tile(y, tiling)))
        assert doubled == pytest.approx(2 * value, abs=tolerance)
    one_by_one = [float(loss(x[i : i + 1], y[i : i + 1])) for i in range(6)]
    assert value == pytest.approx(np.mean(one_by_one), abs=tolerance)


@pytest.mark.parametrize("function", [bernoulli_nll, gaussian_nll, squared_error])
@pytest.mark.parametrize("shape", [(1, 3), (7, 3), (2, 3, 4), (2, 3, 4, 1), (5,)])
def test_functions_return_one_number_an_example(function, shape):
    rng = np.random.default_rng(11)
    x, y = rng.integers(0, 2, shape).astype("float64"), rng.normal(size=shape)
    values = to_numpy(function(x, y))
    assert values.shape == shape[:1]
    for i in range(shape[0]):
        assert values[i] == pytest.approx(
            to_numpy(function(x[i : i + 1], y[i : i + 1]))[0], abs=TOLERANCE
        )


@pytest.mark.parametrize("loss", [BernoulliNLL(from_logits=True), SquaredError()])
def test_sample_weights_weigh_examples(loss):
    rng = np.random.default_rng(12)
    x, y = rng.random((4, 3)), rng.normal(size=(4, 3))
    weights = np.array([0.0, 1.0, 2.0, 0.5])
    each = [float(loss(x[i : i + 1], y[i : i + 1])) for i in range(4)]
    weighted = float(loss(x, y, sample_weight=weights))
    assert weighted == pytest.approx(np.mean(weights * each), abs=rounding(12, 20))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_functions_keep_the_type_of_the_prediction(dtype):
    x, y = np.zeros((2, 3), "float32"), np.zeros((2, 3), dtype)
    for value in (bernoulli_nll(x, y), gaussian_nll(x, y), squared_error(x, y)):
        assert keras.backend.standardize_dtype(value.dtype) == dtype


def test_integers_and_booleans_are_pixels_too():
    logits = np.random.default_rng(13).normal(size=(4, 3))
    x = np.array([[0, 1, 1]] * 4)
    expected = to_numpy(bernoulli_nll(x.astype("float64"), logits))
    assert np.array_equal(to_numpy(bernoulli_nll(x, logits)), expected)
    assert np.array_equal(to_numpy(bernoulli_nll(x.astype(bool), logits)), expected)


def test_integer_predictions_do_not_round_the_pixels():
    half, one = np.full((1, 1), 0.5), np.ones((1, 1), "int64")
    assert float(squared_error(half, one)[0]) == 0.25
    # 0.5^2 / 2 + log(2 pi) / 2, and log(1 + e) - 0.5, in whatever precision.
    assert float(gaussian_nll(half, one)[0]) == pytest.approx(1.0439385, abs=4 * EPS32)
    assert float(bernoulli_nll(half, one)[0]) == pytest.approx(0.8132617, abs=4 * EPS32)
    assert float(kl_standard_normal(one, 0 * one)[0]) == pytest.approx(0.5, abs=EPS32)


# The Keras contract

LOSSES = [
    BernoulliNLL(),
    BernoulliNLL(from_logits=True, name="nll"),
    SquaredError(name="se", reduction="sum"),
]


@pytest.mark.parametrize("loss", LOSSES)
def test_loss_config_round_trip(loss):
    config = loss.get_config()
    again = type(loss).from_config(config)
    assert again.get_config() == config
    assert again.name == loss.name
    assert getattr(again, "from_logits", None) == getattr(loss, "from_logits", None)
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    x, y = np.full((2, 3), 0.25), np.full((2, 3), 0.75)
    assert float(restored(x, y)) == float(loss(x, y))


@pytest.mark.parametrize("loss", LOSSES[:2])
@pytest.mark.parametrize("n", [1, 7])
def test_loss_of_any_batch_size_is_a_finite_number(loss, n):
    value = loss(np.ones((n, 3)), np.full((n, 3), 0.5))
    assert value.shape == ()
    assert np.isfinite(float(value))


# Bad input


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (bernoulli_nll, ("x", "logits")),
        (gaussian_nll, ("x", "mean")),
        (squared_error, ("x", "reconstruction")),
        (kl_standard_normal, ("mean", "log_var")),
    ],
)
@pytest.mark.parametrize(
    ("a", "b"), [((4, 3), (4, 2)), ((4, 3), (1, 3)), ((4, 3), (4, 3, 1)), ((4, 3), (4, 1))]
)
def test_shapes_that_differ(function, names, a, b):
    with pytest.raises(ValueError, match=r"must have the same shape\. Received:") as info:
        function(np.zeros(a), np.zeros(b))
    message = str(info.value)
    assert f"{names[0]} of shape {a}" in message
    assert f"{names[1]} of shape {b}" in message


@pytest.mark.parametrize(
    ("shape", "of_log_var"),
    [((4, 3), (4,)), ((4, 3), (3, 4)), ((4, 1), (1, 3)), ((4, 3), (2, 4, 3))],
)
def test_log_var_of_a_shape_that_does_not_fit(shape, of_log_var):
    with pytest.raises(ValueError, match=r"log_var.*Received:"):
        gaussian_nll(np.zeros(shape), np.zeros(shape), np.zeros(of_log_var))


@pytest.mark.parametrize("bad", [-0.1, 1.1, 255.0, np.nan, np.inf])
def test_values_outside_the_unit_interval(bad):
    x = np.array([[0.5, bad]])
    message = r"values in \[0, 1\]. Received: {} with values from"
    with pytest.raises(ValueError, match=message.format("x")):
        bernoulli_nll(x, np.zeros((1, 2)))
    with pytest.raises(ValueError, match=message.format("pixels")):
        check_unit_interval(x, "pixels")


def test_message_names_the_range():
    with pytest.raises(ValueError, match=r"from -2\.0 to 3\.0"):
        check_unit_interval(np.array([-2.0, 0.5, 3.0]))


@pytest.mark.parametrize("x", [np.array([0.0, 1.0]), np.array([0, 1]), np.array([True, False])])
def test_values_within_the_unit_interval_pass(x):
    assert check_unit_interval(x) is None
