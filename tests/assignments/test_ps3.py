"""The PCA connection: what its text says must be true of its own solution."""

import math

import grade_demo
import numpy as np
import pytest

from course_lib.pca import PCA, principal_angles


@pytest.fixture(scope="module")
def ps3(run_cells):
    assignment = grade_demo.Assignment("ps3")
    return run_cells(assignment, assignment.reference())


def test_example_of_task_1(ps3):
    x, weights = np.array([[0.0, 0], [3, 4], [9, 9]]), np.array([1.0, 3, 0])
    mean, components, values = ps3["weighted_pca"](x, weights, 1)
    assert mean.tolist() == [2.25, 3]
    assert np.abs(components).tolist() == [pytest.approx([0.6, 0.8])]
    assert values == pytest.approx([4.6875])


def test_task_1_agrees_with_the_course(ps3):
    x = np.random.default_rng(0).normal(size=(30, 5)) * np.arange(1, 6)
    mean, components, values = ps3["weighted_pca"](x, np.ones(30), 3)
    pca = PCA(3).fit(x)
    assert mean == pytest.approx(pca.mean)
    assert values == pytest.approx(pca.singular_values**2 / 30)
    assert np.abs(components @ pca.components.T) == pytest.approx(np.eye(3), abs=1e-9)


def test_example_of_task_2(ps3):
    assert ps3["smallest_code"](np.array([1, 6, 3, 2]), 3.5) == 2
    assert ps3["smallest_code"](np.array([1, 6, 3, 2]), 12.5) == 0


def test_example_of_task_3(ps3):
    one, three = (1, np.array([0]), np.array([[0]])), (3, np.array([4]), np.array([[1]]))
    mean, covariance = ps3["pooled_covariance"](*one, *three)
    assert (mean.tolist(), covariance.tolist()) == ([3], [[3.75]])


def test_example_of_task_4(ps3):
    x, codes = np.array([[2.0, 5], [4, 5], [6, 99]]), np.array([[1.0], [2], [3]])
    decoder, offset = ps3["best_decoder"](x, codes, x != 99)
    assert decoder == pytest.approx(np.array([[2, 0]]), abs=1e-9)
    assert offset == pytest.approx(np.array([0, 5]), abs=1e-9)


def test_example_of_task_5(ps3):
    decoder, offset = np.array([[1.0, 2, 3]]), np.array([0.0, 0, 1])
    visible = np.array([True, True, False])
    for picture, want in [([2.0, 4, 99], [2, 4, 7]), ([1.0, 3, 99], [1, 3, 5.2])]:
        got = ps3["fill_in"](np.array(picture), visible, decoder, offset)
        assert got == pytest.approx(want)


def test_example_of_task_6(ps3):
    plane, line = np.array([[2.0, 0, 0], [1, 1, 0]]), np.array([[0.0, 3, 3]])
    assert ps3["subspace_overlap"](plane, line) == pytest.approx(0.5)
    assert ps3["subspace_overlap"](line, plane) == pytest.approx(0.25)
    # "A row of zeros more changes nothing"
    dead = np.zeros((1, 3))
    more = [np.concatenate([rows, dead]) for rows in (plane, line)]
    assert ps3["subspace_overlap"](*more) == pytest.approx(0.5)
    assert ps3["subspace_overlap"](*more[::-1]) == pytest.approx(0.25)


def test_task_6_is_the_mean_of_squared_cosines_of_principal_angles(ps3):
    a, b = np.random.default_rng(0).normal(size=(2, 3, 7))
    cosines = np.cos(np.radians(principal_angles(a.T, b.T)))
    assert ps3["subspace_overlap"](a, b) == pytest.approx(np.mean(cosines**2))


def test_task_6_is_what_survives_of_a_random_vector(ps3):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 7)), rng.normal(size=(3, 7))
    units = rng.normal(size=(20_000, 3))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    vectors = units @ np.linalg.qr(b.T)[0].T
    shares = np.sum((vectors @ np.linalg.qr(a.T)[0]) ** 2, axis=1)
    error = shares.std() / math.sqrt(len(shares))
    assert abs(shares.mean() - ps3["subspace_overlap"](a, b)) < 6 * error


def test_example_of_task_7(ps3):
    encoder = np.array([[2.0, 0], [0, 1], [0, 0]])
    decoder = np.array([[0.5, 0, 0], [0, 1, 0]])
    covariance = np.diag([4.0, 9, 1])
    assert np.diag(encoder.T @ covariance @ encoder).tolist() == [16, 9]
    got = ps3["whiten_code"](encoder, decoder, covariance)
    assert got[0] == pytest.approx(np.array([[1 / 2, 0], [0, 1 / 3], [0, 0]]))
    assert got[1] == pytest.approx(np.array([[2, 0, 0], [0, 3, 0]]))


def test_example_of_task_8(ps3):
    assert ps3["tied_gradient"](np.array([[2.0]]), np.array([[1.0]])).tolist() == [[24]]
    got = ps3["tied_gradient"](np.array([[1.0], [2.0]]), np.array([[1.0, 0.0]]))
    assert got.tolist() == [[8], [4]]


def test_task_8_training_ends_at_pca_for_many_seeds(ps3):
    # The same as the hidden check; it allows an error of 1.02 times PCA's and 0.1 of the atoms
    # outside the plane.
    eigenvalues = np.array([4, 3, 0.5, 0.3, 0.1])
    excess, outside = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        scores = np.linalg.qr(rng.normal(size=(30, 5)))[0] * np.sqrt(30 * eigenvalues)
        axes = np.linalg.qr(rng.normal(size=(5, 5)))[0]
        x = scores @ axes.T
        w = np.linalg.qr(axes[:, :2] + 0.5 * rng.normal(size=(5, 2)))[0]
        for _ in range(100):
            w = w - 0.03 * ps3["tied_gradient"](w, x)
        excess.append(np.mean(np.sum((x - x @ w @ w.T) ** 2, axis=1)) / 0.9 - 1)
        outside.append(np.linalg.norm(axes[:, 2:].T @ w))
    assert max(excess) < 0.002
    assert max(outside) < 0.01


def test_example_of_task_9(ps3):
    covariance, basis = np.diag([3.0, 2, 1]), np.array([[1.0, 0], [0, 0], [0, 1]])
    got = ps3["escape_saddle"](basis, covariance, math.pi / 6)
    assert np.abs(got) == pytest.approx(np.array([[1, 0], [0, 0.5], [0, math.sqrt(0.75)]]))
    assert 6 - np.trace(basis.T @ covariance @ basis) == 2
    assert 6 - np.trace(got.T @ covariance @ got) == pytest.approx(1.75)


def test_gradient_vanishes_on_every_set_of_principal_components(ps3):
    x = np.random.default_rng(0).normal(size=(30, 5)) * np.arange(1, 6)
    _, components, _ = ps3["weighted_pca"](x - x.mean(axis=0), np.ones(30), 5)
    for chosen in ([0, 1], [1, 3], [4]):
        gradient = ps3["tied_gradient"](components[chosen].T, x - x.mean(axis=0))
        assert np.abs(gradient).max() < 1e-9


def test_table_that_task_10_asks_about(ps3, capsys):
    assignment = grade_demo.Assignment("ps3")
    (source,) = (cell.source for cell in assignment.notebook.cells if cell.id == "together")
    exec(source, ps3)
    rows = [line.rsplit(maxsplit=4)[1:] for line in capsys.readouterr().out.splitlines()[2:]]
    error, overlap, cosine, correlation = np.array(rows, dtype=float).T
    # "equal errors, overlap 1"
    assert np.ptp(error) < 0.002
    assert overlap.min() > 0.999
    # "cosines well below 1, and code units correlated, while PCA's are not"
    assert cosine[0] == 1
    assert cosine[1:].max() < 0.9
    assert correlation[[0, 3]].tolist() == [0, 0]
    assert correlation[1:3].min() > 0.2


def test_solutions_call_nothing_of_the_course():
    for text in grade_demo.Assignment("ps3").reference().values():
        assert "course_lib" not in text
        assert "sklearn" not in text
