"""What the plotting modules share: how a figure begins, and how its input is checked."""

import functools
import itertools

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from course_lib.plotting.style import _STYLE, COLORS, INK, LINE_STYLES, SIGNED, WIDTH


def styled(function):
    """Run a plotting function in the course's style, whatever the caller's settings are."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with mpl.rc_context(_STYLE):
            return function(*args, **kwargs)

    return wrapper


def subplots(height, rows=1, cols=1, **kwargs):
    """Return a figure and an array of axes; pyplot does not know of it, so it shows once."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, cols, squeeze=False, **kwargs)


def with_styles(series):
    """Yield `(name, values, color, line style)` for each series."""
    yield from zip(
        series.keys(),
        series.values(),
        itertools.cycle(COLORS),
        itertools.cycle(LINE_STYLES),
        strict=False,
    )


def vertical_line(axes, line):
    """Draw a dashed line at `(name, number)`, with its name on top."""
    if line is None:
        return
    try:
        name, number = line
    except (TypeError, ValueError):
        raise ValueError(
            f"A line is a pair (name, number), or None. Received: line={line!r}"
        ) from None
    number = check_number("The line's place", number)
    axes.axvline(number, color=INK, linestyle="--", lw=1.5)  # ink: it belongs to no series
    axes.annotate(name, (number, 1.0), xycoords=("data", "axes fraction"), va="bottom", ha="center")


def show_square(axes, limit):
    """Show the square from `-limit` to `limit`, or everything if `None`, to one scale."""
    if limit is None:
        axes.set_aspect("equal", adjustable="datalim")
        axes.autoscale_view()
    else:
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")


def legend_below(figure, handles, labels):
    """Put a legend under the axes, with as many columns as fit."""
    # A character is about 6 points wide, a handle with its gaps 40.
    column = 40 + 6 * max(map(len, labels))
    n_cols = max(1, min(len(labels), int(72 * WIDTH / column)))
    figure.legend(handles, labels, loc="outside lower center", ncols=n_cols)


def number_text(number):
    """Write a number with three digits and a true minus sign, as the axes do."""
    return f"{number:.3g}".replace("-", "\N{MINUS SIGN}")


def signed_key(figure, vmin, vmax):
    """Draw what the colors of `SIGNED` stand for, in the lowest 0.3 inches of the figure."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0.5 - 0.8 / width, 0.1 / height, 1.6 / width, 0.13 / height))
    reach = max(-vmin, vmax)
    axes.imshow(np.linspace(vmin, vmax, 201)[None], cmap=SIGNED, vmin=-reach, vmax=reach)
    axes.set(aspect="auto", xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=0.5)
    for x, align, value in ((-0.03, "right", vmin), (1.03, "left", vmax)):
        axes.text(
            x, 0.5, number_text(value), transform=axes.transAxes, ha=align, va="center_baseline"
        )


def check_array(name, values, *shapes, gaps=False):
    """Return the values as floats; refuse what is empty, not finite, or of another shape.

    Args:
        name: What the error calls the values.
        values: Anything that NumPy can turn into an array.
        *shapes: The shapes that are accepted. A letter, as in `("n", 2)`, is any size.
        gaps: Whether NaN is accepted.
    """
    try:
        array = np.asarray(values, dtype="float64")
    except (TypeError, ValueError):
        array = None
    fits = array is not None and array.size > 0 and any(_fits(array, shape) for shape in shapes)
    if not fits or not np.all(np.isfinite(array) | (gaps & np.isnan(array))):
        wanted = " or ".join(_shape_text(shape) for shape in shapes)
        raise ValueError(
            f"{name} must be finite numbers of shape {wanted}, at least one. "
            f"Received: {name}={_summary(values, array)}"
        )
    return array


def check_mapping(name, values):
    """Return a `dict`; refuse what is none, or is empty."""
    try:
        values = dict(values)
    except (TypeError, ValueError):
        values = None
    if not values:
        raise ValueError(f"{name} must map at least one name to values. Received: {name}={values}")
    return values


def check_same_keys(name, values, names):
    """Refuse a mapping whose names differ from those that it belongs to."""
    if set(values) != set(names):
        raise ValueError(
            f"{name} must have the names {list(names)}. Received: {name} of {list(values)}"
        )


def check_same_length(*named):
    """Refuse pairs `(name, array)` whose arrays differ in length."""
    if len({len(array) for _, array in named}) > 1:
        names = " and ".join(name for name, _ in named)
        lengths = ", ".join(f"{name} of length {len(array)}" for name, array in named)
        raise ValueError(f"{names} must have the same length. Received: {lengths}")


def check_number(name, value):
    """Return a number; refuse what is not finite."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ValueError(f"{name} must be a finite number. Received: {name}={value!r}")
    return number


def check_positive(name, value):
    """Return a number; refuse what is not finite and above zero."""
    number = check_number(name, value)
    if number <= 0:
        raise ValueError(f"{name} must be above 0. Received: {name}={value}")
    return number


def check_count(name, value):
    """Return an integer; refuse what is not a whole number above zero."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1. Received: {name}={value!r}")
    return int(value)


def check_log(name, values, is_log):
    """Refuse values that a logarithmic axis cannot show."""
    if is_log and np.min(values) <= 0:
        raise ValueError(
            f"A logarithmic axis needs {name} above 0. Received: {name} from {np.min(values)}"
        )


def check_limit(limit):
    """Return half the side of the square to show, or `None` for everything."""
    return None if limit is None else check_positive("limit", limit)


def _fits(array, shape):
    return array.ndim == len(shape) and all(
        isinstance(wanted, str) or wanted == size
        for wanted, size in zip(shape, array.shape, strict=True)
    )


def _shape_text(shape):
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _summary(values, array):
    if array is None or array.ndim == 0:
        return repr(values)[:80]
    finite = array[np.isfinite(array)]
    return f"an array of shape {array.shape}, {array.size - finite.size} values not finite"
