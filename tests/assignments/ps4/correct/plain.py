"""Plain Python loops over lists; restores pictures from the clean ones that fit the damage."""

import math


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


def decay_step(parameters, gradients, velocities, rate, momentum, decay, decoupled):
    def step(w, g, v, strength):
        pull = 2 * strength * w
        v = momentum * v + g + (0 if decoupled else pull)
        return w - rate * v - (rate * pull if decoupled else 0), v

    new, speeds = [], []
    for w, g, v in zip(parameters, gradients, velocities, strict=True):
        if len(w.shape) == 1:
            pairs = [step(*numbers, 0) for numbers in zip(w, g, v, strict=True)]
            new.append([a for a, _ in pairs])
            speeds.append([b for _, b in pairs])
        else:
            rows = [
                [step(*numbers, decay) for numbers in zip(*row, strict=True)]
                for row in zip(w, g, v, strict=True)
            ]
            new.append([[a for a, _ in row] for row in rows])
            speeds.append([[b for _, b in row] for row in rows])
    return new, speeds


def tied_gradient(x, w, b, c):
    x, w, b, c = x.tolist(), w.tolist(), b.tolist(), c.tolist()
    loss, gradient = 0, [[0] * len(b) for _ in c]
    for picture in x:
        h = [sigmoid(sum(p * w[i][j] for i, p in enumerate(picture)) + b[j]) for j in range(len(b))]
        e = [sum(w[i][j] * h[j] for j in range(len(b))) + c[i] - picture[i] for i in range(len(c))]
        loss += sum(v * v for v in e) / len(x)
        for j in range(len(b)):
            back = sum(2 * e[i] * w[i][j] for i in range(len(c))) * h[j] * (1 - h[j])
            for i in range(len(c)):
                gradient[i][j] += (back * picture[i] + 2 * e[i] * h[j]) / len(x)
    return loss, gradient


def sparsity_penalty(h, target):
    m, k = h.shape
    penalty, slopes = 0, []
    for j in range(k):
        on = sum(h[i, j] for i in range(m)) / m
        penalty += target * math.log(target / on)
        penalty += (1 - target) * math.log((1 - target) / (1 - on))
        # The two fractions on one denominator.
        slopes.append((on - target) / (on * (1 - on)) / m)
    return penalty, [slopes for _ in range(m)]


def elastic_code(a, l1, l2):
    def best(value):
        if value > l1 / 2:
            return (value - l1 / 2) / (1 + l2)
        if value < -l1 / 2:
            return (value + l1 / 2) / (1 + l2)
        return 0

    if a.ndim == 1:
        return [best(value) for value in a]
    return [elastic_code(row, l1, l2) for row in a]


def top_k_code(h, k):
    rows = []
    for row in h.tolist():
        kept = sorted(range(len(row)), key=lambda j, row=row: -abs(row[j]))[:k]
        rows.append([value if j in kept else 0 for j, value in enumerate(row)])
    return rows


def denoising_loss(restore, x, u, q):
    damaged = x.copy()
    total = 0
    for i in range(len(x)):
        for j in range(len(x[i])):
            if u[i, j] < q:
                damaged[i, j] = 0
    restored = restore(damaged)
    for clean, other in zip(x, restored, strict=True):
        total += sum((a - b) ** 2 for a, b in zip(clean, other, strict=True))
    return total / len(x)


def best_guess(noisy, points, prior, sigma):
    guesses = []
    for x in noisy:
        logs = [
            math.log(p) - sum((a - b) ** 2 for a, b in zip(x, point, strict=True)) / 2 / sigma**2
            for p, point in zip(prior, points, strict=True)
        ]
        odds = [math.exp(value - max(logs)) for value in logs]
        guesses.append(
            [
                sum(o * p for o, p in zip(odds, pixel, strict=True)) / sum(odds)
                for pixel in zip(*points, strict=True)
            ]
        )
    return guesses


def quadrant_error(x, x_hat, quadrants):
    m, height, width = x.shape
    total = 0
    for i in range(m):
        top = height // 2 if quadrants[i] > 1 else 0
        left = width // 2 if quadrants[i] % 2 else 0
        for row in range(top, top + height // 2):
            for column in range(left, left + width // 2):
                total += (x[i, row, column] - x_hat[i, row, column]) ** 2
    return total / m


import tensorflow as tf  # noqa: E402  in this task's cell


def contraction(x, w, b, noise):
    x, w, b = (tf.convert_to_tensor(a) for a in (x, w, b))
    total = 0.0
    for j in range(w.shape[1]):
        h = 1 / (1 + tf.exp(-tf.linalg.matvec(x, w[:, j]) - b[j]))
        for i in range(w.shape[0]):
            total += (h * (1 - h) * w[i, j] * noise[i]) ** 2
    return total


def deep_jacobian(x, w1, b1, w2, b2):
    batch = []
    for row in x:
        g = [sigmoid(sum(row * w1[:, j]) + b1[j]) for j in range(len(b1))]
        h = [math.tanh(sum(g * w2[:, j]) + b2[j]) for j in range(len(b2))]
        batch.append(
            [
                [
                    (1 - h[j] ** 2)
                    * sum(w2[r, j] * g[r] * (1 - g[r]) * w1[i, r] for r in range(len(g)))
                    for i in range(len(row))
                ]
                for j in range(len(h))
            ]
        )
    return batch


import numpy as np  # noqa: E402  loops alone would take a minute here


def restore(clean, damaged, q, seed):
    """Weigh the clean pictures by how well they explain each damaged one."""
    seen = (damaged > 0).astype("float64")
    # A pixel that is seen should agree; one that is not may be erased, or white.
    squares = seen @ (clean**2).T - 2 * damaged @ clean.T
    unseen = (1 - seen) @ np.log(q + (1 - q) * np.exp(-8 * clean**2)).T
    exponent = unseen - squares / (2 * 0.25**2)
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    guess = weights @ clean / weights.sum(axis=1, keepdims=True)
    return np.where(seen > 0, damaged, guess)
