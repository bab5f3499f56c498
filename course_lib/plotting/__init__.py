"""Every picture of the course, each a function that returns a Matplotlib figure.

Figures are drawn with `INK` on `PAPER`; the book's build replaces the two colors so that
one picture reads well on a light and on a dark page. The other colors have a contrast of
at least 3 on both, and stay apart for color-blind readers; where color carries
meaning, a marker, a line style, a hatch or a label carries it too.
"""

from course_lib.plotting.charts import bars, curves, dots, histograms, labeled_curves
from course_lib.plotting.detection import precision_recall, roc
from course_lib.plotting.diagrams import boxes_and_arrows, graphical_model
from course_lib.plotting.groups import grouped_bars, stacked_bars
from course_lib.plotting.latent import codes, manifold, posterior_map, posteriors
from course_lib.plotting.matrices import heat_map
from course_lib.plotting.melodies import note_name, piano_roll
from course_lib.plotting.pictures import picture_grid, picture_rows
from course_lib.plotting.planes import contours, subspaces, vector_fields
from course_lib.plotting.style import (
    _STYLE,  # noqa: F401  the tests of the book's tools save figures with it
    COLORS,
    INK,
    LINE_STYLES,
    PAPER,
    PIXELS,
    PIXELS_ID,
    SIGNED,
    WIDTH,
    use_notebook_style,
)

__all__ = [
    "COLORS",
    "INK",
    "LINE_STYLES",
    "PAPER",
    "PIXELS",
    "PIXELS_ID",
    "SIGNED",
    "WIDTH",
    "bars",
    "boxes_and_arrows",
    "codes",
    "contours",
    "curves",
    "dots",
    "graphical_model",
    "grouped_bars",
    "heat_map",
    "histograms",
    "labeled_curves",
    "manifold",
    "note_name",
    "piano_roll",
    "picture_grid",
    "picture_rows",
    "posterior_map",
    "posteriors",
    "precision_recall",
    "roc",
    "stacked_bars",
    "subspaces",
    "use_notebook_style",
    "vector_fields",
]
