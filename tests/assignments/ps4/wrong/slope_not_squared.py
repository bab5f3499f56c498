"""Squares a part of a product."""

from keras import ops


def contraction(x, w, b):
    """Squares the weights and not the slope of the sigmoid."""
    h = ops.sigmoid(ops.matmul(x, w) + b)
    return ops.sum(h * (1 - h) * ops.sum(ops.square(w), axis=0), axis=1)
