"""The conditional VAE: what conditions do, what is drawn on demand, and bad ones."""

import keras
import numpy as np
import pytest
from keras import ops

from course_lib.cvae import CVAE, one_hot
from course_lib.inpainting import join_quadrants, split_quadrants
from course_lib.networks import dense_network

ITEM = (4, 4)
N_CLASSES = 3

#: One clear picture for each class.
TEMPLATES = np.zeros((N_CLASSES, *ITEM), dtype="float32")
TEMPLATES[0, :2], TEMPLATES[1, :, :2], TEMPLATES[2, 1:3, 1:3] = 1, 1, 1


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def labeled(n, seed=0):
    """Return pictures, each with one pixel in ten flipped, and their labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, N_CLASSES, n)
    flips = rng.random((n, *ITEM)) < 0.1
    return np.abs(TEMPLATES[labels] - flips).astype("float32"), labels


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(0)
    cvae = CVAE.dense(ITEM, (N_CLASSES,), latent_dim=2, hidden_units=(32,), seed=0)
    cvae.compile(keras.optimizers.Adam(0.01))
    x, labels = labeled(3000)
    cvae.fit([x, labels], batch_size=100, epochs=8, verbose=0)
    return cvae


def untrained(**options):
    cvae = CVAE.dense(ITEM, (N_CLASSES,), 2, (5,), seed=0, **options)
    cvae.compile("sgd", run_eagerly=True)
    return cvae


def test_labels_and_one_hot_vectors_are_the_same():
    cvae = untrained()
    x, labels = labeled(6)
    vectors = np.eye(N_CLASSES)[labels]
    for a, b in zip(cvae.encode([x, labels]), cvae.encode([x, vectors]), strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(cvae.reconstruct([x, labels]), cvae.reconstruct([x, vectors]))
    assert np.array_equal(cvae.sample(labels, seed=1), cvae.sample(vectors, seed=1))
    kl = [
        cvae.evaluate([x, condition], verbose=0, return_dict=True)["kl"]
        for condition in (labels, vectors)
    ]
    assert kl[0] == kl[1]


def test_encoder_and_decoder_are_told_the_condition():
    cvae, (x, _) = untrained(), labeled(1)
    codes = [cvae.encode([x, [c]])[0] for c in range(N_CLASSES)]
    decoded = [cvae.decode(np.zeros((1, 2)), [c]) for c in range(N_CLASSES)]
    for values in (codes, decoded):
        assert not np.allclose(values[0], values[1])
        assert not np.allclose(values[1], values[2])


def test_any_class_on_demand(trained):
    for label in range(N_CLASSES):
        drawn = trained.sample([label] * 50, seed=1)
        distance = np.abs(drawn[:, None] - TEMPLATES[None]).sum(axis=(2, 3))
        assert np.all(distance.argmin(axis=1) == label)


def test_style_is_held_while_the_label_changes(trained):
    z = np.tile([[1.0, -1.0]], (N_CLASSES, 1))
    decoded = trained.decode(z, range(N_CLASSES))
    distance = np.abs(decoded[:, None] - TEMPLATES[None]).sum(axis=(2, 3))
    assert distance.argmin(axis=1).tolist() == list(range(N_CLASSES))


def test_the_label_is_worth_its_information(trained):
    x, labels = labeled(300, seed=5)
    right = trained.elbo([x, labels], n_samples=5).mean()
    wrong = trained.elbo([x, (labels + 1) % N_CLASSES], n_samples=5).mean()
    assert wrong < right - 1
    # Sixteen pixels, each flipped with probability 0.1, are the best that anyone can predict.
    entropy = -16 * (0.1 * np.log(0.1) + 0.9 * np.log(0.9))
    spread = np.log(9) * np.sqrt(16 * 0.1 * 0.9 / 300)  # of 300 examples' mean
    assert -entropy - 1.5 < right < -entropy + 6 * spread


def test_loss_has_the_divergence_from_the_conditional_prior():
    cvae = untrained(conditional_prior=True)
    x, labels = labeled(6)
    outputs = cvae([ops.array(x), ops.array(one_hot(labels, N_CLASSES))])
    loss = float(cvae.compute_loss(x=[x, one_hot(labels, N_CLASSES)], y_pred=outputs))
    values = {k: ops.convert_to_numpy(v).astype("float64") for k, v in outputs.items()}
    variance, prior_variance = np.exp(values["log_var"]), np.exp(values["prior_log_var"])
    square = (values["mean"] - values["prior_mean"]) ** 2
    kl = 0.5 * ((variance + square) / prior_variance - 1 - np.log(variance / prior_variance))
    nll = np.logaddexp(0, values["logits"]) - x * values["logits"]
    expected = nll.sum(axis=(1, 2)).mean() + kl.sum(axis=1).mean()
    assert loss == pytest.approx(expected, rel=1e-5)
    assert not np.allclose(values["prior_mean"], 0)


def test_the_prior_network_is_trained_and_sampled():
    cvae = untrained(conditional_prior=True)
    x, labels = labeled(6)
    before = [w.copy() for w in cvae.prior.get_weights()]
    cvae.fit([x, labels], verbose=0)
    assert all(np.any(a != b) for a, b in zip(before, cvae.prior.get_weights(), strict=True))
    # Drawn from a point far away, z is that point.
    for name, value in (("mean", 5.0), ("log_var", -60.0)):
        kernel, bias = cvae.prior.get_layer(name).get_weights()
        cvae.prior.get_layer(name).set_weights([0 * kernel, 0 * bias + value])
    drawn = cvae.sample([1, 2], seed=0)
    assert np.allclose(drawn, cvae.decode(np.full((2, 2), 5.0), [1, 2]), atol=1e-6)


def test_interpolation_has_the_two_reconstructions_at_its_ends(trained):
    x, labels = labeled(2, seed=3)
    path = trained.interpolate([x[0], labels[0]], [x[1], labels[1]], n=5)
    ends = trained.reconstruct([x, labels])
    assert path.shape == (5, *ITEM)
    assert path[[0, -1]] == pytest.approx(ends, abs=1e-5)


def test_quadrants_are_completed():
    x, _ = labeled(3000)
    known, missing = split_quadrants(x, given=[0, 1])
    cvae = CVAE.dense((8,), (8,), 2, (32,), conditional_prior=True, seed=0)
    cvae.compile(keras.optimizers.Adam(0.01))
    cvae.fit([missing, known], batch_size=100, epochs=8, verbose=0)
    clear = TEMPLATES[[0, 1]]
    known, _ = split_quadrants(clear, given=[0, 1])
    completed = join_quadrants(known, cvae.sample(known, seed=0), ITEM, given=[0, 1])
    assert np.array_equal(completed.round(), clear)


@pytest.mark.parametrize(
    ("inputs", "what"),
    [
        (lambda x, labels: x, "x of type ndarray"),
        (lambda x, labels: [x], "x of type list"),
        (lambda x, labels: [x, labels, labels], "x of type list"),
        (lambda x, labels: [x, labels[:-1]], "4 examples and 3 conditions"),
        (lambda x, labels: [x, labels + 3], "labels from"),
        (lambda x, labels: [x, labels - 3], "labels from"),
        (lambda x, labels: [x, labels + 0.5], r"shape \(4,\), dtype float64"),
        (lambda x, labels: [x, np.zeros((4, 2))], r"shape \(4, 2\)"),
        (lambda x, labels: [x, np.full((4, 3), np.nan)], r"shape \(4, 3\)"),
        (lambda x, labels: [x + 1, labels], "x with values"),
    ],
)
def test_bad_pairs(inputs, what):
    cvae, bad = untrained(), inputs(*labeled(4))
    for method in (cvae.fit, cvae.evaluate, cvae.predict, cvae.encode, cvae.elbo, cvae.log_prob):
        with pytest.raises(ValueError, match=f"Received: {what}"):
            method(bad)


def test_labels_passed_as_a_target():
    x, labels = labeled(4)
    with pytest.raises(ValueError, match=r"pairs \[x, condition\]"):
        untrained().fit(x, labels)


@pytest.mark.parametrize("labels", [[], [0, 3], [-1], [[0]], ["a"]])
def test_bad_labels_to_sample(labels):
    with pytest.raises(ValueError, match="Received: "):
        untrained().sample(labels)


def test_codes_and_conditions_of_different_length():
    with pytest.raises(ValueError, match="Received: 2 codes and 3 conditions"):
        untrained().decode(np.zeros((2, 2)), [0, 1, 2])


def test_networks_that_take_no_condition():
    cvae = untrained()
    plain = dense_network(ITEM, (), (2,), heads=("mean", "log_var"))
    with pytest.raises(ValueError, match=r"Received: encoder with 1 input"):
        CVAE(plain, cvae.decoder)
    with pytest.raises(ValueError, match=r"Received: decoder with 1 input"):
        CVAE(cvae.encoder, dense_network((2,), (), ITEM))
