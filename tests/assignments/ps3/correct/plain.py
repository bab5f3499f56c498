"""Plain Python where it is not too long: loops, lists, normal equations."""

import math

import numpy as np


def weighted_pca(x, weights, k):
    m, n = x.shape
    total = sum(weights.tolist())
    mean = [sum(weights[i] * x[i][j] for i in range(m)) / total for j in range(n)]
    covariance = [[0.0] * n for _ in range(n)]
    for i in range(m):
        for a in range(n):
            for b in range(n):
                product = (x[i][a] - mean[a]) * (x[i][b] - mean[b])
                covariance[a][b] += float(weights[i]) * product / total
    values, vectors = np.linalg.eigh(np.array(covariance))
    order = sorted(range(n), key=lambda j: -values[j])[:k]
    return mean, [vectors[:, j].tolist() for j in order], [values[j] for j in order]


def smallest_code(eigenvalues, error):
    left = sorted(eigenvalues.tolist())
    k = 0
    while sum(left) > error:
        left.pop()
        k += 1
    return k


def pooled_covariance(m_a, mean_a, cov_a, m_b, mean_b, cov_b):
    m, n = m_a + m_b, len(mean_a)
    mean = [(m_a * mean_a[j] + m_b * mean_b[j]) / m for j in range(n)]
    covariance = []
    for i in range(n):
        row = []
        for j in range(n):
            within = (m_a * cov_a[i][j] + m_b * cov_b[i][j]) / m
            gap = (mean_a[i] - mean_b[i]) * (mean_a[j] - mean_b[j])
            row.append(within + m_a * m_b / m**2 * gap)
        covariance.append(row)
    return mean, covariance


def best_decoder(x, codes, visible):
    k, n = codes.shape[1], x.shape[1]
    decoder, offset = [[0.0] * n for _ in range(k)], []
    for j in range(n):
        # Fit centered pixels by centered codes; the offset makes up for the means.
        shown = [i for i in range(len(x)) if visible[i][j]]
        mean_x = sum(x[i][j] for i in shown) / len(shown)
        mean_h = codes[shown].mean(axis=0)
        h = codes[shown] - mean_h
        column = np.linalg.solve(h.T @ h, h.T @ (x[shown, j] - mean_x))
        for a in range(k):
            decoder[a][j] = float(column[a])
        offset.append(mean_x - sum(mean_h[a] * column[a] for a in range(k)))
    return decoder, offset


def fill_in(picture, visible, decoder, offset):
    seen = [j for j in range(len(picture)) if visible[j]]
    k = len(decoder)
    left = [[sum(decoder[a][j] * decoder[b][j] for j in seen) for b in range(k)] for a in range(k)]
    right = [sum(decoder[a][j] * (picture[j] - offset[j]) for j in seen) for a in range(k)]
    code = np.linalg.solve(left, right)
    return [
        picture[j] if visible[j] else sum(code[a] * decoder[a][j] for a in range(k)) + offset[j]
        for j in range(len(picture))
    ]


def orthonormal(rows):
    basis = []
    for row in rows.tolist():
        for _ in range(2):  # once more, against rounding
            for unit in basis:
                along = sum(a * b for a, b in zip(row, unit, strict=True))
                row = [a - along * b for a, b in zip(row, unit, strict=True)]
        length = math.hypot(*row)
        if length:
            basis.append([a / length for a in row])
    return basis


def subspace_overlap(a, b):
    a, b = orthonormal(a), orthonormal(b)
    total = 0.0
    for u in a:
        for v in b:
            total += sum(p * q for p, q in zip(u, v, strict=True)) ** 2
    return total / len(b)


def whiten_code(encoder, decoder, covariance):
    # Gram and Schmidt, unit by unit: subtract what is known already, then scale.
    encoder, decoder = encoder.copy(), decoder.copy()
    for j in range(encoder.shape[1]):
        for i in range(j):
            share = encoder[:, i] @ covariance @ encoder[:, j]
            encoder[:, j] -= share * encoder[:, i]
            decoder[i] += share * decoder[j]
        deviation = math.sqrt(encoder[:, j] @ covariance @ encoder[:, j])
        encoder[:, j] /= deviation
        decoder[j] *= deviation
    return encoder, decoder


def tied_gradient(w, x):
    n, k = w.shape
    rows = w.tolist()
    gradient = [[0.0] * k for _ in range(n)]
    for picture in x.tolist():
        h = [sum(picture[j] * rows[j][a] for j in range(n)) for a in range(k)]
        rest = [picture[j] - sum(h[a] * rows[j][a] for a in range(k)) for j in range(n)]
        back = [sum(rest[j] * rows[j][a] for j in range(n)) for a in range(k)]
        for j in range(n):
            for a in range(k):
                gradient[j][a] -= 2 * (rest[j] * h[a] + picture[j] * back[a]) / len(x)
    return gradient


def escape_saddle(basis, covariance, angle):
    kept = [float(v @ covariance @ v) for v in basis.T]
    weakest = kept.index(min(kept))
    # Of all eigenvectors, those that are orthogonal to every column.
    values, vectors = np.linalg.eigh(covariance)
    candidates = [
        (value, vector.tolist())
        for value, vector in zip(values.tolist(), vectors.T, strict=True)
        if max(abs(vector @ column) for column in basis.T) < 0.5
    ]
    _, toward = max(candidates)
    result = basis.tolist()
    for row, entry in zip(result, toward, strict=True):
        row[weakest] = math.cos(angle) * row[weakest] + math.sin(angle) * entry
    return result
