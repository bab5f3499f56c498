"""The movie critic: what its text says must be true of its own solution."""

import math

import grade_demo
import numpy as np
import pytest


@pytest.fixture(scope="module")
def ps1(run_cells):
    assignment = grade_demo.Assignment("ps1")
    return run_cells(assignment, assignment.reference())


def test_example_of_task_2(ps1):
    counts = {("of", "time", "and"): 3, ("of", "time", "</s>"): 1}
    words = ["waste", "of", "time", "and"]
    got = ps1["smoothed_probability"]("and", ("of", "time"), counts, 0.5, words)
    assert round(got, 3) == 0.538


def test_example_of_task_3(ps1):
    words = ("more", "realistic", "than", "real", "life")
    padded = ("<s>", "<s>", *words, "</s>")
    factors = [0.2, 0.25, 0.61, 0.50, 0.33, 0.8]
    table = {padded[i : i + 3]: p for i, p in enumerate(factors)}
    got = ps1["log_probability"](words, table)
    assert round(got, 3) == -5.515
    assert round(math.exp(got), 6) == 0.004026


def test_example_of_task_4(ps1):
    got = ps1["perplexity"](np.array([-2, -4]), np.array([1, 3]))
    assert round(got, 3) == 2.718


def test_example_of_task_5(ps1):
    table = {
        ("<s>", "<s>", "a"): 1,
        ("<s>", "a", "b"): 0.4,
        ("<s>", "a", "</s>"): 0.6,
    }
    assert ps1["greedy_review"](table, 5) == ("a",)


def test_example_of_task_7(ps1):
    table = {
        ("<s>", "<s>", "waste"): 1.0,
        ("<s>", "waste", "of"): 1.0,
        ("waste", "of", "time"): 0.6,
        ("waste", "of", "money"): 0.3,
        ("waste", "of", "film"): 0.1,
        ("of", "time", "</s>"): 0.5,
        ("of", "money", "</s>"): 0.8,
        ("of", "film", "</s>"): 0.5,
    }
    words = ["waste", "of", "time", "money", "film"]
    got = ps1["restore_word"](("waste", "of", "film"), 2, table, words, 0.2)
    assert round(got["film"], 3) == 0.597


def test_example_of_task_8(ps1):
    for log_p, prior, want in [
        ([[-10, -12]], [0.5, 0.5], [[0.881, 0.119]]),
        ([[-10, -12]], [0.1, 0.9], [[0.451, 0.549]]),
        ([[-5010, -5012]], [0.5, 0.5], [[0.881, 0.119]]),
    ]:
        got = ps1["writer_posterior"](np.array(log_p), np.array(prior))
        assert got.round(3).tolist() == want


def test_table_that_task_9_asks_about(ps1, capsys):
    assignment = grade_demo.Assignment("ps1")
    (source,) = (cell.source for cell in assignment.notebook.cells if cell.id == "together")
    exec(source, ps1)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    counted, held_out, accuracy = np.array([line[1:] for line in lines], dtype=float).T
    # "alpha = 0 is the best on the reviews that were counted, and the worst on held-out ones"
    assert counted.argmin() == 0
    assert held_out[0] == math.inf
    assert np.isfinite(held_out[1:]).all()
    # "both perplexities rise for large alpha" towards K = 51, and a small alpha is the best
    assert (np.diff(counted) > 0).all()
    assert 0 < held_out.argmin() < len(held_out) - 2
    assert 49 < counted[-1] < 51
    assert 49 < held_out[-1] < 51
    # far above the one half of a guess
    assert accuracy[1:].min() > 0.75


def test_hand_in_needs_no_course_lib_model():
    # The tasks ask for the mathematics: nothing in the solution calls the package's own model.
    for text in grade_demo.Assignment("ps1").reference().values():
        assert "course_lib" not in text
        assert "NgramModel" not in text
