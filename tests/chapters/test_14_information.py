"""Equations of the chapter on information that no part of the package computes."""

import math

import numpy as np
import pytest

from course_lib.information import gaussian_entropy, kl_gaussians

#: A few operations in double precision, each with a relative error of half an epsilon.
FEW_OPERATIONS = 10 * np.finfo("float64").eps


@pytest.mark.equation("eq-log-tangent")
def test_logarithm_lies_below_its_tangent():
    t = np.concatenate([np.geomspace(1e-6, 0.999, 1000), np.geomspace(1.001, 1e6, 1000)])
    assert np.all(np.log(t) < t - 1)
    assert math.log(1) == 1 - 1


@pytest.mark.equation("eq-gaussian-entropy")
@pytest.mark.parametrize("std", [0.1, 1.0, 7.0])
def test_entropy_of_a_gaussian_as_it_stands_in_the_text(std):
    expected = 0.5 * math.log(2 * math.pi * math.e * std**2)
    assert gaussian_entropy([2 * math.log(std)]) == pytest.approx(expected, rel=FEW_OPERATIONS)


@pytest.mark.equation("eq-kl-gaussians")
@pytest.mark.parametrize(
    ("mean_a", "std_a", "mean_b", "std_b"), [(2, 1, 0, 1), (0, 2, 0, 0.5), (-1, 0.3, 4, 1.7)]
)
def test_divergence_of_gaussians_as_it_stands_in_the_text(mean_a, std_a, mean_b, std_b):
    quadratic = (std_a**2 + (mean_a - mean_b) ** 2) / (2 * std_b**2)
    expected = math.log(std_b / std_a) + quadratic - 0.5
    kl = kl_gaussians([mean_a], [2 * math.log(std_a)], [mean_b], [2 * math.log(std_b)])
    # The terms are at most 10; what is left of them may be smaller.
    assert kl == pytest.approx(expected, abs=10 * FEW_OPERATIONS)
