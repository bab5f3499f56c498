"""Takes a probability for a picture, or logits for probabilities."""

import numpy as np


def on_demand(labels, class_means, eps, u, decode):
    """Rounds the probabilities instead of drawing pixels."""
    one_hot = np.eye(len(class_means), dtype="float32")[labels]
    z = class_means[labels] + eps
    return (np.asarray(decode(np.concatenate([z, one_hot], axis=1))) > 0).astype("float32")


def restyle(x, labels, n_classes, encode, decode):
    """Returns logits."""
    one_hot = np.eye(n_classes, dtype="float32")
    mean, _ = encode(np.concatenate([x, one_hot[labels]], axis=1))
    told = [np.tile(one_hot[j], (len(x), 1)) for j in range(n_classes)]
    logits = [np.asarray(decode(np.concatenate([mean, t], axis=1))) for t in told]
    return np.stack(logits, axis=1)
