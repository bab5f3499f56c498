"""Computes the right number in a way that cannot be trained."""

from keras import ops


def contraction(x, w, b):
    """Takes the activations as constants: the gradient sees the weights' lengths only."""
    h = ops.stop_gradient(ops.sigmoid(ops.matmul(x, w) + b))
    return ops.sum(ops.square(h * (1 - h)) * ops.sum(ops.square(w), axis=0), axis=1)
