"""The equations of chapter 9: the standard errors of an accuracy and of a difference of two."""

import numpy as np
import pytest


def standard_error(a, n):
    return np.sqrt(a * (1 - a) / n)


def paired_standard_error(plus, minus, n):
    d = (plus - minus) / n
    return np.sqrt(((plus + minus) / n - d**2) / n)


@pytest.mark.equation("eq-feat-se")
@pytest.mark.parametrize("a", [0.1, 0.5, 0.95])
def test_standard_error_is_the_spread_over_test_sets(a):
    n, n_sets = 200, 20_000
    accuracies = np.random.default_rng(0).binomial(n, a, n_sets) / n
    # A standard deviation from n_sets values has a relative error of about 1 / sqrt(2 n_sets),
    # half a percent; five of them.
    assert accuracies.std() == pytest.approx(standard_error(a, n), rel=5 / np.sqrt(2 * n_sets))


@pytest.mark.equation("eq-feat-paired")
def test_paired_standard_error_is_that_of_the_mean_of_differences():
    rng = np.random.default_rng(1)
    first, second = rng.random((2, 500)) < [[0.9], [0.8]]
    difference = first.astype(float) - second
    plus, minus = np.sum(first & ~second), np.sum(second & ~first)
    expected = difference.std() / np.sqrt(len(difference))
    assert paired_standard_error(plus, minus, len(difference)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.equation("eq-feat-paired")
def test_paired_standard_error_is_the_spread_over_test_sets():
    # Both right, only the first, only the second, both wrong: a test set draws n pictures.
    n, n_sets, shares = 300, 20_000, [0.8, 0.08, 0.03, 0.09]
    counts = np.random.default_rng(2).multinomial(n, shares, n_sets)
    differences = (counts[:, 1] - counts[:, 2]) / n
    expected = paired_standard_error(n * shares[1], n * shares[2], n)
    assert differences.std() == pytest.approx(expected, rel=5 / np.sqrt(2 * n_sets))
    # Two separate test sets would leave more to chance.
    a, b = 0.88, 0.83
    unpaired = np.hypot(standard_error(a, n), standard_error(b, n))
    assert unpaired > 1.3 * expected
