"""The equations of chapter 10: rates and their errors, three scores, precision."""

import numpy as np
import pytest

from course_lib.anomaly import choose_threshold, precision_recall_curve, roc_curve
from course_lib.pca import PCA

EPS = float(np.finfo("float64").eps)


@pytest.mark.equation("eq-anom-rate-error")
@pytest.mark.parametrize(("n", "m"), [(400, 300), (300, 3000), (3000, 300)])
def test_error_of_a_rate_of_false_alarms(n, m):
    alpha, n_repeats = 0.05, 1000
    rng = np.random.default_rng(n)
    rates = [
        np.mean(rng.random(m) >= choose_threshold(rng.random(n), alpha)) for _ in range(n_repeats)
    ]
    expected = np.sqrt(alpha * (1 - alpha) * (1 / n + 1 / m))
    # The share above an order statistic has a Beta distribution of mean (15 + 1) / 301 = 0.0532
    # for the smallest n: its standard deviation is 3 percent more than the formula's. The
    # standard deviation of n_repeats rates is off by 1 / sqrt(2 n_repeats) = 2.2 percent, of
    # which six. Without one of the two terms the formula would be off by 24 percent or more
    # where n and m are alike, and by a factor of 3 where they are not.
    assert np.std(rates) == pytest.approx(expected, rel=0.03 + 6 * 0.022)


@pytest.mark.equation("eq-anom-scores")
def test_three_scores_weigh_the_same_coordinates():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 6)) @ rng.normal(size=(6, 6))
    x -= x.mean(axis=0)
    new = rng.normal(size=(20, 6))
    covariance = x.T @ x / len(x)
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors[:, ::-1]
    squares = np.square(new @ vectors)
    # Sums of 36 products, and an inverse of a condition below 1e5, relative to the largest.
    tolerance = 36 * 1e5 * EPS
    distance = np.sum(new**2, axis=1)
    assert squares.sum(axis=1) == pytest.approx(distance, rel=tolerance)
    mahalanobis = np.einsum("ni,ij,nj->n", new, np.linalg.inv(covariance), new)
    assert np.linalg.cond(covariance) < 1e5
    assert (squares / values).sum(axis=1) == pytest.approx(mahalanobis, rel=tolerance)
    for k in range(1, 6):
        # The covariance is of centered data, so that PCA's mean is 0 up to rounding.
        error = np.sum((new - PCA(k).fit(x).reconstruct(new)) ** 2, axis=1)
        assert squares[:, k:].sum(axis=1) == pytest.approx(error, abs=tolerance * distance.max())


@pytest.mark.equation("eq-anom-precision")
@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_precision_follows_from_two_rates_and_the_prevalence(share):
    rng = np.random.default_rng(0)
    n = 1000
    labels = (np.arange(n) < share * n).astype(int)
    scores = rng.normal(size=n) + 2 * labels
    prevalence = labels.mean()
    roc, by_counting = roc_curve(labels, scores), precision_recall_curve(labels, scores)
    # Both have a point for each score; the ROC curve starts at the highest threshold.
    found, false = prevalence * roc.true_positive_rate, (1 - prevalence) * roc.false_positive_rate
    formula = (found / np.maximum(found + false, 1 / (2 * n)))[1:][::-1]
    # Three divisions of counts, which are exact.
    assert formula == pytest.approx(by_counting.precision[:-1], rel=20 * EPS)
