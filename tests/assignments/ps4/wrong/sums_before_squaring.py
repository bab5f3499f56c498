"""Adds derivatives before they are squared."""

from keras import ops


def contraction(x, w, b, noise):
    """Adds up the derivatives of all units, in which opposite signs cancel."""
    h = ops.sigmoid(ops.matmul(x, w) + b)
    return ops.sum(ops.square(noise * ops.matmul(h * (1 - h), ops.transpose(w))), axis=1)
