"""Pictures in rows and grids: gray, signed or in color."""

import numpy as np
from matplotlib.figure import Figure

from course_lib.plotting._tools import (
    check_array,
    check_count,
    check_mapping,
    check_positive,
    signed_key,
    styled,
)
from course_lib.plotting.style import PIXELS, PIXELS_ID, SIGNED, WIDTH

#: Inches at the bottom of a figure for the key to signed values.
_KEY_HEIGHT = 0.3

GRAY, COLOR = ("n", "height", "width"), ("n", "height", "width", 3)


@styled
def picture_rows(rows, vmax=1.0, signed=False):
    """Draw labeled rows of pictures, one above the other.

    Args:
        rows: Maps a label to gray pictures of shape `(n, height, width)` or color pictures
            of shape `(n, height, width, 3)`; the rows have the same number of pictures.
            Values of color pictures are cut off at 0 and 1.
        vmax: The gray value drawn in full ink; 0 is drawn as paper. `None` is the largest
            magnitude of all pictures.
        signed: Whether values run from `-vmax` to `vmax`, drawn in orange and blue.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no picture, a shape does not fit, a value is not finite,
            `vmax` is not above 0, or color pictures are to be drawn as signed.

    Example:
        >>> figure = picture_rows({"in": np.zeros((3, 8, 8)), "out": np.zeros((3, 8, 8))})
        >>> len(figure.axes)
        6
    """
    rows = {
        label: check_array(label, pictures, GRAY, COLOR)
        for label, pictures in check_mapping("rows", rows).items()
    }
    if len({len(pictures) for pictures in rows.values()}) != 1:
        shapes = {label: pictures.shape for label, pictures in rows.items()}
        raise ValueError(f"All rows need the same number of pictures. Received: {shapes}")
    vmax = _full(vmax, signed, *rows.values())
    heights = [pictures.shape[1] / pictures.shape[2] for pictures in rows.values()]
    n_cols = len(next(iter(rows.values())))
    figure, axes = _picture_axes(heights, n_cols, label_height=0.25, key=signed)
    for (label, pictures), row in zip(rows.items(), axes, strict=True):
        for picture, ax in zip(pictures, row, strict=True):
            draw_picture(ax, picture, vmax, signed)
        row[0].set_title(label, loc="left", fontsize=10, pad=3)
    if signed:
        signed_key(figure, -vmax, vmax)
    return figure


@styled
def picture_grid(pictures, n_cols=10, vmax=1.0, signed=False):
    """Draw pictures in a grid.

    Args:
        pictures: Array of shape `(n, height, width)`, gray, or `(n, height, width, 3)`, in
            color.
        n_cols: Pictures in a row.
        vmax: As for `picture_rows`.
        signed: As for `picture_rows`: for the weights of units, which look for light in
            one place and for darkness in another.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no picture, the shape does not fit, a value is not finite,
            `n_cols` or `vmax` is not above 0, or color pictures are to be drawn as signed.

    Example:
        >>> figure = picture_grid(np.zeros((7, 8, 8)), n_cols=4)
        >>> len(figure.axes)  # the last place of the second row stays empty
        8
    """
    pictures = check_array("pictures", pictures, GRAY, COLOR)
    check_count("n_cols", n_cols)
    vmax = _full(vmax, signed, pictures)
    n_rows = -(-len(pictures) // n_cols)
    figure, axes = _picture_axes(
        [pictures.shape[1] / pictures.shape[2]] * n_rows, n_cols, key=signed
    )
    for ax in axes.flat[len(pictures) :]:
        ax.set_axis_off()
    for picture, ax in zip(pictures, axes.flat, strict=False):
        draw_picture(ax, picture, vmax, signed)
    if signed:
        signed_key(figure, -vmax, vmax)
    return figure


def draw_picture(axes, picture, vmax=1.0, signed=False):
    """Draw a gray or color picture into axes, as wide and high as they are.

    Args:
        axes: Matplotlib axes to draw into.
        picture: Array of shape `(height, width)`, or `(height, width, 3)` in [0, 1].
        vmax: The value that is drawn in full ink.
        signed: Whether gray values may be negative; they are drawn in a second color.

    Example:
        >>> axes = Figure().subplots()
        >>> draw_picture(axes, np.zeros((2, 3)))
        >>> axes.images[0].get_array().shape
        (2, 3)
    """
    if picture.ndim == 3:
        image = axes.imshow(np.clip(picture, 0, 1), interpolation="nearest")
    elif signed:
        image = axes.imshow(picture, cmap=SIGNED, vmin=-vmax, vmax=vmax, interpolation="nearest")
    else:
        image = axes.imshow(picture, cmap=PIXELS, vmin=0, vmax=vmax, interpolation="nearest")
        image.set_gid(PIXELS_ID)  # of the three, only ink has to be inverted on a dark page
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=0.5, alpha=0.4)


def _full(vmax, signed, *arrays):
    """Return the magnitude to draw in full."""
    if signed and any(array.ndim == 4 for array in arrays):
        shapes = [array.shape for array in arrays]
        raise ValueError(f"Signed pictures have no color channels. Received: shapes {shapes}")
    if vmax is not None:
        return check_positive("vmax", vmax)
    return max(float(np.abs(array).max()) for array in arrays) or 1.0


def _picture_axes(heights, n_cols, label_height=0.0, gap=0.06, key=False):
    """Return a figure and axes for rows of pictures, all as wide as the figure allows.

    Args:
        heights: Height of the pictures of each row, in units of their width.
        n_cols: Pictures in a row.
        label_height: Inches above each row for its label.
        gap: Inches between pictures.
        key: Whether to leave room for a key at the bottom.
    """
    cell = (WIDTH - (n_cols - 1) * gap) / n_cols
    total = sum(label_height + height * cell + gap for height in heights) + key * _KEY_HEIGHT
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
