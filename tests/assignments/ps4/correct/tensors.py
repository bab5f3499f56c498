"""Tensors throughout: TensorFlow differentiates, keras.ops computes."""

import tensorflow as tf
from keras import ops


def as_tensor(a):
    return tf.convert_to_tensor(a, dtype="float32")


def decay_step(parameters, gradients, velocities, rate, momentum, decay, decoupled):
    new, speeds = [], []
    for w, g, v in zip(parameters, gradients, velocities, strict=True):
        w, g, v = as_tensor(w), as_tensor(g), as_tensor(v)
        pull = tf.zeros_like(w)
        if len(w.shape) == 2:
            with tf.GradientTape() as tape:
                tape.watch(w)
                price = decay * tf.reduce_sum(w**2)
            pull = tape.gradient(price, w)
        v = momentum * v + g
        if decoupled:
            new.append(w - rate * (v + pull))
        else:
            v = v + pull
            new.append(w - rate * v)
        speeds.append(v)
    return new, speeds


def tied_gradient(x, w, b, c):
    x, w, b, c = as_tensor(x), as_tensor(w), as_tensor(b), as_tensor(c)
    with tf.GradientTape() as tape:
        tape.watch(w)
        h = tf.sigmoid(tf.matmul(x, w) + b)
        x_hat = tf.matmul(h, w, transpose_b=True) + c
        loss = tf.reduce_mean(tf.reduce_sum(tf.square(x_hat - x), axis=-1))
    return loss, tape.gradient(loss, w)


def sparsity_penalty(h, target):
    h = as_tensor(h)
    with tf.GradientTape() as tape:
        tape.watch(h)
        mean = tf.reduce_mean(h, axis=0)
        on = target * (tf.math.log(target) - tf.math.log(mean))
        off = (1 - target) * (tf.math.log(1 - target) - tf.math.log(1 - mean))
        penalty = tf.reduce_sum(on + off)
    return penalty, tape.gradient(penalty, h)


def elastic_code(a, l1, l2):
    a = as_tensor(a)
    # Two rectified units do the work of a signed one.
    return (ops.relu(a - l1 / 2) - ops.relu(-a - l1 / 2)) / (1 + l2)


def top_k_code(h, k):
    h = as_tensor(h)
    _, places = ops.top_k(ops.abs(h), k)
    return h * ops.sum(ops.one_hot(places, h.shape[1]), axis=1)


def denoising_loss(restore, x, u, q):
    x, u = as_tensor(x), as_tensor(u)
    damaged = tf.where(u < q, tf.zeros_like(x), x)
    restored = as_tensor(restore(damaged))
    return tf.reduce_mean(tf.reduce_sum(tf.math.squared_difference(restored, x), axis=1))


def best_guess(noisy, points, prior, sigma):
    noisy, points = as_tensor(noisy), as_tensor(points)
    squares = ops.sum((noisy[:, None] - points[None]) ** 2, axis=-1)
    weights = ops.softmax(ops.log(as_tensor(prior)) - squares / (2 * sigma**2), axis=-1)
    return ops.matmul(weights, points)


def quadrant_error(x, x_hat, quadrants):
    squares = ops.square(as_tensor(x) - as_tensor(x_hat))
    halves = [half for rows in ops.split(squares, 2, axis=1) for half in ops.split(rows, 2, axis=2)]
    sums = ops.stack([ops.sum(half, axis=(1, 2)) for half in halves], axis=1)
    return ops.mean(ops.sum(sums * ops.one_hot(quadrants, 4), axis=1))


def contraction(x, w, b, noise):
    x, w = ops.convert_to_tensor(x), ops.convert_to_tensor(w)
    h = ops.sigmoid(ops.add(ops.matmul(x, w), b))
    lengths = ops.matmul(ops.square(noise)[None], w * w)
    return ops.matmul(ops.square(h * (1 - h)), ops.transpose(lengths))[:, 0]


def deep_jacobian(x, w1, b1, w2, b2):
    x, w1, b1, w2, b2 = (as_tensor(a) for a in (x, w1, b1, w2, b2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        units = tf.unstack(tf.tanh(tf.sigmoid(x @ w1 + b1) @ w2 + b2), axis=1)
    return tf.stack([tape.gradient(unit, x) for unit in units], axis=1)


def restore(clean, damaged, q, seed):
    """Fit a linear map by gradient steps with momentum, on 200 freshly damaged pictures each."""
    tf.random.set_seed(seed)
    clean, damaged = as_tensor(clean), as_tensor(damaged)
    center = tf.reduce_mean(clean, axis=0)
    middle = (1 - q) * center
    w, v = tf.zeros([clean.shape[1]] * 2), 0.0
    for step in range(60):
        x = clean[200 * (step % 5) : 200 * (step % 5 + 1)]
        spoiled = tf.where(tf.random.uniform(x.shape) < q, 0.0, x) - middle
        error = tf.matmul(spoiled, w) - (x - center)
        v = 0.9 * v + tf.matmul(spoiled, error, transpose_a=True) / 200
        w = w - 0.15 * v
    return tf.matmul(damaged - middle, w) + center
