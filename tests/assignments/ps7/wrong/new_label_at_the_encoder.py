"""Tells the encoder the wrong label."""

import numpy as np


def restyle(x, labels, n_classes, encode, decode):
    """Encodes each picture with the new label instead of its own."""
    results = []
    for label in range(n_classes):
        told = np.tile(np.eye(n_classes, dtype="float32")[label], (len(x), 1))
        mean, _ = encode(np.concatenate([x, told], axis=1))
        logits = np.asarray(decode(np.concatenate([mean, told], axis=1)))
        results.append(1 / (1 + np.exp(-logits)))
    return np.stack(results, axis=1)
