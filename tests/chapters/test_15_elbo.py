"""Equations of the chapter on the evidence lower bound that no part of the package computes."""

import numpy as np
import pytest

from course_lib.linear_gaussian import LinearGaussian

EPS = np.finfo("float64").eps


@pytest.fixture(scope="module")
def model():
    weights = np.random.default_rng(0).normal(size=(5, 3))
    return LinearGaussian(weights, np.arange(5.0), noise_std=0.7)


@pytest.mark.equation("eq-jensen")
def test_mean_of_the_logarithm_is_below_the_logarithm_of_the_mean():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(6), size=100)
    t = np.exp(3 * rng.normal(size=(100, 6)))
    assert np.all(np.sum(p * np.log(t), axis=1) < np.log(np.sum(p * t, axis=1)))
    # A t that is no random variable: equality, up to the rounding of a sum of six terms.
    t = np.full((100, 6), 2.5)
    difference = np.sum(p * np.log(t), axis=1) - np.log(np.sum(p * t, axis=1))
    assert np.all(np.abs(difference) < 20 * EPS)


@pytest.mark.equation("eq-diagonal-gap")
def test_gap_of_the_best_diagonal_gaussian(model):
    x = model.sample(4, seed=1)
    mean, covariance = model.posterior(x)
    precision = np.linalg.inv(covariance)
    best = -np.log(np.diagonal(precision))
    _, log_det = np.linalg.slogdet(precision)
    formula = 0.5 * (np.sum(np.log(np.diagonal(precision))) - log_det)
    gap = model.log_prob(x) - model.elbo(x, mean, best)
    # Log-probabilities of up to 100 nats, from matrices with a condition number below 100.
    assert np.max(np.abs(model.log_prob(x))) < 100
    assert np.linalg.cond(covariance) < 100
    assert gap == pytest.approx(np.full(4, formula), abs=100 * 100 * 10 * EPS)
    assert formula > 0.01
    rng = np.random.default_rng(2)
    for _ in range(20):  # every other diagonal Gaussian has a larger gap
        moved = mean + 0.1 * rng.normal(size=mean.shape)
        other = best + 0.1 * rng.normal(size=best.shape)
        assert np.all(model.log_prob(x) - model.elbo(x, moved, other) > formula)


@pytest.mark.equation("eq-elbo-data-set")
def test_bounds_and_log_probabilities_of_a_data_set_add_up(model):
    x = model.sample(300, seed=3)
    mean, log_var = np.zeros((300, 3)), np.zeros(3)
    assert np.sum(model.elbo(x, mean, log_var)) < np.sum(model.log_prob(x))
    # Independent examples: the density of all of them is the product, whatever the order.
    flat = LinearGaussian(
        np.kron(np.eye(2), model.weights), np.tile(model.bias, 2), model.noise_std
    )
    pair = flat.log_prob(x[:2].reshape(1, -1))
    assert pair == pytest.approx(np.sum(model.log_prob(x[:2])), abs=100 * 100 * 10 * EPS)
