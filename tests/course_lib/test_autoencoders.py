"""Autoencoder: what its loss is, that it learns, and that Keras users find what they know."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from autodiff import weight_gradients
from keras import ops

from course_lib.autoencoders import (
    Autoencoder,
    ReconstructionModel,
    apply_in_batches,
    dense_network,
)
from course_lib.losses import BernoulliNLL, SquaredError

ITEM = (4, 3)


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def pictures(n, seed=0, item_shape=ITEM):
    return np.random.default_rng(seed).random((n, *item_shape)).astype("float32")


def autoencoder(loss=None, compiled=False, **kwargs):
    """Return an autoencoder of 12 pixels, 5 hidden units and a code of 2.

    Tracing a graph takes seconds and a batch of these tests milliseconds, so models run
    eagerly unless `compiled`.
    """
    model = Autoencoder.dense(ITEM, latent_dim=2, hidden_units=(5,), activation="tanh", **kwargs)
    optimizer = keras.optimizers.Adam(0.03) if compiled else "sgd"
    model.compile(optimizer=optimizer, loss=loss or BernoulliNLL(), run_eagerly=not compiled)
    return model


# Keras' own: its variables have an __array__ of NumPy 1, which saving calls.
saves = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def negative_log_likelihood(x, p):
    """Return the NumPy value of `BernoulliNLL` for each example."""
    x, p = x.astype("float64"), p.astype("float64")
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2))


# Twelve terms of a size below 4 in float32: each of 12 terms and 12 additions may round a
# number below 48, and predictions near 1/2 lose another few units: 100 units of 48.
LOSS_TOLERANCE = 100 * 48 * float(np.finfo("float32").eps)


# The networks


@pytest.mark.parametrize(
    ("input_shape", "hidden", "output_shape"),
    [((8, 8), (32, 16), (2,)), ((2,), (), (8, 8)), ((3,), [4], (5,)), ((2, 3, 1), (), (3, 1, 2))],
)
def test_dense_network_shapes_and_parameters(input_shape, hidden, output_shape):
    network = dense_network(input_shape, hidden, output_shape)
    assert network.input_shape == (None, *input_shape)
    assert network.output_shape == (None, *output_shape)
    widths = [np.prod(input_shape), *hidden, np.prod(output_shape)]
    expected = sum((a + 1) * b for a, b in itertools.pairwise(widths))
    assert network.count_params() == expected


def test_dense_network_activations():
    network = dense_network((3,), (4, 5), (2,), activation="tanh", output_activation="sigmoid")
    names = [
        layer.activation.__name__
        for layer in network.layers
        if isinstance(layer, keras.layers.Dense)
    ]
    assert names == ["tanh", "tanh", "sigmoid"]


def test_dense_network_equals_numpy():
    network = dense_network((2, 2), (3,), (2, 1), activation="relu")
    w1, b1, w2, b2 = (w + 0.1 for w in network.get_weights())
    network.set_weights([w1, b1, w2, b2])
    x = pictures(4, item_shape=(2, 2))
    hidden = np.maximum(x.reshape(4, 4) @ w1 + b1, 0)
    expected = (hidden @ w2 + b2).reshape(4, 2, 1)
    # Sums of at most 5 terms below 4 in float32, twice.
    assert network.predict(x, verbose=0) == pytest.approx(expected, abs=2 * 5 * 4 * 1.2e-7)


def test_decoder_mirrors_the_encoder():
    model = Autoencoder.dense((4, 3), 2, hidden_units=(7, 5), code_activation="relu")
    units = {
        part.name: [layer.units for layer in part.layers if isinstance(layer, keras.layers.Dense)]
        for part in (model.encoder, model.decoder)
    }
    assert units == {"encoder": [7, 5, 2], "decoder": [5, 7, 12]}
    assert model.encoder.layers[-1].activation is keras.activations.relu
    assert model.item_shape == (4, 3)


def test_without_hidden_layers_the_code_is_linear():
    model = Autoencoder.dense((4, 3), 2)
    x = pictures(5)
    w, b = model.encoder.get_weights()
    # Sums of 13 terms below 2 in float32.
    expected = x.reshape(5, 12) @ w + b
    assert model.encode(x) == pytest.approx(expected, abs=13 * 2 * 1.2e-7)


@pytest.mark.parametrize(("activation", "bounded"), [("sigmoid", True), (None, False)])
def test_output_activation(activation, bounded):
    model = Autoencoder.dense((3,), 2, output_activation=activation)
    model.decoder.set_weights([w - 3 for w in model.decoder.get_weights()])
    output = model.predict(pictures(5, item_shape=(3,)), verbose=0)
    assert bool(np.all((output >= 0) & (output <= 1))) is bounded


# The loss


@pytest.mark.equation("eq-autoencoder-loss")
@pytest.mark.parametrize("batch_size", [1, 4, 10])
def test_loss_is_the_mean_over_examples_of_the_sum_over_pixels(batch_size):
    model, x = autoencoder(), pictures(10)
    expected = negative_log_likelihood(x, model.predict(x, verbose=0)).mean()
    # Ten is no multiple of four: the last batch is smaller, and must count for less.
    loss = model.evaluate(x, batch_size=batch_size, verbose=0)
    assert loss == pytest.approx(expected, abs=LOSS_TOLERANCE)


@pytest.mark.equation("eq-autoencoder-loss")
def test_doubling_the_batch_leaves_the_loss():
    model, x = autoencoder(SquaredError()), pictures(6)
    once = model.evaluate(x, batch_size=6, verbose=0)
    twice = model.evaluate(np.tile(x, (2, 1, 1)), batch_size=12, verbose=0)
    assert twice == pytest.approx(once, abs=LOSS_TOLERANCE)


@pytest.mark.equation("eq-autoencoder-loss")
def test_doubling_the_pixels_doubles_the_loss():
    def constant(n):
        """Return an autoencoder of n pixels that predicts 1/2 everywhere."""
        model = Autoencoder.dense((n,), 1)
        model.set_weights([np.zeros_like(w) for w in model.get_weights()])
        model.compile(loss=BernoulliNLL(), run_eagerly=True)
        return model

    for n in (6, 12):
        loss = constant(n).evaluate(np.ones((3, n)), verbose=0)
        assert loss == pytest.approx(n * np.log(2), abs=LOSS_TOLERANCE)


def test_loss_is_against_the_input_unless_a_target_is_given():
    model, x, y = autoencoder(), pictures(5), pictures(5, seed=1)
    p = model.predict(x, verbose=0)
    for loss, target in [(model.evaluate(x, verbose=0), x), (model.evaluate(x, y, verbose=0), y)]:
        expected = negative_log_likelihood(target, p).mean()
        assert loss == pytest.approx(expected, abs=LOSS_TOLERANCE)


def test_metrics_are_against_the_input():
    model, x = autoencoder(), pictures(5)
    model.compile(loss=SquaredError(), metrics=["mse"], weighted_metrics=["mae"], run_eagerly=True)
    results = model.evaluate(x, verbose=0, return_dict=True)
    error = x - model.predict(x, verbose=0)
    assert results["loss"] == pytest.approx(12 * results["mse"], abs=LOSS_TOLERANCE)
    assert results["mse"] == pytest.approx(np.mean(error**2), abs=LOSS_TOLERANCE)
    assert results["mae"] == pytest.approx(np.mean(np.abs(error)), abs=LOSS_TOLERANCE)


def test_sample_weights_weigh_examples():
    model, x = autoencoder(), pictures(4)
    weights = np.array([0.0, 1.0, 2.0, 0.5])
    expected = np.mean(weights * negative_log_likelihood(x, model.predict(x, verbose=0)))
    loss = model.evaluate(x, sample_weight=weights, verbose=0)
    assert loss == pytest.approx(expected, abs=2 * LOSS_TOLERANCE)


def test_penalties_of_layers_join_the_loss():
    encoder = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.1))]
    )
    model = Autoencoder(encoder, dense_network((2,), (), (3,)))
    model.compile(loss=SquaredError(), run_eagerly=True)
    x = pictures(4, item_shape=(3,))
    expected = np.sum((x - model.predict(x, verbose=0)) ** 2, axis=1).mean()
    expected += 0.1 * np.sum(encoder.get_weights()[0] ** 2)
    assert model.evaluate(x, verbose=0) == pytest.approx(expected, abs=LOSS_TOLERANCE)


# Learning


def test_training_step_follows_the_gradient_of_the_loss():
    x, rate = pictures(6), 0.1
    model = autoencoder()
    model.compile(optimizer=keras.optimizers.SGD(rate), loss=BernoulliNLL(), run_eagerly=True)

    def loss():
        # Keras' own averages over the last axis, of three pixels.
        return 3 * ops.mean(ops.sum(keras.losses.binary_crossentropy(x, model(x)), axis=1))

    gradients = weight_gradients(loss, model)
    before = model.get_weights()
    model.fit(x, batch_size=6, verbose=0)
    for old, new, gradient in zip(before, model.get_weights(), gradients, strict=True):
        # Gradients below 10, in sums of at most 72 float32 terms.
        assert (old - new) / rate == pytest.approx(gradient, abs=72 * 10 * 1.2e-7 / rate)
        assert np.any(old != new)


@pytest.mark.parametrize("loss", [BernoulliNLL(), "mse"])
def test_training_lowers_the_loss(loss):
    model = autoencoder(loss, compiled=True)
    # Two kinds of pictures: a code of two numbers can tell them apart.
    x = np.repeat(np.stack([np.zeros(ITEM), np.ones(ITEM)]), 200, axis=0).astype("float32")
    history = model.fit(x, epochs=3, batch_size=20, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]
    assert np.all(np.isfinite(history))


def test_wide_linear_autoencoder_learns_to_copy():
    model = Autoencoder.dense((3,), 3, output_activation=None)
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss=SquaredError())
    x = np.random.default_rng(0).normal(size=(500, 3)).astype("float32")
    model.fit(x, epochs=10, batch_size=20, verbose=0)
    # Summed over three pixels of variance 1: three for a model that learned nothing.
    assert model.evaluate(x, verbose=0) < 0.03


def test_denoising_learns_the_target_and_not_the_input():
    model, x = autoencoder(SquaredError(), compiled=True), pictures(200)
    y = np.ones_like(x)
    model.fit(x, y, epochs=10, batch_size=20, verbose=0)
    p = model.predict(x, verbose=0)
    assert np.mean((p - y) ** 2) < np.mean((p - x) ** 2)


@pytest.mark.parametrize("shift", [-0.5, 2.0])
def test_noisy_inputs_may_leave_the_unit_interval(shift):
    # The likelihood is that of the target; what goes into the encoder is free.
    model, x = autoencoder(), pictures(6)
    history = model.fit(x + shift, x, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    assert np.isfinite(model.evaluate(x + shift, x, verbose=0))
    assert model.predict(x + shift, verbose=0).shape == x.shape


def test_fit_is_reproducible_given_the_seed():
    def train(seed):
        keras.utils.set_random_seed(seed)
        model = autoencoder()
        model.fit(pictures(20), epochs=2, batch_size=5, verbose=0)
        return np.concatenate([w.ravel() for w in model.get_weights()])

    first, again, other = train(1), train(1), train(2)
    # Threads may add in another order; another seed changes the first digit.
    assert again == pytest.approx(first, abs=1e-5)
    assert np.max(np.abs(other - first)) > 0.01


# Encoding and decoding


def test_reconstruction_decodes_what_encode_returns():
    model, x = autoencoder(), pictures(7)
    codes = model.encode(x)
    assert codes.shape == (7, 2)
    assert isinstance(codes, np.ndarray)
    # The same operations on the same numbers, perhaps fused otherwise by the compiler.
    assert model.decode(codes) == pytest.approx(model.predict(x, verbose=0), abs=1e-6)
    assert np.array_equal(model.reconstruct(x), model.decode(codes))


@pytest.mark.parametrize("n", [1, 3, 4, 7, 8, 9])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_apply_in_batches_keeps_all_examples_in_order(n, n_outputs):
    inputs = keras.Input((2,))
    outputs = [keras.layers.Rescaling(k + 2.0)(inputs) for k in range(n_outputs)]
    network = keras.Model(inputs, outputs if n_outputs > 1 else outputs[0])
    x = np.arange(2.0 * n, dtype="float32").reshape(n, 2)
    found = apply_in_batches(network, x, batch_size=4)
    if n_outputs == 1:
        assert isinstance(found, np.ndarray)
        found = (found,)
    assert isinstance(found, tuple)
    for k in range(n_outputs):
        assert np.array_equal(found[k], (k + 2) * x)  # small integers: exact


def test_apply_in_batches_is_inference():
    dropout = keras.Sequential([keras.Input((50,)), keras.layers.Dropout(0.5)])
    x = np.ones((20, 50), "float32")
    assert np.array_equal(apply_in_batches(dropout, x), x)
    model = Autoencoder(dropout, dense_network((50,), (), (50,)))
    assert np.array_equal(model.encode(x), x)


# The Keras contract


def test_config_round_trip():
    model = autoencoder(name="digits_model")
    config = model.get_config()
    again = Autoencoder.from_config(config)
    assert again.get_config() == config
    assert again.name == "digits_model"
    assert again.item_shape == model.item_shape
    again.set_weights(model.get_weights())
    x = pictures(3)
    assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_config_is_not_changed_by_reading_it():
    config = autoencoder().get_config()
    before = repr(config)
    Autoencoder.from_config(config)
    assert repr(config) == before


@saves
def test_saved_and_loaded_model_predicts_the_same(tmp_path):
    model, x = autoencoder(compiled=True), pictures(8)
    model.fit(x, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded, Autoencoder)
    assert np.array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert np.array_equal(loaded.encode(x), model.encode(x))
    assert loaded.evaluate(x, verbose=0) == pytest.approx(
        model.evaluate(x, verbose=0), abs=LOSS_TOLERANCE
    )
    # Compiled as before, so training goes on, and wrong values are still refused.
    assert isinstance(loaded.loss, BernoulliNLL)
    loaded.fit(x, verbose=0)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        loaded.fit(x + 2, verbose=0)


def test_batch_sizes():
    model = autoencoder(compiled=True)
    for n in (1, 7):
        x = pictures(n)
        assert len(model.fit(x, verbose=0).history["loss"]) == 1
        assert np.isfinite(model.evaluate(x, verbose=0))
        assert model.predict(x, verbose=0).shape == x.shape
        assert model(x).shape == x.shape


def test_tf_data_gives_the_same_as_arrays():
    model, x = autoencoder(compiled=True), pictures(10)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(4)
    assert model.evaluate(dataset, verbose=0) == pytest.approx(
        model.evaluate(x, batch_size=4, verbose=0), abs=LOSS_TOLERANCE
    )
    by_dataset = model.predict(dataset, verbose=0)
    assert by_dataset == pytest.approx(model.predict(x, verbose=0), abs=1e-6)
    history = model.fit(
        dataset, epochs=2, validation_data=dataset, shuffle=False, verbose=0
    ).history
    assert len(history["loss"]) == len(history["val_loss"]) == 2


def test_tf_data_of_inputs_and_targets():
    model, x, y = autoencoder(), pictures(6), pictures(6, seed=1)
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(3)
    assert model.evaluate(dataset, verbose=0) == pytest.approx(
        model.evaluate(x, y, verbose=0), abs=LOSS_TOLERANCE
    )


@pytest.mark.parametrize("as_given", ["array", "tuple", "split"])
def test_validation_data_need_no_target(as_given):
    model, x = autoencoder(), pictures(10)
    kwargs = {
        "array": {"validation_data": x},
        "tuple": {"validation_data": (x, x)},
        "split": {"validation_split": 0.5},
    }[as_given]
    history = model.fit(x, verbose=0, **kwargs).history
    held_out = x[5:] if as_given == "split" else x
    assert history["val_loss"][-1] == pytest.approx(
        model.evaluate(held_out, verbose=0), abs=LOSS_TOLERANCE
    )


@pytest.mark.parametrize("dtype", ["float64", "uint8", "bool"])
def test_pixels_of_other_types(dtype):
    model, x = autoencoder(), (pictures(4) > 0.5).astype("float32")
    assert model.evaluate(x.astype(dtype), verbose=0) == pytest.approx(
        model.evaluate(x, verbose=0), abs=LOSS_TOLERANCE
    )


def test_convolutional_parts_fit_as_well():
    encoder = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3, strides=2, padding="same")]
    )
    decoder = keras.Sequential(
        [
            keras.Input((2, 2, 2)),
            keras.layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
        ]
    )
    model = Autoencoder(encoder, decoder)
    model.compile(loss=BernoulliNLL(), run_eagerly=True)
    x = pictures(3, item_shape=(4, 4, 1))
    model.fit(x, verbose=0)
    assert model.predict(x, verbose=0).shape == x.shape
    assert model.encode(x).shape == (3, 2, 2, 2)


# Bad input


def calls(model):
    """Return the methods that take a batch."""
    return [model.fit, model.evaluate, model.predict, model.encode, model.reconstruct]


@pytest.mark.parametrize("shape", [(5, 4, 4), (5, 12), (4, 3), (5, 4, 3, 1), (0, 4, 3), ()])
def test_wrong_shape_or_no_example(shape):
    for call in calls(autoencoder()):
        with pytest.raises(ValueError, match=r"shape \(batch, 4, 3\)\. Received: shape") as info:
            call(np.zeros(shape))
        assert str(shape) in str(info.value)


@pytest.mark.parametrize("bad", [-0.1, 1.5, 255.0, np.nan])
def test_targets_outside_the_unit_interval(bad):
    x = pictures(3)
    x[1, 2, 0] = bad
    model = autoencoder()
    for call in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=r"values in \[0, 1\]. Received: x with values"):
            call(x)
        with pytest.raises(ValueError, match=r"values in \[0, 1\]. Received: y with values"):
            call(pictures(3), x)


def test_target_of_another_shape():
    model = autoencoder()
    for call in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=r"y must be .*\(batch, 4, 3\)\. Received: shape"):
            call(pictures(3), np.zeros((3, 4)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("loss", [BernoulliNLL(), SquaredError()])
def test_inputs_that_are_not_finite(bad, loss):
    x = pictures(3)
    x[0, 0, 0] = bad
    for call in calls(autoencoder(loss)):
        with pytest.raises(ValueError, match=r"Received: .*(NaN|nan|inf)"):
            call(x)


def test_real_values_are_welcome_to_a_squared_error():
    model, x = autoencoder(SquaredError(), output_activation=None), 10 * pictures(4) - 5
    assert np.isfinite(model.fit(x, verbose=0).history["loss"][0])


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: (v,), lambda v: (v, v)])
@pytest.mark.parametrize("bad", [np.zeros((5, 7)), np.full((5, *ITEM), 2.0)])
def test_bad_validation_data(wrap, bad):
    with pytest.raises(ValueError, match=r"validation_data.*Received: |Received: validation_data"):
        autoencoder().fit(pictures(5), validation_data=wrap(bad), verbose=0)


def test_codes_of_the_wrong_shape():
    for shape in [(5, 3), (2,), (0, 2)]:
        with pytest.raises(ValueError, match=r"shape"):
            autoencoder().decode(np.zeros(shape))


@pytest.mark.parametrize(
    "arguments",
    [
        {"latent_dim": 0},
        {"latent_dim": -2},
        {"latent_dim": 2.5},
        {"latent_dim": "2"},
        {"hidden_units": (8, 0)},
        {"hidden_units": (8.0,)},
        {"hidden_units": 8},
        {"item_shape": (8, 0)},
        {"item_shape": (None, 8)},
        {"item_shape": ()},
        {"item_shape": 8},
    ],
)
def test_bad_sizes(arguments):
    with pytest.raises(ValueError, match=r"must be positive integers. Received: \w+="):
        Autoencoder.dense(**{"item_shape": (8, 8), "latent_dim": 2, **arguments})


def test_base_class_leaves_the_likelihood_to_its_children():
    model = ReconstructionModel(dense_network((2,), (), (1,)), dense_network((1,), (), (2,)))
    with pytest.raises(NotImplementedError):
        model.check_batch(np.zeros((1, 2)))
