"""Jacobians of encoders, and the penalty on them, against each other and finite differences."""

import keras
import numpy as np
import pytest
from autodiff import as_numpy, finite_differences, weight_gradients
from keras import ops

from course_lib.autoencoders import ContractiveAutoencoder
from course_lib.jacobians import jacobian, squared_jacobian_norm
from course_lib.losses import BernoulliNLL
from course_lib.networks import dense_network

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6

ITEM = (3, 2)


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def pictures(n):
    return np.random.default_rng(0).random((n, *ITEM)).astype("float32")


def contractive(hidden_units=(), weight=0.1, **options):
    model = ContractiveAutoencoder.dense(
        ITEM, 4, hidden_units, "tanh", code_activation="sigmoid", weight=weight, **options
    )
    for variable in model.trainable_variables:  # away from zero biases
        variable.assign(variable + 0.1 * keras.random.normal(variable.shape))
    model.compile("sgd", loss=BernoulliNLL(), run_eagerly=True)
    return model


# The Jacobian


def test_jacobian_of_a_linear_layer_is_its_matrix():
    layer = keras.layers.Dense(4)
    found = jacobian(layer, np.zeros((5, 3)))
    assert found.shape == (5, 4, 3)
    assert np.array_equal(found, np.tile(as_numpy(layer.kernel).T, (5, 1, 1)))


def test_jacobian_equals_finite_differences():
    encoder, x = dense_network(ITEM, (5,), (2,), "tanh", "sigmoid"), pictures(3)
    found = jacobian(encoder, x)
    for n in range(3):
        for j in range(2):

            def unit(picture, j=j):
                return float(as_numpy(encoder(ops.array(picture[None], "float32")))[0, j])

            expected = finite_differences(unit, x[n], step=1e-2)
            # step^2 / 6 times a third derivative below 10, and float32's rounding over 2 steps.
            assert found[n, j] == pytest.approx(expected, abs=1e-4 / 6 * 10 + 1.2e-7 / 2e-2)
    assert np.abs(found).max() > 0.05


def test_jacobian_belongs_to_each_example_alone():
    encoder, x = dense_network(ITEM, (5,), (2,), "tanh"), pictures(4)
    found = jacobian(encoder, x)
    for n in range(4):
        assert found[n] == pytest.approx(jacobian(encoder, x[n : n + 1])[0], abs=1e-6)


@pytest.mark.parametrize("bad", [np.zeros((0, 3)), np.full((2, 3), np.nan), np.zeros(3)])
def test_jacobian_of_bad_input(bad):
    with pytest.raises(ValueError, match="Received: shape"):
        jacobian(keras.layers.Dense(2), bad)


# Its norm


@pytest.mark.equation("eq-contraction-norm")
def test_norm_is_that_of_the_jacobian():
    encoder, x = dense_network(ITEM, (5,), (4,), "tanh", "sigmoid"), pictures(6)
    expected = np.sum(jacobian(encoder, x).astype("float64") ** 2, axis=(1, 2, 3))
    found = as_numpy(squared_jacobian_norm(encoder, ops.convert_to_tensor(x)))
    # 24 float32 squares below 10.
    assert found == pytest.approx(expected, abs=24 * 10 * 1.2e-7)


@pytest.mark.equation("eq-contraction-sigmoid")
def test_closed_form_equals_autodiff():
    model, x = contractive(), pictures(6)
    assert model._sigmoid_layer is not None
    closed = as_numpy(model.contraction(x))
    exact = as_numpy(squared_jacobian_norm(model.encoder, ops.convert_to_tensor(x)))
    assert closed == pytest.approx(exact, abs=24 * 10 * 1.2e-7)
    # And the formula, written out over units and pixels.
    h = model.encode(x).astype("float64")
    weights = as_numpy(model._sigmoid_layer.kernel).astype("float64")
    by_hand = [
        sum((h[n, j] * (1 - h[n, j]) * weights[i, j]) ** 2 for i in range(6) for j in range(4))
        for n in range(6)
    ]
    assert closed == pytest.approx(by_hand, abs=24 * 10 * 1.2e-7)


def test_probes_are_unbiased():
    encoder, x = dense_network(ITEM, (5,), (4,), "tanh"), pictures(2)
    matrices = jacobian(encoder, x).astype("float64").reshape(2, 4, 6)
    n = 1000
    seed = keras.random.SeedGenerator(3)
    found = as_numpy(squared_jacobian_norm(encoder, ops.convert_to_tensor(x), n, seed))
    for estimate, matrix in zip(found, matrices, strict=True):
        # v^T A v with A = J J^T and v normal: mean tr A, variance 2 tr A^2.
        a = matrix @ matrix.T
        assert abs(estimate - np.trace(a)) < Z * np.sqrt(2 * np.trace(a @ a) / n)


def test_one_probe_is_not_the_exact_norm():
    # Were the probes ignored, the test above would pass all the same.
    model, x = contractive((5,), n_probes=1, seed=0), pictures(2)
    first, second = as_numpy(model.contraction(x)), as_numpy(model.contraction(x))
    assert not np.allclose(first, second)


# The loss


@pytest.mark.equation("eq-contractive-loss")
@pytest.mark.parametrize("hidden_units", [(), (5,)])
def test_loss_is_reconstruction_plus_weighted_norm(hidden_units):
    model, x = contractive(hidden_units, weight=0.7), pictures(6)
    results = model.evaluate(x, verbose=0, return_dict=True)
    reconstruction = float(BernoulliNLL()(x, model.reconstruct(x)))
    norm = np.sum(jacobian(model.encoder, x).astype("float64") ** 2) / 6
    assert results["contraction"] == pytest.approx(norm, rel=1e-5)
    assert results["loss"] == pytest.approx(reconstruction + 0.7 * norm, rel=1e-5)


def test_gradient_is_the_same_by_closed_form_and_by_autodiff():
    model, x = contractive(weight=1.0), ops.convert_to_tensor(pictures(5))
    closed = weight_gradients(lambda: ops.mean(model.contraction(x)), model)
    exact = weight_gradients(lambda: ops.mean(squared_jacobian_norm(model.encoder, x)), model)
    assert any(np.any(gradient != 0) for gradient in closed)
    for a, b in zip(closed, exact, strict=True):
        assert a == pytest.approx(b, abs=24 * 10 * 1.2e-7)


@pytest.mark.parametrize("hidden_units", [(), (5,)])
def test_gradient_against_finite_differences(hidden_units):
    model, x = contractive(hidden_units, weight=1.0), ops.convert_to_tensor(pictures(3))

    def loss():
        return ops.mean(model.contraction(x))

    for gradient, variable in zip(
        weight_gradients(loss, model), model.trainable_variables, strict=True
    ):
        value = as_numpy(variable.value).copy()

        def shifted(candidate, variable=variable):
            variable.assign(candidate)
            return float(loss())

        expected = finite_differences(shifted, value, step=1e-2)
        variable.assign(value)
        # Float32: rounding 1e-6 over a step of 2e-2, and step^2 times a third derivative of 5.
        assert gradient == pytest.approx(expected, abs=1e-3)


def test_training_makes_the_code_less_sensitive():
    x = pictures(40)
    norms = {}
    for weight in (0.0, 10.0):
        keras.utils.set_random_seed(1)
        model = contractive(weight=weight)
        model.compile(keras.optimizers.Adam(0.05), loss=BernoulliNLL())
        model.fit(np.tile(x, (25, 1, 1)), batch_size=100, epochs=6, verbose=0)
        norms[weight] = float(np.mean(as_numpy(model.contraction(x))))
    assert norms[10.0] < 0.3 * norms[0.0]


def test_other_encoders_have_no_closed_form():
    for options in ({"code_activation": "tanh"}, {"code_activation": None}):
        assert ContractiveAutoencoder.dense(ITEM, 4, **options)._sigmoid_layer is None
    assert contractive((5,))._sigmoid_layer is None


@pytest.mark.parametrize(
    "options", [{"weight": -0.1}, {"weight": float("nan")}, {"n_probes": 0}, {"n_probes": 1.5}]
)
def test_bad_options(options):
    with pytest.raises(ValueError, match="Received: "):
        ContractiveAutoencoder.dense(ITEM, 4, **options)
