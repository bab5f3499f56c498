"""Uses a label that means nothing."""

import numpy as np


def encoder_input(pictures, labels, known, n_classes):
    """Trusts the number where the label is not known, if it happens to be a class."""
    one_hot = labels[:, None].astype(int) % n_classes == np.arange(n_classes)
    return np.concatenate([pictures.reshape(len(pictures), -1), one_hot], axis=1)
