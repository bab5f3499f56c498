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


def texts(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


def test_every_function_is_called_here():
    public = {
        name
        for name, value in vars(plotting).items()
        if inspect.isfunction(value)
        and value.__module__ == plotting.__name__
        and not name.startswith("_")
    }
    assert public - {"use_notebook_style"} == set(CALLS)


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
# White, the ground that the figures were designed for, and the theme's own dark ground.
@pytest.mark.parametrize("ground", ["#ffffff", "#121212", "#14181e"])
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

    def test_rows_of_different_length(self):
        with pytest.raises(ValueError, match=r"same number of pictures\. Received: .*\(7, 4, 5\)"):
            plotting.picture_rows({"in": PICTURES, "out": PICTURES[:3]})


class TestPictureGrid:
    def test_last_row_may_be_short(self):
        figure = CALLS["picture_grid"]()
        assert len(figure.axes) == 9
        assert [len(axes.images) for axes in figure.axes] == 7 * [1] + 2 * [0]
        assert [axes.axison for axes in figure.axes] == 7 * [True] + 2 * [False]

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
