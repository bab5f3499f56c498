"""Bars that come in groups, or in parts."""

import matplotlib as mpl
import numpy as np

from course_lib.plotting._tools import (
    check_mapping,
    check_number,
    check_same_keys,
    legend_below,
    styled,
    subplots,
    vertical_line,
)
from course_lib.plotting.style import COLORS, HATCHES, INK


@styled
def grouped_bars(groups, xlabel, errors=None, baseline=None):
    """Draw groups of horizontal bars, told apart by color and hatch, the first on top.

    Args:
        groups: Maps a group's name to a mapping from a series' name to a number; every
            group has the same series.
        xlabel: Label of the horizontal axis, with its unit.
        errors: Half-lengths of error bars, in mappings like those of `groups`.
        baseline: A pair `(name, number)` drawn as a dashed line, or `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no bar, a number is not finite, or the names differ.

    Example:
        >>> accuracy = {"50 labels": {"pixels": 0.7, "codes": 0.8},
        ...             "all labels": {"pixels": 0.9, "codes": 0.9}}
        >>> figure = grouped_bars(accuracy, "accuracy")
        >>> [float(round(bar.get_width(), 1)) for bar in figure.axes[0].patches]
        [0.7, 0.9, 0.8, 0.9]
    """
    groups, series = _table("groups", groups)
    if errors is not None:
        check_same_keys("errors", errors, groups)
        errors, names = _table("errors", errors)
        check_same_keys("errors", names, series)
    figure, [[axes]] = subplots(height=1.0 + len(groups) * (0.15 + 0.2 * len(series)))
    thickness = 0.8 / len(series)
    rows = np.arange(len(groups))
    for k, name in enumerate(series):
        axes.barh(
            rows + (k - (len(series) - 1) / 2) * thickness,
            [row[name] for row in groups.values()],
            xerr=None if errors is None else [errors[group][name] for group in groups],
            error_kw={"ecolor": INK, "capsize": 2},
            height=0.85 * thickness,
            label=name,
            **_look(k),
        )
    axes.set(xlabel=xlabel, yticks=rows, yticklabels=list(groups))
    axes.set_ylim(len(groups) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    vertical_line(axes, baseline)
    legend_below(figure, [_patch(k) for k in range(len(series))], series)
    return figure


@styled
def stacked_bars(bars, xlabel, total="sum"):
    """Draw bars of parts that add up, such as log p(x) = ELBO + KL gap, the first on top.

    The first part may be negative, as an ELBO is: its bar then begins at the left edge of
    the axes, which does not stand for 0. The other parts are lengths.

    Args:
        bars: Maps a bar's name to a mapping from a part's name to a number; every bar has
            the same parts, in the order in which the first bar names them.
        xlabel: Label of the horizontal axis, with its unit.
        total: What the legend calls the end of a bar, where a stroke of ink stands.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no bar, a number is not finite, the names differ, or a part
            other than the first is negative.

    Example:
        >>> figure = stacked_bars({"step 1": {"ELBO": -9.0, "gap": 4.0},
        ...                        "step 9": {"ELBO": -6.0, "gap": 1.0}}, "nats", "log p(x)")
        >>> [float(line.get_xdata()[0]) for line in figure.axes[0].lines]
        [-5.0, -5.0]
    """
    bars, parts = _table("bars", bars)
    for name, row in bars.items():
        for part in parts[1:]:
            if row[part] < 0:
                raise ValueError(
                    "Only the first part of a bar may be negative. "
                    f"Received: {part}={row[part]} of {name}"
                )
    figure, [[axes]] = subplots(height=1.0 + 0.34 * len(bars))
    ends = np.cumsum([[row[part] for part in parts] for row in bars.values()], axis=1)
    first, last = ends[:, 0].min(), ends[:, -1].max()
    reach = (last - first) or abs(last) or 1.0
    left = min(0.0, first - 0.3 * reach) if first < 0 else 0.0
    starts = np.column_stack([np.full(len(bars), left), ends[:, :-1]])
    rows = np.arange(len(bars))
    for k in range(len(parts)):
        axes.barh(rows, ends[:, k] - starts[:, k], left=starts[:, k], height=0.6, **_look(k))
    for row, end in zip(rows, ends[:, -1], strict=True):
        axes.plot([end, end], [row - 0.42, row + 0.42], color=INK, lw=2.5)
    axes.set(xlabel=xlabel, yticks=rows, yticklabels=list(bars))
    axes.set(xlim=(left, last + 0.05 * (last - left or reach)), ylim=(len(bars) - 0.5, -0.5))
    axes.tick_params(axis="y", length=0)
    legend_below(figure, [_patch(k) for k in range(len(parts))] + axes.lines[:1], [*parts, total])
    return figure


def _table(name, rows):
    """Return a `dict` of `dict`s of numbers, and the names of the inner ones."""
    rows = {
        key: check_mapping(f"{name}[{key!r}]", row)
        for key, row in check_mapping(name, rows).items()
    }
    columns = list(next(iter(rows.values())))
    for key, row in rows.items():
        check_same_keys(f"{name}[{key!r}]", row, columns)
    return {
        key: {column: check_number(f"{column} of {key}", row[column]) for column in columns}
        for key, row in rows.items()
    }, columns


def _look(k):
    """Return fill, outline and hatch of the bars of series `k`."""
    color, hatch = COLORS[k % len(COLORS)], HATCHES[k % len(HATCHES)]
    # A fill that is not opaque would make its hatch in SVG as faint as itself.
    return {"fc": "none" if hatch else color, "ec": color, "hatch": hatch, "lw": 1.2}


def _patch(k):
    return mpl.patches.Patch(**_look(k))
