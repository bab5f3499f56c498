"""NumPy in single precision throughout, other formulas than the source's."""

import numpy as np


def weighted_pca(x, weights, k):
    x, weights = np.float32(x), np.float32(weights)
    mean = np.average(x, axis=0, weights=weights)
    scaled = np.sqrt(weights / weights.sum())[:, None] * (x - mean)
    _, singular_values, axes = np.linalg.svd(scaled, full_matrices=False)
    return mean, axes[:k], singular_values[:k] ** 2


def smallest_code(eigenvalues, error):
    errors = np.append(0, np.cumsum(np.sort(np.float32(eigenvalues))))  # with n, n - 1, ..., 0
    return len(eigenvalues) + 1 - np.sum(errors <= error)


def pooled_covariance(m_a, mean_a, cov_a, m_b, mean_b, cov_b):
    mean = np.average(np.float32([mean_a, mean_b]), axis=0, weights=[m_a, m_b])
    result = 0
    for m, its_mean, cov in [(m_a, mean_a, cov_a), (m_b, mean_b, cov_b)]:
        away = np.float32(its_mean - mean)
        result = result + m * (np.float32(cov) + away[:, None] * away)
    return mean, result / (m_a + m_b)


def best_decoder(x, codes, visible):
    with_one = np.insert(np.float32(codes), 0, 1, axis=1)
    # Invisible pixels get no weight: a stack of matrices with rows of zeros, one for each pixel.
    weighted = visible.T[:, :, None] * with_one
    seen = np.where(visible, x, 0).astype("float32").T[:, :, None]
    solution = (np.linalg.pinv(weighted) @ seen)[:, :, 0].T
    return solution[1:], solution[0]


def fill_in(picture, visible, decoder, offset):
    # Damaged pixels get no weight: their columns become zero.
    d = np.float32(decoder) * visible
    rest = np.where(visible, picture - offset, 0).astype("float32")
    copy = offset + rest @ np.linalg.pinv(d) @ np.float32(decoder)
    repaired = np.array(picture, dtype="float32")
    repaired[~visible] = copy[~visible]
    return repaired


def subspace_overlap(a, b):
    a, b = np.float32(a), np.float32(b)
    project = np.linalg.pinv(a) @ a
    dimension = np.linalg.matrix_rank(b)
    return np.trace(project @ np.linalg.pinv(b) @ b) / np.float32(dimension)


def whiten_code(encoder, decoder, covariance):
    encoder, decoder = np.float32(encoder), np.float32(decoder)
    values, vectors = np.linalg.eigh(encoder.T @ np.float32(covariance) @ encoder)
    # The symmetric root: the new axes are as close to the old ones as can be.
    root, inverse = ((vectors * values**power) @ vectors.T for power in (0.5, -0.5))
    return encoder @ inverse, root @ decoder


def tied_gradient(w, x):
    w = np.float32(w)
    moment = np.float32(x.T @ x / len(x))
    rest = moment - moment @ w @ w.T
    return -2 * (rest + rest.T) @ w


def escape_saddle(basis, covariance, angle):
    basis, covariance = np.float32(basis), np.float32(covariance)
    outside = np.eye(len(basis), dtype="float32") - basis @ basis.T
    toward = np.linalg.eigh(outside @ covariance @ outside)[1][:, -1]
    # The columns may be mixed: put the weakest direction inside first, then turn it.
    inside = basis @ np.linalg.eigh(basis.T @ covariance @ basis)[1]
    inside[:, 0] = np.cos(angle) * inside[:, 0] + np.sin(angle) * toward
    return inside
