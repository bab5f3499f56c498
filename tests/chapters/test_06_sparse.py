"""The equations of chapter 6, against brute force and finite differences."""

import keras
import numpy as np
import pytest

from course_lib.autoencoders import Autoencoder
from course_lib.losses import SquaredError
from course_lib.regularizers import kl_sparsity


def cheapest(cost):
    """Return the activation of least cost, found on a grid of step 1e-3 from 0 to 5."""
    grid = np.linspace(0, 5, 5001)
    return grid[np.argmin(cost(grid))]


@pytest.mark.equation("eq-l2-shrinkage")
@pytest.mark.parametrize(("a", "price"), [(0.3, 0.5), (1.0, 1.0), (4.0, 3.0)])
def test_l2_divides(a, price):
    found = cheapest(lambda h: (h - a) ** 2 + price * h**2)
    # The parabola's minimum on a grid is off by half a step at most.
    assert found == pytest.approx(a / (1 + price), abs=0.5001e-3)


@pytest.mark.equation("eq-soft-threshold")
@pytest.mark.parametrize(("a", "price"), [(0.3, 0.5), (0.2, 0.5), (1.0, 1.0), (4.0, 3.0)])
def test_l1_subtracts_and_cuts_off(a, price):
    found = cheapest(lambda h: (h - a) ** 2 + price * h)
    assert found == pytest.approx(max(a - price / 2, 0), abs=0.5001e-3)
    assert (found == 0) == (a <= price / 2)


@pytest.mark.equation("eq-sparse-loss")
def test_the_penalty_is_on_activations():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    model = Autoencoder.dense(
        (5,), 7, output_activation=None, code_regularizer=keras.regularizers.L1(0.3)
    )
    model.compile(loss=SquaredError(), run_eagerly=True)
    found = model.evaluate(x, batch_size=3, verbose=0, return_dict=True)["loss"]
    h = model.encode(x).astype("float64")
    copies = model.reconstruct(x).astype("float64")
    each = np.sum((x - copies) ** 2, axis=1) + 0.3 * np.sum(np.abs(h), axis=1)
    # About a hundred float32 additions of numbers below the sum.
    assert found == pytest.approx(each.mean(), rel=100 * 1.2e-7)


def omega(mean, target):
    return target * np.log(target / mean) + (1 - target) * np.log((1 - target) / (1 - mean))


@pytest.mark.equation("eq-kl-sparsity-slope", "eq-kl-sparsity-curvature")
@pytest.mark.parametrize("target", [0.05, 0.5])
def test_slope_and_curvature(target):
    mean, step = np.linspace(0.1, 0.9, 17), 1e-4
    low, middle, high = (omega(mean + shift, target) for shift in (-step, 0, step))
    assert middle == pytest.approx(np.asarray(kl_sparsity(mean[None], target)), abs=1e-5)
    slope = (mean - target) / (mean * (1 - mean))
    assert slope == pytest.approx(-target / mean + (1 - target) / (1 - mean))
    # Central differences err by step^2 / 6 times the third derivative, here below 2e3, and by
    # rounding, 4e-16 / step; of the second derivative by step^2 / 12 times the fourth, below
    # 6e4, and 1.6e-15 / step^2.
    assert (high - low) / (2 * step) == pytest.approx(slope, abs=4e-6)
    curvature = target / mean**2 + (1 - target) / (1 - mean) ** 2
    assert (high - 2 * middle + low) / step**2 == pytest.approx(curvature, abs=6e-5)
    assert np.all(curvature > 0)


def test_no_bound_at_the_ends():
    values = [omega(mean, 0.05) for mean in (1e-3, 1e-30, 1e-300)]
    assert values == sorted(values)
    # Each factor of ten costs rho log 10.
    assert values[2] - values[1] == pytest.approx(270 * 0.05 * np.log(10))
