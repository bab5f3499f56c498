"""Divergences and the evidence lower bound: what its text says must hold for its own solution."""

import math

import grade_demo
import numpy as np
import pytest


@pytest.fixture(scope="module")
def assignment():
    return grade_demo.Assignment("ps5")


@pytest.fixture(scope="module")
def ps5(assignment, run_cells):
    return run_cells(assignment, assignment.reference())


@pytest.fixture(scope="module")
def text(assignment):
    return {cell.id: cell.source for cell in assignment.notebook.cells}


def rounded(value, digits):
    """Return numbers as nested lists, rounded; -0 becomes 0."""
    return (np.asarray(value, dtype="float64").round(digits) + 0.0).tolist()


#: The model of tasks 6 to 8: one cause, one coordinate, and x = 2.
TINY = {"x": np.array([[2.0]]), "w": np.eye(1), "b": np.zeros(1)}


def test_example_of_task_1(ps5):
    joint = np.array([[0.5, 0], [0.25, 0.25]])
    assert rounded(ps5["information"](joint, "bits"), 3) == [1, 0.5, 0.311]
    assert rounded(ps5["information"](joint, "nats"), 3) == [0.693, 0.347, 0.216]
    h_y = -0.75 * math.log2(0.75) - 0.25 * math.log2(0.25)
    assert round(h_y, 3) == 0.811


def test_example_of_task_2(ps5):
    a, b = np.zeros((1, 2)), np.array([[0, math.log(3)]])
    assert rounded(ps5["kl_from_logits"](a, b), 4) == [0.1438]
    assert rounded(ps5["kl_from_logits"](a + 1000, b), 4) == [0.1438]


def test_example_of_task_3(ps5):
    got = ps5["kl_precision"](np.zeros((1, 1)), np.eye(1), 4 * np.ones(1), 4 * np.eye(1))
    assert rounded(got, 4) == [2.8069]
    assert rounded((4 + 4 - 1 - math.log(4)) / 2, 4) == 2.8069


def test_task_3_agrees_with_the_library(ps5):
    from course_lib.information import kl_multivariate_gaussians

    rng = np.random.default_rng(0)
    roots, means = rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 3))
    covs = [root @ root.T + np.eye(3) for root in roots]
    precisions = [np.linalg.inv(cov) for cov in covs]
    etas = [precision @ mean for precision, mean in zip(precisions, means, strict=True)]
    got = ps5["kl_precision"](etas[0][None], precisions[0], etas[1], precisions[1])
    assert np.allclose(got, kl_multivariate_gaussians(means[0], covs[0], means[1], covs[1]))


def test_example_of_task_4(ps5):
    got = ps5["kl_estimate"](np.zeros(2), np.array([-1.0, -3.0]), 0.1)
    assert rounded(got, 6) == [2, 1, 200]


def test_example_of_task_5(ps5):
    x = np.linspace(-12, 12, 2401)
    p = 0.3 * np.exp(-2 * (x + 2) ** 2) + 0.7 * np.exp(-2 * (x - 2) ** 2)
    got = ps5["two_fits"](x, p + 1e-30, np.array([-2, 0, 2]), np.array([0.5, 1, 2]))
    assert rounded(got, 4) == [[0.8, 1.9], [2, 0.5]]


def test_example_of_task_6(ps5):
    for noise_var, mean, variance in [(1, 1, 0.5), (0.25, 1.6, 0.2)]:
        got = ps5["posterior"](**TINY, noise_var=np.array([noise_var]))
        assert [rounded(a, 6) for a in got] == [[[mean]], [[variance]]]


def test_example_of_task_7(ps5):
    assert rounded(ps5["log_evidence"](**TINY, noise_var=np.ones(1)), 4) == [-2.2655]
    # "A second coordinate that is missing changes nothing."
    got = ps5["log_evidence"](
        np.array([[2, np.nan]]), np.array([[1], [3]]), np.array([0, 5]), np.ones(2)
    )
    assert rounded(got, 4) == [-2.2655]


def test_example_of_task_8(ps5):
    for mean, variance, bound in [(0, 1, -3.4189), (1, 0.5, -2.2655)]:
        got = ps5["elbo"](
            **TINY, noise_var=np.ones(1), mean=np.array([[mean]]), cov=np.array([[variance]])
        )
        assert rounded(got, 4) == [bound]


def test_tasks_6_to_8_agree_with_chapter_15_where_the_noise_is_the_same_everywhere(ps5):
    from course_lib.linear_gaussian import LinearGaussian

    rng = np.random.default_rng(0)
    w, b, x, m = (rng.normal(size=shape) for shape in [(4, 2), (4,), (3, 4), (3, 2)])
    model, noise_var = LinearGaussian(w, b, noise_std=0.8), np.full(4, 0.64)
    for mine, library in zip(ps5["posterior"](x, w, b, noise_var), model.posterior(x), strict=True):
        assert np.allclose(mine, library)
    assert np.allclose(ps5["log_evidence"](x, w, b, noise_var), model.log_prob(x))
    cov = np.array([[0.5, 0.2], [0.2, 0.3]])
    assert np.allclose(ps5["elbo"](x, w, b, noise_var, m, cov), model.elbo(x, m, covariance=cov))


def test_example_of_task_9(ps5):
    log_var, gap = ps5["best_diagonal"](np.diag([1, 4]), np.array([0, 0]))
    assert rounded(np.exp(log_var), 4) == [1.6, 1.6]
    assert rounded(gap, 4) == 0.2231
    log_var, gap = ps5["best_diagonal"](np.array([[1, 0.8], [0.8, 1]]), np.array([0, 1]))
    assert rounded(log_var, 4) == [-1.0217, -1.0217]
    assert rounded(np.exp(log_var), 4) == [0.36, 0.36]
    assert rounded(gap, 4) == 0.5108


def test_example_of_task_10(ps5):
    got = ps5["log_prob_estimates"](np.array([[-1000.0], [-1002.0]]), np.full((2, 1), -1.0))
    assert [rounded(a, 3) for a in got] == [[-1000], [-999.566]]


def test_example_of_task_11(ps5):
    got = ps5["gradient_estimates"](
        lambda z: np.sum(z**2, axis=1), lambda z: 2 * z, np.ones(1), np.zeros(1), np.array([[2.0]])
    )
    assert [rounded(a, 6) for a in got] == [[[[18], [13.5]]], [[[6], [6]]]]


def test_example_of_task_12(ps5):
    mixture = np.full(2, 0.5), np.array([-1.0, 1.0]), np.ones(2)
    got = ps5["mixture_elbo"](np.zeros(2), *mixture, np.array([[0.5, 0.5], [1.0, 0.0]]))
    assert rounded(got, 4) == [-1.4189, -2.1121]
    assert rounded(got[0] - got[1], 6) == rounded(math.log(2), 6)


def test_score_scatters_more_the_more_dimensions_there_are(ps5, text, capsys):
    exec(text["look_gradients"], ps5)
    lines = capsys.readouterr().out.splitlines()
    spread = np.array([[float(part.split()[-1]) for part in line.split(",")] for line in lines])
    assert np.all(spread[:, 0] > spread[:, 1])
    assert np.all(np.diff(spread[:, 0]) > 0)
    assert np.ptp(spread[:, 1]) < 0.1


def test_table_that_task_13_asks_about(ps5, text, capsys):
    exec(text["together"], ps5)
    first, _, *lines = capsys.readouterr().out.splitlines()
    exact = float(first.split("=")[1])
    table = np.array([[float(v) for v in line[14:].split()] for line in lines])
    bound, one, ten, thousand = table.T
    # "For all guesses but the first, log p(x) is larger than the bound"
    assert bound[0] == exact
    assert np.all(bound[1:] < exact)
    # "the first row does not move"
    assert np.all(table[0] == exact)
    # "With one draw ... on average, the bound": an average of 200 numbers that scatter by 1 to 3.
    assert np.all(np.abs(one - bound) < [0.01, 0.3, 0.6, 1.5])
    # "they climb toward log p(x)"
    assert np.all(one[1:] < ten[1:])
    assert np.all(ten[1:] < thousand[1:] + 0.01)
    assert np.all(np.abs(thousand - exact) < 0.1)


def test_no_task_is_one_call_of_the_library(assignment):
    for source in assignment.reference().values():
        assert "course_lib" not in source
