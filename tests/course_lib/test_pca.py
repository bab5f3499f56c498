"""PCA against scikit-learn and random projections; principal angles of known subspaces."""

import keras
import numpy as np
import pytest
import scipy.linalg
import sklearn.decomposition

from course_lib.autoencoders import Autoencoder
from course_lib.data import load_digits
from course_lib.losses import SquaredError
from course_lib.pca import PCA, principal_angles

EPS = float(np.finfo("float64").eps)

# Coordinates below 100 from sums of 64 terms, behind an SVD whose vectors are off by eps times
# the ratio of the largest singular value to a gap between two of them, below 1000 here.
TOLERANCE = 64 * 100 * 1000 * EPS


def data(n=40, n_features=6, seed=0):
    """Return data whose principal axes have clearly different variances."""
    rng = np.random.default_rng(seed)
    scales = np.linspace(5, 0.5, n_features)
    rotation = np.linalg.qr(rng.normal(size=(n_features, n_features)))[0]
    return rng.normal(size=(n, n_features)) * scales @ rotation + rng.normal(size=n_features)


def squared_error(x, reconstruction):
    return np.sum(np.square(x - reconstruction))


# PCA


@pytest.mark.parametrize(("n", "n_components"), [(40, 1), (40, 3), (40, 6), (5, 5)])
def test_components_are_those_of_scikit_learn(n, n_components):
    x = data(n)
    ours = PCA(n_components).fit(x)
    theirs = sklearn.decomposition.PCA(n_components).fit(x)
    # The rank of five centered points is four: the fifth direction is arbitrary.
    rank = min(n_components, n - 1)
    signs = np.sign(np.sum(ours.components * theirs.components_, axis=1))
    assert (signs[:, None] * theirs.components_)[:rank] == pytest.approx(
        ours.components[:rank], abs=TOLERANCE
    )
    assert ours.mean == pytest.approx(theirs.mean_, abs=TOLERANCE)
    assert ours.explained_variance_ratio == pytest.approx(
        theirs.explained_variance_ratio_, abs=TOLERANCE
    )
    assert ours.singular_values == pytest.approx(theirs.singular_values_, abs=TOLERANCE)
    assert ours.transform(x)[:, :rank] == pytest.approx(
        (signs * theirs.transform(x))[:, :rank], abs=TOLERANCE
    )
    reconstruction = theirs.inverse_transform(theirs.transform(x))
    assert ours.reconstruct(x) == pytest.approx(reconstruction, abs=TOLERANCE)


@pytest.mark.parametrize("center", [True, False])
def test_components_diagonalize_the_second_moments(center):
    x = data()
    pca = PCA(6, center).fit(x)
    assert pca.components @ pca.components.T == pytest.approx(np.eye(6), abs=100 * EPS)
    moments = np.cov(x.T, bias=True) if center else x.T @ x / len(x)
    in_their_basis = pca.components @ moments @ pca.components.T
    expected = np.diag(pca.singular_values**2 / len(x))
    assert in_their_basis == pytest.approx(expected, abs=TOLERANCE)
    assert np.all(np.diff(pca.singular_values) < 0)
    assert pca.explained_variance_ratio.sum() == pytest.approx(1, abs=10 * EPS)
    assert np.all((pca.mean != 0) == center)


@pytest.mark.parametrize("n_components", [1, 2, 4])
def test_no_other_projection_reconstructs_better(n_components):
    # Eckart and Young: among all affine maps of that rank. Random ones are far worse; those
    # a small step away are worse too.
    x = data()
    pca = PCA(n_components).fit(x)
    best = squared_error(x, pca.reconstruct(x))
    centered, rng = x - pca.mean, np.random.default_rng(1)
    for step in (0.01, 1, 100):
        for _ in range(50):
            columns = pca.components.T + step * rng.normal(size=(6, n_components))
            basis = np.linalg.qr(columns)[0]
            assert squared_error(centered, centered @ basis @ basis.T) > best
    # Its value: the sum of the squared singular values that are left out.
    left_out = np.linalg.svd(centered, compute_uv=False)[n_components:]
    assert best == pytest.approx(np.sum(left_out**2), rel=1e4 * EPS)


def test_all_components_reconstruct_exactly():
    x = data()
    assert PCA(6).fit(x).reconstruct(x) == pytest.approx(x, abs=1000 * EPS)


def test_coordinates_map_back_and_forth():
    pca = PCA(3).fit(data())
    h = np.random.default_rng(1).normal(size=(7, 3))
    assert pca.transform(pca.inverse_transform(h)) == pytest.approx(h, abs=1000 * EPS)


def test_signs_do_not_depend_on_those_of_the_data():
    x = data()
    x -= x.mean(axis=0)
    components = PCA(4).fit(x).components
    assert PCA(4).fit(-x).components == pytest.approx(components, abs=TOLERANCE)
    largest = np.argmax(np.abs(components), axis=1)
    assert np.all(components[np.arange(4), largest] > 0)


def test_pictures_keep_their_shape():
    x = data(30, 12).reshape(30, 4, 3)
    pca = PCA(2).fit(x)
    assert pca.item_shape == (4, 3)
    assert pca.components.shape == (2, 12)
    assert pca.mean.shape == (12,)
    assert pca.transform(x).shape == (30, 2)
    assert pca.reconstruct(x).shape == (30, 4, 3)
    flat = PCA(2).fit(x.reshape(30, 12))
    assert np.array_equal(flat.components, pca.components)
    assert np.array_equal(flat.reconstruct(x.reshape(30, 12)), pca.reconstruct(x).reshape(30, 12))


def test_new_examples_use_the_mean_of_the_old_ones():
    x = data()
    pca = PCA(2).fit(x)
    shifted = pca.transform(x[:5] + 1) - pca.transform(x[:5])
    assert shifted == pytest.approx(np.tile(pca.components.sum(axis=1), (5, 1)), abs=1000 * EPS)


@pytest.mark.parametrize("n_components", [0, -1, 1.5, None, "2"])
def test_bad_number_of_components(n_components):
    with pytest.raises(ValueError, match="Received: n_components="):
        PCA(n_components)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(5), r"Received: shape \(5,\)"),
        (np.zeros((0, 4)), r"Received: shape \(0, 4\)"),
        (np.eye(5)[:2], "n_components=3, with 2 examples of 5 features"),
        (np.eye(5)[:, :2], "n_components=3, with 5 examples of 2 features"),
        (np.full((5, 4), np.nan), "finite"),
        (np.full((5, 4), 0.1), "all equal"),
    ],
)
def test_data_that_cannot_be_fitted(x, message):
    with pytest.raises(ValueError, match=message):
        PCA(3).fit(x)


def test_bad_examples_and_codes():
    pca = PCA(2)
    for method in (pca.transform, pca.inverse_transform, pca.reconstruct):
        with pytest.raises(ValueError, match="Call fit first"):
            method(np.zeros((1, 2)))
    pca.fit(data(30, 12).reshape(30, 4, 3))
    with pytest.raises(ValueError, match=r"\(n, 4, 3\), as in fit\. Received: shape \(5, 12\)"):
        pca.transform(np.zeros((5, 12)))
    with pytest.raises(ValueError, match="x must be finite"):
        pca.transform(np.full((5, 4, 3), np.inf))
    with pytest.raises(ValueError, match=r"\(n, 2\)\. Received: shape \(5, 3\)"):
        pca.inverse_transform(np.zeros((5, 3)))


# Principal angles


def rotated(columns, angles, seed=0):
    """Return two random bases of subspaces with given principal angles, in radians."""
    rng = np.random.default_rng(seed)
    k = len(angles)
    frame = np.linalg.qr(rng.normal(size=(columns, 2 * k)))[0]
    first, orthogonal = frame[:, :k], frame[:, k:]
    second = first * np.cos(angles) + orthogonal * np.sin(angles)
    # Other bases of the same spaces, of condition number 3 at most.
    mixes = [np.eye(k) + 0.5 * np.linalg.qr(rng.normal(size=(k, k)))[0] for _ in range(2)]
    return first @ mixes[0], second @ mixes[1]


@pytest.mark.parametrize("small", [1e-9, 1e-12, 0.0])
def test_known_angles_however_small(small):
    angles = np.array([small, 1e-4, 0.3, 1.2, np.pi / 2 - 1e-9, np.pi / 2])
    a, b = rotated(20, angles)
    # Sums of 20 terms below 1, mixed by matrices of condition number 3. The arc cosine alone
    # would be off by the root of eps, 1e-8.
    found = np.radians(principal_angles(a, b))
    assert found == pytest.approx(angles, abs=20 * 3 * EPS)


# SciPy takes angles near 0 from cosines here and there; those of random spaces that meet only in
# the origin are not near 0.
@pytest.mark.parametrize("shapes", [(1, 1), (2, 2), (3, 5), (5, 3), (4, 4)])
def test_angles_are_those_of_scipy(shapes):
    rng = np.random.default_rng(1)
    for _ in range(10):
        a, b = (rng.normal(size=(8, k)) for k in shapes)
        expected = np.degrees(np.sort(scipy.linalg.subspace_angles(a, b)))
        found = principal_angles(a, b)
        assert found.shape == (min(shapes),)
        # Condition numbers of random 8 x 5 matrices stay below 1000.
        assert found == pytest.approx(expected, abs=90 * 1000 * 8 * EPS)
        assert principal_angles(b, a) == pytest.approx(found, abs=90 * 1000 * 8 * EPS)


def test_first_angle_is_the_smallest_between_two_vectors():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 5, 2))
    u, v = a @ rng.normal(size=(2, 20_000)), b @ rng.normal(size=(2, 20_000))
    cosines = np.abs(np.sum(u * v, axis=0)) / np.linalg.norm(u, axis=0) / np.linalg.norm(v, axis=0)
    smallest = principal_angles(a, b)[0]
    closest = np.degrees(np.arccos(np.max(cosines)))
    # 20,000 pairs of directions, two angles: a grid of about one degree.
    assert smallest <= closest + 1e-6
    assert closest < smallest + 2


def test_angles_do_not_depend_on_the_basis():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 8, 3))
    expected = principal_angles(a, b)
    found = principal_angles(a @ rng.normal(size=(3, 3)), b * [1e-8, 1, 1e8])
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_space_within_another_is_at_angle_zero():
    a = np.random.default_rng(4).normal(size=(8, 4))
    b = a @ np.random.default_rng(5).normal(size=(4, 2))
    assert np.all(principal_angles(a, b) < 90 * 1000 * 8 * EPS)
    # Spaces of dimension 6 in a space of dimension 8 have four dimensions in common.
    a, b = np.random.default_rng(6).normal(size=(2, 8, 6))
    angles = principal_angles(a, b)
    assert np.all(angles[:4] < 90 * 1000 * 8 * EPS)
    assert np.all(angles[4:] > 1)
    assert principal_angles(np.eye(3)[:, :1], np.eye(3)[:, 1:]) == pytest.approx([90], abs=1e-12)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros(4), r"shape \(n_features, k\)"),
        (np.zeros((4, 0)), r"Received: . of shape \(4, 0\)"),
        (np.zeros((2, 4)), r"Received: . of shape \(2, 4\)"),
        (np.zeros((4, 1)), "linearly independent"),
        (np.ones((4, 2)), "linearly independent"),
        (np.full((4, 1), np.nan), "finite"),
    ],
)
def test_what_spans_no_space_of_that_dimension(matrix, message):
    good = np.eye(4)[:, :1]
    for pair in [(matrix, good), (good, matrix)]:
        with pytest.raises(ValueError, match=message):
            principal_angles(*pair)


def test_spaces_of_vectors_of_different_length():
    with pytest.raises(ValueError, match=r"number of rows.*a of shape \(3, 3\), b of shape"):
        principal_angles(np.eye(3), np.eye(4))


# The PCA connection


@pytest.mark.slow
def test_linear_autoencoder_finds_the_principal_subspace():
    # A decaying learning rate lets Adam settle: with a constant one the weights keep jumping.
    keras.utils.set_random_seed(0)
    x = load_digits("embedded").x_train
    x = x - x.mean(axis=0)
    k, epochs, batch_size = 8, 100, 144
    model = Autoencoder.dense((8, 8), latent_dim=k, output_activation=None)
    n_steps = epochs * -(-len(x) // batch_size)
    rate = keras.optimizers.schedules.CosineDecay(0.02, n_steps)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=SquaredError())
    model.fit(x, epochs=epochs, batch_size=batch_size, verbose=0)

    pca = PCA(k).fit(x)
    best = squared_error(x, pca.reconstruct(x))
    found = squared_error(x, model.reconstruct(x))
    # Eckart and Young again: not below it, but for the rounding of 92,000 float32 numbers.
    assert 1 - 1e-5 < found / best < 1.01
    kernel = model.decoder.get_weights()[0]  # (k, 64)
    assert principal_angles(kernel.T, pca.components.T)[-1] < 1
    # It is the subspace that agrees, not the basis.
    assert np.min(np.max(np.abs(_unit(kernel) @ pca.components.T), axis=1)) < 0.9


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
