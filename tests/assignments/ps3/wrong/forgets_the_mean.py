"""Forgets that the mean has to be subtracted, or added again."""

import numpy as np


def weighted_pca(x, weights, k):
    """Finds the eigenvectors of the second moment instead of the covariance."""
    shares = weights / weights.sum()
    values, vectors = np.linalg.eigh((x * shares[:, None]).T @ x)
    return shares @ x, vectors.T[::-1][:k], values[::-1][:k]


def best_decoder(x, codes, visible):
    """Fits without an offset."""
    columns = [
        np.linalg.lstsq(codes[shown], pixel[shown], rcond=None)[0]
        for pixel, shown in zip(x.T, visible.T, strict=True)
    ]
    return np.transpose(columns), np.zeros(x.shape[1])


def fill_in(picture, visible, decoder, offset):
    """Looks for the code without subtracting the offset."""
    code, *_ = np.linalg.lstsq(decoder[:, visible].T, picture[visible], rcond=None)
    return np.where(visible, picture, code @ decoder + offset)
