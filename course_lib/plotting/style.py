"""Colors, line styles and sizes that all pictures share."""

import matplotlib as mpl

#: Text, axes and frames. Not quite black, so that the build can tell it from data.
INK = "#1f1f21"
#: What figures are drawn on.
PAPER = "#fffffe"
#: Series colors, in order of use: the first two from Okabe and Ito, the others as far as
#: possible from these and from each other in three kinds of color vision.
COLORS = ("#0072b2", "#d55e00", "#639988", "#7f5f39", "#396e7f", "#005be5")
LINE_STYLES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P")
#: Bars of the first series are solid.
HATCHES = (None, "////", "xxxx", "----", "\\\\\\\\", "++++")

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

#: For signed values: blue above zero and orange below, as opaque as the value is large. Zero
#: is the page itself, light or dark, and the same two colors stand out from both.
SIGNED = mpl.colors.LinearSegmentedColormap.from_list(
    "signed",
    [
        (0.0, mpl.colors.to_rgba(COLORS[1], 1)),
        (0.5, mpl.colors.to_rgba(COLORS[1], 0)),
        (0.5, mpl.colors.to_rgba(COLORS[0], 0)),
        (1.0, mpl.colors.to_rgba(COLORS[0], 1)),
    ],
    N=257,  # odd: zero has an entry of its own
)


def use_notebook_style():
    """Make a notebook show figures as SVG, in the course's style. Call it once, at the top.

    Example:
        >>> with mpl.rc_context():  # for this example only: put the settings back
        ...     use_notebook_style()
        ...     mpl.rcParams["svg.fonttype"]
        'none'
    """
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg", metadata={"Date": None})
    mpl.rcParams.update(_STYLE)
