"""The sparsity penalty: its values, its minimum, its gradient, and what training makes of it."""

import keras
import numpy as np
import pytest
from autodiff import as_numpy, gradients
from keras import ops

from course_lib.autoencoders import Autoencoder
from course_lib.losses import SquaredError
from course_lib.regularizers import KLSparsity, kl_sparsity

# Three float32 logarithms of numbers above 1e-7, below 17, and a dozen roundings.
TOLERANCE = 12 * 17 * 1.2e-7


def omega(target, mean):
    """Return the formula in double precision."""
    return target * np.log(target / mean) + (1 - target) * np.log((1 - target) / (1 - mean))


@pytest.mark.equation("eq-kl-sparsity")
@pytest.mark.parametrize("target", [0.005, 0.05, 0.5])
def test_equals_the_formula(target):
    h = np.random.default_rng(0).uniform(0.01, 0.99, (7, 4))
    expected = omega(target, h.mean(axis=0))
    assert as_numpy(kl_sparsity(h, target)) == pytest.approx(expected, abs=TOLERANCE)
    # Keras divides by the batch size; the regularizer makes up for that.
    found = float(KLSparsity(target, weight=3.0)(h))
    assert found == pytest.approx(3 * 7 * expected.sum(), rel=1e-5)


def test_is_a_divergence_between_coins():
    # Brute force: KL of two distributions over {0, 1}.
    p, q = np.array([0.9, 0.1]), np.array([0.7, 0.3])
    expected = np.sum(p * np.log(p / q))
    assert float(kl_sparsity([[0.3]], 0.1)[0]) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("target", [0.01, 0.2])
def test_smallest_at_the_target_and_nowhere_else(target):
    means = np.linspace(0.001, 0.999, 999)
    values = as_numpy(kl_sparsity(means[None, :], target))
    assert np.all(values >= -TOLERANCE)
    assert means[values.argmin()] == pytest.approx(target, abs=0.0006)  # half a step of the grid
    [at_target] = as_numpy(kl_sparsity([[target]], target))
    assert at_target == pytest.approx(0, abs=TOLERANCE)


def test_units_are_penalized_for_their_means_alone():
    # Always 0.2, or 1 one time in five: the penalty sees the same mean.
    steady, rare = np.full((5, 1), 0.2), np.eye(5)[:, :1]
    assert float(kl_sparsity(steady, 0.1)[0]) == pytest.approx(float(kl_sparsity(rare, 0.1)[0]))


def test_gradient():
    h = np.random.default_rng(1).uniform(0.1, 0.9, (6, 3)).astype("float32")
    [found] = gradients(lambda h: ops.sum(kl_sparsity(h, 0.05)), h)
    mean = h.mean(axis=0)
    expected = (-0.05 / mean + 0.95 / (1 - mean)) / 6
    assert found == pytest.approx(np.tile(expected, (6, 1)), rel=1e-5)


def test_dead_and_saturated_units_cost_a_finite_amount():
    values = as_numpy(kl_sparsity(np.array([[0.0, 1.0]]), 0.05))
    assert np.all(np.isfinite(values))
    assert values[1] > values[0] > 0.05  # a unit that is always on is further from 0.05


@pytest.mark.parametrize("batch_size", [10, 40])
def test_loss_counts_the_penalty_once_whatever_the_batch(batch_size):
    keras.utils.set_random_seed(0)
    x = np.tile(np.random.default_rng(2).random((10, 6)), (4, 1)).astype("float32")
    options = {"item_shape": (6,), "latent_dim": 4, "code_activation": "sigmoid"}
    model = Autoencoder.dense(**options, code_regularizer=KLSparsity(0.1, weight=2.0))
    plain = Autoencoder.dense(**options)
    plain.set_weights(model.get_weights())
    for each in (model, plain):
        each.compile(loss=SquaredError(), run_eagerly=True)
    losses = [
        each.evaluate(x, batch_size=batch_size, verbose=0, return_dict=True)["loss"]
        for each in (model, plain)
    ]
    # Each batch holds all ten examples equally often: its mean is that of all.
    expected = 2 * omega(0.1, model.encode(x).astype("float64").mean(axis=0)).sum()
    assert losses[0] - losses[1] == pytest.approx(expected, rel=1e-4)


def test_training_drives_the_means_to_the_target():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(3).random((64, 6)).astype("float32")
    model = Autoencoder.dense(
        (6,), 8, code_activation="sigmoid", code_regularizer=KLSparsity(0.1, weight=100.0)
    )
    model.compile(keras.optimizers.Adam(0.05), loss=SquaredError())
    assert np.all(np.abs(model.encode(x).mean(axis=0) - 0.1) > 0.2)  # about 1/2 at first
    model.fit(np.tile(x, (20, 1)), batch_size=1280, epochs=150, verbose=0)
    # The pull back of the reconstruction, of a size below 6, against 100 omega'', of 11 each.
    assert model.encode(x).mean(axis=0) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("target", [0, 1, -0.1, 1.5, float("nan")])
def test_bad_target(target):
    with pytest.raises(ValueError, match=r"\(0, 1\)\. Received: target="):
        KLSparsity(target)


@pytest.mark.parametrize("weight", [-1.0, float("inf"), float("nan")])
def test_bad_weight(weight):
    with pytest.raises(ValueError, match="Received: weight="):
        KLSparsity(0.1, weight=weight)
