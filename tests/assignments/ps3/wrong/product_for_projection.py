"""Takes any basis for an orthonormal one."""

import numpy as np


def best_decoder(x, codes, visible):
    """Takes the covariance of codes and pictures for the decoder."""
    shares = visible / visible.sum(axis=0)
    mean_x, mean_h = np.sum(shares * x, axis=0), codes.T @ shares
    decoder = codes.T @ (shares * (x - mean_x))
    return decoder, mean_x - np.sum(mean_h * decoder, axis=0)


def fill_in(picture, visible, decoder, offset):
    """Takes the product with the visible part of the decoder for the code."""
    code = decoder[:, visible] @ (picture - offset)[visible]
    return np.where(visible, picture, code @ decoder + offset)


def subspace_overlap(a, b):
    """Brings the rows to length 1 and forgets that they are not orthogonal."""
    a, b = a[a.any(axis=1)], b[b.any(axis=1)]
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return np.sum((a @ b.T) ** 2) / len(b)
