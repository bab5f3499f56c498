"""keras.ops from end to end, and other formulas; the trained model starts as a PCA."""

import keras
import numpy as np
from keras import ops


def encoder_input(pictures, labels, known, n_classes):
    # keras.ops.one_hot returns zeros for a number that is no class.
    hot = ops.one_hot(np.where(known, labels.astype("int64"), n_classes), n_classes)
    return ops.concatenate([ops.reshape(pictures, (len(pictures), -1)), hot], axis=-1)


def class_prior_kl(mean, log_var, labels, class_means):
    from course_lib.losses import kl_standard_normal

    # Both Gaussians moved so that the prior of the class is the standard one.
    return kl_standard_normal(ops.subtract(mean, ops.take(class_means, labels, axis=0)), log_var)


def cvae_loss(x, label, eps, w_enc, b_enc, w_dec, b_dec):
    k = ops.shape(eps)[-1]
    code = ops.add(ops.matmul(ops.concatenate([x, label], axis=-1), w_enc), b_enc)
    mean, log_var = code[:, :k], code[:, k:]
    z = ops.add(mean, ops.multiply(ops.exp(0.5 * log_var), eps))
    logits = ops.add(ops.matmul(ops.concatenate([z, label], axis=-1), w_dec), b_dec)
    nll = ops.mean(ops.sum(ops.softplus(ops.subtract(1, 2 * x) * logits), axis=-1))
    return nll + ops.mean(ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=-1)) / 2


def on_demand(labels, class_means, eps, u, decode):
    rows = ops.concatenate(
        [
            ops.add(ops.take(class_means, labels, axis=0), eps),
            ops.one_hot(labels, len(class_means)),
        ],
        axis=1,
    )
    return ops.cast(ops.less(u, ops.sigmoid(decode(rows))), "int32")


def restyle(x, labels, n_classes, encode, decode):
    n = len(x)
    mean = encode(ops.concatenate([x, ops.one_hot(labels, n_classes)], axis=1))[0]
    # All n * c rows at once: each code c times, the labels over and over.
    codes = ops.repeat(mean, n_classes, axis=0)
    told = ops.tile(ops.eye(n_classes), (n, 1))
    pictures = ops.sigmoid(decode(ops.concatenate([codes, told], axis=1)))
    return ops.reshape(pictures, (n, n_classes, -1))


def report(requested, recognized, n_classes):
    asked, seen = ops.one_hot(requested, n_classes), ops.one_hot(recognized, n_classes)
    counts = ops.matmul(ops.transpose(asked), seen)
    table = ops.divide_no_nan(counts, ops.sum(counts, axis=1, keepdims=True))
    accuracy = ops.trace(counts) / len(requested)
    return table, accuracy, ops.sqrt((accuracy - accuracy**2) / len(requested))


def label_posterior(log_w, prior):
    log_joint = ops.logsumexp(log_w, axis=0) - np.float32(np.log(len(log_w))) + ops.log(prior)
    return ops.logsumexp(log_joint, axis=-1), ops.softmax(log_joint, axis=-1)


def completion_nll(pictures, logits, missing):
    from course_lib.inpainting import quadrant_mask

    mask = quadrant_mask(pictures.shape[1:], missing).astype("float32")
    costs = ops.binary_crossentropy(pictures, logits, from_logits=True)
    return ops.einsum("nhw,hw->n", costs, mask)


def neighbor_completion(visible, hidden, query, m):
    distance = ops.norm(ops.expand_dims(query, 1) - ops.expand_dims(visible, 0), axis=-1)
    _, nearest = ops.top_k(-distance, m)
    return (1 + m * ops.mean(ops.take(hidden, nearest, axis=0), axis=1)) / (m + 2)


def train_cvae(x, y, n_steps):
    import tensorflow as tf

    # What the model adds to the average picture of a class starts as a principal component
    # analysis of all that the classes leave open, and training refines it.
    k = 5
    average = np.stack([np.mean(x[y == c], axis=0) for c in range(10)])
    rest = x - average[y]
    components = np.linalg.svd(rest, full_matrices=False)[2][:k]
    spread = np.std(rest @ components.T, axis=0)
    into = 0.7 * components.T / spread
    encoder, decoder = keras.layers.Dense(2 * k), keras.layers.Dense(64)
    encoder.build((None, 74))
    decoder.build((None, k + 10))
    from_label = np.vstack([into, -average @ into])
    bias = np.repeat([0.0, -0.7], k)
    encoder.set_weights([np.hstack([from_label, np.zeros_like(from_label)]), bias])
    logits = np.log(average + 0.01) - np.log(1.01 - average)
    decoder.set_weights([np.vstack([3 * spread[:, None] * components, logits]), np.zeros(64)])
    weights = encoder.trainable_weights + decoder.trainable_weights
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)

    def encode(pictures, labels):
        return tf.split(encoder(tf.concat([pictures, tf.one_hot(labels, 10)], 1)), 2, axis=-1)

    def decode(z, labels):
        return decoder(tf.concat([z, tf.one_hot(labels, 10)], 1))

    rng = np.random.default_rng()
    for _ in range(n_steps):
        rows = rng.permutation(len(x))[:200]
        with tf.GradientTape() as tape:
            mean, log_var = encode(x[rows], y[rows])
            noise = tf.random.normal(tf.shape(mean))
            logits = decode(mean + tf.exp(log_var / 2) * noise, y[rows])
            nll = tf.nn.sigmoid_cross_entropy_with_logits(x[rows], logits)
            kl = tf.square(mean) + tf.exp(log_var) - log_var - 1
            loss = tf.reduce_sum(nll) / 200 + tf.reduce_sum(kl) / 400
        optimizer.apply(tape.gradient(loss, weights), weights)
    return encode, decode
