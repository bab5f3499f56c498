"""What keeps an autoencoder from copying: what its text says must hold for its own solution."""

import grade_demo
import numpy as np
import pytest


@pytest.fixture(scope="module")
def assignment():
    return grade_demo.Assignment("ps4")


@pytest.fixture(scope="module")
def ps4(assignment, run_cells):
    return run_cells(assignment, assignment.reference())


@pytest.fixture(scope="module")
def text(assignment):
    return {cell.id: cell.source for cell in assignment.notebook.cells}


def rounded(value, digits):
    """Return numbers as nested lists, rounded; -0 becomes 0."""
    return (np.asarray(value, dtype="float64").round(digits) + 0.0).tolist()


def test_example_of_task_1(ps4):
    for decoupled, velocity in [(False, 1.8), (True, 1.4)]:
        parameters, velocities = ps4["decay_step"](
            [np.array([[1.0]]), np.array([1.0])],
            [np.array([[0.5]]), np.array([0.5])],
            [np.array([[1.0]]), np.array([1.0])],
            rate=0.1,
            momentum=0.9,
            decay=0.2,
            decoupled=decoupled,
        )
        assert [rounded(w, 6) for w in parameters] == [[[0.82]], [0.86]]
        assert [rounded(v, 6) for v in velocities] == [[[velocity]], [1.4]]


def test_example_of_task_2(ps4):
    one, zero = np.ones((1, 1)), np.zeros(1)
    loss, gradient = ps4["tied_gradient"](one, one, zero, zero)
    assert (rounded(loss, 4), rounded(gradient, 4)) == (0.0723, [[-0.499]])
    h = 1 / (1 + np.exp(-1))
    decoder, encoder = 2 * (h - 1) * h, 2 * (h - 1) * h * (1 - h)
    assert rounded([h, decoder, encoder], 4) == [0.7311, -0.3932, -0.1058]


def test_example_of_task_3(ps4):
    penalty, gradient = ps4["sparsity_penalty"](np.array([[0.1], [0.3]]), 0.05)
    assert rounded(penalty, 4) == 0.0939
    assert rounded(gradient, 6) == [[0.46875], [0.46875]]


def test_example_of_task_4(ps4):
    assert rounded(ps4["elastic_code"](np.array([-2, 0.3, 1.5]), 0.8, 0.25), 6) == [-1.28, 0, 0.88]


def test_example_of_task_5(ps4):
    code = ps4["top_k_code"](np.array([[0.5, -2, 1], [3, 0.1, -0.2]]), 2)
    assert rounded(code, 6) == [[0, -2, 1], [3, 0, -0.2]]


def test_example_of_task_6(ps4):
    seen = []

    def copy(damaged):
        seen.append(damaged.tolist())
        return damaged

    x, u = np.array([[0.2, 0.8, 1.0]]), np.array([[0.1, 0.6, 0.3]])
    assert rounded(ps4["denoising_loss"](copy, x, u, 0.5), 6) == 1.04
    assert seen == [[[0, 0.8, 0]]]


def test_example_of_task_7(ps4):
    points, noisy = np.array([[-1.0], [1.0]]), np.array([[0.5]])
    for prior, want in [([0.5, 0.5], 0.4621), ([0.9, 0.1], -0.5361)]:
        assert rounded(ps4["best_guess"](noisy, points, np.array(prior), 1), 4) == [[want]]
    assert rounded(np.tanh(0.5), 4) == 0.4621


def test_example_of_task_8(ps4):
    x_hat = np.array([[[1.0, 2.0], [3.0, 4.0]]] * 2)
    assert ps4["quadrant_error"](np.zeros((2, 2, 2)), x_hat, np.array([1, 2])) == 6.5


def test_quadrants_are_numbered_as_in_the_course(ps4):
    from course_lib.inpainting import quadrant_mask

    for quadrant in range(4):
        hole = quadrant_mask((4, 6), [quadrant])[None].astype("float64")
        assert ps4["quadrant_error"](np.zeros((1, 4, 6)), hole, np.array([quadrant])) == 6


def test_example_of_task_9(ps4):
    x, w, b = np.array([[0], [1]], "float32"), np.array([[2]], "float32"), np.zeros(1, "float32")
    one = np.ones(1, "float32")
    got = ps4["contraction"](x, w, b, one)
    assert rounded(got, 4) == [0.25, 0.0441]
    assert rounded(ps4["contraction"](x, w, b, 3 * one) / got, 4) == [9, 9]


def test_task_9_is_the_expected_move_for_little_noise(ps4):
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(1, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    noise = np.array([0.5, 1, 2])

    def code(x):
        return 1 / (1 + np.exp(-x @ w - b))

    moves = code(x + 1e-3 * noise * rng.normal(size=(100_000, 3))) - code(x)
    squares = np.sum(moves**2, axis=1) / 1e-3**2
    arrays = [a.astype("float32") for a in (x, w, b, noise)]
    want = float(np.asarray(ps4["contraction"](*arrays))[0])
    # Six standard errors; the second order adds about 1e-3 of the value at most.
    error = 6 * squares.std() / np.sqrt(len(squares)) + 1e-3 * want
    assert abs(squares.mean() - want) < error


def test_example_of_task_10(ps4):
    one, zero = np.ones((1, 1)), np.zeros(1)
    got = ps4["deep_jacobian"](np.zeros((1, 1)), one, zero, one, zero)
    assert rounded(got, 4) == [[[0.1966]]]


def test_baselines_of_task_11(text):
    from course_lib.data import load_digits

    digits = load_digits("embedded")
    clean = digits.x_train[:1000].reshape(-1, 64).astype("float64")
    x = digits.x_test.reshape(-1, 64).astype("float64")
    rng = np.random.default_rng(0)
    for q in (0.28, 0.33):
        damaged = np.where(rng.random(x.shape) < q, 0, x)
        mask = rng.random((10, *clean.shape)) < q
        inputs = np.where(mask, 0, clean).reshape(-1, 64)
        target = np.tile(clean, (10, 1))
        a, b = (np.column_stack([p, np.ones(len(p))]) for p in (inputs, damaged))
        linear = b @ np.linalg.solve(a.T @ a + 0.1 * np.eye(65), a.T @ target)
        # By counting, where the check has a formula: the mean of the clean where a 0 is seen.
        seen = np.sum(inputs == 0, axis=0)
        constant = np.sum(target * (inputs == 0), axis=0) / seen
        alone = np.where(damaged == 0, constant, damaged)
        filled = np.where(damaged == 0, clean.mean(axis=0), damaged)
        best, *errors = [np.sum((x - p) ** 2) for p in (alone, linear, filled, damaged)]
        share = np.mean(clean > 0, axis=0)
        formula = q * clean.mean(axis=0) / (q * share + 1 - share)
        # Means of 2,800 numbers or more from 0 to 1: standard errors below 0.0095.
        assert constant == pytest.approx(formula, abs=0.03)
        assert 0.795 < errors[0] / best < 0.905
        assert 1.095 < errors[1] / best < 1.255
        assert errors[2] / best > 2
    assert "linear map leaves 80% to 90%" in text["restore_task"]
    assert "in place of the zeros leaves 110% to 125%" in text["restore_task"]
    assert "damaged pictures as they are over 200%" in text["restore_task"]


def test_table_that_task_12_asks_about(ps4, text, capsys):
    exec(text["together"], ps4)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    sigma, noisy, training, test, average = np.array(rows, dtype=float).T
    # "perfect, and the restored test pictures are far worse than the noisy ones"
    assert (sigma[0], training[0]) == (0.05, 0)
    assert test[0] > 5 * noisy[0]
    # "both errors come close to the last column"
    assert sigma[-1] == 6.4
    assert np.allclose([training[-1], test[-1]], average[-1], rtol=0.03)


def test_a_draw_has_twice_the_error_of_the_mean(ps4):
    """What the model answer of task 12 says, with the weights that the text defines."""
    rng = np.random.default_rng(0)
    points, sigma, n = rng.normal(size=(5, 2)), 0.7, 40_000
    original = points[rng.integers(5, size=n)]
    noisy = original + sigma * rng.normal(size=(n, 2))
    mean = ps4["best_guess"](noisy, points, np.full(5, 0.2), sigma)
    weights = np.exp(-np.sum((noisy[:, None] - points) ** 2, axis=2) / (2 * sigma**2))
    ends = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    drawn, again = (
        points[np.minimum((ends < rng.random((n, 1))).sum(axis=1), 4)] for _ in range(2)
    )
    guesses = mean, drawn, (drawn + again) / 2
    by_mean, by_draw, by_two = (np.sum((original - p) ** 2, axis=1) for p in guesses)
    for difference in (by_draw - 2 * by_mean, by_two - 1.5 * by_mean):
        assert abs(difference.mean()) < 6 * difference.std() / np.sqrt(n)


def test_no_task_is_one_call_of_the_library(assignment):
    for source in assignment.reference().values():
        assert "course_lib" not in source
