"""Tensors throughout: TensorFlow's linear algebra, keras.ops for the rest."""

import tensorflow as tf
from keras import ops


def as_tensor(a):
    return tf.convert_to_tensor(a, dtype="float32")


def information(joint, unit):
    joint = as_tensor(joint)

    def entropy(p):
        return -tf.reduce_sum(tf.math.xlogy(p, p)) / (tf.math.log(2.0) if unit == "bits" else 1.0)

    h_x, h_y = entropy(tf.reduce_sum(joint, axis=1)), entropy(tf.reduce_sum(joint, axis=0))
    return h_x, entropy(joint) - h_x, h_x + h_y - entropy(joint)


def kl_from_logits(a, b):
    log_p, log_q = tf.nn.log_softmax(as_tensor(a)), tf.nn.log_softmax(as_tensor(b))
    p = tf.exp(log_p)
    return tf.reduce_sum(tf.where(p > 0, p * (log_p - log_q), 0.0), axis=1)


def kl_precision(eta_a, precision_a, eta_b, precision_b):
    precision_a, precision_b = as_tensor(precision_a), as_tensor(precision_b)
    roots = tf.linalg.cholesky(precision_a), tf.linalg.cholesky(precision_b)
    means_a = tf.linalg.cholesky_solve(roots[0], tf.transpose(as_tensor(eta_a)))
    mean_b = tf.linalg.cholesky_solve(roots[1], as_tensor(eta_b)[:, None])
    shift = tf.linalg.matmul(roots[1], means_a - mean_b, transpose_a=True)
    inside = tf.linalg.triangular_solve(roots[0], roots[1])
    log_det = tf.linalg.slogdet(inside).log_abs_determinant
    squares = tf.reduce_sum(inside**2) + tf.reduce_sum(shift**2, axis=0)
    return 0.5 * (squares - len(eta_b)) - log_det


def kl_estimate(log_p, log_q, wanted):
    terms = ops.subtract(log_p, log_q)
    n = len(log_p)
    variance = ops.var(terms) * n / (n - 1)
    return ops.mean(terms), ops.sqrt(variance / n), variance / wanted**2


def two_fits(x, p, means, stds):
    x, p = tf.convert_to_tensor(x), tf.convert_to_tensor(p)
    mean = tf.reduce_sum(x * p) / tf.reduce_sum(p)
    variance = tf.reduce_sum(x**2 * p) / tf.reduce_sum(p) - mean**2
    best = None
    for m in means:
        for s in stds:
            log_q = -0.5 * ((x - m) / s) ** 2 - tf.math.log(tf.cast(s, x.dtype))
            cost = tf.reduce_sum(tf.exp(log_q) * (log_q - tf.math.log(p)))
            if best is None or cost < best[0]:
                best = cost, (m, s)
    return (float(mean), float(variance) ** 0.5), best[1]


def posterior(x, w, b, noise_var):
    x, w, b, noise_var = as_tensor(x), as_tensor(w), as_tensor(b), as_tensor(noise_var)
    precision = tf.eye(w.shape[1]) + tf.matmul(w, w / noise_var[:, None], transpose_a=True)
    right = tf.matmul(w / noise_var[:, None], x - b, transpose_a=True, transpose_b=True)
    return tf.transpose(tf.linalg.solve(precision, right)), tf.linalg.inv(precision)


def log_evidence(x, w, b, noise_var):
    cov = as_tensor(w @ w.T) + tf.linalg.diag(as_tensor(noise_var))
    result = []
    for row in x - b:
        places = tf.where(~tf.math.is_nan(row))[:, 0]
        root = tf.linalg.cholesky(tf.gather(tf.gather(cov, places), places, axis=1))
        white = tf.linalg.triangular_solve(root, tf.gather(as_tensor(row), places)[:, None])
        two_pi = 2 * 3.14159265
        log_norm = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(root) * two_pi**0.5))
        result.append(-0.5 * tf.reduce_sum(white**2) - log_norm)
    return tf.stack(result)


def elbo(x, w, b, noise_var, mean, cov):
    x, w, b, noise_var = as_tensor(x), as_tensor(w), as_tensor(b), as_tensor(noise_var)
    mean, root = as_tensor(mean), tf.linalg.cholesky(as_tensor(cov))
    spread = tf.reduce_sum(tf.matmul(w, root) ** 2, axis=1)
    squares = (x - b - tf.matmul(mean, w, transpose_b=True)) ** 2 + spread
    fit = tf.reduce_sum(squares / noise_var + tf.math.log(6.2831853 * noise_var), axis=1)
    log_det = 2 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(root)))
    prior = tf.reduce_sum(root**2) + tf.reduce_sum(mean**2, axis=1) - root.shape[0] - log_det
    return -(fit + prior) / 2


def best_diagonal(cov, groups):
    cov = as_tensor(cov)
    precision = tf.linalg.diag_part(tf.linalg.inv(cov))
    means = tf.math.unsorted_segment_mean(precision, groups, max(groups) + 1)
    log_var = -tf.math.log(tf.gather(means, groups))
    return log_var, 0.5 * (tf.linalg.logdet(cov) - tf.reduce_sum(log_var))


def log_prob_estimates(log_joint, log_q):
    log_w = as_tensor(log_joint) - as_tensor(log_q)
    r = ops.cast(ops.shape(log_w)[0], "float32")
    return ops.mean(log_w, axis=0), ops.logsumexp(log_w, axis=0) - ops.log(r)


def gradient_estimates(f, slope, mean, log_var, eps):
    mean, log_var = as_tensor(mean), as_tensor(log_var)
    rows = tf.ones((len(eps), 1))
    mean, log_var, eps = rows * mean, rows * log_var, as_tensor(eps)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([mean, log_var])
        z = mean + tf.exp(log_var / 2) * eps
        fixed = tf.stop_gradient(z)
        log_q = -0.5 * tf.reduce_sum((fixed - mean) ** 2 / tf.exp(log_var) + log_var, axis=1)
        # f and its slope are called as functions of numbers.
        score_sum = tf.reduce_sum(as_tensor(f(fixed.numpy())) * log_q)
        path_sum = tf.reduce_sum(as_tensor(slope(fixed.numpy())) * z)
    both = [tape.gradient(total, [mean, log_var]) for total in (score_sum, path_sum)]
    return tuple(tf.stack(pair, axis=1) for pair in both)


def mixture_elbo(x, weights, means, stds, q):
    x, q = as_tensor(x), as_tensor(q)
    weights, means, stds = as_tensor(weights), as_tensor(means), as_tensor(stds)
    log_joint = tf.math.log(weights / (stds * 6.2831853**0.5))
    log_joint = log_joint - ((x[:, None] - means) / stds) ** 2 / 2
    return tf.reduce_sum(q * log_joint - tf.math.xlogy(q, q), axis=1)
