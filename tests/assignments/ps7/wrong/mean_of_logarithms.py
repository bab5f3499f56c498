"""Averages logarithms where weights are to be averaged."""

import numpy as np


def label_posterior(log_w, prior):
    """Uses the ELBO of each label for its log p(x|y)."""
    log_joint = np.asarray(log_w, "float64").mean(axis=0) + np.log(prior)
    log_p = np.logaddexp.reduce(log_joint, axis=1)
    return log_p, np.exp(log_joint - log_p[:, None])
