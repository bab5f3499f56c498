"""Likelihoods of decoders, and how a VAE treats them."""

import keras
import numpy as np
import pytest
import scipy.stats
from autodiff import as_numpy, finite_differences, gradients
from keras import ops

from course_lib.likelihoods import LIKELIHOODS, Gaussian, get_likelihood
from course_lib.losses import categorical_nll, kl_per_dimension
from course_lib.vae import VAE, BetaWarmUp

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6

ITEM = (4, 3)


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def pictures(n):
    return (numbers(n, *ITEM, seed=1) > 0).astype("float32")


# Values


def test_unit_gaussian():
    x, mean = numbers(2, 5, 4)
    found = as_numpy(get_likelihood("unit_gaussian").nll(x, x_mean=mean))
    assert found == pytest.approx(-scipy.stats.norm.logpdf(x, mean, 1).sum(axis=1), rel=1e-12)


def test_gaussian_of_learned_variance():
    likelihood = Gaussian(min_log_var=-4.0)
    x, mean, output = numbers(3, 5, 4)
    parameters = likelihood.parameters([ops.array(mean), ops.array(output)])
    log_var = -4 + np.log1p(np.exp(output + 4))
    assert as_numpy(parameters["x_log_var"]) == pytest.approx(log_var, abs=1e-6)
    scale = np.exp(log_var / 2)
    expected = -scipy.stats.norm.logpdf(x, mean, scale).sum(axis=1)
    assert as_numpy(likelihood.nll(x, **parameters)) == pytest.approx(expected, rel=1e-5)


def test_learned_variance_has_a_floor_that_gradients_pass():
    likelihood = Gaussian()
    x, mean = np.full((1, 1), 3.0, "float32"), np.zeros((1, 1), "float32")

    def nll(output):
        return ops.sum(likelihood.nll(x, **likelihood.parameters([ops.array(mean), output])))

    low = np.full((1, 1), -12.0, "float32")
    parameters = likelihood.parameters([ops.array(mean), ops.array(low)])
    assert -8 < float(parameters["x_log_var"][0, 0]) < -7.9
    [gradient] = gradients(nll, low)
    # An error of 3 with a standard deviation of 0.018: the variance has to grow.
    assert gradient[0, 0] < -1


def test_categorical_equals_a_loop():
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(3, 4, 5))
    tokens = np.array([[1, 4, 2, 0], [3, 2, 0, 0], [4, 4, 4, 2]])
    expected = np.zeros(3)
    for n, row in enumerate(tokens):
        for t, token in enumerate(row):
            if token:
                p = np.exp(logits[n, t]) / np.exp(logits[n, t]).sum()
                expected[n] -= np.log(p[token])
    assert as_numpy(categorical_nll(tokens, logits)) == pytest.approx(expected, rel=1e-12)
    p = as_numpy(get_likelihood("categorical").expectation(logits=ops.array(logits)))
    assert p.sum(axis=-1) == pytest.approx(np.ones((3, 4)), abs=1e-6)


def test_padding_has_no_gradient():
    tokens = np.array([[3, 2, 0]])
    [gradient] = gradients(
        lambda logits: ops.sum(categorical_nll(tokens, logits)), numbers(1, 3, 5)
    )
    assert np.all(gradient[0, 2] == 0)
    assert np.all(gradient[0, :2] != 0)


def test_categorical_of_other_shapes():
    with pytest.raises(ValueError, match=r"same shape\. Received"):
        categorical_nll(np.zeros((2, 3), int), np.zeros((2, 4, 5)))


def test_unknown_likelihood():
    with pytest.raises(ValueError, match="Received: likelihood='poisson'"):
        VAE.dense(ITEM, 2, likelihood="poisson")


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_names(name):
    assert get_likelihood(name).name == name


# Divergence from another prior


def test_kl_against_another_gaussian():
    mean, log_var, prior_mean, prior_log_var = numbers(4, 3, 2)
    n = 200_000
    rng = np.random.default_rng(3)
    found = as_numpy(kl_per_dimension(mean, log_var, prior_mean, prior_log_var))
    for index in np.ndindex(3, 2):
        q = scipy.stats.norm(mean[index], np.exp(log_var[index] / 2))
        p = scipy.stats.norm(prior_mean[index], np.exp(prior_log_var[index] / 2))
        z = q.rvs(n, random_state=rng)
        draws = q.logpdf(z) - p.logpdf(z)
        assert abs(found[index] - draws.mean()) < Z * draws.std() / np.sqrt(n)


def test_gradient_of_the_kl():
    parameters = numbers(4, 2, 3)

    def total(*parameters):
        return ops.sum(kl_per_dimension(*parameters))

    for i, found in enumerate(gradients(total, *parameters)):

        def function(value, i=i):
            changed = [*parameters]
            changed[i] = value
            return float(total(*changed))

        # Double precision: step^2 times a third derivative below 100.
        assert found == pytest.approx(finite_differences(function, parameters[i]), abs=1e-6)


# In a VAE


@pytest.mark.parametrize("name", ["bernoulli", "unit_gaussian", "gaussian"])
def test_loss_is_the_nll_plus_the_kl(name):
    vae, x = VAE.dense(ITEM, 2, (5,), likelihood=name, seed=0), pictures(6)
    vae.compile(run_eagerly=True)
    outputs = vae(x)
    parameters = {head: as_numpy(outputs[head]).astype("float64") for head in vae.likelihood.heads}
    if name == "bernoulli":
        p = 1 / (1 + np.exp(-parameters["logits"]))
        nll = -scipy.stats.bernoulli.logpmf(x, p)
    else:
        scale = np.exp(parameters.get("x_log_var", 0.0) / 2)
        nll = -scipy.stats.norm.logpdf(x, parameters["x_mean"], scale)
    mean, log_var = (as_numpy(outputs[key]).astype("float64") for key in ("mean", "log_var"))
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1)
    expected = nll.sum(axis=(1, 2)).mean() + kl.sum(axis=1).mean()
    assert float(vae.compute_loss(x=x, y_pred=outputs)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["unit_gaussian", "gaussian"])
def test_real_pictures_are_welcome_to_a_gaussian(name):
    vae = VAE.dense(ITEM, 2, (5,), likelihood=name)
    vae.compile("adam", run_eagerly=True)
    x = 3 * numbers(6, *ITEM).astype("float32")
    assert np.isfinite(vae.fit(x, verbose=0).history["loss"][0])
    assert vae.reconstruct(x).shape == x.shape


def test_learned_variance_finds_the_noise():
    scale = np.array([0.1, 1.0, 3.0])
    x = (numbers(4000, 3, seed=4) * scale + 1).astype("float32")
    vae = VAE.dense((3,), 1, hidden_units=(), likelihood="gaussian", seed=0)
    # z is 0, always: the decoder has its biases to describe the pixels with, and no more.
    for name, value in (("mean", 0.0), ("log_var", -60.0)):
        kernel, bias = vae.encoder.get_layer(name).get_weights()
        vae.encoder.get_layer(name).set_weights([0 * kernel, 0 * bias + value])
    vae.encoder.trainable = False
    vae.compile(keras.optimizers.Adam(0.05))
    vae.fit(x, batch_size=400, epochs=60, verbose=0)
    parameters = vae.decoder_parameters(ops.zeros((1, 1)))
    # A standard deviation from 4,000 numbers has an error of 1 %; the optimizer adds some.
    found = np.exp(as_numpy(parameters["x_log_var"])[0] / 2)
    assert found == pytest.approx(scale, rel=0.1)


def test_decoder_with_the_wrong_number_of_outputs():
    vae = VAE.dense(ITEM, 2)
    with pytest.raises(ValueError, match=r"x_log_var.*Received: a decoder with 1 output"):
        VAE(vae.encoder, vae.decoder, likelihood="gaussian")


# Free bits


@pytest.mark.parametrize("free_bits", [0.0, 0.05, 0.4, 100.0])
def test_free_bits_charge_a_least_amount_for_each_dimension(free_bits):
    vae, x = VAE.dense(ITEM, 3, (5,), free_bits=free_bits, seed=0), pictures(6)
    vae.compile(run_eagerly=True)
    outputs = vae(x)
    loss = float(vae.compute_loss(x=x, y_pred=outputs))
    nll = float(np.mean(as_numpy(vae.reconstruction_nll(x, outputs))))
    kl = as_numpy(vae.kl_per_dimension(outputs)).mean(axis=0)
    assert loss - nll == pytest.approx(np.maximum(kl, free_bits).sum(), rel=1e-4, abs=1e-5)
    # The metric, like the ELBO, tells what the divergence is, not what is charged for it.
    assert float(vae.kl_tracker.result()) == pytest.approx(kl.sum(), rel=1e-5)


@pytest.mark.parametrize("free_bits", [-0.1, float("inf"), float("nan")])
def test_bad_free_bits(free_bits):
    with pytest.raises(ValueError, match="Received: free_bits="):
        VAE.dense(ITEM, 2, free_bits=free_bits)


# Warming up


@pytest.mark.parametrize("eager", [True, False])
def test_warm_up_reaches_the_compiled_step(eager):
    class Recorder(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.betas, self.ratios = [], []

        def on_train_batch_end(self, batch, logs=None):
            logs = dict(logs)
            self.ratios.append((logs["loss"] - logs["reconstruction"]) / logs["kl"])
            self.betas.append(self.model.beta)

    vae = VAE.dense(ITEM, 2, (5,), seed=0)
    # A learning rate of 0: metrics, means over an epoch of one batch, are of this step alone.
    vae.compile(keras.optimizers.SGD(0.0), run_eagerly=eager)
    recorder = Recorder()
    callbacks = [BetaWarmUp(4, start=0.2, end=1.0), recorder]
    vae.fit(pictures(6), batch_size=6, epochs=6, verbose=0, callbacks=callbacks)
    expected = [0.2, 0.4, 0.6, 0.8, 1.0, 1.0]
    assert recorder.betas == pytest.approx(expected, abs=1e-6)
    # A difference of float32 numbers near 10, over a divergence near 0.5.
    assert recorder.ratios == pytest.approx(expected, abs=20 * 10 * 1.2e-7 / 0.1)


def test_warm_up_counts_steps_not_executions():
    class Recorder(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            betas.append(self.model.beta)

    betas = []
    vae = VAE.dense(ITEM, 2, (5,), seed=0)
    vae.compile(keras.optimizers.SGD(0.0), steps_per_execution=3)
    # Two epochs of six steps, three steps at a time.
    callbacks = [BetaWarmUp(9), Recorder()]
    vae.fit(pictures(12), batch_size=2, epochs=2, verbose=0, callbacks=callbacks)
    assert betas == pytest.approx([0, 3 / 9, 6 / 9, 1], abs=1e-6)


def test_beta_can_be_assigned():
    vae, x = VAE.dense(ITEM, 2, (5,), seed=0), pictures(6)
    vae.compile(run_eagerly=True)
    vae.beta = 0.25
    assert vae.beta == 0.25
    assert vae.get_config()["beta"] == 0.25
    results = vae.evaluate(x, verbose=0, return_dict=True)
    assert results["loss"] == pytest.approx(
        results["reconstruction"] + 0.25 * results["kl"], rel=1e-5
    )
    with pytest.raises(ValueError, match=r"Received: beta=-1"):
        vae.beta = -1
    assert vae.beta == 0.25


@pytest.mark.parametrize(
    ("arguments", "what"),
    [((0,), "n_steps=0"), ((5, -1.0), "beta=-1.0"), ((5, 0.0, float("nan")), "beta=nan")],
)
def test_bad_warm_up(arguments, what):
    with pytest.raises(ValueError, match=f"Received: {what}"):
        BetaWarmUp(*arguments)
