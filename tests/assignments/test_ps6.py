"""The variational autoencoder: what its text says must be true of its own solution."""

import math

import grade_demo
import numpy as np
import pytest


@pytest.fixture(scope="module")
def ps6(run_cells):
    assignment = grade_demo.Assignment("ps6")
    return run_cells(assignment, assignment.reference())


def floats(values):
    return np.array(values, "float32")


def test_example_of_task_1(ps6):
    got = ps6["draw"](floats([[1]]), floats([[0]]), floats([[[2]], [[-1]]]))
    assert np.round(got, 3).tolist() == floats([[[2.386]], [[0.307]]]).tolist()


def test_example_of_task_2(ps6):
    mean, log_var = floats([[3, 1]]), np.log(floats([[4, 1]]))
    got = ps6["kl_parts"](mean, log_var, floats([1, 1]), 2)
    assert np.allclose(got, [[0.5, 0.318]], rtol=0, atol=5e-4)


def test_example_of_task_3(ps6):
    levels, logits = floats([[[16, 8]]]), floats([[[2, 0]]])
    assert ps6["gray_nll"](levels, logits).round(3).tolist() == [3.659]
    assert ps6["gray_nll"](levels[..., :1], logits[..., :1]).round(3).tolist() == [2.031]
    assert ps6["gray_nll"](levels[..., 1:], logits[..., 1:]).round(3).tolist() == [1.628]
    assert round(-math.log(12870 / 2**16), 3) == 1.628


def test_example_of_task_4(ps6):
    zeros = np.zeros((2, 2), "float32"), np.zeros((1, 2), "float32")
    b_enc, b_dec = floats([1, 0]), floats([1, -1])
    for noise in (0.0, 1.5):
        eps = np.full((1, 1, 1), noise, "float32")
        got = ps6["vae_loss"](floats([[1, 0]]), eps, zeros[0], b_enc, zeros[1], b_dec, 2)
        assert np.round(got, 4) == floats(1.6265)


def test_example_of_task_5(ps6):
    def decode(z):
        return np.zeros((len(z), 2), "float32")

    x, mean, log_var = floats([[1, 0]]), floats([[1]]), floats([[0]])
    got = ps6["sampled_elbo"](x, mean, log_var, floats([[[0.5]]]), decode)
    assert np.round(got, 3).tolist() == floats([[-2.386]]).tolist()


def test_example_of_task_6(ps6):
    log_w = floats([[-1], [-3], [-2], [-2]])
    for group, want in [(1, -2), (2, -1.783), (4, -1.76)]:
        assert ps6["importance_bound"](log_w, group).round(3).tolist() == [want]
    assert ps6["importance_bound"](log_w[:2], 2).round(3).tolist() == [-1.566]


def test_baseline_of_task_7(ps6):
    share = (ps6["x_train"].sum(axis=0) + 1) / (len(ps6["x_train"]) + 2)
    x = ps6["x_test"]
    baseline = np.mean(x @ np.log(share) + (1 - x) @ np.log(1 - share))
    (text,) = (
        c.source for c in grade_demo.Assignment("ps6").notebook.cells if c.id == "train_vae_task"
    )
    assert f"about −{-baseline:.0f} nats" in text


def test_example_of_task_8(ps6):
    for b, angle, want in [
        ([1, 1], math.pi / 6, [1.732, 1]),
        ([1, 1], math.pi / 2, [0, 2]),
        ([5, 0], math.pi / 2, [2, 0]),
    ]:
        got = ps6["turn"](np.array([2.0, 0.0]), np.array(b, "float64"), angle)
        assert np.allclose(got, want, atol=5e-4)


def test_example_of_task_9(ps6):
    codes = floats([[0], [1], [10], [13], [50]])
    has = np.array([False, True, False, True, True])
    got = ps6["attribute_direction"](codes, has, np.array([4, 4, 7, 7, 9]))
    assert got.tolist() == [2]


def test_table_that_task_10_asks_about(ps6, capsys):
    assignment = grade_demo.Assignment("ps6")
    (source,) = (cell.source for cell in assignment.notebook.cells if cell.id == "together")
    exec(source, ps6)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    beta, reconstruction, kl, elbo, active = np.array(lines, dtype=float).T
    assert beta.tolist() == [0, 1, 2, 64]
    # "beta = 0 gives the best reconstruction term and a poor ELBO"
    assert reconstruction.argmin() == 0
    assert elbo.argmax() == 1
    assert kl[0] > 2 * kl[1]
    # "at beta = 64 no dimension is active"
    assert active.tolist()[-1] == 0
    assert active[1] >= 3
    assert kl[-1] < 0.05


def test_a_solution_calls_no_model_of_the_course():
    for text in grade_demo.Assignment("ps6").reference().values():
        assert "course_lib" not in text
