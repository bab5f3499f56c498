"""The equation of chapter 11 that is not the library's: what zeros as ratings do."""

import keras
import numpy as np
import pytest

from course_lib.autorec import AutoRec

EPS = float(np.finfo("float64").eps)


def column(n=200, n_rated=14):
    """Return ratings from 1 to 5 of a few, and NaN for the others."""
    ratings = np.full(n, np.nan)
    ratings[:n_rated] = np.random.default_rng(0).integers(1, 6, n_rated)
    return ratings


@pytest.mark.equation("eq-rec-zeros")
def test_best_constant_for_a_column_filled_with_zeros():
    ratings = column()
    filled = np.nan_to_num(ratings)
    guess = np.mean(~np.isnan(ratings)) * np.nanmean(ratings)
    # A parabola: the loss rises by the squared distance from its minimum, on both sides.
    least = np.mean((filled - guess) ** 2)
    for distance in (-1.0, -0.01, 0.01, 2.0):
        loss = np.mean((filled - guess - distance) ** 2)
        assert loss == pytest.approx(least + distance**2, abs=1000 * EPS)
    assert guess < 0.1 * np.nanmean(ratings)


@pytest.mark.equation("eq-rec-zeros")
def test_autorec_with_zeros_learns_that_constant_and_the_masked_one_the_mean():
    # 200 people, and 32 movies with the same ratings, given by others each time.
    keras.utils.set_random_seed(0)
    ratings = np.tile(column()[:, None], 32).astype("float32")
    ratings = np.random.default_rng(1).permuted(ratings, axis=0)
    expected = {0.0: 14 / 200 * np.nanmean(ratings), None: np.nanmean(ratings)}
    for filling, constant in expected.items():
        table = ratings if filling is None else np.nan_to_num(ratings, nan=filling)
        model = AutoRec(32, latent_dim=1, regularization=100.0)  # biases alone
        model.compile(keras.optimizers.Adam(0.02))
        model.fit(np.tile(table, (5, 1)), batch_size=100, epochs=20, verbose=0)
        guesses = np.asarray(model(table))
        # Adam wavers about the minimum by a few steps, each of about 0.02 at most.
        assert guesses.mean(axis=0) == pytest.approx(np.full(32, constant), abs=5 * 0.02)
