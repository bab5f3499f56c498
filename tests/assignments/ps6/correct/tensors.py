"""keras.ops from end to end, and other formulas; the VAE starts as a PCA."""

import keras
import numpy as np
from keras import ops


def draw(mean, raw, eps):
    # log(exp(r) + exp(0)), with the mean of each draw last
    sd = ops.logaddexp(raw, ops.zeros_like(raw))
    return ops.expand_dims(mean, 0) + ops.einsum("nk,snk->snk", sd, eps)


def kl_parts(mean, log_var, prior_mean, prior_sd):
    # The whole divergence, with the mean and with the prior's mean in its place.
    def kl(m):
        ratio = ops.exp(log_var) / prior_sd**2
        square = ops.square(ops.subtract(m, prior_mean) / prior_sd)
        return ops.sum(ratio + square - 1 - ops.log(ratio), axis=-1) / 2

    width = kl(ops.ones_like(mean) * prior_mean)
    return ops.stack([kl(mean) - width, width], axis=-1)


def gray_nll(levels, logits):
    from scipy.special import gammaln

    n = len(levels)
    levels, logits = np.reshape(levels, (n, -1)), np.reshape(logits, (n, -1))
    ways = gammaln(17) - gammaln(levels + 1) - gammaln(17 - levels)
    # 16 dots, each of them a cross-entropy with the share of black ones
    crosses = ops.binary_crossentropy(levels / 16, logits, from_logits=True)
    return ops.sum(16 * crosses - ways.astype("float32"), axis=1)


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    s, n, k = ops.shape(eps)
    code = ops.matmul(x, w_enc) + b_enc
    mean, log_var = code[:, :k], code[:, k:]
    z = ops.reshape(mean + ops.exp(0.5 * log_var) * eps, (s * n, k))
    logits = ops.matmul(z, w_dec) + b_dec
    many = ops.tile(x, (s, 1))
    # +f where the pixel is 0 and -f where it is 1: one softplus for both
    nll = ops.sum(ops.softplus((1 - 2 * many) * logits), axis=-1)
    kl = ops.sum(ops.square(mean) - log_var + ops.exp(log_var), axis=-1) / 2 - k / 2
    return ops.mean(ops.mean(ops.reshape(nll, (s, n)), axis=0) + beta * kl)


def sampled_elbo(x, mean, log_var, eps, decode):
    s, n, k = ops.shape(eps)
    z = ops.add(mean, ops.exp(ops.divide(log_var, 2)) * eps)
    logits = ops.reshape(decode(ops.reshape(z, (-1, k))), (s, n, x.shape[1]))
    log_p_x = ops.sum(ops.log_sigmoid(logits) * x + ops.log_sigmoid(-logits) * (1 - x), axis=-1)
    log_ratio = ops.square(z) - ops.square(z - mean) / ops.exp(log_var) - log_var
    return log_p_x - ops.sum(log_ratio, axis=-1) / 2


def importance_bound(log_w, group):
    s, n = log_w.shape
    parts = ops.reshape(log_w, (s // group, group, n))
    return ops.mean(ops.logsumexp(parts, axis=1) - np.float32(np.log(group)), axis=0)


def train_vae(x, n_steps):
    import tensorflow as tf

    # The layers start as a principal component analysis, and training refines it.
    k = 5
    average = np.mean(x, axis=0)
    components = np.linalg.svd(x - average, full_matrices=False)[2][:k]
    spread = np.std((x - average) @ components.T, axis=0)
    encoder, decoder = keras.layers.Dense(2 * k), keras.layers.Dense(64)
    encoder.build((None, 64))
    decoder.build((None, k))
    into = 0.8 * components.T / spread
    bias = np.concatenate([-average @ into, np.full(k, -1.0)])
    encoder.set_weights([np.hstack([into, np.zeros_like(into)]), bias])
    logits = np.log(average + 0.01) - np.log(1.01 - average)
    decoder.set_weights([3 * spread[:, None] * components, logits])
    weights = encoder.trainable_weights + decoder.trainable_weights
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    for _ in range(n_steps):
        some = ops.convert_to_tensor(x[np.random.default_rng().permutation(len(x))[:200]])
        with tf.GradientTape() as tape:
            mean, log_var = tf.split(encoder(some), 2, axis=-1)
            logits = decoder(mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean)))
            nll = tf.nn.sigmoid_cross_entropy_with_logits(some, logits)
            kl = tf.square(mean) + tf.exp(log_var) - log_var - 1
            loss = tf.reduce_sum(nll) / 200 + tf.reduce_sum(kl) / 400
        optimizer.apply(tape.gradient(loss, weights), weights)
    return (lambda pictures: tf.split(encoder(pictures), 2, axis=-1)), decoder.__call__


def turn(a, b, angle):
    # An orthonormal basis of the plane, by a QR decomposition.
    q, r = np.linalg.qr(np.stack([a, b], axis=1))
    if abs(r[1, 1]) < 1e-6 * np.linalg.norm(b):
        return ops.convert_to_tensor(a)
    across = q[:, 1] * np.sign(r[1, 1])
    return ops.cos(angle) * a + ops.sin(angle) * np.linalg.norm(a) * across


def attribute_direction(codes, has, group):
    # Weights that add up a difference of means in each group: one matrix product.
    same = (group[:, None] == np.unique(group)).astype("float32")  # (n, n_groups)
    yes, no = same * has[:, None], same * ~has[:, None]
    usable = yes.any(axis=0) & no.any(axis=0)
    plus, minus = (part[:, usable] / part[:, usable].sum(axis=0) for part in (yes, no))
    return ops.mean(ops.matmul((plus - minus).T, codes), axis=0)
