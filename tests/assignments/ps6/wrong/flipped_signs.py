"""Has a sign the wrong way round."""

import numpy as np
from keras import ops


def kl_parts(mean, log_var, prior_mean, prior_sd):
    """Adds the logarithm of the variance instead of subtracting it."""
    log_ratio = log_var - 2 * np.log(prior_sd)
    place = 0.5 * np.sum(((mean - prior_mean) / prior_sd) ** 2, axis=1)
    return np.stack([place, 0.5 * np.sum(np.exp(log_ratio) + log_ratio - 1, axis=1)], axis=1)


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    """Returns the ELBO, which is to be maximized, as the loss."""
    mean, log_var = ops.split(ops.matmul(x, w_enc) + b_enc, 2, axis=1)
    logits = ops.matmul(mean + ops.exp(log_var / 2) * eps, w_dec) + b_dec
    log_p = ops.sum(x * logits - ops.softplus(logits), axis=2)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(log_p) - beta * ops.mean(kl)


def sampled_elbo(x, mean, log_var, eps, decode):
    """Adds log q - log p: the divergence with the wrong sign."""
    s, n, k = eps.shape
    z = mean + np.exp(log_var / 2) * eps
    logits = np.asarray(decode(z.reshape(s * n, k))).reshape(s, n, -1)
    log_p_x = np.sum(x * logits - np.logaddexp(0, logits), axis=2)
    return log_p_x + 0.5 * np.sum(z**2 - eps**2 - log_var, axis=2)


def turn(a, b, angle):
    """Turns away from b."""
    length = np.linalg.norm(a)
    across = b - (b @ a) / length**2 * a
    size = np.linalg.norm(across)
    if size < 1e-6 * np.linalg.norm(b):
        return a
    return np.cos(angle) * a - np.sin(angle) * length * across / size


def attribute_direction(codes, has, group):
    """Subtracts the pictures with the attribute from those without."""
    differences = []
    for g in np.unique(group):
        with_it, without = codes[(group == g) & has], codes[(group == g) & ~has]
        if len(with_it) and len(without):
            differences.append(without.mean(axis=0) - with_it.mean(axis=0))
    return np.mean(differences, axis=0)
