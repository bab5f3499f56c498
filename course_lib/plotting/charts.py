"""Curves, bars, dots and histograms."""

import matplotlib as mpl
import matplotlib.ticker
import numpy as np

from course_lib.plotting._tools import (
    check_array,
    check_count,
    check_log,
    check_mapping,
    check_number,
    check_same_keys,
    check_same_length,
    legend_below,
    styled,
    subplots,
    vertical_line,
    with_styles,
)
from course_lib.plotting.style import COLORS, INK, MARKERS


@styled
def curves(series, xlabel, ylabel, x=None, log_x=False, log_y=False, fill=False, mark=None):
    """Draw one line a series, told apart by color and line style.

    Args:
        series: Maps a name to values of shape `(n_points,)`, or to a pair
            `(values, spread)`, drawn as a line in a band of `values +- spread`.
        xlabel: Label of the horizontal axis, with its unit.
        ylabel: Label of the vertical axis, with its unit.
        x: Positions of the points; counted from 1 by default.
        log_x: Whether the horizontal axis is logarithmic.
        log_y: Whether the vertical axis is logarithmic.
        fill: Whether to fill the area between each line and 0, as under a density.
        mark: Maps a text to the point `(x, y)` that it marks, such as a minimum.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no series, a length or shape does not fit, a value is not
            finite, or a logarithmic axis would show a value of 0 or less.

    Example:
        >>> figure = curves({"training": [3, 2], "test": [3, 2.5]}, "epoch", "nats")
        >>> [line.get_label() for line in figure.axes[0].lines]
        ['training', 'test']
    """
    series = check_mapping("series", series)
    if x is not None:
        x = check_array("x", x, ("n_points",))
        check_log("x", x, log_x)
    figure, [[axes]] = subplots(height=3.0)
    for name, values, color, style in with_styles(series):
        values, spread = values if isinstance(values, tuple) else (values, None)
        values = check_array(name, values, ("n_points",))
        check_log(name, values, log_y)
        at = np.arange(1, len(values) + 1) if x is None else x
        check_same_length(("x", at), (name, values))
        axes.plot(at, values, style, color=color, label=name)
        if fill:
            axes.fill_between(at, values, color=color, alpha=0.2, lw=0)
        if spread is not None:
            spread = check_array(f"The spread of {name}", spread, values.shape)
            axes.fill_between(at, values - spread, values + spread, color=color, alpha=0.2, lw=0)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if x is None or all(position.is_integer() for position in x):
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    if log_x:
        axes.set_xscale("log")
    if log_y:
        axes.set_yscale("log")
    if len(series) > 1:
        axes.legend()
    for text, point in ({} if mark is None else check_mapping("mark", mark)).items():
        _mark(axes, text, check_array(f"The point of {text}", point, (2,)))
    return figure


@styled
def labeled_curves(series, xlabel, ylabel):
    """Draw curves through labeled points, such as rate and distortion for values of beta.

    Args:
        series: Maps a name to a triple `(x, y, texts)` of one length: the points, in the
            order in which the line joins them, and what is written beside each.
        xlabel: Label of the horizontal axis, with its unit.
        ylabel: Label of the vertical axis, with its unit.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no series, a series is no such triple, or a value is not
            finite.

    Example:
        >>> figure = labeled_curves({"VAE": ([1, 2], [5, 3], ["4", "1"])}, "rate", "distortion")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['4', '1']
    """
    figure, [[axes]] = subplots(height=3.4)
    for k, (name, values, color, style) in enumerate(with_styles(check_mapping("series", series))):
        if not isinstance(values, (tuple, list)) or len(values) != 3:
            raise ValueError(f"A series is a triple (x, y, texts). Received: {name}={values!r}")
        x = check_array(f"x of {name}", values[0], ("n_points",))
        y = check_array(f"y of {name}", values[1], ("n_points",))
        check_same_length(("x", x), ("y", y), ("texts", values[2]))
        axes.plot(x, y, style, color=color, marker=MARKERS[k % len(MARKERS)], ms=6, label=name)
        # Every other series has its texts on the other side, where there is room for them.
        offset, align, valign = [((6, 4), "left", "bottom"), ((-6, -4), "right", "top")][k % 2]
        for at, text in zip(zip(x, y, strict=True), values[2], strict=True):
            axes.annotate(
                str(text), at, offset, textcoords="offset points", ha=align, va=valign, fontsize=9
            )
    axes.margins(0.08)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if len(series) > 1:
        axes.legend()
    return figure


@styled
def bars(values, xlabel, errors=None, baseline=None):
    """Draw horizontal bars, one a name, the first on top.

    Args:
        values: Maps a name to a number.
        xlabel: Label of the horizontal axis, with its unit.
        errors: Maps the same names to the half-length of an error bar.
        baseline: A pair `(name, number)` drawn as a dashed line, or `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no bar, a number is not finite, or the names differ.

    Example:
        >>> figure = bars({"good": 0.5, "bad": 0.25}, "probability", baseline=("chance", 0.1))
        >>> [float(bar.get_width()) for bar in figure.axes[0].patches]
        [0.5, 0.25]
    """
    names = list(check_mapping("values", values))
    lengths = [check_number(name, values[name]) for name in names]
    if errors is not None:
        check_same_keys("errors", errors, names)
        errors = [check_number(f"The error of {name}", errors[name]) for name in names]
    figure, [[axes]] = subplots(height=0.7 + 0.27 * len(names))
    axes.barh(
        names,
        lengths,
        xerr=errors,
        error_kw={"ecolor": INK, "capsize": 3},
        color=COLORS[0],
        height=0.7,
    )
    axes.invert_yaxis()
    axes.set(xlabel=xlabel)
    axes.tick_params(axis="y", length=0)
    vertical_line(axes, baseline)
    return figure


@styled
def dots(groups, xlabel, log_x=False, baseline=None):
    """Draw each of some repeated results as a dot, one row a name, the first on top.

    Args:
        groups: Maps a name to results of shape `(n,)`, such as one a seed; the rows may
            differ in length. A vertical stroke stands at their mean.
        xlabel: Label of the horizontal axis, with its unit.
        log_x: Whether the horizontal axis is logarithmic.
        baseline: A pair `(name, number)` drawn as a dashed line, or `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no group, a group is not a list of finite numbers, or a
            logarithmic axis would show a value of 0 or less.

    Example:
        >>> figure = dots({"score function": [90.0, 110.0], "pathwise": [1.0, 2.0]}, "variance")
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['score function', 'pathwise']
    """
    groups = {
        name: check_array(name, values, ("n",))
        for name, values in check_mapping("groups", groups).items()
    }
    figure, [[axes]] = subplots(height=0.95 + 0.3 * len(groups))
    for row, (name, values) in enumerate(groups.items()):
        check_log(name, values, log_x)
        axes.plot(values, np.full(len(values), row), "o", mfc="none", mec=COLORS[0], ms=6, mew=1.5)
        axes.plot(values.mean(), row, "|", color=INK, ms=16, mew=2)
    axes.set(xlabel=xlabel, yticks=range(len(groups)), yticklabels=list(groups))
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    if log_x:
        axes.set_xscale("log")
    vertical_line(axes, baseline)
    legend_below(figure, axes.lines[:2], ["one result", "mean"])
    return figure


@styled
def histograms(groups, xlabel, bins=30, threshold=None):
    """Draw overlaid histograms, each scaled to area 1.

    Args:
        groups: Maps a name to numbers, any shape.
        xlabel: Label of the horizontal axis, with its unit.
        bins: Number of bins, shared by all groups.
        threshold: A pair `(name, number)` drawn as a dashed line, or `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no group, a group is empty or not finite, or `bins` is not
            a whole number above 0.

    Example:
        >>> figure = histograms({"normal": [0, 1, 1], "odd": [3, 4]}, "score", bins=4)
        >>> [text.get_text() for text in figure.axes[0].get_legend().texts]
        ['normal', 'odd']
    """
    check_count("bins", bins)
    groups = {
        name: check_array(name, np.ravel(values), ("n",))
        for name, values in check_mapping("groups", groups).items()
    }
    figure, [[axes]] = subplots(height=2.6)
    edges = np.histogram_bin_edges(np.concatenate(list(groups.values())), bins=bins)
    for name, values, color, style in with_styles(groups):
        axes.hist(values, edges, density=True, color=color, alpha=0.25)
        axes.hist(
            values, edges, density=True, histtype="step", color=color, ls=style, lw=2, label=name
        )
    axes.set(xlabel=xlabel, ylabel="density")
    vertical_line(axes, threshold)
    # The step outlines carry the labels; their handles show color and line style.
    axes.legend()
    return figure


def _mark(axes, text, point):
    """Draw a dot at a point, with its text on the side where the axes have more room."""
    axes.plot(*point, "o", color=INK, ms=7)
    axes.autoscale_view()  # left alone, Matplotlib scales the axes only when it draws
    x, y = axes.transAxes.inverted().transform(axes.transData.transform(point))
    axes.annotate(
        text,
        point,
        (12 if x < 0.5 else -12, 36 if y < 0.5 else -36),
        textcoords="offset points",
        arrowprops={"arrowstyle": "-", "color": INK, "shrinkA": 0},
        ha="left" if x < 0.5 else "right",
        va="bottom" if y < 0.5 else "top",
    )
