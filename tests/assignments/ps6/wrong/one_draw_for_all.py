"""Uses one draw where several are meant."""

import numpy as np
from keras import ops


def draw(mean, raw, eps):
    """Repeats the first noise for every draw."""
    return mean + ops.softplus(raw) * ops.stack([eps[0]] * len(eps))


def vae_loss(x, eps, w_enc, b_enc, w_dec, b_dec, beta):
    """Averages the noise over the draws before it decodes."""
    mean, log_var = ops.split(ops.matmul(x, w_enc) + b_enc, 2, axis=1)
    logits = ops.matmul(mean + ops.exp(log_var / 2) * ops.mean(eps, axis=0), w_dec) + b_dec
    nll = ops.sum(ops.softplus(logits) - x * logits, axis=1)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll) + beta * ops.mean(kl)


def importance_bound(log_w, group):
    """Uses the first group and throws the others away."""
    log_w = np.asarray(log_w, "float64")[:group]
    top = log_w.max(axis=0)
    return top + np.log(np.exp(log_w - top).mean(axis=0))
