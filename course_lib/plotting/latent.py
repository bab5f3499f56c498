"""The plane of two-dimensional codes."""

import statistics

import matplotlib as mpl
import numpy as np

from course_lib.plotting._tools import (
    check_array,
    check_count,
    check_limit,
    check_mapping,
    check_positive,
    show_square,
    styled,
    subplots,
)
from course_lib.plotting.pictures import COLOR, GRAY, draw_picture
from course_lib.plotting.style import COLORS, INK, PIXELS, PIXELS_ID, WIDTH


@styled
def codes(z, labels, label_names, xlabel="$z_1$", ylabel="$z_2$", limit=None, path=None):
    """Scatter two-dimensional codes, each drawn as the name of its class.

    Args:
        z: Array of shape `(n, 2)`.
        labels: Integers of shape `(n,)`.
        label_names: Name of each label; its first letter is the marker.
        xlabel: Label of the horizontal axis.
        ylabel: Label of the vertical axis.
        limit: Show the square from `-limit` to `limit`, or everything if `None`.
        path: Codes of shape `(n_steps, 2)`, drawn as a line of circles from A to B, or
            `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If a shape does not fit, a value is not finite, a label has no name, or
            `limit` is not above 0.

    Example:
        >>> figure = codes([[0, 1], [2, 3]], [0, 1], ["zero", "one"], path=[[0, 1], [2, 3]])
        >>> len(figure.axes[0].collections)  # one a class
        2
    """
    z = check_array("z", z, ("n", 2))
    labels = check_array("labels", labels, (len(z),))
    if not np.isin(labels, range(len(label_names))).all() or not all(label_names):
        raise ValueError(
            f"labels must be integers from 0 to {len(label_names) - 1}, each with a name. "
            f"Received: labels {np.unique(labels)}, label_names={label_names!r}"
        )
    limit = check_limit(limit)
    figure, [[axes]] = subplots(height=4.6)
    for k, name in enumerate(label_names):
        points = z[labels == k]
        axes.scatter(
            points[:, 0],
            points[:, 1],
            s=22,
            marker=f"${name[0]}$",
            color=COLORS[k % len(COLORS)],
            linewidths=0,
            rasterized=len(z) > 1500,
        )
    if path is not None:
        _draw_path(axes, check_array("path", path, ("n_steps", 2)))
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if limit is not None:
        show_square(axes, limit)
    return figure


@styled
def posteriors(panels, limit=None):
    """Draw approximate posteriors q(z|x) as ellipses, in panels side by side.

    Args:
        panels: Maps a title to a pair `(mean, log_var)` of arrays of shape `(n, 2)`. An
            ellipse is one standard deviation around its mean.
        limit: Show the square from `-limit` to `limit`, or everything if `None`. The
            dashed circle holds two standard deviations of the prior N(0, I).

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no panel, a shape does not fit, a value is not finite, or
            `limit` is not above 0.

    Example:
        >>> figure = posteriors({"trained": ([[0.5, 1.0]], [[-2.0, -2.0]])}, limit=3)
        >>> figure.axes[0].get_title(loc="left")
        'trained'
    """
    panels, limit = check_mapping("panels", panels), check_limit(limit)
    figure, [row] = subplots(height=WIDTH / len(panels) + 0.35, cols=len(panels))
    for (title, (mean, log_var)), axes in zip(panels.items(), row, strict=True):
        mean = check_array(f"The mean of {title}", mean, ("n", 2))
        log_var = check_array(f"The log_var of {title}", log_var, mean.shape)
        for center, (width, height) in zip(mean, 2 * np.exp(0.5 * log_var), strict=True):
            axes.add_patch(
                mpl.patches.Ellipse(center, width, height, fc=COLORS[0], ec="none", alpha=0.25)
            )
        axes.plot(*mean.T, ".", ms=2, color=COLORS[1])
        axes.add_patch(mpl.patches.Circle((0, 0), 2, fill=False, ec=INK, ls="--", lw=1))
        axes.set(xlabel="$z_1$", ylabel="$z_2$")
        axes.set_title(title, loc="left", fontsize=10)
        show_square(axes, limit)
    return figure


@styled
def posterior_map(panels, limit):
    """Draw true posteriors p(z|x), computed on a grid, under their approximations q(z|x).

    Args:
        panels: Maps a title to a triple `(density, mean, log_var)`: the true posterior's
            density on an even grid, shape `(n, n)`, with z_2 along the first axis and z_1
            along the second; and the Gaussian's parameters, each of shape `(2,)`. The
            ellipse is two standard deviations around the mean.
        limit: The grid runs from `-limit` to `limit` in both directions.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no panel, a shape does not fit, a value is not finite, a
            density is not above 0 anywhere, or `limit` is not above 0.

    Example:
        >>> figure = posterior_map({"a three": (np.eye(5), [0.0, 0.0], [-1.0, -1.0])}, limit=2)
        >>> [float(edge) for edge in figure.axes[0].images[0].get_extent()]  # half a cell more
        [-2.5, 2.5, -2.5, 2.5]
    """
    panels, limit = check_mapping("panels", panels), check_positive("limit", limit)
    figure, [row] = subplots(height=WIDTH / len(panels) + 0.35, cols=len(panels))
    for (title, (density, mean, log_var)), axes in zip(panels.items(), row, strict=True):
        density = check_array(f"The density of {title}", density, ("n", "n"))
        if len(set(density.shape)) > 1 or len(density) < 2 or density.max() <= 0:
            raise ValueError(
                "A density must be given on a square grid, and be above 0 somewhere. Received: "
                f"shape {density.shape}, largest value {density.max()}"
            )
        mean = check_array(f"The mean of {title}", mean, (2,))
        half = np.exp(0.5 * check_array(f"The log_var of {title}", log_var, (2,)))
        edge = limit + limit / (len(density) - 1)  # grid points are the centers of pixels
        image = axes.imshow(
            density / density.max(),
            cmap=PIXELS,
            origin="lower",
            extent=(-edge, edge, -edge, edge),
            interpolation="bilinear",
        )
        image.set_gid(PIXELS_ID)
        axes.add_patch(
            mpl.patches.Ellipse(mean, *(4 * half), fill=False, ec=COLORS[1], lw=2, ls="--")
        )
        reach = 4 * float(half.max())
        axes.set(xlim=(mean[0] - reach, mean[0] + reach), ylim=(mean[1] - reach, mean[1] + reach))
        axes.set(xlabel="$z_1$", ylabel="$z_2$")
        axes.set_title(title, loc="left", fontsize=10)
    return figure


@styled
def manifold(decode, n=12):
    """Decode a grid of two-dimensional codes, spaced evenly in the prior's probability.

    Args:
        decode: Function from codes of shape `(n * n, 2)` to pictures of shape
            `(n * n, height, width)`, gray, or `(n * n, height, width, 3)`, in color, with
            values in [0, 1].
        n: Pictures a side. The grid runs over the quantiles `(i + 1/2) / n` of N(0, 1).

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If `n` is not a whole number above 0, or `decode` does not return one
            picture a code.

    Example:
        >>> figure = manifold(lambda z: np.zeros((len(z), 8, 8)), n=3)
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['-1.0', '0.0', '1.0']
    """
    check_count("n", n)
    quantiles = [statistics.NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)]
    z1, z2 = np.meshgrid(quantiles, quantiles[::-1])  # z_2 grows upward, as in a scatter plot
    pictures = check_array(
        "What decode returns",
        decode(np.column_stack([z1.ravel(), z2.ravel()])),
        (n * n, *GRAY[1:]),
        (n * n, *COLOR[1:]),
    )
    if pictures.ndim == 4:  # in color: the margins between the pictures are transparent
        opaque = np.ones((*pictures.shape[:3], 1))
        pictures = np.concatenate([pictures, opaque], axis=3)
    margin = max(1, pictures.shape[1] // 14)
    around = [(0, 0), (margin, margin), (margin, margin), (0, 0)][: pictures.ndim]
    pictures = np.pad(pictures, around)
    height, width, *channels = pictures.shape[1:]
    sheet = pictures.reshape(n, n, height, width, *channels).swapaxes(1, 2)
    figure, [[axes]] = subplots(height=WIDTH)
    draw_picture(axes, sheet.reshape(n * height, n * width, *channels))
    ticks = [0, n // 2 - 0.5 * (1 - n % 2), n - 1] if n > 2 else range(n)
    names = [f"{statistics.NormalDist().inv_cdf((i + 0.5) / n):.1f}" for i in ticks]
    axes.set_xticks([(i + 0.5) * width - 0.5 for i in ticks], names)
    axes.set_yticks([(n - i - 0.5) * height - 0.5 for i in ticks], names)
    axes.set(xlabel="$z_1$", ylabel="$z_2$")
    return figure


def _draw_path(axes, path):
    axes.plot(*path.T, "o-", color=INK, mfc=INK, ms=5, lw=1.5)
    for text, end, before in (("A", path[0], path[1:2]), ("B", path[-1], path[-2:-1])):
        # Beyond the end, where the line does not run.
        step = (end - before[0]) if len(before) else np.array([0.0, 1.0])
        length = np.hypot(*step) or 1.0
        axes.annotate(
            text,
            end,
            12 * step / length,
            textcoords="offset points",
            ha="center",
            va="center",
            fontweight="bold",
            fontsize=12,
        )
