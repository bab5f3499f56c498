"""Forgets where the draws come from."""

import numpy as np


def log_prob_estimates(log_joint, log_q):
    """Averages p(x, z) over draws from the guess, as if they came from all causes alike."""
    top = log_joint.max(axis=0)
    return log_joint.mean(axis=0), top + np.log(np.mean(np.exp(log_joint - top), axis=0))
