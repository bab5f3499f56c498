"""The equations of the chapter on the conditional VAE: small tables, and a small network."""

import keras
import numpy as np
import pytest

from course_lib.cvae import CVAE

EPS = np.finfo("float64").eps

# Sums of at most 60 products of probabilities, and logarithms of size below 30.
TABLE_TOLERANCE = 60 * 30 * EPS


@pytest.fixture(scope="module")
def tables():
    """Return p(y), p(z|y), p(x|z,y) and q(z|x,y) of 3 labels, 5 latent values, 4 pictures."""
    rng = np.random.default_rng(0)
    p_y = rng.dirichlet(np.ones(3))
    p_z = rng.dirichlet(np.ones(5), size=3)  # (y, z)
    p_x = rng.dirichlet(np.ones(4), size=(3, 5))  # (y, z, x)
    q = rng.dirichlet(np.ones(5), size=(4, 3))  # (x, y, z)
    assert min(p_z.min(), p_x.min(), q.min()) > 1e-6
    return p_y, p_z, p_x, q


def conditional_elbo(p_z, p_x, q):
    """Return E_q[log p(x|z,y)] - KL(q(z|x,y) || p(z|y)), shape `(x, y)`."""
    reconstruction = np.einsum("xyz,yzx->xy", q, np.log(p_x))
    return reconstruction - np.sum(q * np.log(q / p_z), axis=2)


@pytest.mark.equation("eq-cvae-identity")
def test_bound_and_divergence_from_the_posterior_add_up(tables):
    _, p_z, p_x, q = tables
    evidence = np.einsum("yz,yzx->xy", p_z, p_x)
    posterior = np.einsum("yz,yzx->xyz", p_z, p_x) / evidence[:, :, None]
    gap = np.sum(q * np.log(q / posterior), axis=2)
    assert conditional_elbo(p_z, p_x, q) + gap == pytest.approx(
        np.log(evidence), abs=TABLE_TOLERANCE
    )
    assert np.all(gap > 0.01)  # these guesses are not the posterior


@pytest.mark.equation("eq-cvae-elbo")
def test_bound_is_reached_by_the_posterior_alone(tables):
    _, p_z, p_x, q = tables
    evidence = np.einsum("yz,yzx->xy", p_z, p_x)
    posterior = np.einsum("yz,yzx->xyz", p_z, p_x) / evidence[:, :, None]
    tight = conditional_elbo(p_z, p_x, posterior)
    assert tight == pytest.approx(np.log(evidence), abs=TABLE_TOLERANCE)
    assert np.all(conditional_elbo(p_z, p_x, q) < np.log(evidence) - 0.01)


@pytest.mark.equation("eq-cvae-elbo")
@pytest.mark.parametrize("conditional_prior", [False, True])
def test_bound_of_a_network_against_an_integral(conditional_prior):
    keras.utils.set_random_seed(1)
    cvae = CVAE.dense((6,), (3,), 1, (8,), conditional_prior=conditional_prior, seed=0)
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 2, size=(3, 6)).astype("float32"), np.arange(3)
    # All but 1e-20 of prior and posterior, in steps of a hundredth of a standard deviation.
    z = np.linspace(-12, 12, 4801)
    mean, log_var = (a[:, 0].astype("float64") for a in cvae.encode([x, y]))
    assert np.all(np.abs(mean) < 2)
    assert np.all(np.abs(log_var) < 1)
    m, v = np.zeros(3), np.zeros(3)
    if conditional_prior:
        m, v = (np.asarray(a)[:, 0].astype("float64") for a in cvae.prior(np.eye(3)))
        assert np.all(np.abs(m) > 1e-3)

    def log_gaussian(mean, log_var):
        square = (z - mean[:, None]) ** 2 / np.exp(log_var)[:, None]
        return -0.5 * (square + log_var[:, None] + np.log(2 * np.pi))

    log_q, log_prior = log_gaussian(mean, log_var), log_gaussian(m, v)
    p = np.stack([cvae.decode(z[:, None], np.full(len(z), k)) for k in y]).astype("float64")
    log_x = np.sum(np.where(x[:, None] == 1, np.log(p), np.log1p(-p)), axis=2)
    evidence = np.log(np.trapezoid(np.exp(log_x + log_prior), z))
    inside = np.exp(log_q) * (log_x + log_prior - log_q)
    bound = np.trapezoid(inside, z)
    assert np.all(bound < evidence)
    n = 20_000
    draws = np.stack([cvae.elbo([np.tile(x[k], (n, 1)), np.full(n, k)]) for k in y])
    error = draws.std(axis=1) / np.sqrt(n)
    # Six standard errors: probability 2e-9 under any seed. Besides, six float32 terms.
    assert np.all(np.abs(draws.mean(axis=1) - bound) < 6 * error + 1e-5)


@pytest.mark.equation("eq-cvae-mixture", "eq-cvae-worth")
def test_worth_of_a_label(tables):
    _, p_z, p_x, _ = tables
    given = np.einsum("yz,yzx->xy", p_z, p_x)
    p_y = np.full(3, 1 / 3)
    p = given @ p_y
    assert p.sum() == pytest.approx(1, abs=TABLE_TOLERANCE)
    joint = np.einsum("y,yz,yzx->xy", p_y, p_z, p_x)
    assert joint.sum(axis=1) == pytest.approx(p, abs=TABLE_TOLERANCE)
    posterior = joint / p[:, None]
    worth = np.log(given) - np.log(p)[:, None]
    assert worth == pytest.approx(np.log(3) + np.log(posterior), abs=TABLE_TOLERANCE)
    assert np.all(worth < np.log(3))
    # A picture that shows its label beyond doubt: the limit is reached.
    sure = np.eye(3)
    assert np.log(np.diagonal(sure)) - np.log(sure @ p_y) == pytest.approx(
        np.full(3, np.log(3)), abs=TABLE_TOLERANCE
    )


@pytest.mark.equation("eq-cvae-mixture")
def test_importance_sampled_mixture_is_a_distribution_over_pictures():
    keras.utils.set_random_seed(3)
    cvae = CVAE.dense((4,), (2,), 2, (8,), seed=0)
    every = np.array(list(np.ndindex((2,) * 4)), "float32")
    by_label = [cvae.log_prob([every, np.full(16, k)], 4000, seed=1) for k in range(2)]
    total = np.exp(np.logaddexp(*by_label) - np.log(2)).sum()
    # The weights p(x,z) / q(z|x,y) of an untrained network scatter by less than their mean:
    # 16 pictures of probability 1/16 and 2 labels, so at most 1 / sqrt(4000) for the sum.
    assert total == pytest.approx(1, abs=6 / np.sqrt(4000))


@pytest.mark.equation("eq-cvae-variance")
def test_variance_of_a_pixel_within_and_between_completions():
    rng = np.random.default_rng(4)
    weight, pi = rng.dirichlet(np.ones(7)), rng.uniform(size=7)
    mean = weight @ pi
    within, between = weight @ (pi * (1 - pi)), weight @ (pi - mean) ** 2
    assert within + between == pytest.approx(mean * (1 - mean), abs=20 * EPS)
    assert min(within, between) > 0.01
