"""The VAE of sequences: tokens, the decoder's view of the past, writing, and learning."""

import keras
import numpy as np
import pytest
from autodiff import as_numpy
from keras import ops

from course_lib.losses import categorical_nll
from course_lib.sequence_vae import (
    END,
    PADDING,
    START,
    UNKNOWN,
    SequenceVAE,
    Vocabulary,
    shifted,
)

LENGTH, N_TOKENS = 6, 9

#: Standard errors that a frequency may be off: probability 2e-9 under any seed.
Z = 6


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def tokens(n, seed=0):
    """Return sequences of one to five symbols, each ended and padded."""
    rng = np.random.default_rng(seed)
    rows = np.full((n, LENGTH), PADDING, dtype="int32")
    for row, size in zip(rows, rng.integers(1, LENGTH, n), strict=True):
        row[:size] = rng.integers(UNKNOWN + 1, N_TOKENS, size)
        row[size] = END
    return rows


def small(**options):
    model = SequenceVAE.lstm(LENGTH, N_TOKENS, 2, units=8, embedding_dim=4, seed=0, **options)
    model.compile("adam", run_eagerly=True)
    return model


# The vocabulary


def test_vocabulary_round_trip():
    reviews = [("a", "waste", "of", "time"), ("time",), ()]
    vocabulary = Vocabulary.of(reviews)
    assert vocabulary.symbols == ("a", "of", "time", "waste")
    assert len(vocabulary) == 8
    encoded = vocabulary.encode(reviews, length=5)
    assert encoded.dtype == np.int32
    assert encoded.tolist() == [[4, 7, 5, 6, 2], [6, 2, 0, 0, 0], [2, 0, 0, 0, 0]]
    assert vocabulary.decode(encoded) == reviews


def test_vocabulary_of_pitches_and_unknown_symbols():
    vocabulary = Vocabulary.of(np.array([[60, 62], [64, 60]]).tolist())
    encoded = vocabulary.encode([(60, 61)], length=3)
    assert encoded.tolist() == [[4, UNKNOWN, END]]
    assert vocabulary.decode(encoded, unknown=-1) == [(60, -1)]


def test_sequence_without_an_end_is_decoded_whole():
    vocabulary = Vocabulary(["a", "b"])
    assert vocabulary.decode([[4, 5, 4]]) == [("a", "b", "a")]


def test_bad_vocabularies():
    with pytest.raises(ValueError, match="Received: 0 symbols"):
        Vocabulary([])
    with pytest.raises(ValueError, match="Received: 2 symbols, 1 different"):
        Vocabulary(["a", "a"])
    with pytest.raises(ValueError, match=r"longest sequence, 2\. Received: length=2"):
        Vocabulary(["a"]).encode([("a", "a")], length=2)


# What the decoder sees


def test_shifted_starts_with_start():
    x = tokens(4)
    expected = np.column_stack([np.full(4, START), x[:, :-1]])
    assert np.array_equal(shifted(x), expected)
    assert np.array_equal(as_numpy(shifted(ops.convert_to_tensor(x))), expected)


def test_a_token_depends_on_those_before_it_and_on_z_alone():
    model, x = small(), tokens(1, seed=3)
    x[:] = [4, 5, 6, 7, 8, END]
    z = np.zeros((1, 2), "float32")

    def logits(z, x):
        return as_numpy(model.decoder([ops.array(z), ops.array(shifted(x))]))[0]

    first = logits(z, x)
    for t in range(LENGTH - 1):
        changed = x.copy()
        changed[0, t] = 4 if x[0, t] != 4 else 5
        other = logits(z, changed)
        assert np.array_equal(other[: t + 1], first[: t + 1])
        assert not np.allclose(other[t + 1], first[t + 1])
    other = logits(z + 1, x)
    assert not any(np.allclose(other[t], first[t]) for t in range(LENGTH))


def test_padding_is_neither_read_nor_paid():
    model = small()
    x = np.array([[4, 5, END, 0, 0, 0]], dtype="int32")
    longer = SequenceVAE.lstm(LENGTH + 3, N_TOKENS, 2, units=8, embedding_dim=4, seed=0)
    longer.set_weights(model.get_weights())
    padded = np.pad(x, ((0, 0), (0, 3)))
    for a, b in zip(model.encode(x), longer.encode(padded), strict=True):
        assert a == pytest.approx(b, abs=1e-6)
    outputs, twin = model(ops.array(x)), longer(ops.array(padded))
    assert as_numpy(outputs["z"]) == pytest.approx(as_numpy(twin["z"]), abs=1e-6)
    nll = [
        float(m.reconstruction_nll(s, o)[0])
        for m, s, o in ((model, x, outputs), (longer, padded, twin))
    ]
    assert nll[0] == pytest.approx(nll[1], rel=1e-5)


def test_probabilities_of_all_sequences_sum_to_one():
    # The chain rule, by enumeration: two places, four tokens that can be written.
    model = SequenceVAE.lstm(2, 6, 1, units=3, embedding_dim=2, seed=0)
    z = np.array([[0.7]], "float32")
    total = 0.0
    for first in range(6):
        for second in range(6):
            x = np.array([[first, second]], dtype="int32")
            logits = as_numpy(model.decoder([ops.array(z), ops.array(shifted(x))]))[0]
            p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
            total += p[0, first] * p[1, second]
    assert total == pytest.approx(1, abs=1e-5)


def test_word_dropout_is_for_training_only():
    model, x = small(word_dropout=0.9), tokens(5)
    z, previous = ops.zeros((5, 2)), ops.array(shifted(x))
    calm = [as_numpy(model.decoder([z, previous], training=False)) for _ in range(2)]
    assert np.array_equal(*calm)
    assert not np.allclose(calm[0], as_numpy(model.decoder([z, previous], training=True)))


# Writing


def test_greedy_writing_follows_the_most_probable_token():
    model = small()
    for variable in model.decoder.trainable_variables:  # far from even odds
        variable.assign(3 * variable)
    z = np.random.default_rng(1).normal(size=(4, 2)).astype("float32")
    written = model.decode(z)
    assert written.dtype == np.int32
    assert np.array_equal(written, model.decode(z, seed=5))
    logits = as_numpy(model.decoder([ops.array(z), ops.array(shifted(written))]))
    logits[:, :, [PADDING, START]] = -np.inf
    for row, scores in zip(written, logits, strict=True):
        end = list(row).index(END) if END in row else LENGTH - 1
        assert np.array_equal(row[: end + 1], scores[: end + 1].argmax(axis=1))
        assert np.all(row[end + 1 :] == PADDING)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_sampled_writing_has_the_probabilities_of_the_model(temperature):
    model, n = small(), 2000
    z = np.tile(np.array([[0.5, -1.0]], "float32"), (n, 1))
    first = model.decode(z, temperature=temperature, seed=2)[:, 0]
    start = np.full((1, LENGTH), START, dtype="int32")
    logits = as_numpy(model.decoder([ops.array(z[:1]), ops.array(start)]))
    logits = logits[0, 0].astype("float64") / temperature
    logits[[PADDING, START]] = -np.inf
    p = np.exp(logits - np.logaddexp.reduce(logits))
    found = np.bincount(first, minlength=N_TOKENS) / n
    assert np.all(np.abs(found - p) <= Z * np.sqrt(p * (1 - p) / n))


def test_seeds_of_samples():
    model = small()
    assert np.array_equal(model.sample(20, seed=1), model.sample(20, seed=1))
    assert not np.array_equal(model.sample(20, seed=1), model.sample(20, seed=2))


def test_interpolation_has_reconstructions_at_its_ends():
    model, x = small(), tokens(2)
    path = model.interpolate(x[0], x[1], n=4)
    assert path.shape == (4, LENGTH)
    assert np.array_equal(path[[0, -1]], model.reconstruct(x))
    assert np.array_equal(model.reconstruct(x), model.predict(x, verbose=0))


# Learning


@pytest.mark.slow
def test_it_learns_to_tell_and_to_retell():
    # Four sentences, equally often: two latent dimensions can hold which one it is.
    sentences = np.array(
        [[4, 5, 6, 7, 8, 2], [8, 8, 2, 0, 0, 0], [5, 4, 5, 4, 2, 0], [6, 2, 0, 0, 0, 0]], "int32"
    )
    model = SequenceVAE.lstm(LENGTH, N_TOKENS, 2, units=24, embedding_dim=8, beta=0.2, seed=0)
    model.compile(keras.optimizers.Adam(0.02))
    model.fit(np.tile(sentences, (400, 1)), batch_size=80, epochs=10, verbose=0)
    assert np.array_equal(model.reconstruct(sentences), sentences)
    # p(x) = sum over a fine grid of p(x|z) p(z): most of the probability is on the four.
    axis = np.linspace(-6, 6, 61)
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    prior = np.exp(-0.5 * np.sum(z**2, axis=1))
    p = []
    for sentence in sentences:
        rows = np.tile(sentence, (len(z), 1))
        logits = model.decoder.predict([z, shifted(rows)], batch_size=len(z), verbose=0)
        p.append(np.sum(np.exp(-as_numpy(categorical_nll(rows, logits))) * prior) / prior.sum())
    assert 0.5 < sum(p) <= 1 + 1e-5
    written = {tuple(row) for row in model.sample(40, seed=0).tolist()}
    assert len(written & {tuple(s) for s in sentences.tolist()}) >= 3


def test_log_prob_is_at_least_the_elbo():
    model, x = small(), tokens(4)
    elbo = model.elbo(np.repeat(x, 50, axis=0)).reshape(4, 50)
    error = elbo.std(axis=1) / np.sqrt(50)
    assert np.all(model.log_prob(x, 200, seed=0) > elbo.mean(axis=1) - Z * error)


# Bad input


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (np.zeros((2, LENGTH)), "x of dtype float64"),
        (np.full((2, LENGTH), N_TOKENS), "x of dtype int64 with values from 9"),
        (np.full((2, LENGTH), -1), "x of dtype int64 with values from -1"),
        (np.zeros((2, LENGTH + 1), int), r"shape \(2, 7\)"),
        (np.zeros((0, LENGTH), int), r"shape \(0, 6\)"),
        (np.zeros(LENGTH, int), r"shape \(6,\)"),
    ],
)
def test_bad_tokens(bad, what):
    model = small()
    for method in (model.fit, model.evaluate, model.predict, model.encode, model.elbo):
        with pytest.raises(ValueError, match=f"Received: {what}"):
            method(bad)


@pytest.mark.parametrize("temperature", [-1.0, float("inf"), float("nan")])
def test_bad_temperature(temperature):
    with pytest.raises(ValueError, match="temperature must be"):
        small().decode(np.zeros((1, 2)), temperature=temperature)


@pytest.mark.parametrize("name", ["length", "n_tokens", "latent_dim", "units", "embedding_dim"])
def test_bad_sizes(name):
    sizes = {"length": 6, "n_tokens": 9, "latent_dim": 2, name: 0}
    with pytest.raises(ValueError, match=f"Received: {name}="):
        SequenceVAE.lstm(**sizes)
