"""The equations of the chapter on weight decay and tied weights."""

import keras
import numpy as np
import pytest
import scipy.optimize
from autodiff import weight_gradients
from keras import ops

from course_lib.autoencoders import Autoencoder
from course_lib.losses import SquaredError

N, K, M = 5, 3, 7
EPS = float(np.finfo("float32").eps)


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def pictures(seed=0):
    return np.random.default_rng(seed).normal(size=(M, N)).astype("float32")


def network(decay=0.0, tied=False, activation="tanh"):
    """Return an autoencoder with one hidden layer, all of whose biases are 1."""
    model = Autoencoder.dense(
        (N,),
        K,
        hidden_units=(4,),
        activation=activation,
        output_activation=None,
        tied=tied,
        kernel_regularizer=keras.regularizers.L2(decay),
    )
    model.set_weights([w if w.ndim == 2 else np.ones_like(w) for w in model.get_weights()])
    return model


def squared_error(model, x):
    return float(np.mean(np.sum((x - model.reconstruct(x)) ** 2, axis=1)))


def kernels(model):
    return [w for w in model.get_weights() if w.ndim == 2]


@pytest.mark.equation("eq-decay-loss")
@pytest.mark.parametrize(("tied", "n_kernels"), [(False, 4), (True, 2)])
def test_loss_is_the_error_plus_lambda_times_the_squares_of_the_weights(tied, n_kernels):
    model, x, decay = network(0.5, tied), pictures(), 0.5
    model.compile(loss=SquaredError(), run_eagerly=True)
    assert len(kernels(model)) == n_kernels  # a shared matrix is one, and counted once
    expected = squared_error(model, x) + decay * sum(np.sum(w**2) for w in kernels(model))
    # A sum of about a hundred terms below 100 in float32. The biases would add 8.5.
    assert model.evaluate(x, verbose=0) == pytest.approx(expected, abs=100 * 100 * EPS)


@pytest.mark.equation("eq-decay-step")
def test_gradient_descent_shrinks_weights_and_leaves_biases():
    x, rate, decay = pictures(), 0.1, 0.3
    model, plain = network(decay), network()
    plain.set_weights(model.get_weights())
    gradients = weight_gradients(lambda: ops.mean(ops.sum(ops.square(x - plain(x)), axis=1)), plain)
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(rate), loss=SquaredError(), run_eagerly=True)
    model.fit(x, batch_size=M, verbose=0)
    for w, new, gradient in zip(before, model.get_weights(), gradients, strict=True):
        share = 1 - 2 * rate * decay if w.ndim == 2 else 1
        # Gradients below 20, in sums of at most 35 float32 terms.
        assert new == pytest.approx(share * w - rate * gradient, abs=rate * 20 * 35 * EPS)


@pytest.mark.equation("eq-decay-adamw")
def test_adamw_decays_beside_the_step_of_adam():
    rate, decay = 0.1, 0.3
    w, gradients = np.array([1.0, -2.0, 0.5]), np.random.default_rng(0).normal(size=(4, 3))
    variable = keras.Variable(w)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=decay)
    first = second = 0.0
    for step, g in enumerate(gradients, start=1):
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
        u = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
        w = (1 - rate * decay) * w - rate * u
        optimizer.apply([ops.convert_to_tensor(g, dtype="float32")], [variable])
        # Numbers below 3, rounded a dozen times a step; and 1 - 0.999 has lost three digits
        # in float32: half of its relative error, 3e-5, is that of the step.
        tolerance = step * (12 * 3 * EPS + rate * 3e-5)
        assert ops.convert_to_numpy(variable) == pytest.approx(w, abs=tolerance)


@pytest.mark.equation("eq-decay-threshold")
@pytest.mark.parametrize("decay", [0.1, 0.5, 0.9, 1.1, 3.0])
@pytest.mark.parametrize("variance", [0.5, 1.0, 2.0])
def test_decay_is_a_threshold_for_the_variance(variance, decay):
    def loss(weights):
        a, b = weights
        return variance * (1 - a * b) ** 2 + decay * (a**2 + b**2)

    expected = max(0.0, 1 - decay / variance)
    best = scipy.optimize.minimize(loss, [0.9, 0.3], tol=1e-12)
    assert best.fun == pytest.approx(loss([expected**0.5, expected**0.5]), abs=1e-9)
    # The loss is flat at its minimum: an error of 1e-9 leaves the weights one of about 1e-4.
    assert best.x == pytest.approx([expected**0.5] * 2, abs=1e-3)
    # No pair of weights is better, of either sign.
    grid = np.linspace(-2, 2, 201)
    assert loss(np.meshgrid(grid, grid)).min() >= best.fun - 1e-9


@pytest.mark.equation("eq-decay-tied-gradient")
@pytest.mark.parametrize("activation", ["relu", "tanh", None])
def test_gradient_of_a_shared_matrix_is_the_sum_of_two(activation):
    model = Autoencoder.dense(
        (N,), K, code_activation=activation, output_activation=None, tied=True
    )
    model.set_weights([w + 0.1 for w in model.get_weights()])
    kernel, b, c = model.get_weights()
    w, [x] = kernel.T, pictures()[:1]  # Keras multiplies from the right
    a = w @ x + b
    h, slope = {
        "relu": (np.maximum(a, 0), a > 0),
        "tanh": (np.tanh(a), 1 - np.tanh(a) ** 2),
        None: (a, 1.0),
    }[activation]
    e = 2 * (w.T @ h + c - x)
    delta = slope * (w @ e)
    as_encoder, as_decoder = np.outer(delta, x), np.outer(h, e)
    found = weight_gradients(lambda: ops.sum(ops.square(model(x[None]) - x)), model)[0].T
    # Products of numbers below 10, in sums of at most five float32 terms, four deep.
    assert found == pytest.approx(as_encoder + as_decoder, abs=100 * 5 * 4 * EPS)
    assert np.any(np.abs(as_encoder) > 0.1)
    assert np.any(np.abs(as_decoder) > 0.1)
