"""A matrix as a picture."""

import matplotlib as mpl
import numpy as np

from course_lib.plotting._tools import check_array, check_positive, signed_key, styled, subplots
from course_lib.plotting.style import INK, SIGNED, WIDTH

#: Opacity of the strongest cell if numbers are printed on the cells: text in the page's
#: color keeps a contrast of 4.5 with it, on a light and on a dark page.
NUMBERED_OPACITY = 0.6

#: The picture's height in inches. Cells are squares unless that leaves these limits.
_MIN_HEIGHT, _MAX_HEIGHT = 0.9, 6.0


@styled
def heat_map(
    values, row_names=None, col_names=None, xlabel="", ylabel="", vmax=None, number_format=None
):
    """Draw a matrix: positive entries in blue, negative ones in orange, zero as the page.

    An entry of NaN, such as a rating that nobody gave, is a small dot on an empty cell.

    Args:
        values: Array of shape `(n_rows, n_cols)`, in which NaN is a gap.
        row_names: What is written beside each row, or `None` for its index.
        col_names: What is written below each column, or `None` for its index.
        xlabel: Label of the horizontal axis.
        ylabel: Label of the vertical axis.
        vmax: The magnitude drawn in full color; `None` is the largest of all.
        number_format: How to print the entries on the cells, such as `".2f"`; `None` draws
            a key to the colors instead.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the matrix is empty, not two-dimensional, infinite somewhere or NaN
            everywhere, the names are not as many as rows or columns, or `vmax` is not
            above 0.

    Example:
        >>> figure = heat_map([[4.0, float("nan")], [-1.0, 0.0]], number_format=".0f")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['4', '−1', '0']
    """
    values = check_array("values", values, ("n_rows", "n_cols"), gaps=True)
    if np.isnan(values).all():
        raise ValueError(f"values must not all be NaN. Received: values of shape {values.shape}")
    vmax = np.nanmax(np.abs(values)) or 1.0 if vmax is None else check_positive("vmax", vmax)
    n_rows, n_cols = values.shape
    figure, axes = _matrix_axes(n_rows / n_cols, with_key=number_format is None)
    axes.imshow(
        np.ma.masked_invalid(values),
        cmap=SIGNED,
        vmin=-vmax,
        vmax=vmax,
        alpha=None if number_format is None else NUMBERED_OPACITY,
        interpolation="nearest",
        aspect="auto",
    )
    gaps = np.argwhere(np.isnan(values))
    cell = 72 * (WIDTH - 0.8) / n_cols  # points, about
    axes.plot(gaps[:, 1], gaps[:, 0], ".", color=INK, alpha=0.4, mew=0, ms=min(4, cell / 3))
    if number_format is None:
        lowest, highest = np.nanmin(values), np.nanmax(values)
        signed_key(figure, -vmax if lowest < 0 else 0.0, vmax if highest > 0 else 0.0)
    else:
        for i, j in np.argwhere(~np.isnan(values)):
            text = format(values[i, j], number_format).replace("-", "\N{MINUS SIGN}")
            axes.text(j, i, text, ha="center", va="center", fontsize=9)
    _name(axes.yaxis, "row_names", row_names, n_rows)
    _name(axes.xaxis, "col_names", col_names, n_cols)
    if col_names is not None and 6 * max(map(len, col_names)) > cell:
        axes.tick_params(axis="x", rotation=90)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=0.5)
    return figure


def _matrix_axes(shape, with_key):
    height = min(_MAX_HEIGHT, max(_MIN_HEIGHT, (WIDTH - 0.8) * shape)) + 0.7
    key = 0.4 if with_key else 0.0
    figure, [[axes]] = subplots(height=height + key)
    figure.get_layout_engine().set(rect=(0, key / (height + key), 1, height / (height + key)))
    return figure, axes


def _name(axis, name, names, n):
    if names is None:
        axis.set_major_locator(mpl.ticker.MaxNLocator("auto", integer=True, min_n_ticks=1))
        return
    if len(names) != n:
        raise ValueError(f"{name} must have {n} names. Received: {name} of length {len(names)}")
    axis.set_ticks(range(n), names)
    axis.set_tick_params(length=0)
