"""The equation of the chapter on the VAE that the package's own tests do not name."""

import keras
import numpy as np
import pytest
import scipy.stats

from course_lib.vae import VAE

EPS32 = float(np.finfo("float32").eps)


@pytest.mark.equation("eq-learned-variance")
def test_reconstruction_term_of_a_decoder_with_learned_variance():
    keras.utils.set_random_seed(0)
    vae = VAE.dense((5,), 2, (7,), likelihood="gaussian", seed=0)
    x = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    outputs = vae(x)
    mean, log_var = (
        keras.ops.convert_to_numpy(outputs[name]).astype("float64")
        for name in ("x_mean", "x_log_var")
    )
    assert np.ptp(log_var) > 0.1  # pixels and pictures differ in their variance
    expected = -scipy.stats.norm(mean, np.exp(log_var / 2)).logpdf(x).sum(axis=1)
    found = keras.ops.convert_to_numpy(vae.reconstruction_nll(x, outputs))
    # Five pixels, each a sum of three float32 numbers of size below 20.
    assert np.abs(expected).max() < 20
    assert found == pytest.approx(expected, abs=5 * 3 * 20 * EPS32)


@pytest.mark.equation("eq-learned-variance")
def test_best_variance_is_the_mean_squared_error():
    errors = np.random.default_rng(1).normal(scale=0.3, size=1000)
    variances = np.mean(errors**2) * np.geomspace(0.5, 2, 101)
    cost = 0.5 * (np.mean(errors**2) / variances + np.log(variances) + np.log(2 * np.pi))
    assert np.argmin(cost) == 50  # in the middle of the grid, which is the mean square
