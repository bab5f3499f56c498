"""Forgets that each class has a prior of its own."""

import numpy as np


def class_prior_kl(mean, log_var, labels, class_means):
    """Compares with N(0, I), whatever the label."""
    return 0.5 * np.sum(mean**2 + np.exp(log_var) - log_var - 1, axis=1)


def on_demand(labels, class_means, eps, u, decode):
    """Draws from N(0, I), whatever the request."""
    one_hot = np.eye(len(class_means), dtype="float32")[labels]
    logits = np.asarray(decode(np.concatenate([eps, one_hot], axis=1)))
    return (u < 1 / (1 + np.exp(-logits))).astype("float32")
