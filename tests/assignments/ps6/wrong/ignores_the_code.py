"""Learns nothing about single pictures."""

import numpy as np


def train_vae(x, n_steps):
    """Returns the average picture for every code, which has the ELBO of the baseline."""
    share = np.clip(x.mean(axis=0), 0.01, 0.99)
    logits = np.log(share / (1 - share))
    return (
        lambda pictures: (np.zeros((len(pictures), 2)), np.zeros((len(pictures), 2))),
        lambda z: np.tile(logits, (len(z), 1)),
    )
