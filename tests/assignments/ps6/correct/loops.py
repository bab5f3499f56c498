"""Plain Python loops and lists wherever no gradient is asked for; gradients by hand in task 7."""

import math

import numpy as np
import tensorflow as tf


def draw(mean, raw, eps):
    draws = []
    for noise in tf.unstack(tf.convert_to_tensor(eps)):
        # softplus(r) = max(r, 0) + log(1 + exp(-|r|)), which never overflows
        sd = tf.nn.relu(raw) + tf.math.log1p(tf.exp(-tf.abs(raw)))
        draws.append(tf.add(mean, sd * noise))
    return tf.stack(draws)


def kl_parts(mean, log_var, prior_mean, prior_sd):
    rows = []
    for m, v in zip(mean.tolist(), log_var.tolist(), strict=True):
        place = width = 0.0
        for m_j, v_j, p_j in zip(m, v, prior_mean.tolist(), strict=True):
            place += (m_j - p_j) ** 2 / (2 * prior_sd**2)
            ratio = math.exp(v_j) / prior_sd**2
            width += (ratio - math.log(ratio) - 1) / 2
        rows.append([place, width])
    return rows


def gray_nll(levels, logits):
    def log_sigmoid(f):
        return -math.log1p(math.exp(-f)) if f > 0 else f - math.log1p(math.exp(f))

    costs = []
    for picture, logit in zip(levels.tolist(), logits.tolist(), strict=True):
        total = 0.0
        for x_row, f_row in zip(picture, logit, strict=True):
            for x, f in zip(x_row, f_row, strict=True):
                total -= math.log(math.comb(16, int(x)))
                total -= x * log_sigmoid(f) + (16 - x) * log_sigmoid(-f)
        costs.append(total)
    return costs


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    code = tf.matmul(x, w_enc) + b_enc
    k = code.shape[1] // 2
    mean, log_var = code[:, :k], code[:, k:]
    total = 0.0
    for noise in tf.unstack(tf.convert_to_tensor(eps)):
        logits = tf.matmul(mean + tf.sqrt(tf.exp(log_var)) * noise, w_dec) + b_dec
        total += tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(x, logits))
    total = total / len(eps)
    total += 0.5 * beta * tf.reduce_sum(tf.square(mean) + tf.exp(log_var) - 1.0 - log_var)
    return total / len(x)


def log_probs(f):
    return -np.log1p(np.exp(-f)), -np.log1p(np.exp(f))


def normal_log(z, mean, sd):
    return -0.5 * ((z - mean) / sd) ** 2 - math.log(sd) - 0.5 * math.log(2 * math.pi)


def sampled_elbo(x, mean, log_var, eps, decode):
    result = []
    for noise in eps:
        row = []
        for i in range(len(x)):
            sd = np.exp(log_var[i] / 2)
            z = mean[i] + sd * noise[i]
            (f,) = np.asarray(decode(z[None]), "float64")
            value = sum(a if pixel else b for pixel, a, b in zip(x[i], *log_probs(f), strict=True))
            for z_j, m_j, sd_j in zip(z, mean[i], sd, strict=True):
                value += normal_log(z_j, 0.0, 1.0) - normal_log(z_j, m_j, sd_j)
            row.append(float(value))
        result.append(row)
    return result


def importance_bound(log_w, group):
    bounds = []
    for column in log_w.T.tolist():
        total = 0.0
        for start in range(0, len(column), group):
            part = column[start : start + group]
            best = max(part)
            total += best + math.log(sum(math.exp(w - best) for w in part) / group)
        bounds.append(total * group / len(column))
    return bounds


def train_vae(x, n_steps):
    rng, k, batch, rate = np.random.default_rng(), 6, 200, 0.05
    share = np.clip(x.mean(axis=0), 0.01, 0.99)
    weights = [
        rng.normal(0, 0.05, size=(64, 2 * k)),
        np.zeros(2 * k),
        rng.normal(0, 0.3, size=(k, 64)),
        np.log(share / (1 - share)),
    ]
    first = [np.zeros_like(w) for w in weights]
    second = [np.zeros_like(w) for w in weights]
    for step in range(1, n_steps + 1):
        some = x[rng.integers(len(x), size=batch)]
        code = some @ weights[0] + weights[1]
        mean, log_var = code[:, :k], code[:, k:]
        noise = rng.normal(size=mean.shape) * np.exp(log_var / 2)
        z = mean + noise
        error = (1 / (1 + np.exp(-z @ weights[2] - weights[3])) - some) / batch
        back = error @ weights[2].T
        slope = np.hstack(
            [back + mean / batch, back * noise / 2 + (np.exp(log_var) - 1) / (2 * batch)]
        )
        slopes = [some.T @ slope, slope.sum(axis=0), z.T @ error, error.sum(axis=0)]
        for w, g, a, b in zip(weights, slopes, first, second, strict=True):  # Adam
            a += 0.1 * (g - a)
            b += 0.001 * (g * g - b)
            w -= rate * a / (1 - 0.9**step) / (np.sqrt(b / (1 - 0.999**step)) + 1e-8)

    def encode(pictures):
        code = pictures @ weights[0] + weights[1]
        return code[:, :k], code[:, k:]

    return encode, lambda z: z @ weights[2] + weights[3]


def turn(a, b, angle):
    # Spherical interpolation, continued past its ends, with the length put back.
    length = math.sqrt(sum(v * v for v in a))
    other = math.sqrt(sum(v * v for v in b))
    u, v = [float(t) / length for t in a], [float(t) / other for t in b]
    plus = math.sqrt(sum((s + t) ** 2 for s, t in zip(u, v, strict=True)))
    minus = math.sqrt(sum((s - t) ** 2 for s, t in zip(u, v, strict=True)))
    between = 2 * math.atan2(minus, plus)
    if math.sin(between) < 1e-6:
        return list(a)
    return [
        length * (math.sin(between - angle) * s + math.sin(angle) * t) / math.sin(between)
        for s, t in zip(u, v, strict=True)
    ]


def attribute_direction(codes, has, group):
    total, n_groups = [0.0] * codes.shape[1], 0
    for g in set(group.tolist()):
        sums = {True: [0.0] * codes.shape[1], False: [0.0] * codes.shape[1]}
        counts = {True: 0, False: 0}
        for code, flag, name in zip(codes.tolist(), has.tolist(), group.tolist(), strict=True):
            if name == g:
                counts[flag] += 1
                sums[flag] = [s + c for s, c in zip(sums[flag], code, strict=True)]
        if counts[True] and counts[False]:
            n_groups += 1
            for j in range(len(total)):
                total[j] += sums[True][j] / counts[True] - sums[False][j] / counts[False]
    return [t / n_groups for t in total]
