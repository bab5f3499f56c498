"""Keras' operations and TensorFlow's gradients; results are tensors."""

import math

import keras
from keras import ops


def nats_from_mse(mse, item_shape, sigma):
    x = ops.zeros((1, *item_shape))
    nats = mse / sigma**2 + ops.log(2 * math.pi * ops.square(sigma + x))
    return ops.sum(nats) / 2


def excess_cross_entropy(x, logits):
    x = ops.convert_to_tensor(x, dtype="float32")
    logits = ops.convert_to_tensor(logits, dtype="float32")
    nats = x * ops.softplus(-logits) + (1 - x) * ops.softplus(logits)
    inside = ops.clip(x, 1e-7, 1 - 1e-7)
    entropy = -x * ops.log(inside) - (1 - x) * ops.log(1 - inside)
    axes = tuple(range(1, len(x.shape)))
    return ops.mean(ops.sum(nats - entropy, axis=axes))


def preactivation_gradient(x, output, activation, loss):
    x, output = ops.convert_to_tensor(x), ops.convert_to_tensor(output)
    n = x.shape[0]
    if loss == "cross-entropy":
        return (output - x) / n
    slopes = {
        "linear": ops.ones_like(output),
        "relu": ops.cast(output > 0, output.dtype),
        "sigmoid": output * (1 - output),
        "tanh": 1 - ops.square(output),
    }
    return ops.multiply(2 / n * (output - x), slopes[activation])


def run_autoencoder(x, weights, code_layer):
    hidden = ops.reshape(x, (len(x), -1))
    n_layers = len(weights) // 2
    for i in range(n_layers):
        layer = keras.layers.Dense(
            weights[2 * i].shape[1],
            activation="relu" if i + 1 not in (code_layer, n_layers) else None,
        )
        layer.build(hidden.shape)
        layer.set_weights(weights[2 * i : 2 * i + 2])
        hidden = layer(hidden)
        if i + 1 == code_layer:
            code = hidden
    return code, ops.reshape(ops.sigmoid(hidden), x.shape)


def count_parameters(item_shape, filters, kernel, latent_dim):
    channels = [item_shape[2], *filters]
    encoder = decoder = 0
    for a, b in zip(channels[:-1], filters, strict=True):
        encoder += math.prod((kernel, kernel, a, b)) + b
        decoder += math.prod((kernel, kernel, b, a)) + a
    flat = math.prod(item_shape[:2]) // 4 ** len(filters) * channels[-1]
    return encoder + (flat + 1) * latent_dim, decoder + (latent_dim + 1) * flat


def gradients(x, w1, b1, w2, b2):
    import tensorflow as tf

    weights = [tf.Variable(w) for w in (w1, b1, w2, b2)]
    with tf.GradientTape() as tape:
        h = tf.tanh(x @ weights[0] + weights[1])
        error = h @ weights[2] + weights[3] - x
        loss = tf.reduce_mean(tf.reduce_sum(error**2, axis=1))
    return tape.gradient(loss, weights)


def train_autoencoder(x, latent_dim):
    import tensorflow as tf

    mean = x.mean(axis=0)
    scale = ((x - mean) ** 2).sum(axis=1).mean() ** 0.5
    z = tf.constant((x - mean) / scale)  # mean squared length 1
    random = keras.random.SeedGenerator(3)
    w1 = 0.3 * keras.random.normal((x.shape[1], latent_dim), seed=random)
    w2 = 0.3 * keras.random.normal((latent_dim, x.shape[1]), seed=random)
    v1 = v2 = 0.0
    for _ in range(60):
        with tf.GradientTape() as tape:
            tape.watch([w1, w2])
            loss = tf.nn.l2_loss(tf.tanh(z @ w1) @ w2 - z)
        g1, g2 = tape.gradient(loss, [w1, w2])
        v1, v2 = 0.85 * v1 - 0.3 / len(x) * g1, 0.85 * v2 - 0.3 / len(x) * g2
        w1, w2 = w1 + v1, w2 + v2
    return w1 / scale, -(mean / scale) @ w1.numpy(), w2 * scale, mean


def copying_decoder(a, c):
    inverse = ops.linalg.inv(ops.convert_to_tensor(a))
    return ops.concatenate([inverse, -inverse]), -ops.matmul(ops.reshape(c, (1, -1)), inverse)[0]


def memorize(x_train, x):
    flat, queries = (ops.reshape(a, (len(a), -1)) for a in (x_train, x))
    squares = ops.sum(ops.square(queries[:, None] - flat[None]), axis=2)
    codes = ops.argmin(squares, axis=1)
    return codes, ops.take(x_train, codes, axis=0)
