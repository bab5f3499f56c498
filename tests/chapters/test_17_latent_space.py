"""The equations of chapter 17: the shares of a KL term, the shell of a Gaussian, the arc."""

import math

import numpy as np
import pytest

from course_lib.evaluation import AggregatePosterior
from course_lib.latent import interpolate
from course_lib.losses import kl_standard_normal

EPS = np.finfo("float64").eps


@pytest.mark.equation("eq-space-surgery")
def test_kl_term_is_information_plus_misfit():
    mean, log_var = np.array([[-1.0], [0.5], [2.0]]), np.array([[-1.0], [0.0], [-2.0]])
    # Twelve standard deviations each way; outside lies less than 1e-30.
    z = np.linspace(-14, 14, 20_001)[:, None]
    width = z[1, 0] - z[0, 0]

    def log_normal(m, v):
        return -0.5 * ((z[:, 0] - m) ** 2 / np.exp(v) + v + math.log(2 * math.pi))

    def divergence(log_a, log_b):
        return float(np.sum(np.exp(log_a) * (log_a - log_b)) * width)

    log_p = log_normal(0.0, 0.0)
    log_q = AggregatePosterior(mean, log_var).log_prob(z)
    components = [log_normal(m, v) for m, v in zip(mean[:, 0], log_var[:, 0], strict=True)]
    information = np.mean([divergence(c, log_q) for c in components])
    misfit = divergence(log_q, log_p)
    # Sums over a grid that is much finer than the Gaussians are exact; 20,000 terms are rounded.
    tolerance = 20_000 * EPS * 100
    average = np.mean([divergence(c, log_p) for c in components])
    assert average == pytest.approx(information + misfit, abs=tolerance)
    # The layer's loss is in float32: seven digits.
    assert average == pytest.approx(float(np.mean(kl_standard_normal(mean, log_var))), rel=1e-5)
    assert min(information, misfit) > 0.05
    assert information < math.log(3)  # it can tell three pictures apart, and no more


def radius_density(r, d):
    log_constant = (d / 2 - 1) * math.log(2) + math.lgamma(d / 2)
    return np.exp((d - 1) * np.log(r) - r**2 / 2 - log_constant)


@pytest.mark.equation("eq-space-radius", "eq-space-shell")
@pytest.mark.parametrize("d", [2, 16, 100])
def test_length_of_a_standard_normal_vector(d):
    r = (np.arange(400_000) + 0.5) * 1e-4  # midpoints up to 40
    weight = radius_density(r, d) * 1e-4
    # The midpoint rule's error is 1e-8 / 24 times a second derivative, integrated: for r^4 p
    # that is below 12 E r^2 = 12 d, and d of 100 makes it 5e-7.
    assert weight.sum() == pytest.approx(1, abs=1e-6)
    assert np.sum(r**2 * weight) == pytest.approx(d, abs=1e-6)
    assert np.sum(r**4 * weight) - d**2 == pytest.approx(2 * d, abs=1e-4)


@pytest.mark.equation("eq-space-radius", "eq-space-shell")
def test_lengths_of_draws():
    d, n = 16, 50_000
    squares = np.sum(np.random.default_rng(0).normal(size=(n, d)) ** 2, axis=1)
    # Five standard errors. The fourth central moment of the squared length is 12 d (d + 4).
    assert squares.mean() == pytest.approx(d, abs=5 * math.sqrt(2 * d / n))
    error = math.sqrt((12 * d * (d + 4) - (2 * d) ** 2) / n)
    assert squares.var() == pytest.approx(2 * d, abs=5 * error)
    edges = np.linspace(2, 6, 9)
    counted, _ = np.histogram(np.sqrt(squares), edges)
    fine = np.linspace(2, 6, 8001)
    middle = (fine[1:] + fine[:-1]) / 2
    expected = n * radius_density(middle, d).reshape(8, -1).sum(axis=1) * (fine[1] - fine[0])
    assert np.all(np.abs(counted - expected) < 5 * np.sqrt(expected))


@pytest.mark.equation("eq-space-middle")
@pytest.mark.parametrize("t", [0.0, 0.25, 0.5, 0.9])
def test_the_straight_line_is_short_in_the_middle(t):
    d, n = 16, 50_000
    a, b = np.random.default_rng(1).normal(size=(2, n, d))
    mean = np.mean(np.sum(((1 - t) * a + t * b) ** 2, axis=1))
    scale = (1 - t) ** 2 + t**2
    # The sum of two independent Gaussians is one, so that the variance is 2 d scale^2.
    assert mean == pytest.approx(d * scale, abs=5 * scale * math.sqrt(2 * d / n))


@pytest.mark.equation("eq-space-slerp")
def test_arc_between_two_directions():
    u, v = np.random.default_rng(2).normal(size=(2, 5))
    u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
    angle = math.acos(u @ v)
    t = np.linspace(0, 1, 7)[:, None]
    arc = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / math.sin(angle)
    assert interpolate(u, v, 7, "spherical") == pytest.approx(arc, abs=1e-12)
    assert np.linalg.norm(arc, axis=1) == pytest.approx(np.ones(7), abs=1e-12)
    # Even steps: the angle to u grows from 0 to the whole in equal parts.
    assert np.arccos(arc[1:] @ u) == pytest.approx(t[1:, 0] * angle, abs=1e-12)
    assert 0.5 < angle < 2.6  # where the arc cosine is exact to 1e-15


@pytest.mark.parametrize("t", [0.2, 0.5])
def test_a_stretched_line_is_distributed_as_the_prior(t):
    """Exercise 1: divided by sqrt((1 - t)^2 + t^2), a draw on the line is a draw of the prior."""
    d, n = 3, 50_000
    a, b = np.random.default_rng(3).normal(size=(2, n, d))
    z = ((1 - t) * a + t * b) / math.sqrt((1 - t) ** 2 + t**2)
    assert np.cov(z, rowvar=False) == pytest.approx(np.eye(d), abs=5 * math.sqrt(2 / n))
    assert z.mean(axis=0) == pytest.approx(np.zeros(d), abs=5 / math.sqrt(n))
