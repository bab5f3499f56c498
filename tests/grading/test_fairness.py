"""What costs points, what does not, and what a student is told."""

import pytest
from small_course import HIDDEN, VISIBLE, grade_texts, limits, make_source, right

pytestmark = pytest.mark.slow


def test_right_solutions_and_blank_ones():
    graded = grade_texts(right())
    assert graded.points == {
        **{"square_check": VISIBLE, "square_grade": HIDDEN},
        **{"mean_check": VISIBLE, "mean_grade": HIDDEN},
    }
    blank = grade_texts({})
    assert set(blank.points.values()) == {0}
    assert "Not written yet." in blank.message("mean_check")


def test_text_on_stderr_costs_nothing():
    text = """
import os, sys, warnings
def square(x):
    warnings.warn("careful")
    print("note", file=sys.stderr)
    os.write(2, b"from C++")
    return x * x + OFFSET
"""
    assert grade_texts({**right(), "square": text}).task("square") == VISIBLE + HIDDEN


def test_partial_credit_comes_with_its_message():
    tasks = {
        "square": (
            "def square(x):\n    return x * x",
            "points = 0.5 * (square(2) == 4) + 1.5 * (square(-1) == 1)\n"
            "if square(-1) != 1:\n    print('Mind negative numbers.')\npoints",
            "assert True",
        )
    }
    source = make_source(tasks)
    full = grade_texts(right(tasks), source)
    part = grade_texts({"square": "def square(x):\n    return x * abs(x)"}, source)
    assert full.points["square_check"] == VISIBLE
    assert part.points["square_check"] == 0.5
    assert "Mind negative numbers." in part.text("square_check")


def test_a_test_that_gives_too_much_gives_nothing():
    tasks = {"square": ("def square(x):\n    return x", "square(1000)", "assert True")}
    graded = grade_texts(right(tasks), make_source(tasks))
    assert graded.points["square_check"] == 0
    assert "mistake in the test" in graded.message("square_check")


def test_exceptions_arrive_as_python_s_own():
    tasks = {
        "square": (
            "def square(x):\n    raise ValueError(f'bad: {x}')",
            "try:\n    square(3)\nexcept ValueError as error:\n    assert str(error) == 'bad: 3'\n"
            "else:\n    raise AssertionError('no error')",
            "import pytest\nwith pytest.raises(ValueError, match='bad'):\n    square(4)",
        )
    }
    assert grade_texts(right(tasks), make_source(tasks)).task("square") == VISIBLE + HIDDEN


def test_arguments_of_all_kinds():
    tasks = {
        "square": (
            "def square(f, x):\n    return f(x)",
            "assert square(lambda v: v * 3, 2) == 6\nassert square(math.sqrt, 9) == 3.0\n"
            "assert np.array_equal(square(np.cumsum, np.arange(3)), [0, 1, 3])\n"
            "assert square(lambda d: d, {('a', 1): -math.inf}) == {('a', 1): -math.inf}",
            "import keras\nlayer = keras.layers.Dense(2)\nx = np.ones((1, 3), 'float32')\n"
            "want = np.asarray(layer(x))\nassert np.allclose(square(layer, x), want, atol=1e-6)\n"
            "a, b = np.random.default_rng(5), np.random.default_rng(5)\n"
            "assert square(a.__class__.normal, b) == a.normal()",
        )
    }
    graded = grade_texts(right(tasks), make_source(tasks), limits(cell_seconds=60))
    message = graded.message("square_check") + graded.message("square_grade")
    assert graded.task("square") == VISIBLE + HIDDEN, message


def test_later_cells_find_what_earlier_ones_defined():
    text = "import os\ncalls = [0]\ndef square(x):\n    os._exit(1)"
    tasks = make_source(
        {
            "square": ("def square(x):\n    return x", "assert square(1)", "assert square(2)"),
            "mean": (
                "def mean(values):\n    return calls",
                "assert mean([]) == [0]",
                "assert mean([]) == [0]",
            ),
        }
    )
    graded = grade_texts({"square": text, "mean": "def mean(values):\n    return calls"}, tasks)
    assert graded.task("square") == 0
    assert graded.task("mean") == VISIBLE + HIDDEN
    assert "started anew" in graded.text("mean") + graded.text("mean_check")


@pytest.mark.parametrize("sandbox", [True, False])
def test_cold_kernels_and_open_ones_give_the_same(sandbox):
    config = limits(cell_seconds=60)
    config.SandboxProvisioner.preload = []
    config.SandboxProvisioner.sandbox = sandbox
    texts = {**right(), "square": "import os\ndef square(x):\n    os._exit(0)"}
    graded = grade_texts(texts, config=config)
    assert (graded.task("square"), graded.task("mean")) == (0, VISIBLE + HIDDEN)


def test_support_files_can_be_read_and_not_changed(tmp_path):
    (tmp_path / "data.txt").write_text("5")
    (tmp_path / "solution.ipynb").write_text("{}")
    text = """
import os
def square(x):
    assert sorted(os.listdir(".")) == ["data.txt"]
    try:
        open("data.txt", "w")
    except OSError:
        pass
    else:
        return 0
    open("mine.txt", "w").close()
    os.remove("mine.txt")
    return x * x + 2 + int(open("data.txt").read()) - 5
"""
    graded = grade_texts({**right(), "square": text}, support=str(tmp_path))
    assert graded.task("square") == VISIBLE + HIDDEN, graded.message("square_check")
    assert (tmp_path / "data.txt").read_text() == "5"
