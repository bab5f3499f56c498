"""The equations of chapter 8 that no test of the package checks."""

import keras
import numpy as np
import pytest
from autodiff import as_numpy

from course_lib.jacobians import jacobian, squared_jacobian_norm
from course_lib.networks import dense_network

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6


@pytest.fixture
def encoder():
    keras.utils.set_random_seed(0)
    return dense_network((4,), (), (3,), output_activation="sigmoid")


@pytest.mark.equation("eq-contraction-noise")
def test_norm_is_the_move_under_faint_noise(encoder):
    w, b = (as_numpy(v).astype("float64") for v in encoder.layers[-1].weights)
    x, sigma = np.array([0.2, -0.4, 0.9, 0.1]), 1e-2

    def code(x):
        return 1 / (1 + np.exp(-(x @ w + b)))

    noise = np.random.default_rng(0).normal(size=(20_000, 4))
    moves = np.sum((code(x + sigma * noise) - code(x)) ** 2, axis=1) / sigma**2
    expected = np.sum(jacobian(encoder, x[None]).astype("float64") ** 2)
    error = Z * moves.std() / np.sqrt(len(moves))
    # Terms of odd order average out. The next ones, with E (w e)^4 = 3 |w|^4, are for each of
    # three units sigma^2 (3/4 c^2 + s t) |w|^4, where the sigmoid's first three derivatives s, c
    # and t are below 1/4, 0.1 and 1/8, and |w|^2 is below 4.
    assert np.all(np.sum(w**2, axis=0) < 4)
    assert abs(moves.mean() - expected) < error + 2 * sigma**2
    assert error < 0.1 * expected


@pytest.mark.equation("eq-contraction-spectrum")
def test_norm_is_the_sum_of_squared_singular_values(encoder):
    x = np.random.default_rng(1).random((5, 4)).astype("float32")
    s = np.linalg.svd(jacobian(encoder, x).astype("float64"), compute_uv=False)
    found = as_numpy(squared_jacobian_norm(encoder, keras.ops.convert_to_tensor(x)))
    # Twelve float32 squares below 1.
    assert np.sum(s**2, axis=1) == pytest.approx(found, abs=12 * 1.2e-7)


@pytest.mark.equation("eq-contraction-gain")
@pytest.mark.parametrize(("v", "weight"), [(2.0, 1.0), (0.5, 0.3), (0.5, 1.0), (0.1, 1.0)])
def test_gain_of_one_direction(v, weight):
    # Brute force over the weight w of the unit h = w a, with data of variance v.
    a = np.sqrt(v) * np.array([-1.0, 1.0])
    grid = np.linspace(0, 1.5, 1501)[:, None]
    loss = np.mean((a - grid**2 * a) ** 2, axis=1) + weight * grid[:, 0] ** 2
    found = grid[np.argmin(loss), 0] ** 2
    # Half a step of the grid, in w^2, at w below 1.
    assert found == pytest.approx(max(1 - weight / (2 * v), 0), abs=1.01e-3)


@pytest.mark.equation("eq-contraction-scale")
@pytest.mark.parametrize("alpha", [0.1, 3.0])
def test_scale_moves_the_norm_and_not_the_copies(alpha):
    keras.utils.set_random_seed(0)
    encoder, decoder = (keras.layers.Dense(n, use_bias=False) for n in (3, 5))
    x = np.random.default_rng(2).normal(size=(6, 5)).astype("float32")
    copies = as_numpy(decoder(encoder(x)))
    norm = np.sum(as_numpy(encoder.kernel).astype("float64") ** 2)
    encoder.kernel.assign(alpha * encoder.kernel)
    decoder.kernel.assign(decoder.kernel / alpha)
    # Sums of fifteen products below 10, in float32.
    assert as_numpy(decoder(encoder(x))) == pytest.approx(copies, abs=15 * 10 * 1.2e-7)
    found = np.sum(jacobian(encoder, x).astype("float64") ** 2, axis=(1, 2))
    assert found == pytest.approx(np.full(6, alpha**2 * norm), rel=1e-6)
