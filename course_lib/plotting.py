"""Every picture of the course, each a function that returns a Matplotlib figure.

Figures are drawn with `INK` on `PAPER`; the book's build replaces the two colors so that
one picture reads well on a light and on a dark page. The other colors have a contrast of
at least 3 on both, and stay apart for color-blind readers; where color carries
meaning, a marker, a line style or a label carries it too.
"""

import functools
import itertools
import statistics

import matplotlib as mpl
import matplotlib.ticker
import numpy as np
from matplotlib.figure import Figure

#: Text, axes and frames. Not quite black, so that the build can tell it from data.
INK = "#1f1f21"
#: What figures are drawn on.
PAPER = "#fffffe"
#: Series colors, in order of use: the first two from Okabe and Ito, the others as far as
#: possible from these and from each other in three kinds of color vision.
COLORS = ("#0072b2", "#d55e00", "#639988", "#7f5f39", "#396e7f", "#005be5")
LINE_STYLES = ("-", "--", ":", "-.")

#: Width of a figure in inches. At 360 pixels of screen its text is still 9 pixels high.
WIDTH = 5.2

_STYLE = {
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "legend.facecolor": PAPER,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.edgecolor": INK,
    "legend.framealpha": 0.0,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(color=COLORS),
    "axes.titlesize": "medium",
    "font.size": 10,
    "font.family": "sans-serif",
    "lines.linewidth": 2,
    "svg.fonttype": "none",  # text stays text: it can be selected, searched and recolored
    "svg.hashsalt": "course",  # the same picture is the same file
    "figure.dpi": 100,
}

#: Ink of growing opacity: an empty pixel shows the page, light or dark, through itself.
PIXELS = mpl.colors.LinearSegmentedColormap.from_list("pixels", [(0, 0, 0, 0), (0, 0, 0, 1)])

#: Marks pictures drawn with `PIXELS`, which the book inverts on a dark page.
PIXELS_ID = "pixels"


def use_notebook_style():
    """Make a notebook show figures as SVG, in the course's style. Call it once, at the top."""
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg", metadata={"Date": None})
    mpl.rcParams.update(_STYLE)


def _styled(function):
    """Run a plotting function in the course's style, whatever the caller's settings are."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with mpl.rc_context(_STYLE):
            return function(*args, **kwargs)

    return wrapper


def _subplots(height, rows=1, cols=1, width=WIDTH, **kwargs):
    """Return a figure and an array of axes; pyplot does not know of it, so it shows once."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, cols, squeeze=False, **kwargs)


@_styled
def curves(series, xlabel, ylabel, x=None, log_x=False):
    """Draw one line a series, told apart by color and line style.

    Args:
        series: Maps a name to values of shape `(n_points,)`, or to a pair
            `(values, spread)`, drawn as a line in a band of `values +- spread`.
        xlabel: Label of the horizontal axis, with its unit.
        ylabel: Label of the vertical axis, with its unit.
        x: Positions of the points; counted from 1 by default.
        log_x: Whether the horizontal axis is logarithmic.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    figure, [[axes]] = _subplots(height=3.0)
    styles = itertools.cycle(LINE_STYLES)
    for (name, values), color, style in zip(
        series.items(), itertools.cycle(COLORS), styles, strict=False
    ):
        values, spread = values if isinstance(values, tuple) else (values, None)
        values = np.asarray(values)
        at = np.arange(1, len(values) + 1) if x is None else np.asarray(x)
        axes.plot(at, values, style, color=color, label=name)
        if spread is not None:
            axes.fill_between(at, values - spread, values + spread, color=color, alpha=0.2, lw=0)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if x is None or all(float(position).is_integer() for position in x):
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    if log_x:
        axes.set_xscale("log")
    if len(series) > 1:
        axes.legend()
    return figure


@_styled
def bars(values, xlabel, errors=None, baseline=None):
    """Draw horizontal bars, one a name, the first on top.

    Args:
        values: Maps a name to a number.
        xlabel: Label of the horizontal axis, with its unit.
        errors: Maps the same names to the half-length of an error bar.
        baseline: A pair `(name, number)` drawn as a dashed line, or `None`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    names = list(values)
    figure, [[axes]] = _subplots(height=0.7 + 0.27 * len(names))
    axes.barh(
        names,
        [values[name] for name in names],
        xerr=None if errors is None else [errors[name] for name in names],
        error_kw={"ecolor": INK, "capsize": 3},
        color=COLORS[0],
        height=0.7,
    )
    axes.invert_yaxis()
    axes.set(xlabel=xlabel)
    axes.tick_params(axis="y", length=0)
    if baseline is not None:
        name, number = baseline
        axes.axvline(number, color=COLORS[1], linestyle="--")
        axes.annotate(
            name, (number, 1.0), xycoords=("data", "axes fraction"), va="bottom", ha="center"
        )
    return figure


@_styled
def histograms(groups, xlabel, bins=30):
    """Draw overlaid histograms, each scaled to area 1.

    Args:
        groups: Maps a name to numbers, any shape.
        xlabel: Label of the horizontal axis, with its unit.
        bins: Number of bins, shared by all groups.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    figure, [[axes]] = _subplots(height=2.6)
    groups = {name: np.ravel(values) for name, values in groups.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(groups.values())), bins=bins)
    styles = itertools.cycle(LINE_STYLES)
    for (name, values), color, style in zip(
        groups.items(), itertools.cycle(COLORS), styles, strict=False
    ):
        axes.hist(values, edges, density=True, color=color, alpha=0.25)
        axes.hist(
            values, edges, density=True, histtype="step", color=color, ls=style, lw=2, label=name
        )
    axes.set(xlabel=xlabel, ylabel="density")
    # The step outlines carry the labels; their handles show color and line style.
    axes.legend()
    return figure


@_styled
def picture_rows(rows, vmax=1.0):
    """Draw labeled rows of gray pictures, one above the other.

    Args:
        rows: Maps a label to pictures of shape `(n, height, width)`; the rows have the
            same number of pictures.
        vmax: The value drawn in full ink; 0 is drawn as paper.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    rows = {label: np.asarray(pictures) for label, pictures in rows.items()}
    n_cols = {len(pictures) for pictures in rows.values()}
    if len(n_cols) != 1:
        shapes = {label: pictures.shape for label, pictures in rows.items()}
        raise ValueError(f"All rows need the same number of pictures. Received: {shapes}")
    [n_cols] = n_cols
    heights = [pictures.shape[1] / pictures.shape[2] for pictures in rows.values()]
    figure, axes = _picture_axes(heights, n_cols, label_height=0.25)
    for (label, pictures), row in zip(rows.items(), axes, strict=True):
        for picture, ax in zip(pictures, row, strict=True):
            _draw_picture(ax, picture, vmax)
        row[0].set_title(label, loc="left", fontsize=10, pad=3)
    return figure


@_styled
def picture_grid(pictures, n_cols=10):
    """Draw gray pictures with values in [0, 1] in a grid.

    Args:
        pictures: Array of shape `(n, height, width)`.
        n_cols: Pictures in a row.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    pictures = np.asarray(pictures)
    n_rows = -(-len(pictures) // n_cols)
    figure, axes = _picture_axes([pictures.shape[1] / pictures.shape[2]] * n_rows, n_cols)
    for ax in axes.flat[len(pictures) :]:
        ax.set_axis_off()
    for picture, ax in zip(pictures, axes.flat, strict=False):
        _draw_picture(ax, picture, 1.0)
    return figure


@_styled
def codes(z, labels, label_names, xlabel="$z_1$", ylabel="$z_2$", limit=None):
    """Scatter two-dimensional codes, each drawn as the name of its class.

    Args:
        z: Array of shape `(n, 2)`.
        labels: Integers of shape `(n,)`.
        label_names: Name of each label; its first letter is the marker.
        xlabel: Label of the horizontal axis.
        ylabel: Label of the vertical axis.
        limit: Show the square from `-limit` to `limit`, or everything if `None`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    figure, [[axes]] = _subplots(height=4.6)
    z, labels = np.asarray(z), np.asarray(labels)
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
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if limit is not None:
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    return figure


@_styled
def posteriors(panels, limit=None):
    """Draw approximate posteriors q(z|x) as ellipses, in panels side by side.

    Args:
        panels: Maps a title to a pair `(mean, log_var)` of arrays of shape `(n, 2)`. An
            ellipse is one standard deviation around its mean.
        limit: Show the square from `-limit` to `limit`, or everything if `None`. The
            dashed circle holds two standard deviations of the prior N(0, I).

    Returns:
        A `matplotlib.figure.Figure`.
    """
    figure, [row] = _subplots(height=WIDTH / len(panels) + 0.35, cols=len(panels))
    for (title, (mean, log_var)), axes in zip(panels.items(), row, strict=True):
        widths = 2 * np.exp(0.5 * np.asarray(log_var))
        for center, (width, height) in zip(np.asarray(mean), widths, strict=True):
            axes.add_patch(
                mpl.patches.Ellipse(center, width, height, fc=COLORS[0], ec="none", alpha=0.25)
            )
        axes.plot(*np.asarray(mean).T, ".", ms=2, color=COLORS[1])
        axes.add_patch(mpl.patches.Circle((0, 0), 2, fill=False, ec=INK, ls="--", lw=1))
        axes.set(xlabel="$z_1$", ylabel="$z_2$")
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_title(title, loc="left", fontsize=10)
        if limit is not None:
            axes.set(xlim=(-limit, limit), ylim=(-limit, limit))
        else:
            axes.autoscale_view()
    return figure


@_styled
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
    """
    figure, [row] = _subplots(height=WIDTH / len(panels) + 0.35, cols=len(panels))
    for (title, (density, mean, log_var)), axes in zip(panels.items(), row, strict=True):
        density, half = np.asarray(density), np.exp(0.5 * np.asarray(log_var))
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


@_styled
def manifold(decode, n=12):
    """Decode a grid of two-dimensional codes, spaced evenly in the prior's probability.

    Args:
        decode: Function from codes of shape `(n * n, 2)` to pictures of shape
            `(n * n, height, width)`, values in [0, 1].
        n: Pictures a side. The grid runs over the quantiles `(i + 1/2) / n` of N(0, 1).

    Returns:
        A `matplotlib.figure.Figure`.
    """
    quantiles = [statistics.NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)]
    z1, z2 = np.meshgrid(quantiles, quantiles[::-1])  # z_2 grows upward, as in a scatter plot
    pictures = decode(np.column_stack([z1.ravel(), z2.ravel()]))
    margin = max(1, pictures.shape[1] // 14)
    pictures = np.pad(pictures, ((0, 0), (margin, margin), (margin, margin)))
    height, width = pictures.shape[1:]
    sheet = pictures.reshape(n, n, height, width).swapaxes(1, 2).reshape(n * height, n * width)
    figure, [[axes]] = _subplots(height=WIDTH)
    _draw_picture(axes, sheet, 1.0)
    ticks = [0, n // 2 - 0.5 * (1 - n % 2), n - 1] if n > 2 else range(n)
    names = [f"{statistics.NormalDist().inv_cdf((i + 0.5) / n):.1f}" for i in ticks]
    axes.set_xticks([(i + 0.5) * width - 0.5 for i in ticks], names)
    axes.set_yticks([(n - i - 0.5) * height - 0.5 for i in ticks], names)
    axes.set(xlabel="$z_1$", ylabel="$z_2$")
    return figure


@_styled
def boxes_and_arrows(steps):
    """Draw a chain of labeled boxes, joined by arrows.

    Args:
        steps: Pairs `(text, height)`: what a box says, and how tall it is, from 0 to 1. A
            short box is a narrow layer.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    figure, [[axes]] = _subplots(height=1.7)
    n = len(steps)
    for i, (text, height) in enumerate(steps):
        axes.add_patch(
            mpl.patches.FancyBboxPatch(
                (i - 0.3, -height / 2),
                0.6,
                height,
                boxstyle="round,pad=0.02",
                fc=(*mpl.colors.to_rgb(COLORS[i % 2]), 0.15),
                ec=COLORS[i % 2],
            )
        )
        axes.text(i, 0, text, ha="center", va="center", fontsize=9)
        if i < n - 1:
            axes.annotate(
                "",
                (i + 0.67, 0),
                (i + 0.33, 0),
                arrowprops={"arrowstyle": "->", "color": INK},
            )
    axes.set(xlim=(-0.4, n - 0.6), ylim=(-0.6, 0.6))
    axes.set_axis_off()
    return figure


def _picture_axes(heights, n_cols, label_height=0.0, gap=0.06):
    """Return a figure and axes for rows of pictures, all as wide as the figure allows.

    Args:
        heights: Height of the pictures of each row, in units of their width.
        n_cols: Pictures in a row.
        label_height: Inches above each row for its label.
        gap: Inches between pictures.
    """
    cell = (WIDTH - (n_cols - 1) * gap) / n_cols
    total = sum(label_height + height * cell + gap for height in heights)
    figure = Figure(figsize=(WIDTH, total))
    axes, top = [], total
    for height in heights:
        bottom = top - label_height - height * cell
        boxes = ((i * (cell + gap), bottom, cell, height * cell) for i in range(n_cols))
        axes.append(
            [figure.add_axes((x / WIDTH, y / total, w / WIDTH, h / total)) for x, y, w, h in boxes]
        )
        top = bottom - gap
    return figure, np.array(axes)


def _draw_picture(axes, picture, vmax):
    image = axes.imshow(picture, cmap=PIXELS, vmin=0, vmax=vmax, interpolation="nearest")
    image.set_gid(PIXELS_ID)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=0.5, alpha=0.4)
