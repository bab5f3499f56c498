"""Keras' operations and TensorFlow's linear algebra; results are tensors."""

import keras
from keras import ops


def weighted_pca(x, weights, k):
    x = ops.convert_to_tensor(x, dtype="float32")
    shares = ops.convert_to_tensor(weights / weights.sum(), dtype="float32")[:, None]
    mean = ops.sum(shares * x, axis=0)
    covariance = ops.transpose(x - mean) @ (shares * (x - mean))
    values, vectors = ops.linalg.eigh(covariance)
    return mean, ops.flip(ops.transpose(vectors), axis=0)[:k], ops.flip(values, axis=0)[:k]


def smallest_code(eigenvalues, error):
    falling = ops.flip(ops.sort(eigenvalues), axis=0)
    for k in range(len(eigenvalues) + 1):
        if ops.sum(falling[k:]) <= error:
            return k


def pooled_covariance(m_a, mean_a, cov_a, m_b, mean_b, cov_b):
    share = m_a / (m_a + m_b)
    gap = ops.reshape(mean_a - mean_b, (-1, 1))
    covariance = share * cov_a + (1 - share) * cov_b
    covariance += share * (1 - share) * ops.matmul(gap, ops.transpose(gap))
    return share * mean_a + (1 - share) * mean_b, ops.convert_to_tensor(covariance)


def best_decoder(x, codes, visible):
    import tensorflow as tf

    codes = ops.convert_to_tensor(codes)
    with_one = ops.concatenate([codes, ops.ones((len(codes), 1), dtype=codes.dtype)], axis=1)
    columns = []
    for j in range(x.shape[1]):
        q, r = ops.linalg.qr(tf.boolean_mask(with_one, visible[:, j]))
        pixel = tf.boolean_mask(x[:, j], visible[:, j])
        columns.append(ops.linalg.solve(r, tf.linalg.matvec(q, pixel, transpose_a=True)))
    solution = ops.stack(columns, axis=1)
    return solution[:-1], solution[-1]


def fill_in(picture, visible, decoder, offset):
    import tensorflow as tf

    visible_columns = tf.boolean_mask(decoder, visible, axis=1)
    seen = tf.boolean_mask(picture - offset, visible)[:, None]
    code = tf.linalg.lstsq(tf.transpose(visible_columns), seen)
    return tf.where(visible, picture, tf.transpose(code) @ decoder + offset)[0]


def subspace_overlap(a, b):
    alive = [ops.cast(rows[(rows != 0).any(axis=1)], "float32") for rows in (a, b)]
    bases = [ops.linalg.qr(ops.transpose(rows))[0] for rows in alive]
    cosines = ops.linalg.svd(ops.transpose(bases[0]) @ bases[1], compute_uv=False)
    return ops.sum(ops.square(cosines)) / len(alive[1])


def whiten_code(encoder, decoder, covariance):
    encoder = ops.convert_to_tensor(encoder)
    values, vectors = ops.linalg.eigh(ops.transpose(encoder) @ covariance @ encoder)
    deviations = ops.sqrt(values)
    return encoder @ (vectors / deviations), ops.transpose(vectors * deviations) @ decoder


def tied_gradient(w, x):
    import tensorflow as tf

    w = tf.Variable(w)
    with tf.GradientTape() as tape:
        copies = x @ w @ tf.transpose(w)
        loss = tf.reduce_mean(tf.reduce_sum((x - copies) ** 2, axis=1))
    return tape.gradient(loss, w)


def escape_saddle(basis, covariance, angle):
    values, vectors = ops.linalg.eigh(ops.convert_to_tensor(covariance))
    is_inside = ops.sum(ops.square(basis.T @ vectors), axis=0) > 0.5
    values, is_inside = ops.convert_to_numpy(values), ops.convert_to_numpy(is_inside)
    vectors = ops.transpose(vectors)
    inside = [j for j in range(len(values)) if is_inside[j]]
    outside = [j for j in range(len(values)) if not is_inside[j]]
    # eigh sorts: the first one inside is the weakest, the last one outside the strongest.
    new = [vectors[j] for j in inside[1:]]
    angle = keras.ops.cast(angle, vectors.dtype)
    new.append(ops.cos(angle) * vectors[inside[0]] + ops.sin(angle) * vectors[outside[-1]])
    return ops.stack(new, axis=1)
