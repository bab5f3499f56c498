"""Plain Python: lists, loops, one number at a time; the training is the exception."""

import math

import numpy as np


def nats_from_mse(mse, item_shape, sigma):
    n_pixels = 1
    for size in item_shape:
        n_pixels *= size
    nats = n_pixels * math.log(sigma) + n_pixels / 2 * math.log(2 * math.pi)
    return nats + n_pixels * mse / (2 * sigma * sigma)


def excess_cross_entropy(x, logits):
    def pixel(p, logit):
        # -log(sigmoid(l)) and -log(1 - sigmoid(l)), each safe for large l of either sign.
        tail = math.log1p(math.exp(-abs(logit)))
        ones, zeros = max(-logit, 0) + tail, max(logit, 0) + tail
        nats = p * ones + (1 - p) * zeros
        if 0 < p < 1:
            nats += p * math.log(p) + (1 - p) * math.log(1 - p)
        return nats

    pixels = zip(x.flatten().tolist(), logits.flatten().tolist(), strict=True)
    return math.fsum(pixel(p, logit) for p, logit in pixels) / x.shape[0]


def preactivation_gradient(x, output, activation, loss):
    rows = []
    for targets, outputs in zip(x.tolist(), output.tolist(), strict=True):
        row = []
        for t, y in zip(targets, outputs, strict=True):
            if loss == "cross-entropy":
                row.append((y - t) / len(x))
                continue
            d = 2 * (y - t) / len(x)
            if activation == "relu":
                d = d if y > 0 else 0.0
            elif activation == "sigmoid":
                d *= y - y * y
            elif activation == "tanh":
                d *= (1 - y) * (1 + y)
            row.append(d)
        rows.append(row)
    return rows


def dense(row, w, b):
    return [
        sum(v * w_row[j] for v, w_row in zip(row, w, strict=True)) + b[j] for j in range(len(b))
    ]


def run_autoencoder(x, weights, code_layer):
    codes, copies = [], []
    for picture in x:
        row = picture.flatten().tolist()
        layers = list(zip(weights[0::2], weights[1::2], strict=True))
        for w, b in layers[:code_layer]:
            row = dense(row, w.tolist(), b.tolist())
            before, row = row, [max(v, 0.0) for v in row]
        codes.append(before)
        row = before
        for w, b in layers[code_layer:]:
            row = dense(row, w.tolist(), b.tolist())
            logits, row = row, [max(v, 0.0) for v in row]
        copies.append([1 / (1 + math.exp(-v)) for v in logits])
    return codes, [
        np.reshape(copy, picture.shape).tolist() for copy, picture in zip(copies, x, strict=True)
    ]


def count_parameters(item_shape, filters, kernel, latent_dim):
    height, width, channels = item_shape
    encoder = decoder = 0
    for n_filters in filters:
        encoder += kernel * kernel * channels * n_filters + n_filters
        decoder += kernel * kernel * n_filters * channels + channels
        height, width, channels = height // 2, width // 2, n_filters
    flat = height * width * channels
    return [encoder + flat * latent_dim + latent_dim, decoder + latent_dim * flat + flat]


def gradients(x, w1, b1, w2, b2):
    m, n, k = len(x), len(b2), len(b1)
    g_w1 = [[0.0] * k for _ in range(n)]
    g_b1 = [0.0] * k
    g_w2 = [[0.0] * n for _ in range(k)]
    g_b2 = [0.0] * n
    for row in x.tolist():
        h = [math.tanh(v) for v in dense(row, w1.tolist(), b1.tolist())]
        copy = dense(h, w2.tolist(), b2.tolist())
        for j in range(n):
            d = 2 * (copy[j] - row[j]) / m
            g_b2[j] += d
            for i in range(k):
                g_w2[i][j] += d * h[i]
                through = d * float(w2[i, j]) * (1 - h[i] ** 2)
                g_b1[i] += through
                for source in range(n):
                    g_w1[source][i] += through * row[source]
    return [g_w1, g_b1, g_w2, g_b2]


def train_autoencoder(x, latent_dim):
    # No gradient at all: principal components, and a tanh used where it is straight.
    mean = x.mean(axis=0)
    directions = np.linalg.svd(x - mean, full_matrices=False)[2][:latent_dim]
    small = 0.01
    return small * directions.T, -small * directions @ mean, directions / small, mean


def copying_decoder(a, c):
    n = len(c)
    inverse = np.linalg.inv(a).tolist()
    w = [list(row) for row in inverse] + [[-v for v in row] for row in inverse]
    b = [-sum(float(c[i]) * inverse[i][j] for i in range(n)) for j in range(n)]
    return w, b


def memorize(x_train, x):
    codes, copies = [], []
    for picture in x:
        best, nearest = math.inf, None
        for number, known in enumerate(x_train):
            distance = float(((known - picture) ** 2).sum())
            if distance < best:
                best, nearest = distance, number
        codes.append(nearest)
        copies.append(x_train[nearest])
    return codes, copies
