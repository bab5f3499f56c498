"""What happens in a plane of two inputs: arrows, axes of a cloud, contour lines."""

import matplotlib as mpl
import numpy as np

from course_lib.plotting._tools import (
    check_array,
    check_limit,
    check_mapping,
    legend_below,
    show_square,
    styled,
    subplots,
    with_styles,
)
from course_lib.plotting.style import COLORS, INK, WIDTH


@styled
def vector_fields(panels, data=None, limit=None, xlabel="$x_1$", ylabel="$x_2$"):
    """Draw arrows from points to where a function takes them, in panels side by side.

    Args:
        panels: Maps a title to a pair `(points, targets)` of arrays of shape `(n, 2)`: what
            is put into an autoencoder, and its reconstruction.
        data: Points of shape `(n_data, 2)` drawn as small dots beneath, or `None`.
        limit: Show the square from `-limit` to `limit`, or everything if `None`.
        xlabel: Label of the horizontal axis.
        ylabel: Label of the vertical axis.

    Returns:
        A `matplotlib.figure.Figure`. Arrows are drawn to the scale of the axes.

    Raises:
        ValueError: If there is no panel, a shape does not fit, a value is not finite, or
            `limit` is not above 0.

    Example:
        >>> figure = vector_fields({"denoising": ([[2.0, 0.0]], [[1.0, 0.0]])})
        >>> [arrows] = figure.axes[0].collections
        >>> float(arrows.U[0]), float(arrows.V[0])
        (-1.0, 0.0)
    """
    panels, limit = check_mapping("panels", panels), check_limit(limit)
    if data is not None:
        data = check_array("data", data, ("n_data", 2))
    n = len(panels)
    figure, [row] = subplots(height=WIDTH / n + 0.35 if n > 1 else 4.6, cols=n)
    for (title, (points, targets)), axes in zip(panels.items(), row, strict=True):
        points = check_array(f"The points of {title}", points, ("n", 2))
        targets = check_array(f"The targets of {title}", targets, points.shape)
        if data is not None:
            axes.plot(*data.T, ".", color=COLORS[1], ms=3, alpha=0.6, rasterized=len(data) > 1500)
        # A field of many arrows has room for thin ones only.
        width = 0.006 if n == 1 else 0.009
        axes.quiver(
            *points.T,
            *(targets - points).T,
            angles="xy",
            scale_units="xy",
            scale=1,
            width=width,
            color=COLORS[0],
            minlength=0.5,
        )
        axes.update_datalim(targets)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.set_title(title, loc="left", fontsize=10)
        show_square(axes, limit)
    return figure


@styled
def subspaces(x, directions, xlabel="$x_1$", ylabel="$x_2$"):
    """Draw a cloud of points and, through its mean, axes that were found in it.

    Args:
        x: Points of shape `(n, 2)`.
        directions: Maps a name, such as `"PCA"`, to a direction of shape `(2,)` or to
            several of shape `(k, 2)`. Their lengths and signs do not matter: an axis
            reaches two standard deviations of the cloud along it, each way.
        xlabel: Label of the horizontal axis.
        ylabel: Label of the vertical axis.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no point or direction, a shape does not fit, a value is not
            finite, or a direction is zero.

    Example:
        >>> figure = subspaces([[-1, 0], [1, 0]], {"PCA": [1, 0], "autoencoder": [3, 0]})
        >>> figure.axes[0].lines[1].get_xydata().tolist()  # the standard deviation is 1
        [[-2.0, 0.0], [2.0, 0.0]]
    """
    x = check_array("x", x, ("n", 2))
    directions = check_mapping("directions", directions)
    figure, [[axes]] = subplots(height=4.2)
    axes.plot(*x.T, ".", color=INK, ms=4, alpha=0.25, rasterized=len(x) > 1500)
    mean = x.mean(axis=0)
    handles = []
    for k, (name, rows, color, _) in enumerate(with_styles(directions)):
        rows = np.atleast_2d(check_array(name, rows, (2,), ("k", 2)))
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not lengths.all():
            raise ValueError(f"A direction must not be zero. Received: {name}={rows.tolist()}")
        for direction in rows / lengths:
            reach = 2 * (x @ direction).std() * direction
            ends = np.array([mean - reach, mean + reach])
            # Dots would be lost in the cloud. Where axes agree, the wide one shows beneath.
            style, width = ("-", "--", "-.")[k % 3], 6 if k == 0 else 3
            [line] = axes.plot(*ends.T, style, color=color, lw=width)
        handles.append(line)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    show_square(axes, None)
    legend_below(figure, handles, list(directions))
    return figure


@styled
def contours(densities, x, y, xlabel="$z_1$", ylabel="$z_2$"):
    """Draw contour lines of densities over a plane, told apart by color and line style.

    The lines stand where a density is exp(-k^2 / 2) of its maximum, k = 1, 2, 3: for a
    Gaussian, k standard deviations from its mean.

    Args:
        densities: Maps a name to values of shape `(n_y, n_x)`, not necessarily normalized.
        x: Positions of the columns, increasing, shape `(n_x,)`.
        y: Positions of the rows, increasing, shape `(n_y,)`.
        xlabel: Label of the horizontal axis.
        ylabel: Label of the vertical axis.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no density, a shape does not fit, a value is negative or
            not finite, a density is the same everywhere, or positions do not increase.

    Example:
        >>> x = np.linspace(-4, 4, 41)
        >>> figure = contours({"p": np.exp(-0.5 * (x[:, None] ** 2 + x**2))}, x, x)
        >>> [round(float(level), 2) for level in figure.axes[0].collections[0].levels]
        [0.01, 0.14, 0.61]
    """
    densities = check_mapping("densities", densities)
    x, y = check_array("x", x, ("n_x",)), check_array("y", y, ("n_y",))
    for name, positions in (("x", x), ("y", y)):
        if len(positions) < 2 or np.any(np.diff(positions) <= 0):
            raise ValueError(
                f"{name} must be two or more positions that increase. Received: {positions}"
            )
    figure, [[axes]] = subplots(height=4.4)
    handles = []
    for name, density, color, style in with_styles(densities):
        density = check_array(name, density, (len(y), len(x)))
        if density.min() < 0 or density.min() == density.max():
            raise ValueError(
                "A density is nowhere negative, and not the same everywhere. "
                f"Received: {name} from {density.min()} to {density.max()}"
            )
        levels = np.exp(-0.5 * np.array([3.0, 2.0, 1.0]) ** 2) * density.max()
        levels = levels[levels > density.min()]
        axes.contour(x, y, density, levels, colors=color, linestyles=style, linewidths=1.8)
        handles.append(mpl.lines.Line2D([], [], color=color, ls=style))
    axes.set(xlabel=xlabel, ylabel=ylabel, aspect="equal")
    legend_below(figure, handles, list(densities))
    return figure
