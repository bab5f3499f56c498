"""The equations of chapter 4, on random data, in double precision."""

import numpy as np
import pytest

from course_lib.pca import PCA

EPS = float(np.finfo("float64").eps)

M, N, K = 40, 7, 3

# Sums of at most M * N products, each below 100, and an SVD or an inverse of condition below
# 1000: a generous bound on what rounding can do. A wrong formula is off by more than 0.01.
TOLERANCE = M * N * 100 * 1000 * EPS


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def raw(rng):
    """Return correlated data with different variances and a mean far from zero."""
    mix = rng.normal(size=(N, N)) * np.linspace(2, 0.3, N)[:, None]
    return rng.normal(size=(M, N)) @ mix + rng.normal(size=N)


@pytest.fixture
def x(raw):
    return raw - raw.mean(axis=0)


@pytest.fixture
def spectrum(x):
    """Return the eigenvalues of the covariance, largest first, and its eigenvectors."""
    values, vectors = np.linalg.eigh(x.T @ x / M)
    return values[::-1], vectors[:, ::-1]


def random_basis(rng):
    return np.linalg.qr(rng.normal(size=(N, K)))[0]


def mean_squared_error(x, copies):
    return np.mean(np.sum(np.square(x - copies), axis=1))


@pytest.mark.equation("eq-pca-projection")
def test_projection_is_the_best_reconstruction(x, rng):
    for q in (random_basis(rng) for _ in range(20)):
        picture, h = x[0], rng.normal(size=K)
        error = np.sum((picture - q @ h) ** 2)
        first = picture @ picture - 2 * h @ q.T @ picture + h @ h
        second = picture @ picture - np.sum((q.T @ picture) ** 2) + np.sum((h - q.T @ picture) ** 2)
        assert first == pytest.approx(error, abs=TOLERANCE)
        assert second == pytest.approx(error, abs=TOLERANCE)
        # Least squares, which knows nothing of the formula, finds the same code.
        best = np.linalg.lstsq(q, picture)[0]
        assert q.T @ picture == pytest.approx(best, abs=TOLERANCE)


@pytest.mark.equation("eq-pca-captured")
def test_what_a_subspace_captures(x, spectrum, rng):
    values, vectors = spectrum
    for q in (random_basis(rng) for _ in range(20)):
        weights = np.sum((q.T @ vectors) ** 2, axis=0)
        captured = np.mean(np.sum((x @ q) ** 2, axis=1))
        assert np.trace(q.T @ (x.T @ x / M) @ q) == pytest.approx(captured, abs=TOLERANCE)
        assert values @ weights == pytest.approx(captured, abs=TOLERANCE)
        assert weights.sum() == pytest.approx(K, abs=TOLERANCE)
        assert np.all((weights > -TOLERANCE) & (weights < 1 + TOLERANCE))


@pytest.mark.equation("eq-pca-discarded")
def test_the_smallest_error_is_the_sum_of_discarded_eigenvalues(x, spectrum, rng):
    values, _ = spectrum
    for k in range(1, N):
        error = mean_squared_error(x, PCA(k).fit(x).reconstruct(x))
        assert error == pytest.approx(values[k:].sum(), abs=TOLERANCE)
    for q in (random_basis(rng) for _ in range(200)):
        assert mean_squared_error(x, x @ q @ q.T) > values[K:].sum()


@pytest.mark.equation("eq-pca-invertible", "eq-pca-code-covariance")
def test_an_invertible_map_of_the_code_changes_no_reconstruction(x, spectrum, rng):
    values, vectors = spectrum
    v = vectors[:, :K]
    c = rng.normal(size=(K, K)) + 3 * np.eye(K)
    encoder, decoder = c @ v.T, v @ np.linalg.inv(c)
    assert decoder @ encoder == pytest.approx(v @ v.T, abs=TOLERANCE)
    assert x @ encoder.T @ decoder.T == pytest.approx(PCA(K).fit(x).reconstruct(x), abs=TOLERANCE)
    codes = x @ encoder.T
    assert codes.T @ codes / M == pytest.approx(c @ np.diag(values[:K]) @ c.T, abs=TOLERANCE)
    # The other way around: any factors of the projection have that form.
    decoder = v @ rng.normal(size=(K, K))
    encoder = np.linalg.pinv(decoder) @ v @ v.T
    assert decoder @ encoder == pytest.approx(v @ v.T, abs=TOLERANCE)
    c = np.linalg.lstsq(decoder, v)[0]
    assert encoder == pytest.approx(c @ v.T, abs=TOLERANCE)


@pytest.mark.equation("eq-pca-moment")
def test_the_second_moment_is_covariance_and_mean(raw):
    mean = raw.mean(axis=0)
    expected = np.cov(raw.T, bias=True) + np.outer(mean, mean)
    assert raw.T @ raw / M == pytest.approx(expected, abs=TOLERANCE)
    # Each uncentered direction is an eigenvector of that matrix.
    pca = PCA(N, center=False).fit(raw)
    in_their_basis = pca.components @ expected @ pca.components.T
    assert in_their_basis == pytest.approx(np.diag(pca.singular_values**2 / M), abs=TOLERANCE)


@pytest.mark.equation("eq-pca-centering")
@pytest.mark.parametrize("far", [0.01, 1.0, 100.0])
def test_the_error_without_centering_lies_between(x, rng, far):
    # The rounding of squares of numbers below 1000.
    shifted, slack = x + far * rng.normal(size=N), TOLERANCE * 100
    errors = {
        (k, center): mean_squared_error(shifted, PCA(k, center).fit(shifted).reconstruct(shifted))
        for k in range(1, N)
        for center in (True, False)
    }
    for k in range(2, N):
        assert errors[k, True] - slack <= errors[k, False] <= errors[k - 1, True] + slack


@pytest.mark.equation("eq-pca-scaling")
def test_scaling_by_the_root_of_m_makes_a_covariance(raw, spectrum):
    values, _ = spectrum
    scaled = (raw - raw.mean(axis=0)) / np.sqrt(M)
    assert scaled.T @ scaled == pytest.approx(np.cov(raw.T, bias=True), abs=TOLERANCE)
    assert np.linalg.svd(scaled, compute_uv=False) ** 2 == pytest.approx(values, abs=TOLERANCE)
