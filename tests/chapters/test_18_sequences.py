"""Equations of the chapter on sequences, each against a computation of another kind."""

import keras
import numpy as np
import pytest
from keras import ops

from course_lib.losses import kl_per_dimension, kl_standard_normal
from course_lib.sequence_vae import END, SequenceVAE, shifted

#: Standard errors that an estimate may be off: probability 2e-9 under any seed.
Z = 6

#: Rounding of float32.
EPS = float(np.finfo("float32").eps)

LENGTH, N_TOKENS = 5, 8


def as_numpy(x):
    return ops.convert_to_numpy(x).astype("float64")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = SequenceVAE.lstm(LENGTH, N_TOKENS, 2, units=6, embedding_dim=3, seed=0)
    for variable in model.trainable_variables:  # far from a decoder that ignores z
        variable.assign(3 * variable)
    return model


REVIEWS = np.array([[4, 5, 6, END, 0], [7, 4, END, 0, 0], [5, 5, 5, 7, END]], "int32")


@pytest.mark.equation("eq-seq-lstm")
def test_state_of_an_lstm():
    keras.utils.set_random_seed(0)
    units, steps = 4, 6
    layer = keras.layers.LSTM(units, return_sequences=True)
    x = np.random.default_rng(0).normal(size=(1, steps, 3)).astype("float32")
    states = as_numpy(layer(x))[0]
    w, u, b = (weight.astype("float64") for weight in layer.get_weights())
    h, c = np.zeros(units), np.zeros(units)
    for t in range(steps):
        i, f, g, o = np.split(x[0, t] @ w + h @ u + b, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        # States of at most 1, six steps of a few dozen roundings each.
        assert states[t] == pytest.approx(h, abs=1000 * EPS)
    assert np.abs(h).max() > 0.01


def product_of_factors(model, review, z):
    """Return log p(review | z), each factor from a prefix that holds no later token."""
    n = list(review).index(END) + 1
    prefixes = np.where(np.arange(LENGTH) < np.arange(n)[:, None], review, 0)
    previous = ops.array(shifted(prefixes))
    logits = as_numpy(model.decoder([ops.array(np.tile(z, (n, 1))), previous]))
    at = logits[np.arange(n), np.arange(n)]  # row t is asked for the token at place t
    return np.sum(at[np.arange(n), review[:n]] - np.logaddexp.reduce(at, axis=1))


@pytest.mark.equation("eq-seq-likelihood")
def test_likelihood_is_the_product_over_the_places(model):
    for review, z in zip(REVIEWS, np.array([[0, 0], [1, -1], [2, 0.5]], "float32"), strict=True):
        logits = model.decoder([ops.array(z[None]), ops.array(shifted(review[None]))])
        nll = float(model.reconstruction_nll(review[None], {"logits": logits})[0])
        assert -nll == pytest.approx(product_of_factors(model, review, z), abs=1000 * EPS)


@pytest.mark.equation("eq-seq-elbo")
def test_bound_is_the_mean_of_the_likelihood_less_the_divergence(model):
    model.encoder.get_layer("mean").bias.assign([1.5, -1.0])
    model.encoder.get_layer("log_var").bias.assign([-4.0, -5.0])  # the divergence is some nats
    rng = np.random.default_rng(1)
    mean, log_var = (as_numpy(part) for part in model.encode(REVIEWS))
    for k, review in enumerate(REVIEWS):
        z = mean[k] + np.exp(log_var[k] / 2) * rng.normal(size=(20, 2))
        draws = [product_of_factors(model, review, row.astype("float32")) for row in z]
        estimates = model.elbo(np.repeat(review[None], 400, axis=0))
        kl = float(kl_standard_normal(mean[k : k + 1], log_var[k : k + 1])[0])
        error = np.hypot(np.std(draws) / np.sqrt(len(draws)), estimates.std() / np.sqrt(400))
        assert abs(np.mean(draws) - kl - estimates.mean()) < Z * error
        assert kl > 2 * Z * error  # without the divergence, or with the wrong sign, it fails


@pytest.mark.equation("eq-seq-floor")
def test_mean_bound_is_the_entropy_and_two_divergences():
    # Everything is discrete: 5 reviews, 3 values of z.
    rng = np.random.default_rng(0)
    p_x = rng.dirichlet(np.ones(5))
    prior = rng.dirichlet(np.ones(3))
    likelihood = rng.dirichlet(np.ones(5), size=3)  # p(x|z), a row for each z
    q = rng.dirichlet(np.ones(3), size=5)  # q(z|x), a row for each x
    joint = prior[:, None] * likelihood
    model_x = joint.sum(axis=0)
    posterior = (joint / model_x).T
    elbo = np.sum(q * (np.log(likelihood.T) - np.log(q / prior)), axis=1)
    floor = -np.sum(p_x * np.log(p_x))
    misfit = np.sum(p_x * np.log(p_x / model_x))
    gap = np.sum(q * np.log(q / posterior), axis=1)
    # Sums of a dozen terms of at most a few nats, in float64.
    assert -np.sum(p_x * elbo) == pytest.approx(floor + misfit + np.sum(p_x * gap), abs=1e-13)
    # A model that ignores z and knows the reviews is on the floor.
    silent = np.log(p_x)  # q(z|x) is the prior, and p(x|z) is p(x) for every z
    assert -np.sum(p_x * silent) == pytest.approx(floor, abs=1e-13)


@pytest.mark.equation("eq-seq-toy-kl")
def test_price_of_a_posterior_whose_second_moment_is_one():
    mu = np.linspace(0, 0.99, 30)[:, None]
    closed = -0.5 * np.log(1 - mu[:, 0] ** 2)
    assert as_numpy(kl_standard_normal(mu, np.log(1 - mu**2))) == pytest.approx(closed, abs=1e-5)
    # The code has two equally probable means, so that all codes have variance 1.
    rng = np.random.default_rng(0)
    z = rng.choice([-0.8, 0.8], 100_000) + 0.6 * rng.normal(size=100_000)
    # The variance of a squared z of variance 1 is below 2.
    assert abs(np.mean(z**2) - 1) < Z * np.sqrt(2 / len(z))


@pytest.mark.equation("eq-seq-free-bits")
@pytest.mark.parametrize("free", [0.05, 0.5, 5.0])
def test_loss_with_free_bits(free):
    keras.utils.set_random_seed(0)
    model = SequenceVAE.lstm(LENGTH, N_TOKENS, 3, units=6, embedding_dim=3, free_bits=free, seed=0)
    outputs = model(ops.array(REVIEWS))
    loss = float(model.compute_loss(x=ops.array(REVIEWS), y_pred=outputs))
    kl = as_numpy(kl_per_dimension(outputs["mean"], outputs["log_var"])).mean(axis=0)
    nll = as_numpy(model.reconstruction_nll(ops.array(REVIEWS), outputs)).mean()
    charged = sum(max(free, value) for value in kl)
    assert loss == pytest.approx(nll + charged, abs=100 * EPS * loss)
    assert charged >= 3 * free
