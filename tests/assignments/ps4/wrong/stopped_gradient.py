"""Computes the right number in a way that cannot be trained."""

from keras import ops


def contraction(x, w, b, noise):
    """Takes the activations as constants: the gradient sees the weights' lengths only."""
    h = ops.stop_gradient(ops.sigmoid(ops.matmul(x, w) + b))
    lengths = ops.sum(ops.square(w * noise[:, None]), axis=0)
    return ops.sum(ops.square(h * (1 - h)) * lengths, axis=1)
