"""The equations of chapter 12: gaps between codes, volumes, and what training leaves open."""

import math

import keras
import numpy as np
import pytest

from course_lib.autoencoders import Autoencoder
from course_lib.losses import BernoulliNLL


def share_far(codes, training, r):
    """Return F of the chapter, by the formula and nothing else."""
    distances = np.linalg.norm(codes[:, None] - training[None], axis=2)
    return float(np.mean(distances.min(axis=1) > r))


@pytest.mark.equation("eq-gap-far")
def test_share_of_a_box_around_a_disc():
    # Training codes on a lattice of step s fill a disc of radius 1 in a box of side 4. What is
    # near is a disc of radius 1 + r, up to half a diagonal of the lattice, 0.71 s = 0.04.
    step, r = 0.05, 0.5
    side = np.arange(-1, 1 + step / 2, step)
    lattice = np.array(np.meshgrid(side, side)).reshape(2, -1).T
    training = lattice[np.hypot(*lattice.T) <= 1]
    n = 4000
    darts = np.random.default_rng(0).uniform(-2, 2, (n, 2))
    expected = 1 - math.pi * (1 + r) ** 2 / 16
    # Five standard errors of a share of n draws, and the lattice's share of the area.
    error = 5 * math.sqrt(expected * (1 - expected) / n) + 2 * math.pi * (1 + r) * 0.04 / 16
    assert share_far(darts, training, r) == pytest.approx(expected, abs=error)
    assert share_far(training, training, r) == 0


@pytest.mark.equation("eq-gap-far")
def test_codes_that_fill_the_box_evenly_are_far_in_one_case_of_twenty():
    rng = np.random.default_rng(1)
    training, held_out, dice = (rng.uniform(-1, 1, (n, 2)) for n in (1000, 2000, 2000))
    distances = np.linalg.norm(held_out[:, None] - training[None], axis=2).min(axis=1)
    r = np.quantile(distances, 0.95)
    assert share_far(held_out, training, r) == pytest.approx(0.05, abs=1 / 2000)
    # Two shares of 2000 draws each, one of them through r: sqrt(2 * 0.05 * 0.95 / 2000) = 0.007.
    assert share_far(dice, training, r) == pytest.approx(0.05, abs=5 * 0.007)


def ball_in_box(k):
    return math.pi ** (k / 2) / (2**k * math.gamma(k / 2 + 1))


@pytest.mark.equation("eq-gap-ball")
def test_ball_in_its_box():
    # A stick, a disc, a sphere; then darts.
    assert [ball_in_box(k) for k in (1, 2, 3)] == pytest.approx([1, math.pi / 4, math.pi / 6])
    n = 200_000
    for k in (5, 8):
        darts = np.random.default_rng(k).uniform(-1, 1, (n, k))
        share = np.mean(np.sum(darts**2, axis=1) < 1)
        error = math.sqrt(ball_in_box(k) / n)  # of a small share
        assert share == pytest.approx(ball_in_box(k), abs=5 * error)


@pytest.mark.equation("eq-gap-scale")
def test_an_invertible_matrix_hides_in_the_weights():
    keras.utils.set_random_seed(0)
    model = Autoencoder.dense((4, 4), latent_dim=3, hidden_units=(6,))
    model.compile(loss=BernoulliNLL())
    x = np.random.default_rng(0).uniform(size=(20, 4, 4)).astype("float32")
    codes, copies = model.encode(x), model.reconstruct(x)
    loss = model.evaluate(x, verbose=0)

    a = np.array([[2.0, 1.0, 0.0], [0.0, -1.0, 0.5], [0.0, 0.0, 3.0]])
    last, first = model.encoder.layers[-1], model.decoder.layers[1]
    # Keras multiplies from the left, h = x W + b, so that A h is h A^T.
    last.set_weights([weight @ a.T for weight in last.get_weights()])
    kernel, bias = first.get_weights()
    first.set_weights([np.linalg.inv(a.T) @ kernel, bias])

    # float32 carries seven digits; the condition number of A is below 10.
    assert model.encode(x) == pytest.approx(codes @ a.T, abs=1e-5)
    assert np.max(np.abs(model.encode(x) - codes)) > 0.1
    assert model.reconstruct(x) == pytest.approx(copies, abs=1e-5)
    assert model.evaluate(x, verbose=0) == pytest.approx(loss, rel=1e-5)
