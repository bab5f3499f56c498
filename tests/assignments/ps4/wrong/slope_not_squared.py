"""Squares a part of a product."""

from keras import ops


def contraction(x, w, b, noise):
    """Squares the weights and not the slope of the sigmoid."""
    h = ops.sigmoid(ops.matmul(x, w) + b)
    lengths = ops.sum(ops.square(w * noise[:, None]), axis=0)
    return ops.sum(h * (1 - h) * lengths, axis=1)
