"""Anomaly detection: scores, thresholds, and how good they are (chapter 10).

Everywhere a larger score is more suspicious, an example is flagged if its score is *at
least* the threshold, and labels are 1 for anomalies and 0 for what is normal. The curves
are scikit-learn's, behind checks of their input.
"""

from typing import NamedTuple

import numpy as np
from sklearn import metrics

#: Predicted probabilities are kept this far from 0 and 1, as in `BernoulliNLL`.
_MARGIN = 1e-7

_KINDS = ("squared_error", "bernoulli_nll")


def reconstruction_scores(x, x_hat, kind="squared_error"):
    """Return how badly each example is reconstructed, summed over its pixels.

    Args:
        x: Examples, shape `(n, *item_shape)`.
        x_hat: Their reconstructions, of the same shape.
        kind: `"squared_error"`, or `"bernoulli_nll"`: the cross-entropy between pixels in
            [0, 1] and predicted probabilities, in nats.

    Returns:
        A `float64` array of shape `(n,)`.

    Raises:
        ValueError: If the shapes differ, a value is not finite or out of range, or the
            kind is unknown.

    Example:
        >>> reconstruction_scores([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 1.0]]).tolist()
        [0.0, 9.0]
    """
    x, x_hat = np.asarray(x, "float64"), np.asarray(x_hat, "float64")
    if x.shape != x_hat.shape or x.ndim < 2 or x.size == 0:
        raise ValueError(
            "x and x_hat must have the same shape (n, *item_shape), and not be empty. "
            f"Received: x of shape {x.shape}, x_hat of shape {x_hat.shape}"
        )
    if kind not in _KINDS:
        raise ValueError(f"kind must be one of {_KINDS}. Received: kind={kind!r}")
    for name, values in (("x", x), ("x_hat", x_hat)):
        low, high = (0, 1) if kind == "bernoulli_nll" else (-np.inf, np.inf)
        if not np.all(np.isfinite(values) & (values >= low) & (values <= high)):
            raise ValueError(
                f"{kind} needs finite values from {low} to {high}. Received: {name} with values "
                f"from {np.min(values)} to {np.max(values)}"
            )
    if kind == "squared_error":
        by_pixel = np.square(x - x_hat)
    else:
        p = np.clip(x_hat, _MARGIN, 1 - _MARGIN)
        by_pixel = -(x * np.log(p) + (1 - x) * np.log1p(-p))
    return np.sum(by_pixel.reshape(len(x), -1), axis=1)


def choose_threshold(normal_scores, max_false_positive_rate=0.05):
    """Return the lowest threshold that flags few enough of the given normal examples.

    Take validation examples that the model was not trained on: on its training examples a
    model makes smaller errors. On new normal examples the rate varies around the one
    chosen, the less the more scores there are.

    Args:
        normal_scores: Scores of normal examples, shape `(n,)`.
        max_false_positive_rate: Share of them that may be flagged, from 0 to less than 1.

    Returns:
        The threshold, a `float`: just above the highest score that must not be flagged.

    Raises:
        ValueError: If the scores are not finite or not a vector, or the rate is out of
            range.

    Example:
        >>> scores = np.arange(100.0)
        >>> threshold = choose_threshold(scores, max_false_positive_rate=0.05)
        >>> int(np.sum(scores >= threshold))
        5
    """
    scores = _check_scores("normal_scores", normal_scores)
    if not 0 <= max_false_positive_rate < 1:
        raise ValueError(
            "max_false_positive_rate must be at least 0 and less than 1. "
            f"Received: max_false_positive_rate={max_false_positive_rate}"
        )
    rates = np.arange(len(scores)) / len(scores)
    n_flagged = np.sum(rates <= max_false_positive_rate) - 1
    highest_passed = np.sort(scores)[len(scores) - 1 - n_flagged]
    # The next number of the scores' own type: the sum of a float32 and something smaller
    # would round back to the score itself.
    return float(np.nextafter(highest_passed, np.inf, dtype=scores.dtype))


def best_f1_threshold(labels, scores):
    """Return the threshold with the best F1, for when some anomalies are known.

    F1 is the harmonic mean of precision and recall. Of equally good thresholds it is the
    highest.

    Args:
        labels: 1 for anomalies, 0 for what is normal, shape `(n,)`.
        scores: Their scores, shape `(n,)`.

    Returns:
        The threshold, which is one of the scores, and its F1, both `float`.

    Raises:
        ValueError: If the labels are not 0 and 1, with at least one of each, or the scores
            are not as many finite numbers.

    Example:
        >>> best_f1_threshold(labels=[0, 0, 1, 1], scores=[0.1, 0.6, 0.7, 0.9])
        (0.7, 1.0)
    """
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    total = precision + recall
    f1 = 2 * precision * recall / np.where(total > 0, total, 1)
    best = np.flatnonzero(f1 == np.max(f1))[-1]
    return float(thresholds[best]), float(f1[best])


class RocCurve(NamedTuple):
    """Receiver operating characteristic: one point for each threshold, highest first.

    Attributes:
        false_positive_rate: Share of normal examples that are flagged, shape `(n_points,)`.
        true_positive_rate: Share of anomalies that are flagged.
        thresholds: The thresholds; the first is infinite and flags nothing.
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    thresholds: np.ndarray


class PrecisionRecallCurve(NamedTuple):
    """Precision against recall: one point for each threshold, lowest first.

    Attributes:
        precision: Share of anomalies among what is flagged, shape `(n_points,)`.
        recall: Share of anomalies that are flagged.
        thresholds: The thresholds; the last is infinite and flags nothing, where precision
            is 1 by convention.
    """

    precision: np.ndarray
    recall: np.ndarray
    thresholds: np.ndarray


def roc_curve(labels, scores):
    """Return the false and true positive rates of all thresholds.

    Args:
        labels: 1 for anomalies, 0 for what is normal, shape `(n,)`.
        scores: Their scores, shape `(n,)`.

    Returns:
        A `RocCurve` with a point for each distinct score, and one that flags nothing.

    Raises:
        ValueError: If the labels are not 0 and 1, with at least one of each, or the scores
            are not as many finite numbers.

    Example:
        >>> curve = roc_curve(labels=[0, 1, 0, 1], scores=[0.1, 0.5, 0.6, 0.9])
        >>> curve.true_positive_rate.tolist()
        [0.0, 0.5, 0.5, 1.0, 1.0]
        >>> curve.false_positive_rate.tolist()
        [0.0, 0.0, 0.5, 0.5, 1.0]
    """
    labels, scores = _check_labeled(labels, scores)
    return RocCurve(*metrics.roc_curve(labels, scores, drop_intermediate=False))


def precision_recall_curve(labels, scores):
    """Return the precision and the recall of all thresholds.

    Args:
        labels: 1 for anomalies, 0 for what is normal, shape `(n,)`.
        scores: Their scores, shape `(n,)`.

    Returns:
        A `PrecisionRecallCurve` with a point for each distinct score, and one that flags
        nothing.

    Raises:
        ValueError: If the labels are not 0 and 1, with at least one of each, or the scores
            are not as many finite numbers.

    Example:
        >>> curve = precision_recall_curve(labels=[0, 1, 0, 1], scores=[0.1, 0.5, 0.6, 0.9])
        >>> curve.recall.tolist()
        [1.0, 1.0, 0.5, 0.5, 0.0]
        >>> curve.precision.round(2).tolist()
        [0.5, 0.67, 0.5, 1.0, 1.0]
    """
    labels, scores = _check_labeled(labels, scores)
    precision, recall, thresholds = metrics.precision_recall_curve(labels, scores)
    return PrecisionRecallCurve(precision, recall, np.append(thresholds, np.inf))


def area_under(x, y):
    """Return the area under a curve, by the trapezoidal rule.

    Args:
        x: Abscissas, shape `(n_points,)`, in ascending or in descending order.
        y: Ordinates, shape `(n_points,)`.

    Returns:
        The area, a `float`.

    Raises:
        ValueError: If there are fewer than two points, `x` is not sorted, or a value is not
            finite.

    Example:
        >>> area_under([0.0, 0.5, 1.0], [0.0, 1.0, 1.0])
        0.75
    """
    x, y = _check_scores("x", x), _check_scores("y", y)
    steps = np.diff(x)
    if x.shape != y.shape or len(x) < 2 or not (np.all(steps >= 0) or np.all(steps <= 0)):
        raise ValueError(
            "x and y must be two points or more, x in ascending or in descending order. "
            f"Received: x={x}, y={y}"
        )
    return float(metrics.auc(x, y))


def roc_auc(labels, scores):
    """Return the area under the ROC curve.

    It is the probability that a random anomaly has a larger score than a random normal
    example, ties counting half (Hanley and McNeil 1982).

    Args:
        labels: 1 for anomalies, 0 for what is normal, shape `(n,)`.
        scores: Their scores, shape `(n,)`.

    Returns:
        A `float` from 0 to 1; guessing has 1/2.

    Raises:
        ValueError: If the labels are not 0 and 1, with at least one of each, or the scores
            are not as many finite numbers.

    Example:
        >>> roc_auc(labels=[0, 1, 0, 1], scores=[0.1, 0.5, 0.6, 0.9])
        0.75
    """
    return float(metrics.roc_auc_score(*_check_labeled(labels, scores)))


def average_precision(labels, scores):
    """Return the mean of the precision over the anomalies, each flagged in its turn.

    It sums up the precision-recall curve in steps, without interpolation, and tells more
    than `roc_auc` where anomalies are rare.

    Args:
        labels: 1 for anomalies, 0 for what is normal, shape `(n,)`.
        scores: Their scores, shape `(n,)`.

    Returns:
        A `float` from 0 to 1; guessing has about the share of anomalies.

    Raises:
        ValueError: If the labels are not 0 and 1, with at least one of each, or the scores
            are not as many finite numbers.

    Example:
        >>> round(average_precision(labels=[0, 1, 0, 1], scores=[0.1, 0.5, 0.6, 0.9]), 3)
        0.833
    """
    return float(metrics.average_precision_score(*_check_labeled(labels, scores)))


def _check_scores(name, scores):
    scores = np.asarray(scores)
    if not np.issubdtype(scores.dtype, np.floating):
        scores = scores.astype("float64")
    if scores.ndim != 1 or scores.size == 0 or not np.all(np.isfinite(scores)):
        raise ValueError(
            f"{name} must be a vector of finite numbers, and not be empty. "
            f"Received: {name} of shape {scores.shape} with {np.sum(~np.isfinite(scores))} "
            "values that are NaN or infinite"
        )
    return scores


def _check_labeled(labels, scores):
    scores, labels = _check_scores("scores", scores), np.asarray(labels)
    if labels.shape != scores.shape:
        raise ValueError(
            "labels and scores must be vectors of one length. "
            f"Received: labels of shape {labels.shape}, scores of shape {scores.shape}"
        )
    if set(np.unique(labels).tolist()) != {0, 1}:
        raise ValueError(
            "labels must be 0 and 1, with at least one of each. "
            f"Received: labels with the values {np.unique(labels)[:10].tolist()}"
        )
    return labels.astype("int64"), scores
