"""The VAE against numerical integration over its latent variable, and its Keras contract."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from autodiff import as_numpy, weight_gradients
from keras import ops

from course_lib.losses import bernoulli_nll, kl_standard_normal
from course_lib.vae import VAE

ITEM = (4, 3)

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6

EPS32 = float(np.finfo("float32").eps)

# Losses of 12 pixels and 2 latent dimensions: at most 14 terms and 14 additions, each of which
# rounds a number below 100.
LOSS_TOLERANCE = 28 * 100 * EPS32


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def pictures(n, seed=0, item_shape=ITEM):
    return np.random.default_rng(seed).integers(0, 2, (n, *item_shape)).astype("float32")


def small_vae(seed=0, compiled=False, **kwargs):
    """Return a VAE of 12 pixels, 5 hidden units and 2 latent dimensions.

    Tracing a graph takes seconds and a batch of these tests milliseconds, so models run
    eagerly unless `compiled`.
    """
    vae = VAE.dense(ITEM, latent_dim=2, hidden_units=(5,), activation="tanh", seed=seed, **kwargs)
    vae.compile(
        optimizer=keras.optimizers.Adam(0.02) if compiled else "sgd", run_eagerly=not compiled
    )
    return vae


# Keras' own: its variables have an __array__ of NumPy 1, which saving calls.
saves = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def without_noise(vae):
    """Make q(z|x) a point: its variance exp(-60) is lost in the rounding of its mean."""
    kernel, bias = vae.encoder.get_layer("log_var").get_weights()
    vae.encoder.get_layer("log_var").set_weights([0 * kernel, 0 * bias - 60])
    return vae


def minus_log_p(x, p):
    """Return -log p(x|z) for each example in NumPy, from pixel probabilities."""
    x, p = x.astype("float64"), p.astype("float64")
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2))


def kl(mean, log_var):
    mean, log_var = mean.astype("float64"), log_var.astype("float64")
    return 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1)


# The evidence lower bound


class Integrals:
    """Integrals over the one latent dimension of a VAE, for five pictures of six pixels.

    The trapezoidal rule on an analytic integrand that vanishes at both ends converges
    faster than any power of the step: with 40 points or more a standard deviation (of q,
    0.4 or more; the decoder is smooth), what is left is the rounding of sums in double
    precision.
    """

    tolerance = 1e-9

    def __init__(self):
        keras.utils.set_random_seed(1)
        self.vae = VAE.dense((6,), latent_dim=1, hidden_units=(4,), activation="tanh", seed=2)
        # Larger weights than the initial ones, so that z matters and q depends on x; but keep
        # the standard deviation of q between 0.4 and 1.6.
        rng = np.random.default_rng(3)
        for weight in self.vae.trainable_weights:
            weight.assign(rng.normal(0, 1, weight.shape))
        head = self.vae.encoder.get_layer("log_var")
        head.set_weights([0.15 * w for w in head.get_weights()])
        self.x = pictures(5, seed=4, item_shape=(6,))
        mean, log_var = (a.astype("float64") for a in self.vae.encode(self.x))
        sigma = np.exp(log_var / 2)
        assert sigma.min() > 0.4
        assert sigma.max() < 1.6
        assert np.abs(mean).max() < 4
        # Beyond 20 lies less than exp(-16^2 / (2 * 1.6^2)) = 2e-22 of q, and less of p.
        self.z = np.linspace(-20, 20, 4001)
        logits = self.vae.decoder.predict(self.z[:, None], verbose=0, batch_size=4001)
        logits = logits.astype("float64")
        n = len(self.x)
        self.log_likelihood = -np.stack(
            [
                keras.ops.convert_to_numpy(bernoulli_nll(np.tile(x, (4001, 1)), logits))
                for x in self.x
            ]
        )
        self.log_prior = -0.5 * self.z**2 - 0.5 * np.log(2 * np.pi)
        self.log_q = -0.5 * ((self.z - mean) / sigma) ** 2 - np.log(sigma * np.sqrt(2 * np.pi))
        self.kl = keras.ops.convert_to_numpy(kl_standard_normal(mean, log_var))
        assert self.log_q.shape == self.log_likelihood.shape == (n, 4001)
        self.log_evidence = np.log(self.integrate(np.exp(self.log_likelihood + self.log_prior)))
        self.expected_log_likelihood = self.integrate(np.exp(self.log_q) * self.log_likelihood)
        self.elbo = self.expected_log_likelihood - self.kl
        square = self.integrate(np.exp(self.log_q) * self.log_likelihood**2)
        self.sd = np.sqrt(square - self.expected_log_likelihood**2)

    def integrate(self, values):
        return np.trapezoid(values, self.z, axis=-1)


@pytest.fixture(scope="module")
def integrals():
    return Integrals()


@pytest.mark.equation("eq-elbo")
def test_elbo_is_a_lower_bound(integrals):
    gap = integrals.log_evidence - integrals.elbo
    assert np.all(gap > -integrals.tolerance)
    assert np.all(gap > 0.01)  # an untrained q is not the posterior


@pytest.mark.equation("eq-elbo", "eq-elbo-identity")
def test_gap_of_the_elbo_is_the_divergence_from_the_posterior(integrals):
    i = integrals
    log_posterior = i.log_likelihood + i.log_prior - i.log_evidence[:, None]
    assert i.integrate(np.exp(log_posterior)) == pytest.approx(1, abs=i.tolerance)
    gap = i.integrate(np.exp(i.log_q) * (i.log_q - log_posterior))
    assert i.elbo + gap == pytest.approx(i.log_evidence, abs=i.tolerance)


@pytest.mark.equation("eq-elbo")
def test_evidence_is_a_distribution_over_pictures(integrals):
    i = integrals
    binary = np.array(list(np.ndindex((2,) * 6)), "float64")
    p = keras.ops.convert_to_numpy(
        keras.ops.sigmoid(i.vae.decoder.predict(i.z[:, None], verbose=0).astype("float64"))
    )
    evidence = [
        i.integrate(np.exp(i.log_prior) * np.prod(np.where(x == 1, p, 1 - p), axis=1))
        for x in binary
    ]
    assert sum(evidence) == pytest.approx(1, abs=i.tolerance)
    # The pictures of the other tests are among them.
    row = int(i.x[0] @ 2.0 ** np.arange(5, -1, -1))
    # float32 logits of two batches of another size differ in their last place: 6 of them.
    assert np.log(evidence[row]) == pytest.approx(i.log_evidence[0], abs=6 * 20 * EPS32)


@pytest.mark.equation("eq-elbo")
@pytest.mark.parametrize("n_samples", [1, 4])
def test_elbo_estimates_the_integral(integrals, n_samples):
    i, n = integrals, 8000
    draws = np.stack([i.vae.elbo(np.tile(x, (n, 1)), n_samples, batch_size=n) for x in i.x])
    standard_error = i.sd / np.sqrt(n * n_samples)
    assert np.all(np.abs(draws.mean(axis=1) - i.elbo) < Z * standard_error)
    # Averaging k draws divides the variance by k. The variance of n values of kurtosis c is
    # off by sqrt((c - 1) / n) relatively; c is below 12 here.
    variance = draws.var(axis=1) * n_samples / i.sd**2
    assert np.all(np.abs(variance - 1) < Z * np.sqrt(11 / n))


@pytest.mark.equation("eq-elbo")
def test_evaluate_estimates_minus_the_elbo(integrals):
    i, n = integrals, 4000
    i.vae.compile()
    results = i.vae.evaluate(np.repeat(i.x, n, axis=0), batch_size=n, verbose=0, return_dict=True)
    standard_error = np.sqrt(np.mean(i.sd**2) / (n * len(i.x)))
    assert abs(results["loss"] + i.elbo.mean()) < Z * standard_error
    expected = -i.expected_log_likelihood.mean()
    assert abs(results["reconstruction"] - expected) < Z * standard_error
    # No chance in this one: a mean of n float32 numbers below 10.
    assert results["kl"] == pytest.approx(i.kl.mean(), abs=10 * n * EPS32)


# The loss


@pytest.mark.equation("eq-vae-loss")
@pytest.mark.parametrize("batch_size", [1, 4, 10])
def test_loss_is_reconstruction_plus_kl_and_minus_the_mean_elbo(batch_size):
    vae, x = without_noise(small_vae()), pictures(10)
    # Ten is no multiple of four: the last batch is smaller, and must count for less.
    results = vae.evaluate(x, batch_size=batch_size, verbose=0, return_dict=True)
    mean, log_var = vae.encode(x)
    reconstruction = minus_log_p(x, vae.decode(mean)).mean()
    assert results["reconstruction"] == pytest.approx(reconstruction, abs=LOSS_TOLERANCE)
    assert results["kl"] == pytest.approx(kl(mean, log_var).mean(), abs=LOSS_TOLERANCE)
    assert results["loss"] == pytest.approx(
        results["reconstruction"] + results["kl"], abs=LOSS_TOLERANCE
    )
    assert results["loss"] == pytest.approx(-vae.elbo(x).mean(), abs=LOSS_TOLERANCE)
    assert vae.elbo(x) == pytest.approx(
        -minus_log_p(x, vae.decode(mean)) - kl(mean, log_var), abs=LOSS_TOLERANCE
    )


@pytest.mark.equation("eq-vae-loss")
def test_loss_does_not_depend_on_order_or_number_of_examples():
    vae, x = without_noise(small_vae()), pictures(8)
    loss = vae.evaluate(x, verbose=0, return_dict=True)["loss"]
    order = np.random.default_rng(0).permutation(8)
    for same in (x[order], np.tile(x, (2, 1, 1))):
        again = vae.evaluate(same, verbose=0, return_dict=True)["loss"]
        assert again == pytest.approx(loss, abs=LOSS_TOLERANCE)


@pytest.mark.equation("eq-vae-loss")
def test_doubling_pixels_or_latents_doubles_their_term():
    def constant(n_pixels, latent_dim):
        """Return a VAE with q(z|x) = N(1, 1) and pixel probabilities 1/2."""
        vae = VAE.dense((n_pixels,), latent_dim, hidden_units=(2,))
        vae.set_weights([0 * w for w in vae.get_weights()])
        vae.encoder.get_layer("mean").bias.assign(np.ones(latent_dim))
        vae.compile(run_eagerly=True)
        return vae.evaluate(np.ones((3, n_pixels)), verbose=0, return_dict=True)

    for n_pixels, latent_dim in [(6, 2), (12, 2), (6, 4)]:
        results = constant(n_pixels, latent_dim)
        expected = n_pixels * np.log(2)
        assert results["reconstruction"] == pytest.approx(expected, abs=LOSS_TOLERANCE)
        assert results["kl"] == pytest.approx(latent_dim / 2, abs=LOSS_TOLERANCE)


@pytest.mark.equation("eq-vae-loss")
def test_outputs_and_loss_belong_to_the_same_draw():
    vae, x = small_vae(), pictures(6)
    outputs = vae(x)
    assert set(outputs) == {"mean", "log_var", "z", "logits"}
    assert outputs["z"].shape == outputs["mean"].shape == outputs["log_var"].shape == (6, 2)
    assert outputs["logits"].shape == x.shape
    assert np.any(np.asarray(outputs["z"]) != np.asarray(outputs["mean"]))
    assert np.asarray(vae.decoder(outputs["z"])) == pytest.approx(
        np.asarray(outputs["logits"]), abs=LOSS_TOLERANCE
    )
    p = np.asarray(keras.ops.sigmoid(outputs["logits"]))
    expected = minus_log_p(x, p) + kl(np.asarray(outputs["mean"]), np.asarray(outputs["log_var"]))
    loss = float(vae.compute_loss(x=x, y_pred=outputs))
    assert loss == pytest.approx(expected.mean(), abs=LOSS_TOLERANCE)


@pytest.mark.equation("eq-vae-loss")
@pytest.mark.parametrize("beta", [0.0, 0.5, 4.0])
def test_beta_weighs_the_kl_in_the_loss_and_not_in_the_bound(beta):
    vae, x = without_noise(small_vae(beta=beta)), pictures(6)
    results = vae.evaluate(x, verbose=0, return_dict=True)
    mean, log_var = vae.encode(x)
    assert results["kl"] == pytest.approx(kl(mean, log_var).mean(), abs=LOSS_TOLERANCE)
    assert results["loss"] == pytest.approx(
        results["reconstruction"] + beta * results["kl"], abs=5 * LOSS_TOLERANCE
    )
    bound = -minus_log_p(x, vae.decode(mean)) - kl(mean, log_var)
    assert vae.elbo(x) == pytest.approx(bound, abs=LOSS_TOLERANCE)


@pytest.mark.parametrize("weights", [[1.0, 1, 1, 1], [0, 1, 2, 0.5]])
def test_sample_weights_weigh_examples_in_the_loss(weights):
    vae, x = without_noise(small_vae()), pictures(4)
    results = vae.evaluate(x, sample_weight=np.array(weights), verbose=0, return_dict=True)
    assert results["loss"] == pytest.approx(np.mean(weights * -vae.elbo(x)), abs=2 * LOSS_TOLERANCE)


def test_loss_is_against_the_target_when_one_is_given():
    vae, x, y = without_noise(small_vae()), pictures(5), pictures(5, seed=1)
    results = vae.evaluate(x, y, verbose=0, return_dict=True)
    expected = minus_log_p(y, vae.reconstruct(x)).mean()
    assert results["reconstruction"] == pytest.approx(expected, abs=LOSS_TOLERANCE)


def test_penalties_of_layers_join_the_loss():
    plain = without_noise(small_vae())
    x = pictures(4)
    plain_loss = plain.evaluate(x, verbose=0, return_dict=True)["loss"]
    plain.decoder.layers[-2].kernel_regularizer = keras.regularizers.L2(0.1)
    penalized = VAE.from_config(plain.get_config())
    penalized.set_weights(plain.get_weights())
    penalized.compile(run_eagerly=True)
    loss = penalized.evaluate(x, verbose=0, return_dict=True)["loss"]
    penalty = 0.1 * np.sum(np.square(plain.decoder.layers[-2].get_weights()[0]))
    assert penalty > 0.1
    assert loss == pytest.approx(plain_loss + penalty, abs=LOSS_TOLERANCE)


# Learning


def test_gradient_of_the_loss_goes_through_the_draw():
    vae, x = small_vae(), pictures(6)

    def loss():
        return vae.compute_loss(x=x, y_pred=vae(x, training=True))

    outputs = vae(x)  # the first draw of a seed, as in a model of the same seed and weights
    eps = as_numpy((outputs["z"] - outputs["mean"]) / ops.exp(outputs["log_var"] / 2))
    twin = small_vae()
    twin.set_weights(vae.get_weights())
    vae = twin

    def written_out():
        mean, log_var = vae.encoder(x)
        logits = vae.decoder(mean + ops.exp(log_var / 2) * eps)
        nll = ops.binary_crossentropy(x, logits, from_logits=True)
        divergence = 0.5 * (mean**2 + ops.exp(log_var) - log_var - 1)
        return (ops.sum(nll) + ops.sum(divergence)) / 6

    # The written one first: it draws nothing.
    expected = weight_gradients(written_out, vae)
    for found, gradient in zip(weight_gradients(loss, vae), expected, strict=True):
        assert found == pytest.approx(gradient, abs=LOSS_TOLERANCE)
        assert np.any(found != 0)


def test_training_raises_the_elbo():
    vae = small_vae(compiled=True)
    x = np.repeat(np.stack([np.zeros(ITEM), np.ones(ITEM)]), 320, axis=0).astype("float32")
    before = vae.elbo(x, n_samples=5).mean()
    history = vae.fit(x, epochs=15, batch_size=64, verbose=0).history
    after = vae.elbo(x, n_samples=5).mean()
    # Two pictures need log 2 = 0.7 nats; before training each pixel costs about as much.
    assert before < -7
    assert after > -4
    assert set(history) == {"loss", "reconstruction", "kl"}
    total = np.add(history["reconstruction"], history["kl"])
    assert history["loss"] == pytest.approx(total, abs=LOSS_TOLERANCE)


def test_elbo_of_held_out_pictures_stays_below_their_entropy():
    # Fair coins: log p(x) is -12 log 2 on average at best, whatever the model.
    vae, x = small_vae(compiled=True), pictures(2000, seed=5)
    vae.fit(pictures(500, seed=6), epochs=3, verbose=0)
    elbo = vae.elbo(x)
    assert elbo.mean() < -12 * np.log(2) + Z * elbo.std() / np.sqrt(2000)


def test_fit_is_reproducible_given_the_seeds():
    def train(global_seed, seed):
        keras.utils.set_random_seed(global_seed)
        vae = small_vae(seed)
        vae.fit(pictures(20), epochs=2, batch_size=5, verbose=0)
        return np.concatenate([v.ravel() for v in vae.get_weights()])

    first = train(1, 3)
    # Threads may add in another order; other noise moves the weights by far more.
    assert train(1, 3) == pytest.approx(first, abs=1e-5)
    assert np.max(np.abs(train(1, 4) - first)) > 1e-3
    without = train(1, None)
    assert train(1, None) == pytest.approx(without, abs=1e-5)


# Encoding, decoding and sampling


def test_reconstruction_is_the_decoded_mean_without_randomness():
    vae, x = small_vae(), pictures(7)
    p = vae.reconstruct(x)
    assert p.shape == x.shape
    assert np.array_equal(vae.reconstruct(x), p)
    mean, log_var = vae.encode(x)
    assert mean.shape == log_var.shape == (7, 2)
    logits = np.asarray(vae.decoder(mean), "float64")
    assert p == pytest.approx(1 / (1 + np.exp(-logits)), abs=20 * EPS32)
    assert vae.decode(mean) == pytest.approx(p, abs=20 * EPS32)
    assert vae.predict(x, batch_size=2, verbose=0) == pytest.approx(p, abs=20 * EPS32)


def test_encode_tells_mean_from_log_var():
    vae, x = small_vae(), pictures(3)
    vae.encoder.get_layer("mean").bias.assign([5.0, 5.0])
    vae.encoder.get_layer("log_var").bias.assign([-5.0, -5.0])
    mean, log_var = vae.encode(x)
    assert np.all(mean > 0)
    assert np.all(log_var < 0)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 100])
def test_elbo_does_not_depend_on_the_batch_size(batch_size):
    vae, x = without_noise(small_vae()), pictures(7)
    found = vae.elbo(x, n_samples=2, batch_size=batch_size)
    assert found == pytest.approx(vae.elbo(x), abs=LOSS_TOLERANCE)


def test_samples_come_from_the_prior():
    # A decoder that shows z itself: logit = z. What was drawn can be read off the pictures.
    vae = VAE.dense((2,), latent_dim=2, hidden_units=(3,))
    inputs = keras.Input((2,))
    show = keras.Model(inputs, keras.layers.Rescaling(1.0)(inputs))
    vae = VAE(vae.encoder, show)
    n = 40_000
    p = vae.sample(n, seed=0).astype("float64")
    z = np.log(p / (1 - p))
    assert z.shape == (n, 2)
    assert np.all(np.abs(z.mean(axis=0)) < Z / np.sqrt(n))
    assert np.all(np.abs(z.var(axis=0) - 1) < Z * np.sqrt(2 / n))
    assert abs(np.corrcoef(z.T)[0, 1]) < Z / np.sqrt(n)


def test_samples_are_pixel_probabilities_that_depend_on_the_seed_alone():
    vae = small_vae()
    first = vae.sample(5, seed=1)
    assert first.shape == (5, *ITEM)
    assert np.all((first > 0) & (first < 1))
    vae.elbo(pictures(3))  # moves the model's own seed
    assert np.array_equal(vae.sample(5, seed=1), first)
    assert np.array_equal(vae.sample(5, seed=np.random.default_rng(1)), first)
    assert not np.array_equal(vae.sample(5, seed=2), first)
    assert not np.array_equal(vae.sample(5), vae.sample(5))


def test_elbo_draws_anew_each_time_from_the_seed():
    vae, x = small_vae(seed=1), pictures(5)
    first, second = vae.elbo(x), vae.elbo(x)
    assert not np.array_equal(first, second)
    twin = VAE.from_config(vae.get_config())
    twin.set_weights(vae.get_weights())
    other = small_vae(seed=2)
    other.set_weights(vae.get_weights())
    assert twin.elbo(x) == pytest.approx(first, abs=LOSS_TOLERANCE)
    assert not np.allclose(other.elbo(x), first, atol=1e-3)


# The Keras contract


@pytest.mark.parametrize("hidden_units", [(), (6,), (7, 5), [6]])
def test_dense_decoder_mirrors_the_encoder(hidden_units):
    vae = VAE.dense(ITEM, latent_dim=2, hidden_units=hidden_units, activation="tanh")

    def widths(model):
        return [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)]

    assert widths(vae.encoder) == [*hidden_units, 2, 2]
    assert widths(vae.decoder) == [*hidden_units[::-1], 12]
    assert vae.latent_dim == 2
    assert vae.item_shape == ITEM
    for name in ("mean", "log_var"):
        assert vae.encoder.get_layer(name).activation is keras.activations.linear


@pytest.mark.parametrize("seed", [None, 4])
def test_config_round_trip(seed):
    vae = small_vae(seed=seed, beta=2.0, name="digits_vae")
    config = vae.get_config()
    again = VAE.from_config(config)
    assert again.get_config() == config
    assert again.name == "digits_vae"
    assert again.seed == again.sampling.seed == seed
    assert again.beta == 2
    again.set_weights(vae.get_weights())
    x = pictures(3)
    assert np.array_equal(again.reconstruct(x), vae.reconstruct(x))


@saves
def test_saved_and_loaded_model_predicts_the_same(tmp_path):
    vae, x = small_vae(compiled=True), pictures(8)
    vae.fit(x, verbose=0)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert isinstance(loaded, VAE)
    assert np.array_equal(loaded.reconstruct(x), vae.reconstruct(x))
    for a, b in zip(loaded.encode(x), vae.encode(x), strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(loaded.sample(3, seed=0), vae.sample(3, seed=0))
    assert set(loaded.evaluate(x, verbose=0, return_dict=True)) == {"loss", "reconstruction", "kl"}
    assert np.isfinite(loaded.fit(x, verbose=0).history["loss"][0])


def test_batch_sizes():
    vae = small_vae(compiled=True)
    for n in (1, 7):
        x = pictures(n)
        assert np.isfinite(vae.fit(x, verbose=0).history["loss"][0])
        assert np.all(np.isfinite(vae.evaluate(x, verbose=0)))
        assert vae.predict(x, verbose=0).shape == vae.reconstruct(x).shape == x.shape
        assert vae.elbo(x).shape == (n,)
        assert vae.sample(n).shape == x.shape


def test_tf_data_gives_the_same_as_arrays():
    vae, x = without_noise(small_vae(compiled=True)), pictures(10)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(4)
    by_dataset = vae.evaluate(dataset, verbose=0, return_dict=True)
    by_array = vae.evaluate(x, batch_size=4, verbose=0, return_dict=True)
    for name, value in by_array.items():
        assert by_dataset[name] == pytest.approx(value, abs=LOSS_TOLERANCE)
    by_dataset = vae.predict(dataset, verbose=0)
    assert by_dataset == pytest.approx(vae.reconstruct(x), abs=20 * EPS32)
    history = vae.fit(dataset, epochs=2, validation_data=dataset, shuffle=False, verbose=0).history
    assert set(history) == {
        f"{part}{name}" for part in ("", "val_") for name in ("loss", "reconstruction", "kl")
    }


@pytest.mark.parametrize("as_given", ["array", "split"])
def test_validation_data_need_no_target(as_given):
    vae, x = small_vae(), pictures(10)
    kwargs = {"validation_data": x} if as_given == "array" else {"validation_split": 0.5}
    history = vae.fit(x, verbose=0, **kwargs).history
    assert np.isfinite(history["val_loss"][0])
    assert history["val_loss"][0] == pytest.approx(
        history["val_reconstruction"][0] + history["val_kl"][0], abs=LOSS_TOLERANCE
    )


@pytest.mark.parametrize("dtype", ["float64", "int64", "bool"])
def test_pixels_of_other_types(dtype):
    vae, x = without_noise(small_vae()), pictures(4)
    assert vae.elbo(x.astype(dtype)) == pytest.approx(vae.elbo(x), abs=LOSS_TOLERANCE)
    results = vae.evaluate(x.astype(dtype), verbose=0, return_dict=True)
    assert results["loss"] == pytest.approx(-vae.elbo(x).mean(), abs=LOSS_TOLERANCE)


def test_convolutional_parts_fit_as_well():
    inputs = keras.Input((4, 4, 1))
    h = keras.layers.Flatten()(keras.layers.Conv2D(2, 3, strides=2)(inputs))
    encoder = keras.Model(inputs, [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)])
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(8),
            keras.layers.Reshape((2, 2, 2)),
            keras.layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        ]
    )
    vae = VAE(encoder, decoder)
    vae.compile(run_eagerly=True)
    x = pictures(3, item_shape=(4, 4, 1))
    vae.fit(x, verbose=0)
    assert vae.reconstruct(x).shape == vae.sample(3).shape == x.shape


# Bad input


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "encode", "reconstruct", "elbo"])
@pytest.mark.parametrize("shape", [(5, 4, 4), (5, 12), (4, 3), (0, 4, 3)])
def test_wrong_shape_or_no_example(method, shape):
    with pytest.raises(ValueError, match=r"shape \(batch, 4, 3\)\. Received: shape") as info:
        getattr(small_vae(), method)(np.zeros(shape))
    assert str(shape) in str(info.value)


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "encode", "reconstruct", "elbo"])
@pytest.mark.parametrize("bad", [-0.1, 1.5, np.nan, np.inf])
def test_values_outside_the_unit_interval(method, bad):
    x = pictures(3)
    x[1, 2, 0] = bad
    with pytest.raises(ValueError, match=r"values in \[0, 1\]. Received: x with values"):
        getattr(small_vae(), method)(x)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_encoder_without_a_pair_of_outputs(n_outputs):
    inputs = keras.Input((3,))
    encoder = keras.Model(inputs, [keras.layers.Dense(2)(inputs) for _ in range(n_outputs)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match=rf"\[mean, log_var\].*Received: .* {n_outputs} output"):
        VAE(encoder, decoder)


@pytest.mark.parametrize("shape", [(5, 3), (2,), (5, 2, 1), (0, 2), ()])
def test_codes_of_the_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"Received: shape") as info:
        small_vae().decode(np.zeros(shape))
    assert str(shape) in str(info.value)


@pytest.mark.parametrize("beta", [-0.1, np.nan, np.inf])
def test_bad_beta(beta):
    with pytest.raises(ValueError, match=r"at least 0\. Received: beta="):
        small_vae(beta=beta)


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_bad_number_of_samples(n):
    with pytest.raises(ValueError, match="Received: n"):
        small_vae().sample(n)


@pytest.mark.parametrize("n_samples", [0, -1])
def test_bad_number_of_draws(n_samples):
    with pytest.raises(ValueError, match=f"Received: n_samples={n_samples}"):
        small_vae().elbo(pictures(3), n_samples=n_samples)


@pytest.mark.parametrize(
    "arguments",
    [
        {"latent_dim": 0},
        {"latent_dim": 2.5},
        {"hidden_units": (8, -1)},
        {"hidden_units": 8},
        {"item_shape": (0,)},
        {"item_shape": ()},
    ],
)
def test_bad_sizes(arguments):
    with pytest.raises(ValueError, match="Received"):
        VAE.dense(**{"item_shape": ITEM, "latent_dim": 2, **arguments})


def test_decoder_of_another_item_shape():
    vae = VAE(small_vae().encoder, VAE.dense((5,), 2).decoder)
    vae.compile(run_eagerly=True)
    with pytest.raises(ValueError, match=r"same shape.*Received"):
        vae.fit(pictures(3), verbose=0)
