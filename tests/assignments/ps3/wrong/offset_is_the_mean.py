"""Takes the mean picture for the offset, although the codes have a mean, too."""

import numpy as np


def best_decoder(x, codes):
    """Centers the pictures and not the codes."""
    mean = x.mean(axis=0)
    return np.linalg.lstsq(codes, x - mean, rcond=None)[0], mean
