"""Chapter 21: the paired comparison, and what the text says of the kept results."""

import numpy as np
import pytest

from course_lib.reproduce import load_result


@pytest.mark.equation("eq-repro-paired")
def test_standard_error_of_a_paired_difference():
    rng = np.random.default_rng(0)
    n, repeats = 50, 4000
    common = rng.normal(size=(repeats, n, 1))
    a, b = np.moveaxis(2 * common + rng.normal(size=(repeats, n, 2)) * [1.0, 0.5], -1, 0)
    covariance = [np.cov(*pair) for pair in zip(a, b, strict=True)]
    claimed = np.mean([(c[0, 0] + c[1, 1] - 2 * c[0, 1]) / n for c in covariance])
    seen = np.var((a - b).mean(axis=1), ddof=1)
    # A variance of 4,000 draws has a relative standard error of sqrt(2 / 4000) = 2.2 %.
    assert claimed == pytest.approx(seen, rel=5 * np.sqrt(2 / repeats))
    # By hand: the common part cancels, 1 + 0.25 remains.
    assert claimed == pytest.approx(1.25 / n, rel=5 * np.sqrt(2 / (n * repeats)))


def test_pca_gives_the_published_figure():
    assert round(load_result("pca")["values"]["test_error"], 2) == 13.87


def test_likelihood_within_half_an_hour_of_two_cores():
    result = load_result("vae")
    assert result["values"]["nll"] <= 87.3
    assert result["cpu_minutes"] <= 60
    assert result["values"]["negative_elbo"] > result["values"]["nll"]


def test_likelihood_of_the_longer_run():
    assert load_result("vae-long")["values"]["nll"] <= 86.8


def test_a_deep_autoencoder_leaves_far_less_than_pca():
    deep = load_result("deep-autoencoder")["values"]
    assert deep["test_error"] < load_result("pca")["values"]["test_error"] / 3
    assert deep["train_error"] < deep["test_error"]


def test_the_cvae_gains_most_where_least_is_known():
    values = load_result("quadrants")["values"]
    gains = np.subtract(values["baseline"], values["cvae"])
    assert list(gains) == sorted(gains, reverse=True)
    assert values["cvae"][0] < values["baseline"][0]


def test_the_plain_networks_agree_with_the_table_that_is_quoted():
    ours = load_result("quadrants")["values"]
    assert np.allclose(ours["baseline"], [100.4, 61.9, 25.4], rtol=0, atol=2)
    assert all(np.less(ours["cvae"], [71.8, 51.0, 24.2]))


def test_regularized_features_help_and_no_winner_can_be_named():
    errors = load_result("features")["values"]["errors"]
    means = {name: np.mean(row) for name, row in errors.items()}
    best_first = ["masking noise", "contractive", "Gaussian noise", "plain", "none", "weight decay"]
    assert sorted(means, key=means.get) == best_first
    rate = means["contractive"] / 100
    lead = (means["contractive"] - means["masking noise"]) / 100
    assert lead < np.sqrt(rate * (1 - rate) / 10_000)


def test_averages_of_movie_and_person_are_not_beaten():
    errors = load_result("autorec")["values"]["errors"]
    rmse = {name: np.mean(row) for name, row in errors.items()}
    learned = rmse["matrix factorization"], rmse["AutoRec"]
    assert rmse["movie and person"] < min(learned)
    assert max(learned) < rmse["average of the movie"]
