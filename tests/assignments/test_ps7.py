"""The conditional VAE: what its text says must be true of its own solution."""

import math

import grade_demo
import numpy as np
import pytest


@pytest.fixture(scope="module")
def ps7(run_cells):
    assignment = grade_demo.Assignment("ps7")
    return run_cells(assignment, assignment.reference())


def floats(values):
    return np.array(values, "float32")


def test_example_of_task_1(ps7):
    pictures = floats([[[0.5, 1]], [[0, 0.25]]])
    labels, known = np.array([2, 255], "uint8"), np.array([True, False])
    got = ps7["encoder_input"](pictures, labels, known, 3)
    assert got.tolist() == [[0.5, 1, 0, 0, 1], [0, 0.25, 0, 0, 0]]


def test_example_of_task_2(ps7):
    mean, log_var = floats([[1, 1], [1, 1]]), floats([[0, 0], [0, -2]])
    got = ps7["class_prior_kl"](mean, log_var, np.array([0, 1]), floats([[0, 0], [3, 1]]))
    assert got.round(3).tolist() == floats([1, 2.568]).tolist()
    assert round((math.exp(-2) + 2 - 1) / 2, 3) == 0.568


def test_example_of_task_3(ps7):
    w_enc, w_dec = np.zeros((4, 2), "float32"), np.zeros((3, 2), "float32")
    w_enc[2 + 1], w_dec[1 + 1] = [1, 0], [1, -1]
    biases = np.zeros(2, "float32"), np.zeros(2, "float32")
    for classes, want in [([0], 1.386), ([1], 1.127), ([0, 1], 1.256)]:
        x, label = floats([[1, 0]] * len(classes)), np.eye(2, dtype="float32")[classes]
        for noise in (0.0, 1.5):
            eps = np.full((len(classes), 1), noise, "float32")
            got = ps7["cvae_loss"](x, label, eps, w_enc, biases[0], w_dec, biases[1])
            assert np.round(got, 3) == floats(want)


def test_example_of_task_4(ps7):
    def decode(rows):
        return rows[:, :2]

    u = floats([[0.9, 0.6]])
    got = ps7["on_demand"](np.array([1]), floats([[0], [5]]), floats([[-1]]), u, decode)
    assert got.tolist() == [[1, 0]]
    assert round(1 / (1 + math.exp(-4)), 3) == 0.982


def test_example_of_task_5(ps7):
    def encode(rows):
        return rows[:, :1], 0 * rows[:, :1]

    def decode(rows):
        # One latent number, then the label, 0 or 1, as a one-hot vector.
        return rows[:, :1] + 10 * rows[:, 2:]

    got = ps7["restyle"](floats([[3]]), np.array([0]), 2, encode, decode)
    assert np.allclose(got, [[[0.953], [0.999998]]], rtol=0, atol=5e-4)


def test_example_of_task_6(ps7):
    table, accuracy, error = ps7["report"](np.array([0, 0, 0, 1]), np.array([0, 1, 0, 1]), 3)
    assert table.round(3).tolist() == [[0.667, 0.333, 0], [0, 1, 0], [0, 0, 0]]
    assert accuracy == 0.75
    assert round(float(error), 3) == 0.217


def test_example_of_task_7(ps7):
    log_w = floats([[[-1001, -1002]], [[-1003, -1002]]])
    for prior, log_p, posterior in [
        ([0.5, 0.5], -1001.760, [0.607, 0.393]),
        ([0.1, 0.9], -1001.947, [0.146, 0.854]),
    ]:
        got = ps7["label_posterior"](log_w, floats(prior))
        assert got[0].round(3).tolist() == [log_p]
        assert got[1].round(3).tolist() == [posterior]
    assert round(math.log((math.exp(-1) + math.exp(-3)) / 2), 3) == -1.566


def test_example_of_task_8(ps7):
    pictures, logits = floats([[[1, 0], [1, 1]]]), floats([[[0, 1], [2, -1]]])
    for missing, want in [([3], 1.313), ([0, 3], 2.006)]:
        assert ps7["completion_nll"](pictures, logits, missing).round(3).tolist() == [want]


def test_example_of_task_9(ps7):
    visible, hidden = floats([[0], [1], [3]]), floats([[1, 0], [1, 1], [0, 0]])
    got = ps7["neighbor_completion"](visible, hidden, floats([[0.2]]), 2)
    assert got.tolist() == [[0.75, 0.5]]


def test_baseline_of_task_10(ps7):
    x, y = ps7["x_train"], ps7["y_train"]
    share = np.stack([(x[y == c].sum(axis=0) + 1) / (np.sum(y == c) + 2) for c in range(10)])
    new, its = ps7["x_test"], share[ps7["y_test"]]
    baseline = np.mean(np.sum(new * np.log(its) + (1 - new) * np.log(1 - its), axis=1))
    cells = grade_demo.Assignment("ps7").notebook.cells
    (text,) = (cell.source for cell in cells if cell.id == "train_cvae_task")
    assert f"about −{-baseline:.0f} nats" in text


def test_table_that_task_11_asks_about(ps7, capsys):
    assignment = grade_demo.Assignment("ps7")
    (source,) = (cell.source for cell in assignment.notebook.cells if cell.id == "together")
    exec(source, ps7)
    lines = [line.split()[-2:] for line in capsys.readouterr().out.splitlines()[1:]]
    right = [float(share.rstrip("%")) for share, _ in lines]
    bound = [float(number) for _, number in lines]
    # "only the decoder is nearly as good as both networks, in both columns"
    assert abs(bound[0] - bound[1]) < 1
    assert abs(right[0] - right[1]) < 8
    assert min(right[:2]) > 75
    # "by chance": one in ten, give or take six standard errors of 1,000 requests
    assert abs(right[2] - 10) < 6
    assert bound[2] < bound[1] - 1
    # "more than the 1.5"
    assert math.log(10) > 1.5


def test_a_solution_calls_no_model_of_the_course():
    for text in grade_demo.Assignment("ps7").reference().values():
        assert "course_lib" not in text
