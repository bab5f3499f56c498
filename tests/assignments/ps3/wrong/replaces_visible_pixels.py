"""Trusts the model more than the data."""

import numpy as np


def fill_in(picture, visible, decoder, offset):
    """Returns the whole reconstruction, visible pixels included."""
    seen = (picture - offset)[visible]
    code, *_ = np.linalg.lstsq(decoder[:, visible].T, seen, rcond=None)
    return code @ decoder + offset
