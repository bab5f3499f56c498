"""The equations of the chapter on undercomplete and overcomplete autoencoders."""

import keras
import numpy as np
import pytest

from course_lib.autoencoders import Autoencoder
from course_lib.jacobians import jacobian
from course_lib.networks import dense_network

N, M = 5, 7
EPS = float(np.finfo("float32").eps)


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def numbers(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def autoencoder(encoder_kernel, decoder_kernel, activation=None):
    """Return an autoencoder of one layer each way, without biases, given its matrices."""
    n, k = encoder_kernel.shape
    model = Autoencoder.dense((n,), k, code_activation=activation, output_activation=None)
    model.encoder.set_weights([encoder_kernel, np.zeros(k)])
    model.decoder.set_weights([decoder_kernel, np.zeros(n)])
    return model


@pytest.mark.equation("eq-over-identity")
@pytest.mark.parametrize("k", [N, N + 1, 2 * N])
def test_padded_identity_copies_every_picture(k):
    # Keras multiplies from the right: its kernels are the transposes of W and W*.
    w, w_star = np.eye(k, N), np.eye(N, k)
    x = 100 * numbers((M, N))
    # Each output is one input, times one, plus zeros: nothing is rounded.
    assert np.array_equal(autoencoder(w.T, w_star.T).reconstruct(x), x)


@pytest.mark.equation("eq-over-identity")
def test_every_encoder_of_full_rank_has_a_decoder_that_undoes_it():
    w = numbers((2 * N, N)).astype("float64")
    w_star = np.linalg.inv(w.T @ w) @ w.T
    # In float64; the condition number of W'W is below 100, and sums have ten terms.
    assert np.linalg.cond(w.T @ w) < 100
    assert w_star @ w == pytest.approx(np.eye(N), abs=100 * 10 * 2.3e-16 * 10)


@pytest.mark.equation("eq-over-relu-pair")
def test_pairs_of_relus_copy_every_picture():
    w = np.vstack([np.eye(N), -np.eye(N)])
    x = 100 * numbers((M, N))
    assert np.any(x < 0)
    # One of the two terms is zero, the other exact.
    assert np.array_equal(autoencoder(w.T, w, "relu").reconstruct(x), x)


@pytest.mark.equation("eq-over-rank")
@pytest.mark.parametrize("k", range(N))
def test_distance_of_a_matrix_of_low_rank_from_the_identity(k):
    # Rounding, of sums of at most 25 terms below 100 in float64.
    tolerance = 25 * 100 * 2.3e-16
    for seed in range(20):
        w, w_star = np.random.default_rng(seed).normal(size=(2, N, k))
        assert np.sum((np.eye(N) - w_star @ w.T) ** 2) >= N - k - tolerance
    # An orthogonal projection reaches the bound, so it cannot be raised.
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(N, N)))[0][:, :k]
    assert np.sum((np.eye(N) - basis @ basis.T) ** 2) == pytest.approx(N - k, abs=tolerance)


@pytest.mark.equation("eq-over-rank", "eq-over-jacobian")
def test_jacobian_of_a_nonlinear_autoencoder_is_a_product_of_low_rank():
    k = 2
    model = Autoencoder.dense(
        (N,), k, hidden_units=(20,), activation="tanh", output_activation=None
    )
    model.set_weights([w + 0.1 for w in model.get_weights()])
    x = numbers((M, N))
    whole = jacobian(model, x)
    parts = jacobian(model.decoder, model.encode(x)) @ jacobian(model.encoder, x)
    # Sums of at most 20 products of numbers below 3, four layers deep, in float32.
    tolerance = 4 * 20 * 9 * EPS
    assert whole == pytest.approx(parts, abs=tolerance)
    # Entry [i, j] is the derivative of output i with respect to input j, which float32
    # differences give to about the third root of their precision.
    step = np.zeros(N, "float32")
    step[1] = 0.01
    difference = (model.reconstruct(x + step) - model.reconstruct(x - step)) / 0.02
    assert whole[:, :, 1] == pytest.approx(difference, abs=1e-3)
    assert np.all(np.linalg.svd(whole)[1][:, k:] < tolerance)
    assert np.all(np.sum((np.eye(N) - whole) ** 2, axis=(1, 2)) >= N - k)


@pytest.mark.equation("eq-over-lookup")
def test_one_code_unit_and_as_many_relus_as_pictures_make_no_training_error():
    # As equation and chapter have it: codes in order, slopes between them, none outside.
    pictures, h = numbers((M, N)), np.cumsum(1 + np.random.default_rng(1).random(M))
    slopes = np.zeros((M + 1, N))
    slopes[1:-1] = np.diff(pictures, axis=0) / np.diff(h)[:, None]
    decoder = dense_network((1,), (M,), (N,))
    decoder.set_weights([np.ones((1, M)), -h, np.diff(slopes, axis=0), pictures[0]])

    def g(codes):
        return decoder.predict(np.reshape(codes, (-1, 1)), verbose=0)

    # Sums of eight terms, each a change of slope below 10 times a code below 14.
    tolerance = 8 * 10 * 14 * EPS
    assert g(h) == pytest.approx(pictures, abs=tolerance)
    halfway = (pictures[1:] + pictures[:-1]) / 2
    assert g((h[1:] + h[:-1]) / 2) == pytest.approx(halfway, abs=tolerance)
    outside = pictures[[0, -1]]
    assert g([h[0] - 3, h[-1] + 3]) == pytest.approx(outside, abs=tolerance)
