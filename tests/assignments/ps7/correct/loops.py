"""Plain Python loops and lists wherever no gradient is asked for; gradients by hand in task 10."""

import math

import numpy as np
import tensorflow as tf


def one_hot_list(label, n_classes):
    row = [0.0] * n_classes
    row[int(label)] = 1.0
    return row


def encoder_input(pictures, labels, known, n_classes):
    rows = []
    for picture, label, is_known in zip(pictures.tolist(), labels, known, strict=True):
        row = [pixel for line in picture for pixel in line]
        rows.append(row + (one_hot_list(label, n_classes) if is_known else [0.0] * n_classes))
    return rows


def class_prior_kl(mean, log_var, labels, class_means):
    costs = []
    for m, v, label in zip(mean.tolist(), log_var.tolist(), labels.tolist(), strict=True):
        total = 0.0
        for m_j, v_j, p_j in zip(m, v, class_means[label].tolist(), strict=True):
            total += ((m_j - p_j) ** 2 + math.exp(v_j) - v_j - 1) / 2
        costs.append(total)
    return costs


def cvae_loss(x, label, eps, w_enc, b_enc, w_dec, b_dec):
    # A label behind the input is a bias of its own: the last rows of the weights.
    d, k = x.shape[1], eps.shape[1]
    w_enc, w_dec = tf.convert_to_tensor(w_enc), tf.convert_to_tensor(w_dec)
    code = tf.matmul(x, w_enc[:d]) + tf.matmul(label, w_enc[d:]) + b_enc
    mean, log_var = code[:, :k], code[:, k:]
    z = mean + tf.sqrt(tf.exp(log_var)) * eps
    logits = tf.matmul(z, w_dec[:k]) + tf.matmul(label, w_dec[k:]) + b_dec
    total = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(x, logits))
    total += tf.reduce_sum(tf.square(mean) + tf.exp(log_var) - log_var - 1.0) / 2.0
    return total / len(x)


def on_demand(labels, class_means, eps, u, decode):
    pictures = []
    for label, noise, thresholds in zip(labels.tolist(), eps, u.tolist(), strict=True):
        z = [m + e for m, e in zip(class_means[label].tolist(), noise.tolist(), strict=True)]
        row = np.array([z + one_hot_list(label, len(class_means))], "float32")
        (logits,) = np.asarray(decode(row)).tolist()
        pictures.append(
            [int(t < 1 / (1 + math.exp(-f))) for t, f in zip(thresholds, logits, strict=True)]
        )
    return pictures


def restyle(x, labels, n_classes, encode, decode):
    result = []
    for picture, label in zip(x.tolist(), labels.tolist(), strict=True):
        seen = np.array([picture + one_hot_list(label, n_classes)], "float32")
        z = np.asarray(encode(seen)[0]).tolist()[0]
        told = [z + one_hot_list(other, n_classes) for other in range(n_classes)]
        logits = np.asarray(decode(np.array(told, "float32"))).tolist()
        result.append([[1 / (1 + math.exp(-f)) for f in row] for row in logits])
    return result


def report(requested, recognized, n_classes):
    pairs = list(zip(requested.tolist(), recognized.tolist(), strict=True))
    table = []
    for i in range(n_classes):
        mine = [seen for asked, seen in pairs if asked == i]
        table.append([mine.count(j) / len(mine) if mine else 0.0 for j in range(n_classes)])
    granted = [asked == seen for asked, seen in pairs]
    accuracy = sum(granted) / len(granted)
    squares = sum((g - accuracy) ** 2 for g in granted)
    return table, accuracy, math.sqrt(squares) / len(granted)


def label_posterior(log_w, prior):
    def log_sum(values):
        top = max(values)
        return top + math.log(sum(math.exp(v - top) for v in values))

    n_draws, n, n_labels = log_w.shape
    log_p, posterior = [], []
    for i in range(n):
        joint = [
            log_sum([w + math.log(prior[y] / n_draws) for w in log_w[:, i, y].tolist()])
            for y in range(n_labels)
        ]
        log_p.append(log_sum(joint))
        posterior.append([math.exp(value - log_p[-1]) for value in joint])
    return log_p, posterior


def completion_nll(pictures, logits, missing):
    _, height, width = pictures.shape
    costs = []
    for picture, logit in zip(pictures.tolist(), logits.tolist(), strict=True):
        total = 0.0
        for row in range(height):
            for column in range(width):
                if 2 * (2 * row >= height) + (2 * column >= width) in missing:
                    f = logit[row][column] if picture[row][column] else -logit[row][column]
                    total += math.log1p(math.exp(-f))
        costs.append(total)
    return costs


def neighbor_completion(visible, hidden, query, m):
    result = []
    for point in query.tolist():
        ranked = sorted(range(len(visible)), key=lambda i: math.dist(point, visible[i].tolist()))
        votes = [0.0] * hidden.shape[1]
        for i in ranked[:m]:
            votes = [v + h for v, h in zip(votes, hidden[i].tolist(), strict=True)]
        result.append([(v + 1) / (m + 2) for v in votes])
    return result


def train_cvae(x, y, n_steps):
    rng, k, batch, rate = np.random.default_rng(), 8, 200, 0.05
    one_hot = np.eye(10)
    weights = [
        rng.normal(0, 0.05, size=(74, 2 * k)),
        np.zeros(2 * k),
        rng.normal(0, 0.3, size=(k + 10, 64)),
        np.zeros(64),
    ]
    for c in range(10):  # the label's weights start at the average picture of the class
        share = (x[y == c].sum(axis=0) + 1) / (np.sum(y == c) + 2)
        weights[2][k + c] = np.log(share / (1 - share))
    first = [np.zeros_like(w) for w in weights]
    second = [np.zeros_like(w) for w in weights]
    for step in range(1, n_steps + 1):
        rows = rng.integers(len(x), size=batch)
        seen = np.hstack([x[rows], one_hot[y[rows]]])
        code = seen @ weights[0] + weights[1]
        mean, log_var = code[:, :k], code[:, k:]
        noise = rng.normal(size=mean.shape) * np.exp(log_var / 2)
        told = np.hstack([mean + noise, one_hot[y[rows]]])
        error = (1 / (1 + np.exp(-told @ weights[2] - weights[3])) - x[rows]) / batch
        back = error @ weights[2][:k].T
        slope = np.hstack(
            [back + mean / batch, back * noise / 2 + (np.exp(log_var) - 1) / (2 * batch)]
        )
        slopes = [seen.T @ slope, slope.sum(axis=0), told.T @ error, error.sum(axis=0)]
        for w, g, a, b in zip(weights, slopes, first, second, strict=True):  # Adam
            a += 0.1 * (g - a)
            b += 0.001 * (g * g - b)
            w -= rate * a / (1 - 0.9**step) / (np.sqrt(b / (1 - 0.999**step)) + 1e-8)

    def encode(pictures, labels):
        code = np.hstack([pictures, one_hot[labels]]) @ weights[0] + weights[1]
        return code[:, :k], code[:, k:]

    def decode(z, labels):
        return np.hstack([z, one_hot[labels]]) @ weights[2] + weights[3]

    return encode, decode
