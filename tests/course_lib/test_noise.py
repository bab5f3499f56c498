"""Corruption of inputs, and the autoencoders that learn to undo it."""

import keras
import numpy as np
import pytest
from autodiff import as_numpy
from keras import ops

from course_lib.autoencoders import Autoencoder
from course_lib.layers import MaskingNoise, QuadrantMasking, WordDropout
from course_lib.losses import SquaredError

#: Standard errors that a frequency may be off: probability 2e-9 under any seed.
Z = 6


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_masking_erases_at_its_rate_and_leaves_the_rest(rate):
    x = np.random.default_rng(0).uniform(1, 2, (200, 100)).astype("float32")
    noisy = as_numpy(MaskingNoise(rate, seed=0)(x, training=True))
    erased = noisy == 0
    assert np.array_equal(noisy[~erased], x[~erased])  # not scaled up, as dropout does
    n = x.size
    assert abs(erased.mean() - rate) < Z * np.sqrt(rate * (1 - rate) / n)
    # Independent over examples and pixels: means of rows and columns scatter as those of coins.
    for axis in (0, 1):
        share = erased.mean(axis=axis)
        assert np.all(np.abs(share - rate) < Z * np.sqrt(rate * (1 - rate) / x.shape[axis]))


def test_masking_with_rate_0_does_nothing():
    x = np.ones((5, 4), "float32")
    assert np.array_equal(as_numpy(MaskingNoise(0)(x, training=True)), x)


def test_masking_draws_anew_each_time():
    layer, x = MaskingNoise(0.5, seed=0), np.ones((10, 10), "float32")
    first, second = (as_numpy(layer(x, training=True)) for _ in range(2))
    assert not np.array_equal(first, second)
    again = MaskingNoise(0.5, seed=0)
    assert np.array_equal(first, as_numpy(again(x, training=True)))


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan")])
def test_bad_rates(rate):
    with pytest.raises(ValueError, match="Received: rate="):
        MaskingNoise(rate)
    with pytest.raises(ValueError, match="Received: rate="):
        WordDropout(rate, unknown=3)


@pytest.mark.parametrize("shape", [(4, 6), (5, 5), (4, 4, 3)])
def test_one_quadrant_of_each_picture_is_erased(shape):
    n = 400
    noisy = as_numpy(QuadrantMasking(seed=0)(np.ones((n, *shape), "float32"), training=True))
    height, width = shape[:2]
    halves = (slice(None, height // 2), slice(height // 2, None))
    sides = (slice(None, width // 2), slice(width // 2, None))
    quadrants = [(h, s) for h in halves for s in sides]
    counts = np.zeros(4)
    for picture in noisy:
        empty = [q for q, place in enumerate(quadrants) if np.all(picture[place] == 0)]
        full = [q for q, place in enumerate(quadrants) if np.all(picture[place] == 1)]
        assert len(empty) == 1
        assert len(full) == 3
        counts[empty] += 1
    assert np.all(np.abs(counts / n - 0.25) < Z * np.sqrt(0.25 * 0.75 / n))


def test_quadrants_of_no_picture():
    with pytest.raises(ValueError, match=r"Received: shape \(2, 4\)"):
        QuadrantMasking()(np.ones((2, 4), "float32"))


def test_word_dropout_spares_the_start():
    tokens = ops.convert_to_tensor(np.full((500, 20), 7, dtype="int32"))
    noisy = as_numpy(WordDropout(0.3, unknown=3, seed=0)(tokens, training=True))
    assert set(noisy.ravel()) == {3, 7}
    assert np.all(noisy[:, 0] == 7)
    assert abs(np.mean(noisy[:, 1:] == 3) - 0.3) < Z * np.sqrt(0.3 * 0.7 / (500 * 19))


# Denoising


def low_rank(n, seed=0):
    """Return examples in eight dimensions near a plane: 1 within it, 0.3 off it."""
    rng = np.random.default_rng(seed)
    plane = np.linalg.qr(np.random.default_rng(9).normal(size=(8, 2)))[0]
    x = rng.normal(size=(n, 2)) @ plane.T + 0.3 * rng.normal(size=(n, 8))
    return x.astype("float32")


def fitted(noise):
    keras.utils.set_random_seed(0)
    model = Autoencoder.dense((8,), 16, output_activation=None, noise=noise)
    model.compile(keras.optimizers.Adam(0.02), loss=SquaredError())
    model.fit(low_rank(4000), batch_size=100, epochs=8, verbose=0)
    return model


def test_an_overcomplete_code_copies_unless_it_has_to_denoise():
    x = low_rank(400, seed=1)
    # Off the plane by a vector of length 1. A copy keeps all of it; with noise of 0.5 the best
    # that a linear map can do is to keep 0.09 / (0.09 + 0.25) of it, a quarter.
    rng = np.random.default_rng(2)
    plane = np.linalg.svd(x, full_matrices=False)[2][:2]
    off = rng.normal(size=x.shape)
    off -= off @ plane.T @ plane
    off = (off / np.linalg.norm(off, axis=1, keepdims=True)).astype("float32")

    def kept(model):
        """Return the share of the displacement that comes back."""
        back = model.reconstruct(x + off) - model.reconstruct(x)
        return np.mean(np.sum(back * off, axis=1))

    assert kept(fitted(keras.layers.GaussianNoise(0.5, seed=0))) < 0.5
    assert kept(fitted(None)) > 0.8


def test_target_is_the_clean_picture():
    # All is erased, so the best reconstruction is the mean of the data, not zero.
    x = low_rank(1000) + 3
    model = Autoencoder.dense((8,), 3, output_activation=None, noise=MaskingNoise(0.999, seed=0))
    model.compile(keras.optimizers.Adam(0.1), loss=SquaredError())
    model.fit(x, batch_size=100, epochs=20, verbose=0)
    found = model.reconstruct(np.zeros((1, 8), "float32"))[0]
    assert found == pytest.approx(x.mean(axis=0), abs=0.3)


def test_noise_is_not_in_evaluate_predict_or_encode():
    model = Autoencoder.dense((8,), 3, noise=MaskingNoise(0.5))
    model.compile(loss=SquaredError(), run_eagerly=True)
    x = low_rank(10)
    assert model.evaluate(x, verbose=0) == model.evaluate(x, verbose=0)
    assert np.array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
    assert np.array_equal(model.encode(x), model.encode(x))
    noisy = [float(SquaredError()(x, model(x, training=True))) for _ in range(2)]
    assert noisy[0] != noisy[1]


def test_noise_that_is_no_layer():
    with pytest.raises(ValueError, match=r"noise must be .* Received: noise=0\.5"):
        Autoencoder.dense((8,), 3, noise=0.5)
