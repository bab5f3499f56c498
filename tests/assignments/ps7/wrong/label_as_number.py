"""Feeds the label as a number, or shifts it."""

import numpy as np


def encoder_input(pictures, labels, known, n_classes):
    """Counts classes from 1: the one-hot vector of class 0 is all zeros."""
    one_hot = (labels[:, None] == np.arange(1, n_classes + 1)) & known[:, None]
    return np.concatenate([pictures.reshape(len(pictures), -1), one_hot], axis=1)


def on_demand(labels, class_means, eps, u, decode):
    """Puts the number of the class in the first place of the condition."""
    condition = np.zeros((len(labels), len(class_means)), "float32")
    condition[:, 0] = labels
    logits = np.asarray(decode(np.concatenate([class_means[labels] + eps, condition], axis=1)))
    return (u < 1 / (1 + np.exp(-logits))).astype("float32")
