import functools
import inspect
import io
import itertools
import re
import statistics

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from course_lib import plotting

RNG = np.random.default_rng(0)
PICTURES = RNG.random((7, 4, 5))
SCORES = {"a": RNG.random((3, 50)), "b": RNG.random(70)}

# A Gaussian on a grid of z, z_2 along the first axis.
MEAN, LOG_VAR = np.array([1.0, -0.5]), 2 * np.log([0.4, 0.2])
GRID = np.linspace(-4, 4, 81)
GAUSSIAN = np.exp(
    -0.5 * ((GRID[None, :] - MEAN[0]) / 0.4) ** 2 - 0.5 * ((GRID[:, None] - MEAN[1]) / 0.2) ** 2
)


ACCURACY = {
    "few labels": {"pixels": 0.5, "codes": 0.75},
    "all labels": {"codes": 1.0, "pixels": 0.875},  # in another order
}
SPREAD = {group: {"pixels": 0.05, "codes": 0.1} for group in ACCURACY}
#: By hand: of two anomalies and three normal examples, with their thresholds.
ROC = ([0, 0, 1 / 3, 1], [0, 0.5, 1, 1], [np.inf, 0.9, 0.6, 0.1])
BAD_ROC = ([0, 2 / 3, 1], [0, 0.5, 1], [np.inf, 0.5, 0.1])
PR = ([0.4, 2 / 3, 1, 1], [1, 1, 0.5, 0], [0.1, 0.6, 0.9, np.inf])
BAD_PR = ([0.4, 1 / 3, 1], [1, 0.5, 0], [0.1, 0.2, np.inf])
MATRIX = np.array([[4.0, np.nan, 0.0], [-1.0, 2.5, np.nan]])
POINTS = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
UP = np.array([0.0, 1.0])


def striped(z):
    """A decoder for `manifold`: pictures of 4 x 6, all of whose pixels say where they are."""
    shade = np.vectorize(statistics.NormalDist().cdf)(z[:, 0])
    return np.broadcast_to(shade[:, None, None], (len(z), 4, 6))


#: One call of every function, with all its arguments.
CALLS = {
    "curves": lambda: plotting.curves(
        {"training": [3, 2, 1.5], "test": (np.array([3, 2.5, 2]), np.array([0.1, 0.2, 0.3]))},
        xlabel="epoch",
        ylabel="loss in nats",
        x=[1, 10, 100],
        log_x=True,
    ),
    "bars": lambda: plotting.bars(
        {"good": 0.5, "bad": 0.25}, "probability", {"good": 0.1, "bad": 0.05}, ("chance", 0.3)
    ),
    "histograms": lambda: plotting.histograms(SCORES, "score in nats", bins=12),
    "picture_rows": lambda: plotting.picture_rows({"in": PICTURES, "out": 2 * PICTURES}, vmax=2.0),
    "picture_grid": lambda: plotting.picture_grid(PICTURES, n_cols=3),
    "codes": lambda: plotting.codes(
        [[0, 1], [2, 3], [-1, 1]], [0, 1, 1], ["zero", "one"], "$a$", "$b$", limit=4
    ),
    "posteriors": lambda: plotting.posteriors(
        {"a": (np.zeros((2, 2)), np.zeros((2, 2))), "b": (np.ones((2, 2)), np.zeros((2, 2)))}, 3
    ),
    "posterior_map": lambda: plotting.posterior_map(
        {"a": (GAUSSIAN, MEAN, LOG_VAR), "b": (2 * GAUSSIAN, MEAN, LOG_VAR)}, limit=4
    ),
    "manifold": lambda: plotting.manifold(striped, n=5),
    "boxes_and_arrows": lambda: plotting.boxes_and_arrows([("x", 1.0), ("z", 0.3), ("y", 1.0)]),
    "labeled_curves": lambda: plotting.labeled_curves(
        {"wide": ([1, 2, 5], [9, 6, 5], ["4", "2", "1"]), "deep": ([1, 3], [8, 4], ["4", "1"])},
        "rate in nats",
        "distortion in nats",
    ),
    "dots": lambda: plotting.dots(
        {"score function": [90.0, 110.0, 400.0], "pathwise": [1.0, 2.0]},
        "variance",
        log_x=True,
        baseline=("exact", 10.0),
    ),
    "grouped_bars": lambda: plotting.grouped_bars(
        ACCURACY, "accuracy", errors=SPREAD, baseline=("chance", 0.1)
    ),
    "stacked_bars": lambda: plotting.stacked_bars(
        {"step a": {"elbo": -9.0, "gap": 4.0}, "step b": {"gap": 1.0, "elbo": -6.0}},
        "nats",
        "log p",
    ),
    "roc": lambda: plotting.roc({"autoencoder": ROC, "mean": BAD_ROC}, {"autoencoder": 0.5}),
    "precision_recall": lambda: plotting.precision_recall(
        {"autoencoder": PR, "mean": BAD_PR}, 0.4, {"autoencoder": 0.5, "mean": 0.15}
    ),
    "heat_map": lambda: plotting.heat_map(
        MATRIX, ["a", "b"], ["x", "y", "z"], "column", "row", vmax=5
    ),
    "vector_fields": lambda: plotting.vector_fields(
        {"one": (POINTS, 0.5 * POINTS), "two": (POINTS, POINTS + UP)}, data=POINTS, limit=3
    ),
    "subspaces": lambda: plotting.subspaces(
        POINTS, {"principal axes": np.eye(2), "autoencoder": [2.0, 2.0]}
    ),
    "contours": lambda: plotting.contours(
        {"true posterior": GAUSSIAN, "approximation": GAUSSIAN.T}, GRID, GRID
    ),
    "piano_roll": lambda: plotting.piano_roll(
        {"theme": [60, 60, 62, 0, 0, 64, 64, 64], "answer": [72, 71, 71, 72]}
    ),
    "graphical_model": lambda: plotting.graphical_model(
        {"y": (0, 1), "z": (1, 1), "x": (0.5, 0)},
        [("y", "x"), ("z", "x")],
        inferred=[("x", "z")],
        observed=["x", "y"],
        plates={"pictures": ["x", "y", "z"]},
    ),
}


def svg_of(figure):
    """Save as a notebook does that has called `use_notebook_style`."""
    file = io.BytesIO()
    with mpl.rc_context(plotting._STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue().decode()


@functools.cache
def svg(name):
    return svg_of(CALLS[name]())


def pixels_of(figure, axes):
    """Return what is drawn within axes, from the top left, as RGB; at most a pixel off."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())[..., :3] / 255
    box = axes.get_window_extent()
    top, bottom = len(image) - box.y1, len(image) - box.y0
    return image[int(np.ceil(top)) : int(bottom), int(np.ceil(box.x0)) : int(box.x1)]


def texts(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


def test_every_function_is_called_here():
    public = {name for name in plotting.__all__ if inspect.isfunction(getattr(plotting, name))}
    assert public - {"use_notebook_style", "note_name"} == set(CALLS)


def test_all_names_what_the_package_imports():
    public = {
        name
        for name, value in vars(plotting).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public == set(plotting.__all__)


@pytest.mark.parametrize("name", CALLS)
class TestEveryPicture:
    def test_is_a_figure_that_pyplot_does_not_show_again(self, name):
        before = plt.get_fignums()
        assert isinstance(CALLS[name](), Figure)
        assert plt.get_fignums() == before

    def test_has_text_that_stays_text(self, name):
        words = [text for text in texts(CALLS[name]()) if re.fullmatch(r"[a-z ]+", text)]
        for word in words:
            assert re.search(rf"<text [^>]*>{word}</text>", svg(name)), word
        assert words or name in ("picture_grid", "manifold", "codes")

    def test_is_the_same_file_each_time(self, name):
        assert svg_of(CALLS[name]()) == svg(name)

    def test_has_ink_and_paper_that_the_build_can_replace(self, name):
        assert plotting.PAPER in svg(name)
        assert plotting.INK in svg(name)
        # Matplotlib's own black and white would vanish on one of the two grounds.
        assert not re.search(r"#000000|#ffffff|\b(black|white)\b", svg(name))

    def test_ignores_the_callers_style_and_leaves_it_alone(self, name):
        with mpl.rc_context({"figure.facecolor": "red", "text.color": "red", "font.size": 30}):
            before = dict(mpl.rcParams)
            figure = CALLS[name]()
            assert dict(mpl.rcParams) == before
        assert mpl.colors.to_hex(figure.get_facecolor()) == plotting.PAPER
        assert "#ff0000" not in svg_of(figure)

    def test_is_as_wide_as_a_page(self, name):
        assert CALLS[name]().get_figwidth() == plotting.WIDTH

    def test_has_no_color_but_those_that_are_tested(self, name):
        used = set(re.findall(r"#[0-9a-f]{6}\b", svg(name)))
        assert used <= {plotting.INK, plotting.PAPER, *plotting.COLORS}

    def test_text_stays_within_the_figure(self, name):
        figure, shown = with_texts(name)
        for text, box in shown:
            # A pixel, of 520, for the rounding of letters' outlines.
            assert box.x0 >= -1, text
            assert box.x1 <= figure.bbox.x1 + 1, text
            assert box.y0 >= -1, text
            assert box.y1 <= figure.bbox.y1 + 1, text

    def test_texts_do_not_overlap(self, name):
        for (a, box), (b, other) in itertools.combinations(with_texts(name)[1], 2):
            assert not box.overlaps(other), (a, b)

    def test_text_is_legible_on_a_phone(self, name):
        # 360 pixels for 5.2 inches are 0.96 pixels a point.
        for text in with_texts(name)[0].findobj(mpl.text.Text):
            assert not text.get_text() or text.get_fontsize() >= 9


@functools.cache
def with_texts(name):
    figure = CALLS[name]()
    return figure, shown_texts(figure)


def shown_texts(figure):
    """Return each text that a reader sees, with its box in pixels."""
    FigureCanvasAgg(figure).draw()
    shown = [text for text in figure.texts if text.get_text()]
    for legend in figure.legends:
        shown += legend.texts
    for axes in figure.axes:
        shown += axes.texts
        shown += [] if axes.get_legend() is None else axes.get_legend().texts
        shown += [text for text in axes.get_children() if isinstance(text, mpl.text.Text)]
        for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
            low, high = sorted(axis.get_view_interval())
            inside = [low - 1e-9 <= place <= high + 1e-9 for place in axis.get_ticklocs()]
            shown += itertools.compress(axis.get_ticklabels(), inside)
            shown.append(axis.label)
    boxes = {
        id(text): (text.get_text(), mpl.text.Text.get_window_extent(text))
        for text in shown
        if text.get_visible() and text.get_text()
    }
    return list(boxes.values())


def test_notebook_style(monkeypatch):
    from matplotlib_inline import backend_inline

    calls = []
    monkeypatch.setattr(
        backend_inline,
        "set_matplotlib_formats",
        lambda *args, **kwargs: calls.append((args, kwargs)),
    )
    with mpl.rc_context():
        plotting.use_notebook_style()
        assert mpl.rcParams["svg.fonttype"] == "none"
        assert mpl.rcParams["svg.hashsalt"] == "course"
        assert mpl.rcParams["figure.facecolor"] == plotting.PAPER
    # Without `Date: None` no two builds of a page would be the same.
    assert calls == [(("svg",), {"metadata": {"Date": None}})]


# --- Colors -----------------------------------------------------------------------------------


#: White, the ground that the figures were designed for, and the theme's own dark ground.
GROUNDS = ["#ffffff", "#121212", "#14181e"]


def linear_rgb(color):
    rgb = np.array(mpl.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    """WCAG 2's contrast ratio, from 1 to 21."""
    darker, lighter = sorted(linear_rgb(color) @ [0.2126, 0.7152, 0.0722] for color in (a, b))
    return (lighter + 0.05) / (darker + 0.05)


def lab(rgb):
    """CIELAB coordinates of linear RGB, white D65: distances are roughly perceptual."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    x, y, z = to_xyz @ rgb / to_xyz.sum(axis=1)
    fx, fy, fz = (np.cbrt(t) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


#: Linear RGB as it appears to people without one of the three kinds of cones; Machado,
#: Oliveira and Fernandes (2009), severity 1.
VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def test_contrast_is_wcags():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # as WebAIM has it


@pytest.mark.parametrize("color", plotting.COLORS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_series_stand_out_from_both_grounds(color, ground):
    assert contrast(color, ground) >= 3  # WCAG 1.4.11, graphical objects


@pytest.mark.parametrize("vision", VISION)
def test_series_stay_apart_for_color_blind_readers(vision):
    seen = {
        color: lab(np.clip(VISION[vision] @ linear_rgb(color), 0, 1)) for color in plotting.COLORS
    }
    # 2.3 is just noticeable side by side; lines a centimeter apart need several times that.
    for a, b in itertools.combinations(seen, 2):
        assert np.linalg.norm(seen[a] - seen[b]) >= 12, f"{a} and {b}"


def over(color, ground):
    """The opaque color that a reader sees where `color` covers `ground`."""
    *rgb, opacity = mpl.colors.to_rgba(color)
    return opacity * np.array(rgb) + (1 - opacity) * np.array(mpl.colors.to_rgb(ground))


class TestSignedColors:
    @pytest.mark.parametrize("ground", GROUNDS)
    def test_zero_is_the_page(self, ground):
        norm = mpl.colors.Normalize(-3, 3)
        np.testing.assert_array_equal(
            over(plotting.SIGNED(norm(0.0)), ground), mpl.colors.to_rgb(ground)
        )

    @pytest.mark.parametrize("ground", GROUNDS)
    def test_the_larger_the_value_the_stronger(self, ground):
        for values in (np.linspace(0, 1, 9), np.linspace(0, -1, 9)):
            seen = [over(plotting.SIGNED((value + 1) / 2), ground) for value in values]
            contrasts = [contrast(color, ground) for color in seen]
            assert np.all(np.diff(contrasts) > 0)
            assert contrasts[-1] >= 3

    def test_full_values_are_series_colors(self):
        assert mpl.colors.to_hex(plotting.SIGNED(1.0)) == plotting.COLORS[0]
        assert mpl.colors.to_hex(plotting.SIGNED(0.0)) == plotting.COLORS[1]

    @pytest.mark.parametrize("vision", VISION)
    @pytest.mark.parametrize("ground", GROUNDS)
    def test_signs_stay_apart_for_color_blind_readers(self, vision, ground):
        for value in (0.25, 0.5, 1.0):
            plus, minus = (
                lab(np.clip(VISION[vision] @ linear_rgb(over(color, ground)), 0, 1))
                for color in (plotting.SIGNED((1 + value) / 2), plotting.SIGNED((1 - value) / 2))
            )
            assert np.linalg.norm(plus - minus) >= 12

    # The text colors of the book's theme on its light and its dark page.
    @pytest.mark.parametrize(("ground", "text"), [("#ffffff", "#323232"), ("#121212", "#ced6dd")])
    def test_numbers_on_cells_are_legible(self, ground, text):
        opacity = plotting.heat_map(MATRIX, number_format=".1f").axes[0].images[0].get_alpha()
        for value in np.linspace(0, 1, 33):
            *rgb, strength = plotting.SIGNED(value)
            cell = over((*rgb, strength * opacity), ground)
            assert contrast(text, cell) >= 4.5  # WCAG 1.4.3, text


def test_ink_and_paper_are_no_series_color():
    assert contrast(plotting.INK, plotting.PAPER) >= 7
    assert len({plotting.INK, plotting.PAPER, *plotting.COLORS}) == len(plotting.COLORS) + 2


# --- Each function ----------------------------------------------------------------------------


class TestCurves:
    def test_points_count_from_one(self):
        (axes,) = plotting.curves({"a": [5, 4, 3]}, "epoch", "nats").axes
        assert axes.lines[0].get_xydata().tolist() == [[1, 5], [2, 4], [3, 3]]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "nats")
        assert axes.get_xscale() == "linear"
        assert axes.get_legend() is None

    def test_positions_and_logarithm(self):
        (axes,) = CALLS["curves"]().axes
        assert axes.lines[0].get_xdata().tolist() == [1, 10, 100]
        assert axes.get_xscale() == "log"
        assert [text.get_text() for text in axes.get_legend().texts] == ["training", "test"]

    def test_band_is_one_spread_each_way(self):
        (axes,) = CALLS["curves"]().axes
        (band,) = axes.collections
        corners = set(map(tuple, band.get_paths()[0].vertices.round(6).tolist()))
        assert {(1, 2.9), (1, 3.1), (10, 2.3), (10, 2.7), (100, 1.7), (100, 2.3)} <= corners

    def test_series_differ_in_color_and_style(self):
        (axes,) = plotting.curves({name: [1, 2] for name in "abcd"}, "x", "y").axes
        assert len({line.get_color() for line in axes.lines}) == 4
        assert len({line.get_linestyle() for line in axes.lines}) == 4

    def test_logarithm_of_values(self):
        (axes,) = plotting.curves({"a": [1e-3, 1, 1e3]}, "x", "y", log_y=True).axes
        assert axes.get_yscale() == "log"
        assert axes.get_xscale() == "linear"

    def test_area_reaches_from_zero_to_the_curve(self):
        (axes,) = plotting.curves({"p": [1, 2], "q": [3, 1]}, "x", "y", fill=True).axes
        for area, heights in zip(axes.collections, [(1, 2), (3, 1)], strict=True):
            corners = set(map(tuple, area.get_paths()[0].vertices.tolist()))
            assert corners == {(1, 0), (2, 0), (1, heights[0]), (2, heights[1])}

    @pytest.mark.parametrize("point", [(1, 4.0), (3, 0.0), (2, 1.0)])
    def test_marked_point(self, point):
        figure = plotting.curves({"a": [4, 1, 0]}, "x", "y", mark={"here": point})
        (axes,) = figure.axes
        assert axes.lines[-1].get_xydata().tolist() == [list(point)]
        (text,) = axes.texts
        assert (text.get_text(), text.xy) == ("here", pytest.approx(point))
        for _, box in shown_texts(figure):
            assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1
        # The text does not lie on its own point.
        box = mpl.text.Text.get_window_extent(text)
        assert not box.contains(*axes.transData.transform(point))

    @pytest.mark.parametrize("flip", [(False, False), (True, False), (False, True), (True, True)])
    @pytest.mark.parametrize("log", [False, True])
    def test_text_of_a_mark_points_to_the_middle(self, flip, log):
        right, top = flip
        x, y = np.arange(10.0, 20.0), np.geomspace(100, 1000, 10)
        point = x[-2 if right else 1], y[-2 if top else 1]
        figure = plotting.curves({"a": y}, "x", "y", x=x, log_y=log, mark={"here": point})
        (axes,) = figure.axes
        FigureCanvasAgg(figure).draw()
        box = mpl.text.Text.get_window_extent(axes.texts[0])
        at_x, at_y = axes.transData.transform(point)
        assert box.x1 < at_x if right else box.x0 > at_x
        assert box.y1 < at_y if top else box.y0 > at_y

    def test_more_series_than_styles(self):
        (axes,) = plotting.curves({name: [1, 2] for name in "abcdefg"}, "x", "y").axes
        assert len(axes.lines) == 7
        assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 7


class TestBars:
    def test_first_is_on_top(self):
        (axes,) = plotting.bars({"good": 0.5, "bad": 0.25}, "probability").axes
        FigureCanvasAgg(axes.figure).draw()
        heights = {
            label.get_text(): label.get_window_extent().y0 for label in axes.get_yticklabels()
        }
        assert heights["good"] > heights["bad"]
        assert [bar.get_width() for bar in axes.patches] == [0.5, 0.25]

    def test_errors_are_half_lengths_matched_by_name(self):
        errors = {"bad": 0.05, "good": 0.1}  # in another order
        (axes,) = plotting.bars({"good": 0.5, "bad": 0.25}, "probability", errors).axes
        (container,) = [
            c for c in axes.containers if isinstance(c, mpl.container.ErrorbarContainer)
        ]
        ends = [segment[:, 0].tolist() for segment in container.lines[2][0].get_segments()]
        np.testing.assert_allclose(ends, [[0.4, 0.6], [0.2, 0.3]])

    def test_baseline(self):
        (axes,) = plotting.bars({"good": 0.5}, "probability", baseline=("chance", 0.3)).axes
        (line,) = axes.lines
        assert line.get_xdata() == [0.3, 0.3]
        assert "chance" in texts(axes.figure)


class TestHistograms:
    def test_each_has_area_one_over_the_same_bins(self):
        (axes,) = CALLS["histograms"]().axes
        groups = [c for c in axes.containers if isinstance(c, mpl.container.BarContainer)]
        assert [len(bars) for bars in groups] == [12, 12]
        for bars in groups:
            area = sum(bar.get_width() * bar.get_height() for bar in bars)
            assert area == pytest.approx(1)
        assert [bar.get_x() for bar in groups[0]] == [bar.get_x() for bar in groups[1]]

    def test_threshold(self):
        (axes,) = plotting.histograms(SCORES, "score", threshold=("alarm", 0.7)).axes
        (line,) = axes.lines
        assert list(line.get_xdata()) == [0.7, 0.7]
        assert line.get_color() == plotting.INK  # no group's color
        assert "alarm" in texts(axes.figure)

    def test_legend_names_each_group_once(self):
        (axes,) = CALLS["histograms"]().axes
        assert [text.get_text() for text in axes.get_legend().texts] == ["a", "b"]


class TestPictureRows:
    def test_every_picture_is_drawn_in_its_row(self):
        figure = CALLS["picture_rows"]()
        assert len(figure.axes) == 14
        drawn = [axes.images[0].get_array() for axes in figure.axes]
        np.testing.assert_array_equal(drawn[:7], PICTURES)
        np.testing.assert_array_equal(drawn[7:], 2 * PICTURES)
        assert texts(figure) == ["in", "out"]

    def test_full_ink_is_vmax(self):
        for axes in CALLS["picture_rows"]().axes:
            assert axes.images[0].get_clim() == (0, 2.0)

    def test_zero_is_paper_and_one_is_ink(self):
        assert plotting.PIXELS(0.0)[3] == 0
        assert plotting.PIXELS(1.0)[3] == 1
        assert {plotting.PIXELS(t)[:3] for t in np.linspace(0, 1, 9)} == {(0, 0, 0)}

    def test_build_can_find_the_pixels(self):
        assert svg_of(CALLS["picture_rows"]()).count(f'id="{plotting.PIXELS_ID}"') == 14

    def test_color_is_drawn_as_it_is_and_never_inverted(self):
        scenes = RNG.random((2, 4, 5, 3))
        figure = plotting.picture_rows({"gray": PICTURES[:2], "color": scenes})
        for axes, scene in zip(figure.axes[2:], scenes, strict=True):
            np.testing.assert_array_equal(axes.images[0].get_array(), scene)
        assert svg_of(figure).count(f'id="{plotting.PIXELS_ID}"') == 2  # the gray ones
        rgb = pixels_of(figure, figure.axes[2])
        # 256 levels a channel: off by half of one, and a rounding of the drawing.
        np.testing.assert_allclose(rgb[rgb.shape[0] // 8, 2], scenes[0, 0, 0], atol=1 / 255)

    def test_color_is_cut_off_at_0_and_1(self, caplog):
        figure = plotting.picture_rows({"a": [[[[1.5, -0.5, 0.25]]]]})
        svg_of(figure)
        assert not caplog.records  # Matplotlib would cut too, and print that on the page
        assert figure.axes[0].images[0].get_array().tolist() == [[[1.0, 0.0, 0.25]]]

    def test_signed(self):
        figure = plotting.picture_rows({"a": [[[-2.0, 0.0, 1.0]]]}, vmax=None, signed=True)
        picture, key = figure.axes
        assert picture.images[0].get_clim() == (-2, 2)
        assert picture.images[0].get_cmap() is plotting.SIGNED
        assert plotting.PIXELS_ID not in svg_of(figure)  # not to be inverted
        # The key runs over the same range in the same colors.
        assert key.images[0].get_clim() == (-2, 2)
        assert key.images[0].get_array()[0, [0, 100, 200]].tolist() == [-2, 0, 2]
        assert [text.get_text() for text in key.texts] == ["−2", "2"]

    def test_vmax_of_all_zero(self):
        figure = plotting.picture_rows({"a": np.zeros((1, 2, 2))}, vmax=None)
        assert figure.axes[0].images[0].get_clim() == (0, 1)

    def test_rows_of_different_length(self):
        with pytest.raises(ValueError, match=r"same number of pictures\. Received: .*\(7, 4, 5\)"):
            plotting.picture_rows({"in": PICTURES, "out": PICTURES[:3]})


class TestPictureGrid:
    def test_last_row_may_be_short(self):
        figure = CALLS["picture_grid"]()
        assert len(figure.axes) == 9
        assert [len(axes.images) for axes in figure.axes] == 7 * [1] + 2 * [0]
        assert [axes.axison for axes in figure.axes] == 7 * [True] + 2 * [False]

    def test_signed_pictures_share_one_scale_and_one_key(self):
        figure = plotting.picture_grid(PICTURES - 0.5, n_cols=4, vmax=None, signed=True)
        assert len(figure.axes) == 9  # two rows of four, and the key
        reach = np.abs(PICTURES - 0.5).max()
        assert {ax.images[0].get_clim() for ax in figure.axes if ax.images} == {(-reach, reach)}

    def test_color(self):
        scenes = RNG.random((3, 4, 4, 3))
        figure = plotting.picture_grid(scenes, n_cols=3)
        np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), scenes[2])

    def test_ten_in_a_row(self):
        corners = [
            axes.get_position().p0 for axes in plotting.picture_grid(np.zeros((20, 2, 2))).axes
        ]
        assert len(corners) == 20
        columns, rows = (np.unique(np.round(values, 6)) for values in zip(*corners, strict=True))
        assert (len(columns), len(rows)) == (10, 2)


class TestCodes:
    def test_points_by_class(self):
        (axes,) = CALLS["codes"]().axes
        zero, one = axes.collections
        assert zero.get_offsets().tolist() == [[0, 1]]
        assert one.get_offsets().tolist() == [[2, 3], [-1, 1]]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("$a$", "$b$")

    def test_marker_is_the_first_letter(self):
        (axes,) = CALLS["codes"]().axes
        for scatter, letter in zip(axes.collections, "zo", strict=True):
            marker = mpl.markers.MarkerStyle(f"${letter}$")
            wanted = marker.get_path().transformed(marker.get_transform())
            np.testing.assert_allclose(scatter.get_paths()[0].vertices, wanted.vertices)

    def test_limit(self):
        (axes,) = CALLS["codes"]().axes
        assert axes.get_xlim() == axes.get_ylim() == (-4, 4)
        (axes,) = plotting.codes([[0, 9], [9, 0]], [0, 0], ["0"]).axes
        assert axes.get_xlim()[1] > 9

    def test_path_from_a_to_b(self):
        path = [[0.0, 0.0], [1.0, 1.0], [3.0, 1.0]]
        figure = plotting.codes([[0, 1], [2, 3]], [0, 0], ["zero"], path=path)
        (axes,) = figure.axes
        (line,) = axes.lines
        assert line.get_xydata().tolist() == path
        assert line.get_marker() == "o"
        start, end = axes.texts
        assert [start.get_text(), end.get_text()] == ["A", "B"]
        assert (tuple(start.xy), tuple(end.xy)) == ((0, 0), (3, 1))
        # Beyond the ends: offsets against the direction of the first step, and along the last.
        assert start.xyann[0] == start.xyann[1] < 0
        assert end.xyann == pytest.approx((12, 0))

    def test_path_that_stays_where_it_is(self):
        path = [[1.0, 1.0], [1.0, 1.0]]
        for steps in (path, path[:1]):
            (axes,) = plotting.codes([[0, 1]], [0], ["zero"], path=steps).axes
            assert np.isfinite([text.xyann for text in axes.texts]).all()


class TestPosteriors:
    def test_ellipse_is_one_standard_deviation(self):
        log_var = 2 * np.log([[0.5, 3.0]])
        (axes,) = plotting.posteriors({"a": ([[1.0, -1.0]], log_var)}).axes
        (ellipse,) = [patch for patch in axes.patches if type(patch) is mpl.patches.Ellipse]
        assert ellipse.center == pytest.approx((1, -1))
        # Width and height are diameters: twice sigma = exp(log_var / 2).
        assert (ellipse.width, ellipse.height) == pytest.approx((1.0, 6.0))

    def test_circle_is_two_standard_deviations_of_the_prior(self):
        for axes in CALLS["posteriors"]().axes:
            (circle,) = [patch for patch in axes.patches if isinstance(patch, mpl.patches.Circle)]
            assert (circle.center, circle.radius) == ((0, 0), 2)

    def test_panels_and_limit(self):
        figure = CALLS["posteriors"]()
        assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b"]
        assert [axes.get_xlim() for axes in figure.axes] == 2 * [(-3, 3)]

    def test_no_limit_shows_everything(self):
        (axes,) = plotting.posteriors({"a": ([[9.0, 0.0]], [[0.0, 0.0]])}).axes
        assert axes.get_xlim()[1] >= 10
        assert axes.get_xlim()[0] <= -2


class TestPosteriorMap:
    def test_density_lies_under_its_ellipse(self):
        for axes in CALLS["posterior_map"]().axes:
            (ellipse,) = [patch for patch in axes.patches if type(patch) is mpl.patches.Ellipse]
            assert tuple(ellipse.center) == (1.0, -0.5)
            # Two standard deviations to each side: four sigma across.
            assert (ellipse.width, ellipse.height) == pytest.approx((1.6, 0.8))
            (image,) = axes.images
            inside = image.get_array() / image.get_array().max() > np.exp(-0.5 * 2**2)
            assert image.origin == "lower"
            left, right, bottom, top = image.get_extent()
            x = left + (np.arange(81) + 0.5) / 81 * (right - left)
            y = bottom + (np.arange(81) + 0.5) / 81 * (top - bottom)
            # Of the grid's points, those inside; a step of the grid is 0.1.
            assert np.ptp(x[inside.any(axis=0)]) == pytest.approx(1.6, abs=0.21)
            assert np.ptp(y[inside.any(axis=1)]) == pytest.approx(0.8, abs=0.21)
            assert x[inside.any(axis=0)].mean() == pytest.approx(1.0, abs=0.11)
            assert y[inside.any(axis=1)].mean() == pytest.approx(-0.5, abs=0.11)

    def test_shows_the_ellipse_and_its_neighborhood(self):
        for axes in CALLS["posterior_map"]().axes:
            assert axes.get_xlim() == pytest.approx((1.0 - 1.6, 1.0 + 1.6))
            assert axes.get_ylim() == pytest.approx((-0.5 - 1.6, -0.5 + 1.6))


class TestManifold:
    @pytest.mark.parametrize("n", [1, 2, 5, 12])
    @pytest.mark.parametrize("axis", [0, 1])
    def test_first_code_grows_to_the_right_and_second_upward(self, n, axis):
        seen = []

        def decode(z):
            seen.append(z)
            shade = np.vectorize(statistics.NormalDist().cdf)(z[:, axis])
            return np.broadcast_to(shade[:, None, None], (n * n, 4, 6))

        figure = plotting.manifold(decode, n=n)
        (axes,) = figure.axes
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        image = np.asarray(canvas.buffer_rgba())[::-1, :, 0] / 255  # [y, x], from the bottom
        box = axes.get_window_extent()
        centers = (np.arange(n) + 0.5) / n
        x = (box.x0 + centers * box.width).astype(int)
        y = (box.y0 + centers * box.height).astype(int)
        ink = 1 - image[np.ix_(y, x)]  # [row from the bottom, column from the left]
        expected = np.broadcast_to(centers, (n, n))  # Phi at the quantile (i + 1/2) / n
        # 256 grays, drawn with 256 opacities: two roundings.
        np.testing.assert_allclose(ink, expected if axis == 0 else expected.T, atol=2.5 / 255)
        assert seen[0].shape == (n * n, 2)

    def test_color_with_transparent_margins(self):
        figure = plotting.manifold(lambda z: np.full((len(z), 4, 4, 3), 0.25), n=2)
        sheet = figure.axes[0].images[0].get_array()
        assert sheet.shape == (12, 12, 4)
        assert set(map(tuple, sheet.reshape(-1, 4).tolist())) == {
            (0.25, 0.25, 0.25, 1.0),
            (0.0, 0.0, 0.0, 0.0),
        }
        assert sheet[1:5, 1:5, 3].all()
        assert not sheet[5:7, :, 3].any()
        assert plotting.PIXELS_ID not in svg_of(figure)

    @pytest.mark.parametrize("n", [2, 5, 12])
    def test_ticks_tell_the_code_where_they_stand(self, n):
        (axes,) = plotting.manifold(striped, n=n).axes
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        for start, end, ticks, labels in (
            (left, right, axes.get_xticks(), axes.get_xticklabels()),
            (bottom, top, axes.get_yticks(), axes.get_yticklabels()),
        ):
            assert len(ticks) >= 2
            for tick, label in zip(ticks, labels, strict=True):
                z = statistics.NormalDist().inv_cdf((tick - start) / (end - start))
                # Printed with one decimal.
                assert float(label.get_text()) == pytest.approx(z, abs=0.0501)


class TestBoxesAndArrows:
    def test_boxes_in_order_with_arrows_between(self):
        (axes,) = CALLS["boxes_and_arrows"]().axes
        boxes = [patch for patch in axes.patches if isinstance(patch, mpl.patches.FancyBboxPatch)]
        assert [box.get_height() for box in boxes] == [1.0, 0.3, 1.0]
        assert [box.get_x() for box in boxes] == sorted(box.get_x() for box in boxes)
        arrows = [text for text in axes.texts if isinstance(text, mpl.text.Annotation)]
        assert len(arrows) == 2
        # `xy` is the tip: an arrow points to the right.
        assert all(arrow.xy[0] > arrow.xyann[0] for arrow in arrows)
        assert [text.get_text() for text in axes.texts if text.get_text()] == ["x", "z", "y"]


class TestLabeledCurves:
    def test_points_with_their_texts(self):
        (axes,) = CALLS["labeled_curves"]().axes
        wide, deep = axes.lines
        assert wide.get_xydata().tolist() == [[1, 9], [2, 6], [5, 5]]
        assert deep.get_xydata().tolist() == [[1, 8], [3, 4]]
        assert wide.get_marker() != deep.get_marker()
        written = [(text.get_text(), *text.xy) for text in axes.texts]
        assert written == [("4", 1, 9), ("2", 2, 6), ("1", 5, 5), ("4", 1, 8), ("1", 3, 4)]


class TestDots:
    def test_every_result_and_the_mean(self):
        (axes,) = CALLS["dots"]().axes
        results, mean, others, other_mean, baseline = axes.lines
        assert results.get_xydata().tolist() == [[90, 0], [110, 0], [400, 0]]
        assert mean.get_xydata().tolist() == [[200, 0]]
        assert others.get_xydata().tolist() == [[1, 1], [2, 1]]
        assert other_mean.get_xydata().tolist() == [[1.5, 1]]
        assert list(baseline.get_xdata()) == [10, 10]
        assert axes.get_xscale() == "log"

    def test_first_is_on_top(self):
        (axes,) = CALLS["dots"]().axes
        assert axes.get_ylim()[0] > axes.get_ylim()[1]
        assert [text.get_text() for text in axes.get_yticklabels()] == [
            "score function",
            "pathwise",
        ]

    def test_legend_explains_both_marks(self):
        (legend,) = CALLS["dots"]().legends
        assert [text.get_text() for text in legend.texts] == ["one result", "mean"]
        markers = [handle.get_marker() for handle in legend.legend_handles]
        assert markers == ["o", "|"]


class TestGroupedBars:
    def test_bars_stand_in_their_group_matched_by_name(self):
        (axes,) = CALLS["grouped_bars"]().axes
        drawn = {
            (bar.get_hatch(), round(bar.get_y() + bar.get_height() / 2, 6)): bar.get_width()
            for bar in axes.patches
        }
        # 0.4 of a row each, symmetric around the row; pixels come first and on top.
        assert drawn == {
            (None, -0.2): 0.5,
            ("////", 0.2): 0.75,
            (None, 0.8): 0.875,
            ("////", 1.2): 1.0,
        }
        assert axes.get_ylim()[0] > axes.get_ylim()[1]
        assert [text.get_text() for text in axes.get_yticklabels()] == ["few labels", "all labels"]

    def test_series_differ_in_color_and_hatch_and_the_legend_shows_both(self):
        names = "abcdef"
        figure = plotting.grouped_bars({"g": dict.fromkeys(names, 1.0)}, "x")
        looks = [(bar.get_edgecolor(), bar.get_hatch()) for bar in figure.axes[0].patches]
        assert len(set(looks)) == len({look[1] for look in looks}) == len(names)
        (legend,) = figure.legends
        handles = legend.legend_handles
        assert [(bar.get_edgecolor(), bar.get_hatch()) for bar in handles] == looks
        assert [text.get_text() for text in legend.texts] == list(names)

    def test_hatches_reach_the_page_undiluted(self):
        # A hatch is part of the fill: its opacity is the fill's.
        assert "fill-opacity" not in svg("grouped_bars")
        assert svg("grouped_bars").count("<pattern") == 1

    def test_errors(self):
        (axes,) = CALLS["grouped_bars"]().axes
        containers = [c for c in axes.containers if isinstance(c, mpl.container.ErrorbarContainer)]
        ends = [
            segment[:, 0].tolist()
            for container in containers
            for segment in container.lines[2][0].get_segments()
        ]
        np.testing.assert_allclose(ends, [[0.45, 0.55], [0.825, 0.925], [0.65, 0.85], [0.9, 1.1]])


class TestStackedBars:
    def test_parts_follow_each_other_and_end_at_the_total(self):
        (axes,) = CALLS["stacked_bars"]().axes
        elbo_a, elbo_b, gap_a, gap_b = axes.patches
        left = axes.get_xlim()[0]
        assert elbo_a.get_x() == elbo_b.get_x() == left < -9
        assert (gap_a.get_x(), gap_a.get_width()) == (-9, 4)
        assert (gap_b.get_x(), gap_b.get_width()) == (-6, 1)
        for bar, start in ((elbo_a, -9), (elbo_b, -6)):
            assert bar.get_x() + bar.get_width() == pytest.approx(start)
        assert [list(line.get_xdata()) for line in axes.lines] == [[-5, -5], [-5, -5]]

    def test_positive_parts_start_at_zero(self):
        figure = plotting.stacked_bars({"a": {"rate": 2.0, "distortion": 3.0}}, "nats")
        (axes,) = figure.axes
        assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(0, 2), (2, 3)]
        assert axes.get_xlim()[0] == 0
        (legend,) = figure.legends
        assert [text.get_text() for text in legend.texts] == ["rate", "distortion", "sum"]

    def test_total_of_zero(self):
        (axes,) = plotting.stacked_bars({"a": {"rate": 0.0}}, "nats").axes
        assert axes.get_xlim()[1] > axes.get_xlim()[0]


class TestRoc:
    def test_curves_and_chance(self):
        (axes,) = CALLS["roc"]().axes
        chance, good, bad, mark = axes.lines
        assert chance.get_xydata().tolist() == [[0, 0], [1, 1]]
        np.testing.assert_array_equal(good.get_xydata().T, ROC[:2])
        np.testing.assert_array_equal(bad.get_xydata().T, BAD_ROC[:2])
        # Of five examples, those that score 0.5 or more: the curve's point at 0.6.
        np.testing.assert_allclose(mark.get_xydata(), [[1 / 3, 1]])

    @pytest.mark.parametrize(
        ("threshold", "point"), [(0.6, 2), (0.61, 1), (0.1, 3), (-9, 3), (0.9, 1), (1.0, 0)]
    )
    def test_mark_flags_what_scores_at_least_the_threshold(self, threshold, point):
        (axes,) = plotting.roc({"a": ROC}, {"a": threshold}).axes
        assert axes.lines[-1].get_xydata().tolist() == [[ROC[0][point], ROC[1][point]]]

    def test_takes_what_anomaly_returns(self):
        from course_lib.anomaly import precision_recall_curve, roc_curve

        labels, scores = [0, 0, 1, 0, 1], [0.1, 0.2, 0.6, 0.6, 0.9]
        (axes,) = plotting.roc({"a": roc_curve(labels, scores)}, {"a": 0.5}).axes
        np.testing.assert_allclose(axes.lines[-1].get_xydata(), [[1 / 3, 1]])
        curve = precision_recall_curve(labels, scores)
        (axes,) = plotting.precision_recall({"a": curve}, 0.4, {"a": 0.5}).axes
        np.testing.assert_allclose(axes.lines[-1].get_xydata(), [[1, 2 / 3]])


class TestPrecisionRecall:
    def test_curves_and_prevalence(self):
        (axes,) = CALLS["precision_recall"]().axes
        random, good, bad, mark, other_mark = axes.lines
        assert random.get_xydata().tolist() == [[0, 0.4], [1, 0.4]]
        np.testing.assert_array_equal(good.get_xydata().T, [PR[1], PR[0]])
        np.testing.assert_array_equal(bad.get_xydata().T, [BAD_PR[1], BAD_PR[0]])
        np.testing.assert_allclose(mark.get_xydata(), [[1, 2 / 3]])
        np.testing.assert_allclose(other_mark.get_xydata(), [[0.5, 1 / 3]])
        assert mark.get_marker() != other_mark.get_marker()

    def test_between_points_precision_is_that_of_the_lower_recall(self):
        # Recall falls along the curve: a step keeps the precision until the next recall.
        (axes,) = CALLS["precision_recall"]().axes
        assert axes.lines[1].get_drawstyle() == "steps-post"


class TestHeatMap:
    def test_values_and_gaps(self):
        axes = CALLS["heat_map"]().axes[0]
        (image,) = axes.images
        np.testing.assert_array_equal(image.get_array().filled(np.nan), MATRIX)
        assert image.get_clim() == (-5, 5)
        (gaps,) = axes.lines
        assert gaps.get_xydata().tolist() == [[1, 0], [2, 1]]  # column, row
        assert image.origin == "upper"

    def test_gap_is_paper_with_a_dot_and_zero_paper_without(self):
        figure = CALLS["heat_map"]()
        cells = pixels_of(figure, figure.axes[0])
        height, width = cells.shape[0] // 2, cells.shape[1] // 3

        def center(i, j, size):
            y, x = int((i + 0.5) * height), int((j + 0.5) * width)
            return cells[y - size : y + size + 1, x - size : x + size + 1]

        paper = mpl.colors.to_rgb(plotting.PAPER)
        np.testing.assert_allclose(center(0, 2, 5), np.broadcast_to(paper, (11, 11, 3)), atol=0.01)
        assert center(0, 1, 2).min() < 0.8
        np.testing.assert_allclose(center(0, 1, 8)[0], np.broadcast_to(paper, (17, 3)), atol=0.01)
        # 4 of 5 in blue and -1 of 5 in orange; 257 entries of the color map, 256 levels.
        for (i, j), color, strength in [((0, 0), 0, 0.8), ((1, 0), 1, 0.2)]:
            expected = over((*mpl.colors.to_rgb(plotting.COLORS[color]), strength), paper)
            np.testing.assert_allclose(center(i, j, 0)[0, 0], expected, atol=2.5 / 255)

    def test_names(self):
        axes = CALLS["heat_map"]().axes[0]
        assert [text.get_text() for text in axes.get_xticklabels()] == ["x", "y", "z"]
        assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("column", "row")

    def test_long_names_are_turned(self):
        names = [f"a rather long name {i}" for i in range(8)]
        figure = plotting.heat_map(np.eye(8), col_names=names)
        assert {text.get_rotation() for text in figure.axes[0].get_xticklabels()} == {90}
        boxes = shown_texts(figure)
        for (a, box), (b, other) in itertools.combinations(boxes, 2):
            assert not box.overlaps(other), (a, b)

    @pytest.mark.parametrize("shape", [(8, 64), (1, 1), (2, 200), (100, 30)])
    def test_indices_leave_each_other_room(self, shape):
        figure = plotting.heat_map(np.ones(shape), xlabel="pixel", ylabel="unit")
        for (a, box), (b, other) in itertools.combinations(shown_texts(figure), 2):
            assert not box.overlaps(other), (a, b)

    def test_key_has_the_signs_that_occur(self):
        for values, expected in [
            ([[1.0, -2.0]], ["−2", "2"]),
            ([[1.0, 2.0]], ["0", "2"]),
            ([[-1.0, -2.0]], ["−2", "0"]),
        ]:
            key = plotting.heat_map(values).axes[1]
            assert [text.get_text() for text in key.texts] == expected
            ends = key.images[0].get_array()[0, [0, -1]]
            assert ends.tolist() == [float(text.replace("−", "-")) for text in expected]

    def test_all_zero(self):
        figure = plotting.heat_map([[0.0]])
        assert figure.axes[0].images[0].get_clim() == (-1, 1)

    def test_numbers_on_the_cells_that_have_one(self):
        figure = plotting.heat_map(MATRIX, number_format=".1f")
        (axes,) = figure.axes  # and no key
        written = {text.get_position(): text.get_text() for text in axes.texts}
        assert written == {(0, 0): "4.0", (2, 0): "0.0", (0, 1): "−1.0", (1, 1): "2.5"}


class TestVectorFields:
    def test_arrows_reach_from_points_to_targets(self):
        for axes, shift in zip(
            CALLS["vector_fields"]().axes, (-0.5 * POINTS, np.tile(UP, (4, 1))), strict=True
        ):
            (arrows,) = axes.collections
            np.testing.assert_array_equal(arrows.get_offsets(), POINTS)
            np.testing.assert_allclose(np.column_stack([arrows.U, arrows.V]), shift)
            # To scale: one unit of the arrow is one unit of the axes.
            assert (arrows.scale, arrows.angles, arrows.scale_units) == (1, "xy", "xy")
            assert axes.get_xlim() == axes.get_ylim() == (-3, 3)
            (data,) = axes.lines
            np.testing.assert_array_equal(data.get_xydata(), POINTS)

    def test_tip_is_drawn_at_the_target(self):
        figure = plotting.vector_fields({"a": ([[-1.0, 0.0]], [[1.0, 0.0]])}, limit=2)
        (axes,) = figure.axes
        blue = pixels_of(figure, axes)[..., 0] < 0.5  # far from paper in the red channel
        columns = np.flatnonzero(blue[2:-8, 8:].any(axis=0)) + 8  # not the axes themselves
        width = pixels_of(figure, axes).shape[1]
        x = -2 + 4 * (columns + 0.5) / width
        # A pixel at each end, and its antialiasing.
        assert x.min() == pytest.approx(-1, abs=3 * 4 / width)
        assert x.max() == pytest.approx(1, abs=3 * 4 / width)

    def test_everything_is_shown_without_a_limit(self):
        (axes,) = plotting.vector_fields({"a": ([[0.0, 0.0]], [[5.0, -7.0]])}).axes
        assert axes.get_xlim()[0] <= 0 < 5 <= axes.get_xlim()[1]
        assert axes.get_ylim()[0] <= -7 < 0 <= axes.get_ylim()[1]


class TestSubspaces:
    def test_axes_reach_two_standard_deviations_from_the_mean(self):
        center = np.array([10.0, 20.0])
        cloud = POINTS + center
        (axes,) = plotting.subspaces(cloud, {"a": np.eye(2), "b": [-3.0, -3.0]}).axes
        points, first, second, diagonal = axes.lines
        np.testing.assert_array_equal(points.get_xydata(), cloud)
        # Variances of the points: (4 + 4) / 4 = 2 and (1 + 1) / 4 = 1/2; along the diagonal
        # half of each, 5/4.
        for line, direction, variance in [
            (first, [1, 0], 2),
            (second, [0, 1], 0.5),
            (diagonal, [-(0.5**0.5), -(0.5**0.5)], 1.25),
        ]:
            step = 2 * variance**0.5 * np.array(direction)
            np.testing.assert_allclose(
                line.get_xydata(), [center - step, center + step], rtol=1e-12
            )
        assert first.get_color() == second.get_color() != diagonal.get_color()
        assert first.get_linestyle() == second.get_linestyle() != diagonal.get_linestyle()

    def test_legend_names_each_once(self):
        (legend,) = CALLS["subspaces"]().legends
        assert [text.get_text() for text in legend.texts] == ["principal axes", "autoencoder"]

    def test_one_scale_in_both_directions(self):
        (axes,) = CALLS["subspaces"]().axes
        assert axes.get_aspect() == 1


class TestContours:
    def test_lines_of_a_gaussian_are_whole_standard_deviations(self):
        (axes,) = plotting.contours({"p": GAUSSIAN}, GRID, GRID).axes
        (lines,) = axes.collections
        assert len(lines.levels) == 3
        for path, k in zip(lines.get_paths(), (3, 2, 1), strict=True):
            distance = np.linalg.norm((path.vertices - MEAN) / [0.4, 0.2], axis=1)
            # The lines are straight within a cell, of a quarter and half a standard
            # deviation: a cell's diagonal is the most by which they can be off.
            np.testing.assert_allclose(distance, k, atol=np.hypot(0.25, 0.5))
            assert distance.mean() == pytest.approx(k, abs=0.1)

    def test_densities_differ_in_color_and_style(self):
        figure = CALLS["contours"]()
        colors = {tuple(lines.get_edgecolor()[0]) for lines in figure.axes[0].collections}
        assert len(colors) == 2
        (legend,) = figure.legends
        assert [text.get_text() for text in legend.texts] == ["true posterior", "approximation"]
        assert len({handle.get_linestyle() for handle in legend.legend_handles}) == 2

    def test_levels_below_the_lowest_value_are_left_out(self):
        density = np.array([[0.5, 1.0], [0.5, 1.0]])
        (axes,) = plotting.contours({"p": density}, [0, 1], [0, 1]).axes
        np.testing.assert_allclose(axes.collections[0].levels, [np.exp(-0.5)])


class TestPianoRoll:
    def test_notes_rests_and_repeated_pitches(self):
        theme, answer = CALLS["piano_roll"]().axes
        drawn = [
            (note.get_x(), note.get_width(), note.get_y() + note.get_height() / 2)
            for note in theme.patches
        ]
        assert drawn == [(0, 2, 60), (2, 1, 62), (5, 3, 64)]
        assert len(answer.patches) == 3

    def test_rows_share_their_axes(self):
        theme, answer = CALLS["piano_roll"]().axes
        assert theme.get_xlim() == answer.get_xlim() == (0, 8)
        assert theme.get_ylim() == answer.get_ylim()
        low, high = theme.get_ylim()
        assert low < 59.5 < 72.5 < high

    def test_bars_are_marked(self):
        theme, _ = CALLS["piano_roll"]().axes
        assert [line.get_xdata()[0] for line in theme.lines] == [0, 4, 8]

    def test_axis_names_its_pitches(self):
        theme, _ = CALLS["piano_roll"]().axes
        named = dict(zip(theme.get_yticks(), theme.get_yticklabels(), strict=True))
        assert {pitch: text.get_text() for pitch, text in named.items()} == {
            60: "C4",
            64: "E4",
            67: "G4",
            72: "C5",
        }

    @pytest.mark.parametrize("pitch", [1, *range(60, 72), 127])
    def test_single_pitch_has_a_name_on_the_axis(self, pitch):
        (axes,) = plotting.piano_roll({"a": [pitch]}).axes
        assert [text.get_text() for text in axes.get_yticklabels()] == [plotting.note_name(pitch)]

    def test_names_of_pitches(self):
        # The lowest and the highest key of a piano, and the fork.
        names = {21: "A0", 108: "C8", 69: "A4", 60: "C4", 61: "C♯4", 59: "B3"}
        assert {pitch: plotting.note_name(pitch) for pitch in names} == names

    def test_wide_range_and_long_melody_leave_names_room(self):
        figure = plotting.piano_roll({"a": np.arange(40, 90).repeat(4), "b": [60] * 200})
        for (a, box), (b, other) in itertools.combinations(shown_texts(figure), 2):
            assert not box.overlaps(other), (a, b)


class TestGraphicalModel:
    def test_circles_stand_where_they_are_put(self):
        (axes,) = CALLS["graphical_model"]().axes
        circles = [patch for patch in axes.patches if isinstance(patch, mpl.patches.Circle)]
        assert [tuple(circle.center) for circle in circles] == [(0, 1), (1, 1), (0.5, 0)]
        shaded = [circle.get_facecolor()[3] > 0 for circle in circles]
        assert shaded == [True, False, True]  # y, z, x
        assert axes.get_aspect() == 1

    def test_arrows_run_from_parent_to_child(self):
        (axes,) = CALLS["graphical_model"]().axes
        arrows = [p for p in axes.patches if isinstance(p, mpl.patches.FancyArrowPatch)]
        ends = [(tuple(arrow.patchA.center), tuple(arrow.patchB.center)) for arrow in arrows]
        assert ends == [((0, 1), (0.5, 0)), ((1, 1), (0.5, 0)), ((0.5, 0), (1, 1))]
        assert [arrow.get_linestyle() == "-" for arrow in arrows] == [True, True, False]

    def test_plate_holds_its_nodes_and_its_text(self):
        figure = CALLS["graphical_model"]()
        (axes,) = figure.axes
        (plate,) = [p for p in axes.patches if isinstance(p, mpl.patches.FancyBboxPatch)]
        FigureCanvasAgg(figure).draw()
        frame = plate.get_window_extent()
        for patch in axes.patches:
            if isinstance(patch, mpl.patches.Circle):
                box = patch.get_window_extent()
                assert frame.containsx(box.x0)
                assert frame.containsx(box.x1)
                assert frame.containsy(box.y0)
                assert frame.containsy(box.y1)
        (text,) = [text for text in axes.texts if text.get_text() == "pictures"]
        assert frame.containsx(text.get_window_extent().x0)

    def test_no_plate(self):
        (axes,) = plotting.graphical_model({"z": (0, 1), "x": (0, 0)}, [("z", "x")]).axes
        assert len(axes.patches) == 3


# --- Bad input --------------------------------------------------------------------------------

NAN = float("nan")
SQUARE = np.ones((2, 3, 3))

#: Each must be refused, with a text that says what came.
BAD = {
    "curves": [
        lambda f: f({}, "x", "y"),
        lambda f: f([1, 2], "x", "y"),
        lambda f: f({"a": []}, "x", "y"),
        lambda f: f({"a": [[1, 2]]}, "x", "y"),
        lambda f: f({"a": [1, NAN]}, "x", "y"),
        lambda f: f({"a": ["one"]}, "x", "y"),
        lambda f: f({"a": ([1, 2], [1])}, "x", "y"),
        lambda f: f({"a": [1, 2]}, "x", "y", x=[1]),
        lambda f: f({"a": [1, 2]}, "x", "y", x=[1, NAN]),
        lambda f: f({"a": [1, 2]}, "x", "y", x=[0, 1], log_x=True),
        lambda f: f({"a": [0, 2]}, "x", "y", log_y=True),
        lambda f: f({"a": [1, 2]}, "x", "y", mark={"here": (1,)}),
        lambda f: f({"a": [1, 2]}, "x", "y", mark={}),
    ],
    "labeled_curves": [
        lambda f: f({}, "x", "y"),
        lambda f: f({"a": [1, 2]}, "x", "y"),
        lambda f: f({"a": ([1], [1, 2], ["p", "q"])}, "x", "y"),
        lambda f: f({"a": ([1, 2], [1, 2], ["p"])}, "x", "y"),
        lambda f: f({"a": ([1, NAN], [1, 2], ["p", "q"])}, "x", "y"),
    ],
    "bars": [
        lambda f: f({}, "x"),
        lambda f: f({"a": NAN}, "x"),
        lambda f: f({"a": [1, 2]}, "x"),
        lambda f: f({"a": 1}, "x", errors={"b": 1}),
        lambda f: f({"a": 1}, "x", errors={"a": NAN}),
        lambda f: f({"a": 1}, "x", baseline=3),
        lambda f: f({"a": 1}, "x", baseline=("b", NAN)),
    ],
    "dots": [
        lambda f: f({}, "x"),
        lambda f: f({"a": []}, "x"),
        lambda f: f({"a": 1.0}, "x"),
        lambda f: f({"a": [NAN]}, "x"),
        lambda f: f({"a": [0.0, 1.0]}, "x", log_x=True),
    ],
    "histograms": [
        lambda f: f({}, "x"),
        lambda f: f({"a": []}, "x"),
        lambda f: f({"a": [NAN]}, "x"),
        lambda f: f({"a": [1]}, "x", bins=0),
        lambda f: f({"a": [1]}, "x", bins=2.5),
        lambda f: f({"a": [1]}, "x", threshold=0.5),
    ],
    "grouped_bars": [
        lambda f: f({}, "x"),
        lambda f: f({"a": {}}, "x"),
        lambda f: f({"a": 1}, "x"),
        lambda f: f({"a": {"p": 1}, "b": {"q": 1}}, "x"),
        lambda f: f({"a": {"p": NAN}}, "x"),
        lambda f: f({"a": {"p": 1}}, "x", errors={"a": {"q": 1}}),
        lambda f: f({"a": {"p": 1}}, "x", errors={"b": {"p": 1}}),
    ],
    "stacked_bars": [
        lambda f: f({}, "x"),
        lambda f: f({"a": {"p": 1, "q": -1}}, "x"),
        lambda f: f({"a": {"p": 1, "q": NAN}}, "x"),
        lambda f: f({"a": {"p": 1}, "b": {"q": 1}}, "x"),
    ],
    "roc": [
        lambda f: f({}),
        lambda f: f({"a": ([0, 1], [0, 1])}),
        lambda f: f({"a": ([0, 1], [0, 1], [1])}),
        lambda f: f({"a": ([0, 2], [0, 1], [1, 0])}),
        lambda f: f({"a": ([0, NAN], [0, 1], [1, 0])}),
        lambda f: f({"a": ROC}, {"b": 0.5}),
        lambda f: f({"a": ROC}, {"a": NAN}),
    ],
    "precision_recall": [
        lambda f: f({}, 0.5),
        lambda f: f({"a": PR}, 1.5),
        lambda f: f({"a": PR}, NAN),
        lambda f: f({"a": ([0, 1],)}, 0.5),
        lambda f: f({"a": ([0, 1], [0, 1])}, 0.5),
        lambda f: f({"a": PR}, 0.5, {"b": 0.5}),
    ],
    "picture_rows": [
        lambda f: f({}),
        lambda f: f({"a": SQUARE[0]}),
        lambda f: f({"a": np.ones((2, 3, 3, 4))}),
        lambda f: f({"a": NAN * SQUARE}),
        lambda f: f({"a": SQUARE[:0]}),
        lambda f: f({"a": SQUARE}, vmax=0),
        lambda f: f({"a": SQUARE}, vmax=NAN),
        lambda f: f({"a": SQUARE, "b": np.ones((2, 3, 3, 3))}, signed=True),
    ],
    "picture_grid": [
        lambda f: f(SQUARE[0]),
        lambda f: f(SQUARE[:0]),
        lambda f: f(NAN * SQUARE),
        lambda f: f(SQUARE, n_cols=0),
        lambda f: f(SQUARE, vmax=-1),
        lambda f: f(np.ones((2, 3, 3, 3)), signed=True),
    ],
    "codes": [
        lambda f: f([1, 2], [0, 0], ["a"]),
        lambda f: f([[1, 2, 3]], [0], ["a"]),
        lambda f: f([[1, NAN]], [0], ["a"]),
        lambda f: f([[1, 2]], [0, 0], ["a"]),
        lambda f: f([[1, 2]], [1], ["a"]),
        lambda f: f([[1, 2]], [0.5], ["a", "b"]),
        lambda f: f([[1, 2]], [0], [""]),
        lambda f: f([[1, 2]], [0], ["a"], limit=0),
        lambda f: f([[1, 2]], [0], ["a"], path=[1, 2]),
    ],
    "posteriors": [
        lambda f: f({}),
        lambda f: f({"a": ([[1, 2]], [[1, 2], [1, 2]])}),
        lambda f: f({"a": ([1, 2], [1, 2])}),
        lambda f: f({"a": ([[1, NAN]], [[1, 2]])}),
        lambda f: f({"a": ([[1, 2]], [[1, 2]])}, limit=-1),
    ],
    "posterior_map": [
        lambda f: f({}, 2),
        lambda f: f({"a": (np.ones((2, 3)), [0, 0], [0, 0])}, 2),
        lambda f: f({"a": (np.zeros((2, 2)), [0, 0], [0, 0])}, 2),
        lambda f: f({"a": (np.ones((2, 2)), [0], [0, 0])}, 2),
        lambda f: f({"a": (np.ones((2, 2)), [0, 0], [0, NAN])}, 2),
        lambda f: f({"a": (np.ones((2, 2)), [0, 0], [0, 0])}, None),
    ],
    "manifold": [
        lambda f: f(striped, n=0),
        lambda f: f(lambda z: np.ones((len(z), 16)), n=2),
        lambda f: f(lambda z: np.ones((1, 4, 4)), n=2),
        lambda f: f(lambda z: np.full((len(z), 4, 4), NAN), n=2),
    ],
    "heat_map": [
        lambda f: f([1.0, 2.0]),
        lambda f: f(np.ones((0, 2))),
        lambda f: f([[NAN]]),
        lambda f: f([[np.inf]]),
        lambda f: f([[1.0]], row_names=["a", "b"]),
        lambda f: f([[1.0]], col_names=[]),
        lambda f: f([[1.0]], vmax=0),
    ],
    "vector_fields": [
        lambda f: f({}),
        lambda f: f({"a": (POINTS, POINTS[:2])}),
        lambda f: f({"a": (np.ones((2, 3)), np.ones((2, 3)))}),
        lambda f: f({"a": (POINTS, NAN * POINTS)}),
        lambda f: f({"a": (POINTS, POINTS)}, data=POINTS[0]),
        lambda f: f({"a": (POINTS, POINTS)}, limit=0),
    ],
    "subspaces": [
        lambda f: f(POINTS, {}),
        lambda f: f(POINTS[0], {"a": [1, 0]}),
        lambda f: f(NAN * POINTS, {"a": [1, 0]}),
        lambda f: f(POINTS, {"a": [1, 0, 0]}),
        lambda f: f(POINTS, {"a": [0, 0]}),
    ],
    "contours": [
        lambda f: f({}, [0, 1], [0, 1]),
        lambda f: f({"p": np.ones((2, 2))}, [0, 1], [0, 1]),
        lambda f: f({"p": [[-1, 1], [0, 1]]}, [0, 1], [0, 1]),
        lambda f: f({"p": [[NAN, 1], [0, 1]]}, [0, 1], [0, 1]),
        lambda f: f({"p": [[0, 1], [0, 1]]}, [0, 1, 2], [0, 1]),
        lambda f: f({"p": [[0, 1], [0, 1]]}, [1, 0], [0, 1]),
        lambda f: f({"p": [[0], [1]]}, [1], [0, 1]),
    ],
    "piano_roll": [
        lambda f: f({}),
        lambda f: f({"a": []}),
        lambda f: f({"a": [[60]]}),
        lambda f: f({"a": [60.5]}),
        lambda f: f({"a": [128]}),
        lambda f: f({"a": [-1]}),
        lambda f: f({"a": [NAN]}),
        lambda f: f({"a": [0, 0]}),
        lambda f: f({"a": [60]}, bar_length=0),
    ],
    "note_name": [
        lambda f: f(0),
        lambda f: f(128),
        lambda f: f(60.5),
        lambda f: f(True),
    ],
    "boxes_and_arrows": [
        lambda f: f([]),
        lambda f: f([("a", 0)]),
        lambda f: f([("a", 1.5)]),
        lambda f: f([("a", NAN)]),
    ],
    "graphical_model": [
        lambda f: f({}, []),
        lambda f: f({"z": (0,)}, []),
        lambda f: f({"z": (0, NAN)}, []),
        lambda f: f({"z": (0, 0), "x": (0, 0)}, []),
        lambda f: f({"z": (0, 0)}, [("z", "x")]),
        lambda f: f({"z": (0, 0)}, [], inferred=[("x", "z")]),
        lambda f: f({"z": (0, 0)}, [], observed=["x"]),
        lambda f: f({"z": (0, 0)}, [], plates={"N": ["x"]}),
        lambda f: f({"z": (0, 0)}, [], plates={}),
    ],
}


def test_every_function_is_given_bad_input():
    assert set(BAD) == set(CALLS) | {"note_name"}


@pytest.mark.parametrize(
    ("name", "call"),
    [
        pytest.param(name, call, id=f"{name}-{i}")
        for name, calls in BAD.items()
        for i, call in enumerate(calls)
    ],
)
def test_bad_input_is_refused_and_told(name, call):
    with pytest.raises(ValueError, match=r"Received: "):
        call(getattr(plotting, name))
