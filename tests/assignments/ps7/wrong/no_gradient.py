"""Cuts the way back to the encoder."""

from keras import ops


def cvae_loss(x, label, eps, w_enc, b_enc, w_dec, b_dec):
    """Stops the gradient at the draw."""
    code = ops.matmul(ops.concatenate([x, label], axis=1), w_enc) + b_enc
    mean, log_var = ops.split(code, 2, axis=1)
    z = ops.stop_gradient(mean + ops.exp(log_var / 2) * eps)
    logits = ops.matmul(ops.concatenate([z, label], axis=1), w_dec) + b_dec
    nll = ops.sum(ops.softplus(logits) - x * logits, axis=1)
    kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1)
    return ops.mean(nll + kl)
