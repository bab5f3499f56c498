"""GaussianSampling against the moments and gradients of its definition."""

import keras
import numpy as np
import pytest
import scipy.stats
from autodiff import as_numpy, gradients
from keras import ops

from course_lib.layers import GaussianSampling

#: Means and log-variances, none of them those of the standard normal.
PARAMETERS = [(0.0, 1.5), (3.0, -2.0), (-1.0, 0.7), (0.5, -0.4)]

#: Draws of each, and how many standard errors an estimate may be off. A normal variable
#: exceeds 6 with probability 2e-9: with any seed, all tests here fail with less than 1e-6.
N = 200_000
Z = 6


def draw(mean, log_var, seed=0, shape=(N, 1)):
    layer = GaussianSampling(seed=seed)
    mean, log_var = (np.full(shape, value, "float32") for value in (mean, log_var))
    return keras.ops.convert_to_numpy(layer([mean, log_var])).astype("float64")


@pytest.mark.equation("eq-reparameterization")
@pytest.mark.parametrize(("mean", "log_var"), PARAMETERS)
def test_mean_of_the_draws(mean, log_var):
    standard_error = np.exp(log_var / 2) / np.sqrt(N)
    assert abs(draw(mean, log_var).mean() - mean) < Z * standard_error


@pytest.mark.equation("eq-reparameterization")
@pytest.mark.parametrize(("mean", "log_var"), PARAMETERS)
def test_variance_of_the_draws_is_exp_log_var(mean, log_var):
    # The variance of N normal draws has standard deviation sigma^2 sqrt(2 / (N - 1)).
    variance = np.exp(log_var)
    standard_error = variance * np.sqrt(2 / (N - 1))
    assert abs(draw(mean, log_var).var(ddof=1) - variance) < Z * standard_error


@pytest.mark.equation("eq-reparameterization")
def test_standardized_draws_are_normal():
    z = draw(1.0, 0.8, seed=1)[:, 0]
    assert scipy.stats.kstest((z - 1) / np.exp(0.4), "norm").pvalue > 1e-7


@pytest.mark.equation("eq-reparameterization")
def test_gradients_reach_mean_and_log_var():
    rng = np.random.default_rng(2)
    mean, log_var = rng.normal(size=(2, 5, 3)).astype("float32")

    def z(mean, log_var):
        return GaussianSampling(seed=0)([mean, log_var])

    d_mean, d_log_var = gradients(lambda *parameters: ops.sum(z(*parameters)), mean, log_var)
    # z = mean + exp(log_var / 2) eps: dz/dmean = 1 and dz/dlog_var = (z - mean) / 2.
    assert np.array_equal(d_mean, np.ones((5, 3)))
    # z and z - mean are each rounded once, numbers below 8; the gradient a few times more.
    tolerance = 4 * 8 * float(np.finfo("float32").eps)
    expected = (as_numpy(z(ops.array(mean), ops.array(log_var))) - mean) / 2
    assert d_log_var == pytest.approx(expected, abs=tolerance)
    assert np.all(d_log_var != 0)


def test_each_example_and_dimension_has_its_own_noise():
    n = 50_000
    z = draw(0.0, 0.0, seed=3, shape=(n, 3))
    # The correlation of n independent pairs has standard deviation 1 / sqrt(n).
    correlations = np.corrcoef(z.T)[np.triu_indices(3, 1)]
    assert np.all(np.abs(correlations) < Z / np.sqrt(n))
    neighbors = np.corrcoef(z[:-1, 0], z[1:, 0])[0, 1]
    assert abs(neighbors) < Z / np.sqrt(n - 1)


def test_each_dimension_has_its_own_mean_and_variance():
    means, log_vars = np.array(PARAMETERS, "float32").T
    layer = GaussianSampling(seed=4)
    z = np.asarray(layer([np.tile(means, (N, 1)), np.tile(log_vars, (N, 1))]))
    assert np.all(np.abs(z.mean(axis=0) - means) < Z * np.exp(log_vars / 2) / np.sqrt(N))
    errors = np.abs(z.var(axis=0) - np.exp(log_vars))
    assert np.all(errors < Z * np.exp(log_vars) * np.sqrt(2 / (N - 1)))


def test_no_variance_leaves_the_mean():
    mean = np.linspace(-3, 3, 12, dtype="float32").reshape(4, 3)
    # exp(-200 / 2) is 4e-44: adding it to a mean of at least 0.27 changes nothing.
    assert np.array_equal(GaussianSampling()([mean, np.full_like(mean, -200.0)]), mean)


def test_every_call_draws_anew_in_training_and_inference_alike():
    zeros = keras.ops.zeros((4, 3))
    layer = GaussianSampling(seed=0)
    draws = [np.asarray(layer([zeros, zeros])) for _ in range(3)]
    model = keras.Sequential([keras.layers.Lambda(lambda x: [x, x]), layer])
    draws += [np.asarray(model(zeros, training=training)) for training in (True, False)]
    assert len({z.tobytes() for z in draws}) == 5


def test_same_seed_same_draws():
    assert np.array_equal(draw(0.0, 0.0, 5, (4, 3)), draw(0.0, 0.0, 5, (4, 3)))
    assert not np.array_equal(draw(0.0, 0.0, 5, (4, 3)), draw(0.0, 0.0, 6, (4, 3)))


def test_without_a_seed_draws_follow_the_global_one():
    keras.utils.set_random_seed(7)
    first = draw(0.0, 0.0, None, (4, 3))
    assert not np.array_equal(draw(0.0, 0.0, None, (4, 3)), first)
    keras.utils.set_random_seed(7)
    assert np.array_equal(draw(0.0, 0.0, None, (4, 3)), first)


# The Keras contract


def sampling_model(seed=0):
    """Return a functional model that draws around its input, with variance exp(-1)."""
    inputs = keras.Input((3,))
    log_var = keras.layers.Rescaling(0.0, offset=-1.0)(inputs)
    return keras.Model(inputs, GaussianSampling(seed=seed)([inputs, log_var]))


@pytest.mark.parametrize("seed", [None, 5])
def test_config_round_trip(seed):
    layer = GaussianSampling(seed=seed, name="draw")
    config = layer.get_config()
    again = GaussianSampling.from_config(config)
    assert again.get_config() == config
    assert again.seed == seed
    assert again.name == "draw"
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert isinstance(restored, GaussianSampling)
    assert restored.get_config() == config


def test_saved_and_loaded_model_draws_as_its_seed_says(tmp_path):
    x = np.ones((4, 3), "float32")
    model = sampling_model()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for _ in range(2):
        assert np.array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("shape", [(1, 3), (7, 3), (2, 4, 5)])
def test_shape_of_the_draws(shape):
    layer = GaussianSampling()
    zeros = keras.ops.zeros(shape)
    assert layer([zeros, zeros]).shape == shape
    assert tuple(layer.compute_output_shape([shape, shape])) == shape


def test_batch_size_may_vary_within_a_model():
    model = sampling_model()
    assert model.output_shape == (None, 3)
    for n in (1, 7):
        assert model.predict(np.zeros((n, 3)), verbose=0).shape == (n, 3)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_draws_are_of_the_layers_type(dtype):
    layer = GaussianSampling(dtype=dtype)
    zeros = np.zeros((2, 3), dtype)
    assert keras.backend.standardize_dtype(layer([zeros, zeros]).dtype) == dtype


def test_layer_has_nothing_to_train():
    layer = GaussianSampling()
    layer([keras.ops.zeros((2, 3)), keras.ops.zeros((2, 3))])
    assert layer.trainable_variables == []


# Bad input


@pytest.mark.parametrize(
    "shapes",
    [
        [(2, 3)],
        [(2, 3), (2, 3), (2, 3)],
        [(2, 3), (2, 1)],
        [(2, 3), (1, 3)],
        [(2, 3), (3,)],
    ],
)
def test_inputs_that_are_no_pair_of_one_shape(shapes):
    with pytest.raises(ValueError, match=r"mean.*log_var.*Received"):
        GaussianSampling()([keras.ops.zeros(shape) for shape in shapes])


@pytest.mark.parametrize("shape", [(2, 3), (4, 3), (2, 2, 3)])
def test_one_tensor_is_no_pair(shape):
    with pytest.raises(ValueError, match=r"pair \(mean, log_var\).*Received"):
        GaussianSampling()(keras.ops.zeros(shape))


@pytest.mark.parametrize("shapes", [[(3,), (2,)], [(3,), (3, 1)], [(3,)], [(3,)] * 3])
def test_model_of_inputs_that_are_no_pair_cannot_be_made(shapes):
    with pytest.raises(ValueError, match=r"mean.*log_var.*Received"):
        GaussianSampling()([keras.Input(shape) for shape in shapes])


def test_shapes_are_checked_at_every_call():
    layer = GaussianSampling()
    layer([keras.ops.zeros((2, 3)), keras.ops.zeros((2, 3))])
    with pytest.raises(ValueError, match=r"mean.*log_var.*Received"):
        layer([keras.ops.zeros((2, 3)), keras.ops.zeros((2, 1))])
