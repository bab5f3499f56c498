"""NumPy in float32 where there is no gradient, TensorFlow where there is; library functions."""

import keras
import numpy as np
import scipy.special
import scipy.stats
import tensorflow as tf


def draw(mean, raw, eps):
    return tf.convert_to_tensor(mean)[None] + eps * keras.activations.softplus(raw)[None]


def kl_parts(mean, log_var, prior_mean, prior_sd):
    mean, log_var, prior_mean = (np.float32(v) for v in (mean, log_var, prior_mean))
    var, prior_var = np.exp(log_var), np.float32(prior_sd**2)
    each = np.array(
        [
            (mean - prior_mean) ** 2 / prior_var,
            np.log(prior_var) - log_var + var / prior_var - 1,
        ]
    )
    return (0.5 * each.sum(axis=-1)).T


def gray_nll(levels, logits):
    # Symmetry turns every pixel so that pi is at most 1/2: then its logarithm is exact.
    turned = np.where(logits > 0, 16 - levels, levels)
    pi = scipy.special.expit(-np.abs(logits.astype("float64")))
    return -scipy.stats.binom.logpmf(turned, 16, pi).sum(axis=(-2, -1))


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    s = len(eps)
    mean, log_var = tf.split(x @ tf.convert_to_tensor(w_enc) + b_enc, 2, axis=-1)
    z = mean + tf.exp(log_var / 2) * eps
    logits = tf.einsum("snk,kd->snd", z, w_dec) + b_dec
    log_p = x * tf.math.log_sigmoid(logits) + (1 - x) * tf.math.log_sigmoid(-logits)
    kl = (mean * mean + tf.math.expm1(log_var) - log_var) / 2
    loss = -tf.reduce_sum(log_p) / s + beta * tf.reduce_sum(kl)
    return loss / len(x)


def sampled_elbo(x, mean, log_var, eps, decode):
    sd = np.exp(log_var) ** np.float32(0.5)
    values = []
    for noise in eps:
        z = mean + sd * noise
        pi = scipy.special.expit(np.asarray(decode(z)))
        log_p = scipy.stats.bernoulli.logpmf(x, pi).sum(axis=1)
        log_p += scipy.stats.norm.logpdf(z).sum(axis=1)
        values.append(log_p - scipy.stats.norm.logpdf(z, mean, sd).sum(axis=1))
    return np.array(values, dtype="float32")


def importance_bound(log_w, group):
    groups = np.split(log_w, len(log_w) // group)
    return np.mean([scipy.special.logsumexp(g, axis=0, b=1 / group) for g in groups], axis=0)


def train_vae(x, n_steps):
    # Weights as plain tensors, and Adam in three lines.
    k = 6
    share = tf.clip_by_value(tf.reduce_mean(x, axis=0), 0.02, 0.98)
    weights = [
        tf.random.normal((64, 2 * k), stddev=0.05),
        tf.zeros(2 * k),
        tf.random.normal((k, 64), stddev=0.3),
        tf.math.log(share / (1 - share)),
    ]
    first, second = ([tf.zeros_like(w) for w in weights] for _ in range(2))
    for step in range(1, n_steps + 1):
        some = x[np.random.default_rng().integers(len(x), size=250)]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            code = some @ weights[0] + weights[1]
            mean, log_var = code[:, :k], code[:, k:]
            noise = tf.random.normal(mean.shape)
            logits = (mean + tf.exp(log_var / 2) * noise) @ weights[2] + weights[3]
            nll = tf.nn.sigmoid_cross_entropy_with_logits(some, logits)
            kl = (mean**2 + tf.exp(log_var) - log_var - 1) / 2
            loss = (tf.reduce_sum(nll) + tf.reduce_sum(kl)) / len(some)
        slopes = tape.gradient(loss, weights)
        first = [0.9 * m + 0.1 * g for m, g in zip(first, slopes, strict=True)]
        second = [0.99 * v + 0.01 * g**2 for v, g in zip(second, slopes, strict=True)]
        rate = 0.05 * (1 - 0.99**step) ** 0.5 / (1 - 0.9**step)
        weights = [
            w - rate * m / (tf.sqrt(v) + 1e-7)
            for w, m, v in zip(weights, first, second, strict=True)
        ]

    def encode(pictures):
        code = np.asarray(pictures) @ weights[0].numpy() + weights[1].numpy()
        return code[:, :k].tolist(), code[:, k:].tolist()

    return encode, lambda z: (tf.cast(z, "float32") @ weights[2] + weights[3]).numpy()


def turn(a, b, angle):
    # a and b span a plane of complex numbers, in which a turn is a multiplication.
    across = b - a * np.dot(a, b) / np.dot(a, a)
    size = np.sqrt(np.dot(across, across))
    if size < 1e-6 * np.sqrt(np.dot(b, b)):
        return a.copy()
    turned = np.sqrt(np.dot(a, a)) * np.exp(1j * angle)
    return turned.real * a / np.sqrt(np.dot(a, a)) + turned.imag * across / size


def attribute_direction(codes, has, group):
    has = has.astype(bool)
    both = np.intersect1d(group[has], group[~has])
    means = {
        flag: np.array([codes[(group == g) & (has == flag)].mean(axis=0) for g in both])
        for flag in (True, False)
    }
    return (means[True] - means[False]).mean(axis=0)
