"""Takes any basis for an orthonormal one."""

import numpy as np


def best_decoder(x, codes):
    """Takes the covariance of codes and pictures for the decoder."""
    h = codes - codes.mean(axis=0)
    decoder = h.T @ x / len(x)
    return decoder, x.mean(axis=0) - codes.mean(axis=0) @ decoder


def fill_in(picture, visible, decoder, offset):
    """Takes the product with the visible part of the decoder for the code."""
    code = decoder[:, visible] @ (picture - offset)[visible]
    return np.where(visible, picture, code @ decoder + offset)


def subspace_overlap(a, b):
    """Brings the rows to length 1 and forgets that they are not orthogonal."""
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return np.sum((a @ b.T) ** 2) / len(b)
