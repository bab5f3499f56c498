"""Patches of photographs, and their whitening."""

import types

import numpy as np
import pytest
import sklearn.datasets

from course_lib.data import Whitening, load_patches

#: Whitened patches are rounded to float32; those below have values of at most 30.
ROUNDING = 30 * float(np.finfo("float32").eps)


@pytest.fixture(scope="module")
def patches():
    return load_patches()


def test_shapes_types_and_range(patches):
    assert patches.x_train.shape == (20_000, 12, 12)
    assert patches.x_test.shape == (4_000, 12, 12)
    for x in (patches.x_train, patches.x_test):
        assert x.dtype == np.float32
        assert x.min() >= 0
        assert x.max() <= 1
        # The photographs use nearly the whole range: nothing was divided twice.
        assert x.max() - x.min() > 0.9


@pytest.mark.parametrize("size", [1, 8, 16, 100])
def test_size_of_a_patch(size, monkeypatch):
    monkeypatch.setattr("course_lib.data.patches.N_TRAIN", 20)
    monkeypatch.setattr("course_lib.data.patches.N_TEST", 10)
    assert load_patches(size=size).x_train.shape == (20, size, size)


@pytest.mark.parametrize("size", [0, -1, 101, 12.0, "12", None])
def test_size_out_of_range(size):
    with pytest.raises(ValueError, match=r"size must be an integer from 1 to 100. Received: size="):
        load_patches(size=size)


def test_patches_are_cut_from_the_photographs(patches):
    photographs = [
        (image @ (0.299, 0.587, 0.114) / 255).astype("float32")
        for image in sklearn.datasets.load_sample_images().images
    ]
    for patch in patches.x_train[:5]:
        # Look for the first pixel, then compare the patch.
        found = [
            np.array_equal(image[row : row + 12, column : column + 12], patch)
            for image in photographs
            for row, column in np.argwhere(image == patch[0, 0])
        ]
        assert any(found)


@pytest.mark.parametrize("size", [1, 12, 40])
def test_no_pixel_is_in_both_parts(monkeypatch, size):
    # Photographs whose pixels say which photograph, row and column they are: half-integers in
    # float32 are exact below 2^23.
    rows, columns = np.indices((427, 640))
    images = [np.repeat((k * 427 * 640 + rows * 640 + columns)[..., None], 3, 2) for k in (0, 1)]
    bunch = types.SimpleNamespace(images=images)
    monkeypatch.setattr(sklearn.datasets, "load_sample_images", lambda: bunch)
    monkeypatch.setattr("course_lib.data.patches._LUMA", (0, 0, 255))
    monkeypatch.setattr("course_lib.data.patches.N_TRAIN", 2_000)
    data = load_patches(size=size)
    train, test = np.unique(data.x_train), np.unique(data.x_test)
    assert not np.intersect1d(train, test).size
    # Both photographs are in both parts, half the patches each.
    for x in (data.x_train, data.x_test):
        assert np.mean(x[:, 0, 0] < 427 * 640) == 0.5
        # No place is cut out twice.
        assert len(np.unique(x[:, 0, 0])) == len(x)
    # Neighbors in a patch are neighbors in the photograph.
    assert np.all(np.diff(data.x_train, axis=2) == 1)
    assert np.all(np.diff(data.x_train, axis=1) == 640)


# Whitening


def correlated(n=500, n_pixels=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n_pixels)) @ rng.normal(size=(n_pixels, n_pixels)) + rng.normal()


def covariance(x):
    return np.cov(x.reshape(len(x), -1).astype("float64"), rowvar=False, bias=True)


def test_exact_whitening_leaves_unit_covariance():
    x = correlated()
    z = Whitening(epsilon=0).fit(x).transform(x)
    assert z.mean(axis=0) == pytest.approx(np.zeros(6), abs=ROUNDING)
    # A product of two rounded values of at most 30: off by 2 * 30 * ROUNDING at most.
    assert covariance(z) == pytest.approx(np.eye(6), abs=60 * ROUNDING)


@pytest.mark.parametrize("epsilon", [1e-3, 0.1, 10.0])
def test_each_variance_v_becomes_v_over_v_plus_epsilon(epsilon):
    x = correlated(seed=1)
    variances, directions = np.linalg.eigh(covariance(x))
    z = Whitening(epsilon).fit(x).transform(x)
    expected = directions @ np.diag(variances / (variances + epsilon)) @ directions.T
    assert covariance(z) == pytest.approx(expected, abs=60 * ROUNDING)


def test_no_other_whitening_changes_the_patches_less():
    x = correlated(seed=2)
    x = x - x.mean(axis=0)
    z = Whitening(epsilon=0).fit(x).transform(x)
    smallest = np.sum((x - z) ** 2)
    rng = np.random.default_rng(3)
    for scale in (0.1, 1.0, 1.0, 1.0):
        # Any other whitening is this one and a rotation.
        rotation, _ = np.linalg.qr(np.eye(6) + scale * rng.normal(size=(6, 6)))
        assert np.sum((x - z @ rotation) ** 2) > smallest


def test_inverse_undoes_transform(patches):
    x = patches.x_train[:500]
    whitening = Whitening().fit(x)
    z = whitening.transform(x)
    assert z.shape == x.shape
    assert z.dtype == np.float32
    # The inverse map stretches what float32 rounded, values below 30, by the largest
    # standard deviation, below 4, in 144 directions.
    back = whitening.inverse(z)
    assert back.shape == x.shape
    assert back == pytest.approx(x, abs=144 * 4 * ROUNDING)


def test_whitening_uses_the_training_mean(patches):
    whitening = Whitening().fit(patches.x_train)
    assert whitening.mean == pytest.approx(
        patches.x_train.reshape(20_000, -1).mean(axis=0, dtype="float64"), abs=1e-12
    )
    one = patches.x_test[:1]
    assert np.array_equal(whitening.transform(patches.x_test[:9])[:1], whitening.transform(one))


def test_whitening_lets_edges_stand_out(patches):
    # Neighbors in a photograph are nearly equal; in a whitened one they are nearly uncorrelated.
    def neighbors(x):
        return np.corrcoef(x[:, :, :-1].ravel(), x[:, :, 1:].ravel())[0, 1]

    whitened = Whitening(1e-3).fit(patches.x_train).transform(patches.x_train)
    assert neighbors(patches.x_train) > 0.9
    assert abs(neighbors(whitened)) < 0.1


@pytest.mark.parametrize("epsilon", [-1e-9, np.inf, np.nan])
def test_whitening_refuses_a_bad_epsilon(epsilon):
    with pytest.raises(ValueError, match=r"epsilon must be at least 0.*Received: epsilon="):
        Whitening(epsilon)


@pytest.mark.parametrize(
    "x", [np.zeros(5), np.zeros((1, 5)), np.zeros((0, 5)), [[1.0, np.nan], [0.0, 1.0]]]
)
def test_fit_refuses_what_is_no_set_of_patches(x):
    with pytest.raises(ValueError, match=r"at least two patches of finite values.*Received"):
        Whitening().fit(x)


@pytest.mark.parametrize("x", [np.ones((9, 4)), correlated()[:, [0, 1, 1]], np.eye(3)])
def test_exact_whitening_needs_variance_in_every_direction(x):
    with pytest.raises(ValueError, match=r"need epsilon > 0. Received: epsilon=0"):
        Whitening(epsilon=0).fit(x)
    z = Whitening(epsilon=0.1).fit(x).transform(x)
    assert np.all(np.isfinite(z))


@pytest.mark.parametrize("method", ["transform", "inverse"])
def test_whitening_refuses_other_shapes_and_an_unfitted_object(method):
    with pytest.raises(ValueError, match=r"Call fit first"):
        getattr(Whitening(), method)(np.zeros((2, 4)))
    whitening = Whitening().fit(correlated())
    for shape in [(2, 5), (6,), (2, 2, 2)]:
        with pytest.raises(ValueError, match=r"must have 6 pixels.*Received: an array of shape"):
            getattr(whitening, method)(np.zeros(shape))
    assert getattr(whitening, method)(np.zeros((4, 2, 3))).shape == (4, 2, 3)
