"""NumPy in float32 where there is no gradient, TensorFlow where there is; library functions."""

import numpy as np
import scipy.special
import scipy.stats
import sklearn.metrics
import sklearn.neighbors
import tensorflow as tf


def encoder_input(pictures, labels, known, n_classes):
    result = np.zeros((len(pictures), pictures[0].size + n_classes))
    result[:, :-n_classes] = pictures.reshape(len(pictures), -1)
    (rows,) = np.nonzero(known)
    result[rows, pictures[0].size + labels[rows].astype("int64")] = 1
    return result


def class_prior_kl(mean, log_var, labels, class_means):
    result = np.empty(len(mean), "float32")
    for label in np.unique(labels):
        rows = labels == label
        square = (mean[rows] - class_means[label]) ** 2 + np.exp(log_var[rows])
        result[rows] = 0.5 * (square.sum(axis=1) - log_var[rows].sum(axis=1) - mean.shape[1])
    return result


def cvae_loss(x, label, eps, w_enc, b_enc, w_dec, b_dec):
    mean, log_var = tf.split(tf.concat([x, label], 1) @ w_enc + b_enc, 2, axis=1)
    z = mean + tf.exp(log_var / 2) * eps
    logits = tf.concat([z, label], 1) @ w_dec + b_dec
    log_p = x * tf.math.log_sigmoid(logits) + (1 - x) * tf.math.log_sigmoid(-logits)
    kl = (mean * mean + tf.math.expm1(log_var) - log_var) / 2
    return tf.reduce_mean(tf.reduce_sum(kl, 1) - tf.reduce_sum(log_p, 1))


def on_demand(labels, class_means, eps, u, decode):
    # u < sigmoid(f) says the same as log(u / (1 - u)) < f.
    z = np.take(class_means, labels, axis=0) + eps
    hot = (labels[:, None] == range(len(class_means))).astype("float32")
    thresholds = scipy.special.logit(u.astype("float64"))
    return thresholds < np.asarray(decode(np.hstack([z, hot])))


def restyle(x, labels, n_classes, encode, decode):
    hot = np.eye(n_classes, dtype="float32")
    mean, _ = encode(np.hstack([x, hot[labels]]))
    n, k = np.shape(mean)
    rows = np.zeros((n, n_classes, k + n_classes), "float32")
    rows[:, :, :k] = np.asarray(mean)[:, None]
    rows[:, :, k:] = hot
    logits = np.asarray(decode(rows.reshape(n * n_classes, -1)))
    return scipy.special.expit(logits.reshape(n, n_classes, -1))


def report(requested, recognized, n_classes):
    names = np.arange(n_classes)
    table = sklearn.metrics.confusion_matrix(requested, recognized, labels=names, normalize="true")
    granted = requested == recognized
    return [table, granted.mean(), granted.std() / len(granted) ** 0.5]


def label_posterior(log_w, prior):
    log_w = log_w.astype("float64")
    weights = np.broadcast_to(prior / len(log_w), log_w.shape)
    log_p = scipy.special.logsumexp(log_w, axis=(0, 2), b=weights)
    share = np.exp(log_w - log_p[:, None]) * weights
    return log_p, share.sum(axis=0)


def completion_nll(pictures, logits, missing):
    signed = np.where(pictures == 1, logits, -logits).astype("float64")
    costs = -scipy.special.log_expit(signed)
    halves = [np.split(half, 2, axis=2) for half in np.split(costs, 2, axis=1)]
    return sum(halves[q // 2][q % 2].sum(axis=(1, 2)) for q in missing)


def neighbor_completion(visible, hidden, query, m):
    finder = sklearn.neighbors.KNeighborsRegressor(m, algorithm="brute").fit(visible, hidden)
    return scipy.stats.beta.mean(
        *[1 + m * votes for votes in (finder.predict(query), 1 - finder.predict(query))]
    )


def train_cvae(x, y, n_steps):
    # Weights as plain tensors, and Adam in three lines. A label is one of ten biases of the
    # decoder, which start at the logits of the class's average picture.
    k, one_hot = 8, np.eye(10, dtype="float32")
    counts = one_hot[y].sum(axis=0)[:, None]
    share = (one_hot[y].T @ x + 1) / (counts + 2)
    weights = [
        tf.random.normal((74, 2 * k), stddev=0.05),
        tf.zeros(2 * k),
        tf.random.normal((k, 64), stddev=0.3),
        tf.constant(np.log(share / (1 - share))),
    ]
    first, second = ([tf.zeros_like(w) for w in weights] for _ in range(2))
    rng = np.random.default_rng()
    for step in range(1, n_steps + 1):
        rows = rng.integers(len(x), size=250)
        some, hot = x[rows], one_hot[y[rows]]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            code = tf.concat([some, hot], 1) @ weights[0] + weights[1]
            mean, log_var = code[:, :k], code[:, k:]
            noise = tf.random.normal(mean.shape)
            logits = (mean + tf.exp(log_var / 2) * noise) @ weights[2] + hot @ weights[3]
            nll = tf.nn.sigmoid_cross_entropy_with_logits(some, logits)
            kl = (mean**2 + tf.exp(log_var) - log_var - 1) / 2
            loss = (tf.reduce_sum(nll) + tf.reduce_sum(kl)) / len(rows)
        slopes = tape.gradient(loss, weights)
        first = [0.9 * m + 0.1 * g for m, g in zip(first, slopes, strict=True)]
        second = [0.99 * v + 0.01 * g**2 for v, g in zip(second, slopes, strict=True)]
        rate = 0.05 * (1 - 0.99**step) ** 0.5 / (1 - 0.9**step)
        weights = [
            w - rate * m / (tf.sqrt(v) + 1e-7)
            for w, m, v in zip(weights, first, second, strict=True)
        ]

    def encode(pictures, labels):
        code = np.hstack([pictures, np.eye(10)[labels]]) @ weights[0].numpy() + weights[1].numpy()
        return code[:, :k].tolist(), code[:, k:].tolist()

    def decode(z, labels):
        return np.asarray(z) @ weights[2].numpy() + weights[3].numpy()[labels]

    return encode, decode
