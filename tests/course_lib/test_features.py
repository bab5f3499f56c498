"""Classifiers on codes, and pretraining one layer at a time."""

import keras
import numpy as np
import pytest

from course_lib.autoencoders import Autoencoder
from course_lib.features import classifier_on, pretrain_greedily
from course_lib.layers import MaskingNoise
from course_lib.vae import VAE

ITEM = (4, 2)


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def pictures(n, seed=0):
    return np.random.default_rng(seed).random((n, *ITEM)).astype("float32")


def labels(x):
    """Whether the upper half is brighter: two classes that a code can tell apart."""
    return (x[:, :2].sum(axis=(1, 2)) > x[:, 2:].sum(axis=(1, 2))).astype(int)


def encoder():
    return Autoencoder.dense(ITEM, 5, (6,), "tanh").encoder


@pytest.mark.parametrize("fine_tune", [True, False])
def test_training_leaves_the_given_encoder_alone(fine_tune):
    source = encoder()
    before = [w.copy() for w in source.get_weights()]
    model = classifier_on(source, 2, fine_tune=fine_tune)
    model.compile("adam", loss="sparse_categorical_crossentropy", run_eagerly=True)
    x = pictures(20)
    copy = model.layers[1]
    model.fit(x, labels(x), verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, source.get_weights(), strict=True))
    assert source.trainable
    moved = [not np.array_equal(a, b) for a, b in zip(before, copy.get_weights(), strict=True)]
    assert all(moved) if fine_tune else not any(moved)


def test_it_starts_from_the_codes():
    source, x = encoder(), pictures(7)
    model = classifier_on(source, 3)
    kernel, bias = model.layers[-1].get_weights()
    logits = source.predict(x, verbose=0) @ kernel + bias
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert model.predict(x, verbose=0) == pytest.approx(p, abs=1e-6)


def test_code_of_a_vae_is_its_mean():
    vae, x = VAE.dense(ITEM, 2), pictures(4)
    model = classifier_on(vae.encoder, 3)
    kernel, bias = model.layers[-1].get_weights()
    logits = vae.encode(x)[0] @ kernel + bias
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert model.predict(x, verbose=0) == pytest.approx(p, abs=1e-6)


def test_hidden_layers():
    model = classifier_on(encoder(), 4, hidden_units=(7, 3))
    assert [layer.units for layer in model.layers[2:]] == [7, 3, 4]


def test_it_learns():
    x = pictures(1000)
    model = classifier_on(encoder(), 2)
    model.compile(
        keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x, labels(x), epochs=5, verbose=0)
    held_out = pictures(400, seed=1)
    # Chance is 1/2; the classes are separated by a plane.
    assert model.evaluate(held_out, labels(held_out), verbose=0)[1] > 0.9


@pytest.mark.parametrize("options", [{"n_classes": 1}, {"n_classes": 0}, {"n_classes": 2.5}])
def test_bad_number_of_classes(options):
    with pytest.raises(ValueError, match="Received: n_classes"):
        classifier_on(encoder(), **options)


# Greedy pretraining


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_layers_are_trained_one_on_the_other(activation):
    x = pictures(50)
    options = {"epochs": 3, "batch_size": 10, "verbose": 0}
    keras.utils.set_random_seed(1)
    one = pretrain_greedily(x, (6,), activation, **options)
    keras.utils.set_random_seed(1)
    two = pretrain_greedily(x, (6, 4), activation, **options)
    assert two.input_shape == (None, *ITEM)
    assert two.output_shape == (None, 4)
    below = keras.Model(two.input, two.layers[-2].output)
    assert below.output_shape == one.output_shape


def test_each_layer_has_the_weights_of_its_autoencoder(monkeypatch):
    made = []
    whole = Autoencoder.dense.__func__

    def dense(cls, *arguments, **options):
        made.append(whole(cls, *arguments, **options))
        return made[-1]

    monkeypatch.setattr(Autoencoder, "dense", classmethod(dense))
    x = pictures(50)
    result = pretrain_greedily(x, (6, 4), noise=MaskingNoise(0.2, seed=0), epochs=2, verbose=0)
    assert [model.noise.rate for model in made] == [0.2, 0.2]
    assert made[0].noise is not made[1].noise
    h = made[0].encode(x)
    assert made[1].item_shape == (6,)
    assert result.predict(x, verbose=0) == pytest.approx(made[1].encode(h), abs=1e-6)


def test_the_first_layer_has_learned():
    # Eight pixels that are all alike: one code unit tells what there is to tell.
    x = np.repeat(np.random.default_rng(2).integers(0, 2, (400, 1)), 8, axis=1).astype("float32")
    result = pretrain_greedily(
        x, (1,), tied=False, optimizer=keras.optimizers.Adam(0.05), epochs=20, verbose=0
    )
    h = result.predict(np.array([np.zeros(8), np.ones(8)]), verbose=0)[:, 0]
    assert abs(h[1] - h[0]) > 0.8


def test_pictures_outside_the_unit_interval():
    with pytest.raises(ValueError, match="Received: x with values"):
        pretrain_greedily(pictures(5) + 1, (3,), verbose=0)


@pytest.mark.parametrize("hidden_units", [(), (0,), (2.5,), 3])
def test_bad_hidden_units(hidden_units):
    with pytest.raises(ValueError, match="Received: hidden_units="):
        pretrain_greedily(pictures(5), hidden_units, verbose=0)
