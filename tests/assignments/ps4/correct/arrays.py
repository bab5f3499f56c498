"""NumPy in float32, without loops, by other formulas; a network trained by hand."""

import numpy as np


def single(*arrays):
    return [np.asarray(a, dtype="float32") for a in arrays]


def decay_step(parameters, gradients, velocities, rate, momentum, decay, decoupled):
    strengths = [decay * (np.asarray(w).ndim > 1) for w in parameters]
    speeds = [
        momentum * v + g + (not decoupled) * 2 * s * w
        for w, g, v, s in zip(parameters, gradients, velocities, strengths, strict=True)
    ]
    shrunk = [
        w * (1 - decoupled * 2 * rate * s) for w, s in zip(parameters, strengths, strict=True)
    ]
    new = [w - rate * v for w, v in zip(shrunk, speeds, strict=True)]
    return tuple(a.astype("float32") for a in new), tuple(speeds)


def tied_gradient(x, w, b, c):
    x, w, b, c = single(x, w, b, c)
    h = 0.5 + 0.5 * np.tanh((x @ w + b) / 2)  # the same sigmoid
    e = h @ w.T + c - x
    into_code = np.einsum("mi,mj,pj,mp->ij", x, h - h * h, w, e)
    out_of_code = np.einsum("mi,mj->ij", e, h)
    return np.vdot(e, e) / len(x), 2 / np.float32(len(x)) * (into_code + out_of_code)


def sparsity_penalty(h, target):
    (h,) = single(h)
    p, q = np.array([target, 1 - target]), np.stack([h.mean(0), 1 - h.mean(0)])
    penalty = (p @ np.log(p)) * h.shape[1] - np.sum(p @ np.log(q))
    return penalty, np.broadcast_to((q[0] - target) / (q[0] * q[1] * len(h)), h.shape)


def elastic_code(a, l1, l2):
    # What is cut off at l1 / 2 is taken away.
    (a,) = single(a)
    return (a - np.clip(a, -l1 / 2, l1 / 2)) / (1 + l2)


def top_k_code(h, k):
    kept = np.argpartition(np.abs(h), -k, axis=1)[:, -k:]
    code = np.zeros_like(h)
    np.put_along_axis(code, kept, np.take_along_axis(h, kept, axis=1), axis=1)
    return code


def denoising_loss(restore, x, u, q):
    x, u = single(x, u)
    error = np.asarray(restore(x * (u >= q))) - x
    return np.einsum("ij,ij->i", error, error).mean()


def best_guess(noisy, points, prior, sigma):
    # Square out the norm; the part without the point cancels.
    exponent = (noisy @ points.T - np.sum(points**2, axis=1) / 2) / sigma**2 + np.log(prior)
    log_sum = np.logaddexp.reduce(exponent, axis=1, keepdims=True)
    return (np.exp(exponent - log_sum) @ points).astype("float32")


def quadrant_error(x, x_hat, quadrants):
    m, height, width = x.shape
    squares = ((x - x_hat) ** 2).reshape(m, 2, height // 2, 2, width // 2).sum(axis=(2, 4))
    return squares.reshape(m, 4)[np.arange(m), quadrants].mean()


import keras  # noqa: E402  in this task's cell


def contraction(x, w, b, noise):
    h = keras.activations.sigmoid(keras.ops.matmul(x, w) + b)
    moves = (h - h**2)[:, None, :] * w * keras.ops.expand_dims(noise, axis=1)
    return keras.ops.sum(moves**2, axis=(1, 2))


def deep_jacobian(x, w1, b1, w2, b2):
    x, w1, b1, w2, b2 = single(x, w1, b1, w2, b2)
    g = 1 / (1 + np.exp(-(x @ w1) - b1))
    return np.einsum(
        "mk,lk,ml,nl->mkn", np.cosh(g @ w2 + b2) ** -2, w2, g * (1 - g), w1, optimize=True
    )


def restore(clean, damaged, q, seed):
    """Train one hidden layer with Adam, on fresh damage in every step."""
    rng = np.random.default_rng(seed)
    n, n_hidden = clean.shape[1], 96
    clean, damaged = single(clean, damaged)
    weights = [
        rng.normal(size=(n, n_hidden)) / 8,
        np.zeros(n_hidden),
        rng.normal(size=(n_hidden, n)) / 20,
        clean.mean(axis=0),
    ]
    weights = single(*weights)
    first, second = [[np.zeros_like(w) for w in weights] for _ in range(2)]

    def run(x):
        h = np.maximum(x @ weights[0] + weights[1], 0)
        return h, h @ weights[2] + weights[3]

    for t in range(1, 151):
        x = clean[rng.integers(len(clean), size=64)]
        spoiled = x * (rng.random(x.shape) >= q)
        h, out = run(spoiled)
        e = 2 * (out - x) / len(x)
        back = (e @ weights[2].T) * (h > 0)
        gradients = [spoiled.T @ back, back.sum(0), h.T @ e, e.sum(0)]
        for i, g in enumerate(gradients):
            first[i] = 0.9 * first[i] + 0.1 * g
            second[i] = 0.99 * second[i] + 0.01 * g**2
            scale = np.sqrt(second[i] / (1 - 0.99**t)) + 1e-8
            weights[i] = weights[i] - 0.005 * first[i] / (1 - 0.9**t) / scale
    return run(damaged)[1]
