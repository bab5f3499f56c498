"""Handwritten digits, in both editions, and what is done to their pixels."""

import dataclasses
import gzip
import hashlib
import struct

import numpy as np
import pytest
import sklearn.datasets

from course_lib.data import Dataset, binarize, load_digits
from course_lib.data import digits as module
from course_lib.data.digits import MNIST_FILES, read_idx
from course_lib.data.files import RemoteFile


def idx(array):
    """Encode unsigned bytes as IDX: two zeros, the type 08, the axes, their sizes, the data."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.astype("u1").tobytes()


@pytest.fixture(scope="module")
def embedded():
    return load_digits("embedded")


# The embedded edition


def test_embedded_is_the_default(embedded):
    assert load_digits().edition == "embedded"


def test_environment_chooses_the_edition(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", "full")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte"):
        load_digits()


def test_embedded_shapes_types_and_range(embedded):
    assert embedded.x_train.shape == (1437, 8, 8)
    assert embedded.x_test.shape == (360, 8, 8)
    assert embedded.item_shape == (8, 8)
    for x, y in [(embedded.x_train, embedded.y_train), (embedded.x_test, embedded.y_test)]:
        assert x.dtype == np.float32
        assert x.min() == 0
        assert x.max() == 1
        assert y.shape == (len(x),)
        assert np.issubdtype(y.dtype, np.integer)
        assert set(y) == set(range(10))
    assert embedded.label_names == tuple("0123456789")
    assert embedded.name == "digits"
    assert embedded.edition == "embedded"
    assert "CC BY" in embedded.source


def test_embedded_split_uses_each_picture_once_with_its_label(embedded):
    # As multisets, the two parts together are scikit-learn's set: nothing is in both parts,
    # lost, relabeled or rescaled. Gray values are multiples of 1/16, exact in float32.
    def pictures(x, y):
        return sorted((x[i].tobytes(), int(y[i])) for i in range(len(x)))

    bunch = sklearn.datasets.load_digits()
    x = np.concatenate([embedded.x_train, embedded.x_test])
    y = np.concatenate([embedded.y_train, embedded.y_test])
    assert pictures((x * 16).astype("u1"), y) == pictures(bunch.images.astype("u1"), bunch.target)


def test_embedded_split_is_stratified(embedded):
    in_test = np.bincount(embedded.y_test)
    in_all = in_test + np.bincount(embedded.y_train)
    # Each digit's share is rounded to a whole number: off by less than one picture.
    assert np.all(np.abs(in_test - in_all * 360 / 1797) < 1)


def test_embedded_split_is_always_the_same(embedded):
    again = load_digits("embedded")
    assert np.array_equal(again.x_test, embedded.x_test)
    assert np.array_equal(again.y_train, embedded.y_train)


def test_dataset_is_frozen_and_prints_on_one_short_line(embedded):
    with pytest.raises(dataclasses.FrozenInstanceError):
        embedded.name = "letters"
    assert repr(embedded) == (
        "Dataset(name='digits', edition='embedded', train=1437, test=360, item_shape=(8, 8))"
    )


def test_datasets_can_be_compared_and_hashed(embedded):
    # Arrays have no single truth value; comparing data sets must not stumble over theirs.
    assert isinstance(embedded == load_digits("embedded"), bool)
    assert embedded in {embedded}


def test_unknown_edition():
    with pytest.raises(ValueError, match="Received: edition='small'"):
        load_digits("small")


# The full edition


def small_mnist(rng, n_train=5, n_test=3):
    return {
        "x_train": rng.integers(0, 256, (n_train, 28, 28)),
        "y_train": rng.integers(0, 10, n_train),
        "x_test": rng.integers(0, 256, (n_test, 28, 28)),
        "y_test": rng.integers(0, 10, n_test),
    }


def test_full_edition_downloads_four_idx_files_once(monkeypatch, server, keras_home):
    arrays = small_mnist(np.random.default_rng(0))
    for part, array in arrays.items():
        content = idx(array)
        file = MNIST_FILES[part]
        url = server.add(file.url.rsplit("/", 1)[-1], gzip.compress(content))
        small = RemoteFile(file.path, url, hashlib.sha256(content).hexdigest(), file.unpack)
        monkeypatch.setitem(module.MNIST_FILES, part, small)
    for _ in range(2):
        data = load_digits("full")
        assert isinstance(data, Dataset)
        assert data.edition == "full"
        assert data.x_train.dtype == np.float32
        for part in ("x_train", "x_test"):
            # The correctly rounded quotient of two float32 numbers, so no tolerance.
            expected = arrays[part].astype("float32") / np.float32(255)
            assert np.array_equal(getattr(data, part), expected)
        for part in ("y_train", "y_test"):
            assert np.array_equal(getattr(data, part), arrays[part])
            assert np.issubdtype(getattr(data, part).dtype, np.signedinteger)
        assert data.x_train.flags.writeable
    assert sorted(server.requests) == sorted(
        f"/{file.url.rsplit('/', 1)[-1]}" for file in MNIST_FILES.values()
    )


def test_registry_names_the_canonical_files():
    assert list(MNIST_FILES) == ["x_train", "y_train", "x_test", "y_test"]
    for part, file in MNIST_FILES.items():
        assert file.url.startswith("https://")
        assert file.url.endswith(file.path.removeprefix("mnist/"))
        assert ("images" in file.path) == part.startswith("x")
        assert ("t10k" in file.path) == part.endswith("test")


def test_full_edition_is_mnist(full_data):
    data = load_digits("full")
    assert data.x_train.shape == (60000, 28, 28)
    assert data.x_test.shape == (10000, 28, 28)
    assert data.item_shape == (28, 28)
    assert data.x_train.min() == data.x_test.min() == 0
    assert data.x_train.max() == data.x_test.max() == 1
    assert set(data.y_train) == set(data.y_test) == set(range(10))
    # As published by its authors: the first ten labels, and 5,421 fives in the training set.
    assert data.y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.sum(data.y_train == 5) == 5421


# IDX


@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (2, 3), (300, 2, 4)])
def test_read_idx_inverts_the_encoding(shape):
    array = np.random.default_rng(1).integers(0, 256, shape)
    decoded = read_idx(idx(array))
    assert decoded.dtype == np.uint8
    assert np.array_equal(decoded, array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "starts with 00 00 08. Received: $"),
        (b"\x00\x00", "starts with 00 00 08. Received: 00 00$"),
        (b"\x00\x00\x0d\x01\x00\x00\x00\x00", "starts with 00 00 08. Received: 00 00 0d 01$"),
        (b"<html>", "starts with 00 00 08. Received: 3c 68 74 6d$"),
        (idx(np.zeros((2, 3)))[:-1], r"shape \(2, 3\), 6 bytes. Received: 5 bytes"),
        (idx(np.zeros((2, 3))) + b"\x00", r"shape \(2, 3\), 6 bytes. Received: 7 bytes"),
        (idx(np.zeros((2, 3)))[:9], "Received: "),  # cut within the header
        (b"\x00\x00\x08", "Received: 00 00 08$"),  # cut before the number of axes
    ],
)
def test_read_idx_refuses_what_is_not_idx(content, message):
    with pytest.raises(ValueError, match=message):
        read_idx(content)


# Binary pixels


def test_binarize_draws_each_pixel_with_its_gray_value_as_probability():
    n, gray = 40_000, np.array([0.02, 0.25, 0.5, 0.9])
    share = binarize(np.tile(gray, (n, 1)), seed=0).mean(axis=0)
    # A share of n draws has standard deviation sqrt(p (1 - p) / n). Six of them are exceeded
    # by one of the four with probability below 4 * 2e-9 under another seed.
    assert np.all(np.abs(share - gray) < 6 * np.sqrt(gray * (1 - gray) / n))


def test_binarize_draws_pixels_independently():
    n = 40_000
    a, b = binarize(np.full((n, 2), 0.5), seed=0).T
    # Covariance of two independent fair coins: mean 0, standard deviation 1 / (4 sqrt(n)).
    assert abs(np.mean((a - 0.5) * (b - 0.5))) < 6 / (4 * np.sqrt(n))


def test_binarize_keeps_black_and_white():
    images = np.array([[0.0, 1.0]] * 1000)
    assert np.array_equal(binarize(images), images)


def test_binarize_type_shape_and_values():
    images = np.full((2, 3, 4), 0.5)
    before = images.copy()
    drawn = binarize(images, seed=3)
    assert drawn.dtype == np.float32
    assert drawn.shape == images.shape
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert np.array_equal(images, before)


def test_binarize_seed_repeats_and_generator_goes_on():
    images = np.full((10, 10), 0.5)
    assert np.array_equal(binarize(images, seed=1), binarize(images, seed=1))
    # Two draws of 100 fair coins agree with probability 2^-100.
    assert not np.array_equal(binarize(images, seed=1), binarize(images, seed=2))
    assert not np.array_equal(binarize(images), binarize(images))
    rng = np.random.default_rng(1)
    first, second = binarize(images, rng), binarize(images, rng)
    assert np.array_equal(first, binarize(images, seed=1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("bad", [-0.01, 1.01, 255.0, np.nan, np.inf])
def test_binarize_refuses_what_is_no_probability(bad):
    with pytest.raises(ValueError, match=r"in \[0, 1\]. Received: values from"):
        binarize([[0.5, bad]])
