"""Autoencoder.convolutional: its shapes, its parameters, and what it refuses."""

import itertools

import keras
import numpy as np
import pytest

from course_lib.autoencoders import Autoencoder
from course_lib.losses import BernoulliNLL


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def pictures(n, item_shape):
    return np.random.default_rng(0).random((n, *item_shape)).astype("float32")


@pytest.mark.parametrize("item_shape", [(8, 8), (28, 28), (12, 20)])
def test_shapes_have_no_channel_axis(item_shape):
    model = Autoencoder.convolutional(item_shape, latent_dim=3, filters=(2, 4))
    x = pictures(5, item_shape)
    assert model.item_shape == item_shape
    assert model.encode(x).shape == (5, 3)
    assert model.decode(np.zeros((5, 3))).shape == x.shape
    assert model(x).shape == x.shape


def test_each_convolution_halves_height_and_width():
    model = Autoencoder.convolutional((28, 28), latent_dim=2, filters=(3, 5))
    shapes = [layer.output.shape[1:] for layer in model.encoder.layers]
    assert shapes == [(28, 28), (28, 28, 1), (14, 14, 3), (7, 7, 5), (245,), (2,)]
    shapes = [layer.output.shape[1:] for layer in model.decoder.layers]
    assert shapes == [(2,), (245,), (7, 7, 5), (14, 14, 3), (28, 28, 1), (28, 28)]


@pytest.mark.parametrize("filters", [(6,), (6, 7), (6, 7, 8)])
def test_parameters_can_be_counted_by_hand(filters):
    model = Autoencoder.convolutional((8, 16), latent_dim=3, filters=filters, kernel_size=5)
    small = 8 * 16 // 4 ** len(filters) * filters[-1]
    channels = (1, *filters)
    pairs = list(itertools.pairwise(channels))
    convolutions = sum(25 * a * b + b for a, b in pairs)
    transposed = sum(25 * a * b + a for a, b in pairs)
    assert model.encoder.count_params() == convolutions + (small + 1) * 3
    assert model.decoder.count_params() == transposed + (3 + 1) * small


def test_output_is_linear_where_asked_for():
    x = 10 * pictures(4, (4, 4))
    sigmoid = Autoencoder.convolutional((4, 4), 2, filters=(3,))
    linear = Autoencoder.convolutional((4, 4), 2, filters=(3,), output_activation=None)
    linear.set_weights(sigmoid.get_weights())
    p, logits = (keras.ops.convert_to_numpy(model(x)) for model in (sigmoid, linear))
    assert ((p > 0) & (p < 1)).all()
    # The same network but for its end; a float32 sigmoid is right to a few units of 1.2e-7.
    assert p == pytest.approx(1 / (1 + np.exp(-logits.astype("float64"))), abs=1e-6)


def test_code_activation_is_that_of_the_code():
    model = Autoencoder.convolutional((4, 4), 2, filters=(3,), code_activation="sigmoid")
    codes = model.encode(10 * pictures(4, (4, 4)))
    assert ((codes > 0) & (codes < 1)).all()


def test_it_learns():
    # Each picture is one of two constants: one code unit tells them apart.
    x = np.repeat([0.0, 1.0], 16)[:, None, None] * np.ones((32, 8, 8))
    model = Autoencoder.convolutional((8, 8), 1, filters=(4, 4), activation="tanh")
    model.compile(keras.optimizers.Adam(0.02), loss=BernoulliNLL())
    losses = model.fit(x, epochs=60, batch_size=32, verbose=0).history["loss"]
    # 64 log 2 is what predicting 1/2 everywhere costs, the best prediction that is the same
    # for all pictures.
    assert losses[-1] < 0.1 * 64 * np.log(2)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_saved_model_returns_the_same(tmp_path):
    model = Autoencoder.convolutional((8, 8), 2, filters=(2, 3))
    x = pictures(3, (8, 8))
    model(x)  # Keras warns when a model is saved that has never been called
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded(x), model(x))


@pytest.mark.parametrize("item_shape", [(10, 12), (12, 10), (9, 9), (28,), (8, 9, 3)])
def test_size_that_cannot_be_halved_is_refused(item_shape):
    with pytest.raises(ValueError, match=r"here by 4\. Received: item_shape=\("):
        Autoencoder.convolutional(item_shape, 2, filters=(4, 4))


def test_no_filters_are_refused():
    with pytest.raises(ValueError, match=r"one or more filters.*filters=\(\)"):
        Autoencoder.convolutional((8, 8), 2, filters=())


@pytest.mark.parametrize(
    "wrong",
    [
        {"item_shape": (8, 0)},
        {"item_shape": (8.0, 8)},
        {"latent_dim": 0},
        {"latent_dim": 2.5},
        {"filters": (4, -1)},
        {"kernel_size": 0},
    ],
)
def test_size_that_is_no_positive_integer_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must be positive integers\. Received: \w+="):
        Autoencoder.convolutional(**{"item_shape": (8, 8), "latent_dim": 2, **wrong})
