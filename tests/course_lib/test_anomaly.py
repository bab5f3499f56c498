"""Scores, thresholds and curves of anomaly detection against counting by hand."""

import math

import keras
import numpy as np
import pytest

from course_lib.anomaly import (
    PrecisionRecallCurve,
    RocCurve,
    area_under,
    average_precision,
    best_f1_threshold,
    choose_threshold,
    precision_recall_curve,
    reconstruction_scores,
    roc_auc,
    roc_curve,
)
from course_lib.losses import bernoulli_nll, squared_error

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6

EPS = float(np.finfo("float64").eps)
EPS32 = float(np.finfo("float32").eps)

# Rates are ratios of counts below 100, areas sums of at most 100 of them.
RATE_TOLERANCE = 200 * EPS


def labeled(n=60, seed=0, ties=False):
    """Return labels and scores that overlap; with `ties`, many scores are equal."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < 0.3).astype(int)
    labels[:2] = [0, 1]
    scores = rng.normal(size=n) + labels
    return labels, np.round(scores) if ties else scores


CASES = [
    labeled(),
    labeled(seed=1, ties=True),
    labeled(5, seed=2),
    (np.array([0, 1]), np.array([0.5, 0.5])),
    (np.array([1, 0]), np.array([0.5, 0.7])),  # precision and recall may both be 0
]


# Scores


def test_squared_error_is_summed_over_pixels():
    rng = np.random.default_rng(0)
    x, x_hat = rng.random((2, 5, 4, 3))
    expected = [math.fsum((x[i] - x_hat[i]).ravel() ** 2) for i in range(5)]
    found = reconstruction_scores(x, x_hat)
    assert found == pytest.approx(expected, abs=12 * EPS * 12)
    assert found.dtype == np.float64
    by_keras = keras.ops.convert_to_numpy(squared_error(x, x_hat))
    # JAX computes in float32: 12 terms below 1 and as many additions.
    assert by_keras == pytest.approx(found, abs=24 * 12 * EPS32)


def test_bernoulli_nll_is_the_cross_entropy_of_pixels():
    rng = np.random.default_rng(0)
    x, logits = rng.random((5, 4, 3)), rng.normal(size=(5, 4, 3))
    found = reconstruction_scores(x, 1 / (1 + np.exp(-logits)), kind="bernoulli_nll")
    expected = keras.ops.convert_to_numpy(bernoulli_nll(x, logits))
    assert found == pytest.approx(expected, abs=24 * 40 * EPS32)


def test_bernoulli_nll_of_certain_predictions_stays_finite():
    scores = reconstruction_scores([[1.0], [0.0], [1.0]], [[1.0], [0.0], [0.0]], "bernoulli_nll")
    # -log(1 - 1e-7), twice, and -log(1e-7).
    assert scores == pytest.approx([1e-7, 1e-7, 7 * math.log(10)], rel=1e-6, abs=0)


@pytest.mark.parametrize(
    ("x", "x_hat", "kind", "message"),
    [
        (np.zeros((2, 3)), np.zeros((2, 4)), "squared_error", r"x_hat of shape \(2, 4\)"),
        (np.zeros(3), np.zeros(3), "squared_error", r"\(n, \*item_shape\)"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "squared_error", "not be empty"),
        (np.zeros((1, 3)), np.zeros((1, 3)), "mse", "Received: kind='mse'"),
        (np.full((1, 3), np.nan), np.zeros((1, 3)), "squared_error", "Received: x with"),
        (np.zeros((1, 3)), np.full((1, 3), np.inf), "squared_error", "Received: x_hat with"),
        (np.zeros((1, 3)), np.full((1, 3), 1.1), "bernoulli_nll", "x_hat .* from 1.1 to 1.1"),
        (np.full((1, 3), -0.1), np.zeros((1, 3)), "bernoulli_nll", "x .* from -0.1 to -0.1"),
    ],
)
def test_what_cannot_be_scored(x, x_hat, kind, message):
    with pytest.raises(ValueError, match=message):
        reconstruction_scores(x, x_hat, kind)


# Thresholds


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize("rate", [0, 0.01, 0.05, 0.29, 1 / 3, 0.5, 0.99])
@pytest.mark.parametrize("n", [1, 3, 20, 100])
def test_threshold_flags_as_many_as_it_may(n, rate, dtype):
    rng = np.random.default_rng(n)
    scores = rng.permutation(n).astype(dtype) if dtype == "int64" else rng.random(n).astype(dtype)
    threshold = choose_threshold(scores, rate)
    assert isinstance(threshold, float)
    flagged = np.sum(scores >= threshold)
    assert flagged / n <= rate < (flagged + 1) / n


def test_threshold_among_equal_scores():
    # One of the three equal scores cannot be flagged without the others.
    scores = [1.0, 2.0, 3.0, 3.0, 3.0, 4.0]
    for rate, flagged in [(0.0, 0), (0.2, 1), (0.5, 1), (0.7, 4), (0.9, 5)]:
        assert np.sum(scores >= np.float64(choose_threshold(scores, rate))) == flagged


def test_rate_on_held_out_data():
    # The threshold is an order statistic of n validation scores: the share of new examples
    # above it has a Beta distribution, of mean (k + 1) / (n + 1) for k flagged ones and of
    # variance below rate (1 - rate) / n. The share of m new ones adds its own variance.
    n, m, rate = 4000, 10_000, 0.05
    rng = np.random.default_rng(0)
    threshold = choose_threshold(rng.normal(size=n), rate)
    share = np.mean(rng.normal(size=m) >= threshold)
    expected = (rate * n + 1) / (n + 1)
    standard_error = math.sqrt(rate * (1 - rate) * (1 / n + 1 / m))
    assert abs(share - expected) < Z * standard_error


@pytest.mark.parametrize("rate", [-0.1, 1.0, np.nan])
def test_bad_rate(rate):
    with pytest.raises(ValueError, match="Received: max_false_positive_rate="):
        choose_threshold([1.0, 2.0], rate)


@pytest.mark.parametrize("scores", [[], [[1.0]], 1.0, [np.nan], [1.0, np.inf]])
def test_bad_scores(scores):
    with pytest.raises(ValueError, match="normal_scores must be a vector of finite numbers"):
        choose_threshold(scores)


def f1_by_hand(labels, flagged):
    true_positives = np.sum(labels & flagged)
    return 2 * true_positives / (np.sum(labels) + np.sum(flagged))


@pytest.mark.parametrize(("labels", "scores"), CASES)
def test_best_f1_is_the_best_of_all_thresholds(labels, scores):
    threshold, f1 = best_f1_threshold(labels, scores)
    by_hand = {t: f1_by_hand(labels, scores >= t) for t in np.unique(scores)}
    assert f1 == pytest.approx(max(by_hand.values()), abs=RATE_TOLERANCE)
    best = [t for t, value in by_hand.items() if value > f1 - RATE_TOLERANCE]
    assert threshold == max(best)


# Curves


@pytest.mark.parametrize(("labels", "scores"), CASES)
def test_roc_curve_by_counting(labels, scores):
    curve = roc_curve(labels, scores)
    assert isinstance(curve, RocCurve)
    assert np.array_equal(curve.thresholds, [np.inf, *np.unique(scores)[::-1]])
    for false_rate, true_rate, threshold in zip(*curve, strict=True):
        flagged = scores >= threshold
        assert false_rate == pytest.approx(np.mean(flagged[labels == 0]), abs=RATE_TOLERANCE)
        assert true_rate == pytest.approx(np.mean(flagged[labels == 1]), abs=RATE_TOLERANCE)
    for rates in curve[:2]:
        assert np.all(np.diff(rates) >= 0)
        assert (rates[0], rates[-1]) == (0, 1)


@pytest.mark.parametrize(("labels", "scores"), CASES)
def test_precision_recall_curve_by_counting(labels, scores):
    curve = precision_recall_curve(labels, scores)
    assert isinstance(curve, PrecisionRecallCurve)
    assert np.array_equal(curve.thresholds, [*np.unique(scores), np.inf])
    for precision, recall, threshold in zip(*curve, strict=True):
        flagged = scores >= threshold
        by_hand = np.mean(labels[flagged]) if np.any(flagged) else 1
        assert precision == pytest.approx(by_hand, abs=RATE_TOLERANCE)
        assert recall == pytest.approx(np.mean(flagged[labels == 1]), abs=RATE_TOLERANCE)
    assert np.all(np.diff(curve.recall) <= 0)


# Areas


@pytest.mark.equation("eq-anom-auc")
@pytest.mark.parametrize(("labels", "scores"), CASES)
def test_area_under_roc_counts_pairs(labels, scores):
    anomalous, normal = scores[labels == 1][:, None], scores[labels == 0]
    expected = np.mean((anomalous > normal) + 0.5 * (anomalous == normal))
    assert roc_auc(labels, scores) == pytest.approx(expected, abs=RATE_TOLERANCE)
    curve = roc_curve(labels, scores)
    area = area_under(curve.false_positive_rate, curve.true_positive_rate)
    assert area == pytest.approx(expected, abs=RATE_TOLERANCE)
    assert roc_auc(labels, -scores) == pytest.approx(1 - expected, abs=RATE_TOLERANCE)


def test_area_under_roc_of_two_gaussians():
    # P(a > b) for a ~ N(1, 1), b ~ N(0, 1) is Phi(1 / sqrt 2). Its estimate from n pairs of
    # each has variance below p (1 - p) / n (Hanley and McNeil: below that of n separate pairs).
    n = 10_000
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], n)
    p = 0.5 * (1 + math.erf(0.5))
    found = roc_auc(labels, rng.normal(size=2 * n) + labels)
    assert abs(found - p) < Z * math.sqrt(p * (1 - p) / n)


@pytest.mark.parametrize(("labels", "scores"), CASES)
def test_average_precision_by_hand(labels, scores):
    # Each distinct score, from above, adds its anomalies at the precision reached with them.
    total, n_anomalies = 0, np.sum(labels)
    for threshold in np.unique(scores):
        n_added = np.sum(labels[scores == threshold])
        total += n_added / n_anomalies * np.mean(labels[scores >= threshold])
    assert average_precision(labels, scores) == pytest.approx(total, abs=RATE_TOLERANCE)


def test_perfect_and_worst_and_constant_scores():
    labels = np.array([0, 0, 0, 1, 1])
    assert roc_auc(labels, labels) == average_precision(labels, labels) == 1
    assert roc_auc(labels, -labels) == 0
    assert roc_auc(labels, np.zeros(5)) == 0.5
    assert average_precision(labels, np.zeros(5)) == pytest.approx(2 / 5, abs=RATE_TOLERANCE)


def test_only_the_order_of_scores_counts():
    labels, scores = labeled()
    for function in (roc_auc, average_precision):
        assert function(labels, np.exp(scores)) == function(labels, scores)


def test_area_under_is_the_trapezoidal_rule():
    x = np.sort(np.random.default_rng(0).random(50))
    y = x**2
    assert area_under(x, y) == pytest.approx(np.trapezoid(y, x), abs=RATE_TOLERANCE)
    assert area_under(x[::-1], y[::-1]) == pytest.approx(area_under(x, y), abs=RATE_TOLERANCE)


@pytest.mark.parametrize(
    ("x", "y"),
    [([0.0], [1.0]), ([0.0, 1.0, 0.5], [0.0, 1.0, 1.0]), ([0.0, 1.0], [1.0]), ([], [])],
)
def test_what_is_no_curve(x, y):
    with pytest.raises(ValueError, match="Received: x"):
        area_under(x, y)


FUNCTIONS = [roc_curve, precision_recall_curve, roc_auc, average_precision, best_f1_threshold]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1], [0.0], r"labels of shape \(2,\), scores of shape \(1,\)"),
        ([0, 0], [0.0, 1.0], r"at least one of each\. Received: labels with the values \[0\]"),
        ([1, 1], [0.0, 1.0], r"with the values \[1\]"),
        ([0, 2], [0.0, 1.0], r"with the values \[0, 2\]"),
        ([-1, 1], [0.0, 1.0], r"with the values \[-1, 1\]"),
        ([0, np.nan], [0.0, 1.0], "Received: labels with the values"),
        (["a", "b"], [0.0, 1.0], "Received: labels with the values"),
        ([0, 1], [0.0, np.nan], "scores must be a vector of finite numbers"),
        ([0, 1], [-np.inf, 0.0], "scores must be a vector of finite numbers"),
        ([], [], "scores must be a vector"),
        ([[0], [1]], [[0.0], [1.0]], "scores must be a vector"),
    ],
)
def test_bad_labels_or_scores(function, labels, scores, message):
    with pytest.raises(ValueError, match=message):
        function(labels, scores)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [bool, "float32", "int8"])
def test_labels_of_other_types(function, dtype):
    labels, scores = labeled()
    found, expected = function(labels.astype(dtype), scores), function(labels, scores)
    for a, b in zip(np.atleast_1d(found), np.atleast_1d(expected), strict=True):
        assert np.array_equal(a, b)
