"""How well scores tell two classes apart: curves over all thresholds."""

import numpy as np

from course_lib.plotting._tools import (
    check_array,
    check_mapping,
    check_number,
    check_same_length,
    styled,
    subplots,
    with_styles,
)
from course_lib.plotting.style import INK, MARKERS


@styled
def roc(models, thresholds=None):
    """Draw the share of anomalies that are found against that of false alarms.

    Args:
        models: Maps a name to a triple `(false_positive_rate, true_positive_rate,
            thresholds)` of one length, such as a `course_lib.anomaly.RocCurve`.
        thresholds: Maps some of the names to a score; the point where a model flags this
            score and all above is marked.

    Returns:
        A `matplotlib.figure.Figure`. The dotted diagonal is what chance achieves.

    Raises:
        ValueError: If there is no model, a curve is no such triple, a rate is outside
            [0, 1], or a threshold's name is not a model's.

    Example:
        >>> curve = ([0, 0, 1], [0, 1, 1], [np.inf, 0.8, 0.1])
        >>> figure = roc({"autoencoder": curve}, thresholds={"autoencoder": 0.8})
        >>> figure.axes[0].lines[-1].get_xydata().tolist()  # the mark
        [[0.0, 1.0]]
    """
    figure, axes = _square("share of false alarms", "share of anomalies found")
    axes.plot([0, 1], [0, 1], ":", color=INK, lw=1.2, label="chance")
    _draw(axes, models, thresholds, steps="default")
    axes.legend(loc="lower right")
    return figure


@styled
def precision_recall(models, prevalence, thresholds=None):
    """Draw the share of anomalies among what is flagged against the share that is found.

    Args:
        models: Maps a name to a triple `(precision, recall, thresholds)` of one length,
            such as a `course_lib.anomaly.PrecisionRecallCurve`.
        prevalence: Share of anomalies among all examples: the precision of flagging at
            random, drawn as a dotted line.
        thresholds: As for `roc`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no model, a curve is no such triple, a share is outside
            [0, 1], or a threshold's name is not a model's.

    Example:
        >>> curve = ([0.5, 1, 1], [1, 1, 0], [0.1, 0.8, np.inf])
        >>> figure = precision_recall({"autoencoder": curve}, prevalence=0.5)
        >>> figure.axes[0].lines[1].get_xdata().tolist()  # recall
        [1.0, 1.0, 0.0]
    """
    if not 0 <= check_number("prevalence", prevalence) <= 1:
        raise ValueError(f"prevalence must be in [0, 1]. Received: prevalence={prevalence}")
    swapped = {
        name: (curve[1], curve[0], *curve[2:])
        for name, curve in check_mapping("models", models).items()
        if len(curve) > 1
    }
    figure, axes = _square("recall: share of anomalies found", "precision")
    axes.plot([0, 1], 2 * [prevalence], ":", color=INK, lw=1.2, label="at random")
    _draw(axes, swapped or models, thresholds, steps="steps-post")
    axes.legend(loc="best")
    return figure


def _square(xlabel, ylabel):
    figure, [[axes]] = subplots(height=4.4)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    return figure, axes


def _draw(axes, models, thresholds, steps):
    """Draw curves of `(x, y, thresholds)`, and a mark on those that have a threshold."""
    models = check_mapping("models", models)
    thresholds = {} if thresholds is None else check_mapping("thresholds", thresholds)
    if not set(thresholds) <= set(models):
        raise ValueError(
            f"thresholds must have names of models, {list(models)}. "
            f"Received: thresholds of {list(thresholds)}"
        )
    marks = []
    for k, (name, curve, color, style) in enumerate(with_styles(models)):
        if len(curve) != 3:
            raise ValueError(
                "A curve is a triple of two shares and their thresholds. "
                f"Received: {name} with {len(curve)} parts"
            )
        x, y = (check_array(name, values, ("n_points",)) for values in curve[:2])
        at = np.asarray(curve[2])
        check_same_length((f"Shares of {name}", x), ("others", y), ("thresholds", at))
        if min(x.min(), y.min()) < 0 or max(x.max(), y.max()) > 1:
            raise ValueError(
                f"Shares must be in [0, 1]. Received: {name} from {min(x.min(), y.min())} "
                f"to {max(x.max(), y.max())}"
            )
        axes.plot(x, y, style, color=color, drawstyle=steps, label=name)
        if name in thresholds:
            # What is flagged scores at least the threshold: the lowest of the curve's own
            # thresholds that is not below it flags the same examples.
            number = check_number(f"The threshold of {name}", thresholds[name])
            i = int(np.argmin(np.where(at >= number, at, np.inf)))
            marks.append((x[i], y[i], MARKERS[k % len(MARKERS)], color))
    for x, y, marker, color in marks:  # last, on top of all curves
        axes.plot(x, y, marker, color=color, mec=INK, ms=9)
