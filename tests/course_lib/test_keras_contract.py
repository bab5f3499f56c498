"""What a Keras user may expect of every model and layer of the package, whatever it computes."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from course_lib.autoencoders import Autoencoder, ContractiveAutoencoder
from course_lib.cvae import CVAE
from course_lib.layers import (
    GaussianSampling,
    MaskingNoise,
    QuadrantMasking,
    TiedDense,
    WordDropout,
)
from course_lib.losses import BernoulliNLL, SquaredError
from course_lib.regularizers import KLSparsity
from course_lib.sequence_vae import SequenceVAE
from course_lib.vae import VAE

ON_JAX = keras.backend.backend() == "jax"

ITEM = (4, 4)
N_CLASSES = 3
LENGTH, N_TOKENS = 5, 8


def pictures(n):
    return np.random.default_rng(0).integers(0, 2, (n, *ITEM)).astype("float32")


def labeled_pictures(n):
    labels = np.random.default_rng(1).integers(0, N_CLASSES, n)
    return [pictures(n), np.eye(N_CLASSES, dtype="float32")[labels]]


def sequences(n):
    tokens = np.random.default_rng(2).integers(4, N_TOKENS, (n, LENGTH)).astype("int32")
    tokens[:, -1] = 2
    tokens[::2, -2:] = [2, 0]
    return tokens


def dense(**options):
    return Autoencoder.dense(ITEM, latent_dim=3, hidden_units=(5,), activation="tanh", **options)


#: Models by name: how to make one, and examples for it.
MODELS = {
    "dense": (dense, pictures),
    "overcomplete": (lambda: Autoencoder.dense(ITEM, latent_dim=20), pictures),
    "convolutional": (lambda: Autoencoder.convolutional(ITEM, 3, filters=(2, 3)), pictures),
    "tied": (lambda: dense(tied=True), pictures),
    "decayed": (lambda: dense(kernel_regularizer=keras.regularizers.L2(0.01)), pictures),
    "sparse by KL": (
        lambda: dense(code_activation="sigmoid", code_regularizer=KLSparsity(0.1)),
        pictures,
    ),
    "sparse by L1": (lambda: dense(code_regularizer=keras.regularizers.L1(0.01)), pictures),
    "sparse by dropout": (lambda: dense(code_dropout=0.3), pictures),
    "masked": (lambda: dense(noise=MaskingNoise(0.3, seed=0)), pictures),
    "noisy": (lambda: dense(noise=keras.layers.GaussianNoise(0.3, seed=0)), pictures),
    "erased": (lambda: dense(noise=QuadrantMasking(seed=0)), pictures),
    "contractive": (
        lambda: ContractiveAutoencoder.dense(ITEM, 3, code_activation="sigmoid", weight=0.1),
        pictures,
    ),
    "contractive, deep": (
        lambda: ContractiveAutoencoder.dense(ITEM, 3, (5,), "tanh", weight=0.1),
        pictures,
    ),
    "contractive, probed": (
        lambda: ContractiveAutoencoder.dense(ITEM, 3, (5,), "tanh", weight=0.1, n_probes=2),
        pictures,
    ),
    "vae": (lambda: VAE.dense(ITEM, 2, (5,), seed=0), pictures),
    "vae, unit Gaussian": (
        lambda: VAE.dense(ITEM, 2, (5,), likelihood="unit_gaussian", beta=0.5),
        pictures,
    ),
    "vae, Gaussian": (
        lambda: VAE.convolutional(ITEM, 2, (2, 3), likelihood="gaussian", free_bits=0.1),
        pictures,
    ),
    "cvae": (lambda: CVAE.dense(ITEM, (N_CLASSES,), 2, (5,)), labeled_pictures),
    "cvae, prior": (
        lambda: CVAE.dense(ITEM, (N_CLASSES,), 2, (5,), conditional_prior=True),
        labeled_pictures,
    ),
    "sequence": (
        lambda: SequenceVAE.lstm(
            LENGTH, N_TOKENS, 2, units=4, embedding_dim=3, word_dropout=0.2
        ),
        sequences,
    ),
}  # fmt: skip

each_model = pytest.mark.parametrize("name", MODELS)


def compiled(name, **options):
    """Return a compiled model of that name, eager unless asked otherwise.

    On TensorFlow tracing takes seconds; on JAX single operations do, and a whole step does not.
    """
    keras.utils.set_random_seed(0)
    model = MODELS[name][0]()
    loss = None if isinstance(model, VAE) else BernoulliNLL()
    model.compile("adam", loss=loss, **{"run_eagerly": not ON_JAX, **options})
    return model


def examples(name, n):
    return MODELS[name][1](n)


def number_of(x):
    return len(x[0] if isinstance(x, list) else x)


def picked(x, rows):
    return [part[rows] for part in x] if isinstance(x, list) else x[rows]


def outputs(model, x):
    """Return what a model makes of x without randomness: codes, and what they decode to."""
    codes = model.encode(x)
    return [*(codes if isinstance(codes, tuple) else [codes]), model.reconstruct(x)]


# Configuration and files


@each_model
def test_config_round_trip(name):
    model = compiled(name)
    config = model.get_config()
    again = type(model).from_config(config)
    assert json.dumps(again.get_config(), sort_keys=True) == json.dumps(config, sort_keys=True)
    assert again.count_params() == model.count_params()
    again.set_weights(model.get_weights())
    x = examples(name, 5)
    for a, b in zip(outputs(model, x), outputs(again, x), strict=True):
        assert np.array_equal(a, b)


@each_model
def test_saved_and_loaded_model_gives_identical_outputs(name, tmp_path):
    model, x = compiled(name), examples(name, 5)
    model.fit(x, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert loaded.count_params() == model.count_params()
    for a, b in zip(outputs(model, x), outputs(loaded, x), strict=True):
        assert np.array_equal(a, b)
    # It can be trained on: the optimizer's state is there, and each weight still moves.
    before = [w.copy() for w in loaded.get_weights()]
    loaded.fit(x, verbose=0)
    moved = [np.any(a != b) for a, b in zip(before, loaded.get_weights(), strict=True)]
    assert sum(moved) >= len(loaded.trainable_weights) - 2  # dead units may leave a bias


@each_model
def test_saved_weights_fit_a_new_model(name, tmp_path):
    model, x = compiled(name), examples(name, 5)
    model.fit(x, verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    keras.utils.set_random_seed(7)
    other = MODELS[name][0]()
    other.load_weights(tmp_path / "model.weights.h5")
    for a, b in zip(outputs(model, x), outputs(other, x), strict=True):
        assert np.array_equal(a, b)


def test_tied_weights_stay_tied_after_loading(tmp_path):
    model = compiled("tied")
    model.fit(pictures(5), verbose=0)
    model.save(tmp_path / "model.keras")
    for again in (
        keras.saving.load_model(tmp_path / "model.keras"),
        Autoencoder.from_config(model.get_config()),
    ):
        [*_, encoding] = (p for p in again.encoder.layers if isinstance(p, keras.layers.Dense))
        decoding = next(p for p in again.decoder.layers if isinstance(p, TiedDense))
        assert decoding.source is encoding
        before = again.decode(np.ones((1, 3)))
        encoding.kernel.assign(encoding.kernel + 1.0)
        assert not np.allclose(again.decode(np.ones((1, 3))), before)
    assert model.count_params() == 16 * 5 + 5 * 3 + (5 + 3) + (5 + 16)
    assert len(model.trainable_weights) == 2 + 2 + 2


# Training


@each_model
@pytest.mark.parametrize("batch_size", [1, 7])
def test_fit_evaluate_predict_with_any_batch_size(name, batch_size):
    model, x = compiled(name), examples(name, 3 if batch_size == 1 else 9)
    history = model.fit(x, batch_size=batch_size, epochs=2, verbose=0).history
    assert np.all(np.isfinite(history["loss"]))
    results = model.evaluate(x, batch_size=batch_size, verbose=0, return_dict=True)
    assert np.isfinite(results["loss"])
    expected = outputs(model, x)[-1]
    predicted = model.predict(x, batch_size=batch_size, verbose=0)
    assert predicted.shape == expected.shape
    # Matrix products of another size add in another order: some 20 float32 terms below 10.
    assert predicted == pytest.approx(expected, abs=20 * 10 * 1.2e-7)


@each_model
def test_one_example_is_like_many(name):
    model, x = compiled(name), examples(name, 6)
    together = outputs(model, x)
    for i in range(6):
        alone = outputs(model, picked(x, slice(i, i + 1)))
        for a, b in zip(together, alone, strict=True):
            assert a[i] == pytest.approx(b[0], abs=20 * 10 * 1.2e-7)


@each_model
def test_tf_data_trains_as_arrays_do(name):
    x = examples(name, 8)
    trained = []
    for as_dataset in (False, True):
        model = compiled(name)
        if as_dataset:
            batches = tf.data.Dataset.from_tensor_slices(tuple(x) if isinstance(x, list) else x)
            if isinstance(x, list):
                batches = batches.map(lambda *pair: (pair,))  # a pair is an input, not a target
            model.fit(batches.batch(4), shuffle=False, verbose=0)
        else:
            model.fit(x, batch_size=4, shuffle=False, verbose=0)
        trained.append(outputs(model, x)[-1])
    # Two steps with the same batches and the same draws.
    assert trained[0] == pytest.approx(trained[1], abs=1e-5)


@pytest.mark.slow
@each_model
def test_compiled_training_follows_eager_training(name):
    x = examples(name, 8)
    found = []
    for options in ({"run_eagerly": True}, {"run_eagerly": False, "jit_compile": True}):
        model = compiled(name, **options)
        history = model.fit(x, batch_size=8, epochs=3, shuffle=False, verbose=0).history
        found.append(history["loss"])
        assert np.all(np.isfinite(outputs(model, x)[-1]))
    # The draws of a compiled step are others on some backends; where there are none, three
    # steps on sums below 100 agree to a few hundred units of float32.
    is_random = isinstance(model, VAE) or name == "contractive, probed" or model.noise is not None
    if is_random or name == "sparse by dropout":
        assert found[0] == pytest.approx(found[1], rel=0.5)
    else:
        assert found[0] == pytest.approx(found[1], abs=300 * 100 * 1.2e-7)


@each_model
def test_mixed_precision(name):
    x = examples(name, 8)
    full = compiled(name)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = compiled(name)
        half.set_weights(full.get_weights())
        history = half.fit(x, verbose=0).history
        assert np.isfinite(history["loss"][0])
        assert {w.dtype for w in half.trainable_weights} == {"float32"}
        half.set_weights(full.get_weights())
        found = outputs(half, x)
    finally:
        keras.config.set_dtype_policy("float32")
    for a, b in zip(found, outputs(full, x), strict=True):
        # Half precision: 11 bits, in some 40 operations on numbers below 4.
        assert np.asarray(a, dtype="float64") == pytest.approx(b, abs=40 * 4 * 2.0**-11)


# What does not matter, and what does


@each_model
def test_order_of_the_batch_changes_nothing(name):
    model, x = compiled(name), examples(name, 8)
    order = np.random.default_rng(4).permutation(8)
    for a, b in zip(outputs(model, x), outputs(model, picked(x, order)), strict=True):
        assert a[order] == pytest.approx(b, abs=20 * 10 * 1.2e-7)


@each_model
def test_inputs_are_left_alone(name):
    model, x = compiled(name), examples(name, 4)
    before = [np.copy(part) for part in (x if isinstance(x, list) else [x])]
    model.fit(x, verbose=0)
    model.evaluate(x, verbose=0)
    model.predict(x, verbose=0)
    for a, b in zip(before, x if isinstance(x, list) else [x], strict=True):
        assert np.array_equal(a, b)


#: Models whose loss is no sum over examples, or has chance in it that cannot be removed.
NOT_A_SUM = {"decayed", "sparse by KL", "sparse by L1", "vae, Gaussian", "contractive, probed"}


@pytest.mark.parametrize("name", [name for name in MODELS if name not in NOT_A_SUM])
def test_sample_weights(name):
    model, x = compiled(name), examples(name, 4)
    if isinstance(model, VAE):
        # No randomness: a standard deviation of exp(-30) is lost in the rounding of the mean.
        for weight in model.encoder.get_layer("log_var").weights:
            weight.assign(ops.zeros(weight.shape) - (60.0 if weight.name == "bias" else 0.0))
    each = [
        model.evaluate(picked(x, slice(i, i + 1)), verbose=0, return_dict=True)["loss"]
        for i in range(4)
    ]
    weights = np.array([0.0, 1.0, 2.0, 0.5], dtype="float32")
    loss = model.evaluate(x, sample_weight=weights, verbose=0, return_dict=True)["loss"]
    # Keras averages over the batch, not over the sum of the weights.
    expected = np.mean(weights * each)
    assert loss == pytest.approx(expected, rel=1e-5)


# Layers

LAYERS = {
    "GaussianSampling": (lambda: GaussianSampling(seed=3), lambda: [np.ones((2, 3))] * 2),
    "MaskingNoise": (lambda: MaskingNoise(0.4, seed=3), lambda: np.ones((2, 3))),
    "QuadrantMasking": (lambda: QuadrantMasking(seed=3), lambda: np.ones((2, 4, 6))),
    "WordDropout": (lambda: WordDropout(0.4, unknown=3, seed=3), lambda: sequences(2)),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def as_inputs(arrays):
    several = isinstance(arrays, list)
    tensors = [
        ops.convert_to_tensor(a, dtype="int32" if a.dtype == np.int32 else "float32")
        for a in (arrays if several else [arrays])
    ]
    return tensors if several else tensors[0]


@each_layer
def test_layer_config_round_trip(name):
    layer, x = LAYERS[name][0](), as_inputs(LAYERS[name][1]())
    config = layer.get_config()
    again = type(layer).from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    options = {} if name == "GaussianSampling" else {"training": True}
    assert np.array_equal(
        ops.convert_to_numpy(layer(x, **options)), ops.convert_to_numpy(again(x, **options))
    )


@each_layer
def test_layer_in_a_saved_model(name, tmp_path):
    arrays = LAYERS[name][1]()
    inputs = [
        keras.Input(a.shape[1:], dtype="int32" if a.dtype == np.int32 else "float32")
        for a in (arrays if isinstance(arrays, list) else [arrays])
    ]
    outputs = LAYERS[name][0]()(inputs if len(inputs) > 1 else inputs[0])
    assert outputs.shape[1:] == inputs[0].shape[1:]
    keras.Model(inputs, outputs).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (
        loaded(as_inputs(arrays)).shape
        == inputs[0].shape[:0] + np.shape(as_inputs(arrays))[-len(outputs.shape) :]
    )


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "GaussianSampling"])
def test_noise_is_for_training_only(name):
    layer, x = LAYERS[name][0](), as_inputs(LAYERS[name][1]())
    for options in ({}, {"training": False}):
        assert np.array_equal(ops.convert_to_numpy(layer(x, **options)), ops.convert_to_numpy(x))
    assert not np.array_equal(
        ops.convert_to_numpy(layer(x, training=True)), ops.convert_to_numpy(x)
    )


@pytest.mark.parametrize(
    "regularizer", [KLSparsity(0.2, weight=3.0), KLSparsity()], ids=["options", "defaults"]
)
def test_regularizer_config_round_trip(regularizer):
    config = json.loads(json.dumps(keras.regularizers.serialize(regularizer)))
    again = keras.regularizers.deserialize(config)
    assert again.get_config() == regularizer.get_config()


@pytest.mark.parametrize("loss", [BernoulliNLL(from_logits=True), SquaredError()])
def test_loss_config_round_trip(loss):
    config = json.loads(json.dumps(keras.losses.serialize(loss)))
    again = keras.losses.deserialize(config)
    assert again.get_config() == loss.get_config()
    x = pictures(3)
    assert float(again(x, 1 - x)) == float(loss(x, 1 - x))


# Bad input

#: What is wrong with it, and what makes it so from good pictures.
BAD = {
    "wrong rank": lambda x: x.reshape(len(x), -1),
    "wrong number of pixels": lambda x: x[:, :-1],
    "no example": lambda x: x[:0],
    "not a number": lambda x: np.where(np.arange(x.size).reshape(x.shape) == 3, np.nan, x),
    "infinite": lambda x: np.where(np.arange(x.size).reshape(x.shape) == 3, np.inf, x),
}


@pytest.mark.parametrize("name", [name for name in MODELS if name != "sequence"])
@pytest.mark.parametrize("what", BAD)
def test_bad_pictures(name, what):
    model, x = compiled(name), examples(name, 4)
    bad = [BAD[what](x[0]), x[1]] if isinstance(x, list) else BAD[what](x)
    for method in (model.fit, model.evaluate, model.predict, model.encode, model.reconstruct):
        with pytest.raises(ValueError, match="Received: "):
            method(bad)
