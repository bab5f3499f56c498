"""Autoencoders and losses: what its text says must be true of its own solution."""

import grade_demo
import numpy as np
import pytest

from course_lib.autoencoders import Autoencoder
from course_lib.losses import BernoulliNLL, gaussian_nll


@pytest.fixture(scope="module")
def ps2(run_cells):
    assignment = grade_demo.Assignment("ps2")
    return run_cells(assignment, assignment.reference())


def test_example_of_task_1(ps2):
    assert round(ps2["nats_from_mse"](0.01, (28, 28), 1.0), 1) == 724.4
    assert round(ps2["nats_from_mse"](0.01, (28, 28), 0.1), 1) == -692.8


def test_task_1_agrees_with_the_course(ps2):
    x, mean = np.random.default_rng(0).normal(size=(2, 5, 3, 4))
    want = float(np.mean(gaussian_nll(x, mean, log_var=2 * np.log(0.7))))
    got = ps2["nats_from_mse"](np.mean((x - mean) ** 2), (3, 4), 0.7)
    assert got == pytest.approx(want, rel=1e-6)


def test_example_of_task_2(ps2):
    x = np.array([[1, 0.5], [1, 0.5]])
    got = ps2["excess_cross_entropy"](x, np.array([[0, 0], [-1000, 0]]))
    assert round(got, 3) == 500.347
    assert round(ps2["excess_cross_entropy"](x[:1], np.zeros((1, 2))), 3) == 0.693


def test_task_2_agrees_with_the_course_where_pixels_are_binary(ps2):
    rng = np.random.default_rng(0)
    x, logits = rng.integers(2, size=(4, 6)).astype("float32"), rng.normal(size=(4, 6))
    want = float(BernoulliNLL(from_logits=True)(x, logits.astype("float32")))
    assert ps2["excess_cross_entropy"](x, logits) == pytest.approx(want, rel=1e-5)


def test_example_of_task_3(ps2):
    for n in (1, 2):
        x, output = np.full((n, 1), 1.0), np.full((n, 1), 0.1)
        for loss, want in [("cross-entropy", -0.9), ("squared error", -0.162)]:
            got = ps2["preactivation_gradient"](x, output, "sigmoid", loss)
            assert got == pytest.approx(np.full((n, 1), want / n))


def test_example_of_task_4(ps2):
    weights = [np.array(w, dtype=float) for w in ([[1], [-1]], [0.5], [[2, 0]], [1, 0])]
    code, copy = ps2["run_autoencoder"](np.array([[[1.0, 2.0]]]), weights, 1)
    assert code.tolist() == [[-0.5]]
    assert copy.tolist() == [[[0.5, 0.5]]]


def test_example_of_task_5(ps2):
    assert ps2["count_parameters"]((12, 20, 1), (4, 8), 3, 5) == (941, 1049)
    assert (40 + 296 + 605, 720 + 292 + 37) == (941, 1049)


@pytest.mark.parametrize("filters", [(3,), (4, 8)])
def test_task_5_counts_what_keras_counts(ps2, filters):
    model = Autoencoder.convolutional((8, 12), 3, filters=filters)
    got = ps2["count_parameters"]((8, 12, 1), filters, 3, 3)
    assert got == (model.encoder.count_params(), model.decoder.count_params())


def test_example_of_task_6(ps2):
    one = [np.array(w, dtype=float) for w in ([[0]], [0], [[2]], [0])]
    got = ps2["gradients"](np.array([[1.0]]), *one)
    assert [g.tolist() for g in got] == [[[-4]], [-4], [[0]], [-2]]


def test_example_of_task_7(ps2):
    x = np.random.default_rng(0).normal(size=(300, 10)).astype("float32")
    shapes = [w.shape for w in ps2["train_autoencoder"](x, 2)]
    assert shapes == [(10, 2), (2,), (2, 10), (10,)]


def test_example_of_task_8(ps2):
    w, b = ps2["copying_decoder"](np.array([[2.0]]), np.array([1.0]))
    assert w.tolist() == [[0.5], [-0.5]]
    assert b.tolist() == [-0.5]
    assert (np.array([[7, 0], [0, 5]]) @ w + b).tolist() == [[3], [-3]]


def test_example_of_task_9(ps2):
    codes, copies = ps2["memorize"](np.array([[0, 0], [4, 0]]), np.array([[1, 1], [3, 9]]))
    assert codes.tolist() == [0, 1]
    assert copies.tolist() == [[0, 0], [4, 0]]


def test_table_that_task_10_asks_about(ps2, capsys):
    assignment = grade_demo.Assignment("ps2")
    (source,) = (cell.source for cell in assignment.notebook.cells if cell.id == "together")
    exec(source, ps2)
    rows = [line.rsplit(maxsplit=3) for line in capsys.readouterr().out.splitlines()[1:]]
    mean, trained, copier, table = np.array([row[1:] for row in rows], dtype=float)
    # "The copier: zero on held-out digits and on shuffled pictures"
    assert copier.max() == 0
    # "The table: zero on the training digits and far from zero on held-out ones"
    assert table[0] == 0
    assert table[1] > 0.2 * mean[1]
    # "The trained network: nearly the same on training and held-out digits, well below the mean
    # digit's and below the table's; on shuffled pictures it loses most of the variation"
    assert trained[1] < 1.15 * trained[0]
    assert trained[1] < 0.5 * mean[1]
    assert trained[1] < 0.9 * table[1]
    assert trained[2] > 0.6 * mean[2]


def test_solutions_call_nothing_of_the_course():
    for text in grade_demo.Assignment("ps2").reference().values():
        assert "course_lib" not in text
