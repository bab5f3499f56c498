"""Thinks that twice the draws give half the error."""

import numpy as np


def kl_estimate(log_p, log_q, wanted):
    """Lets the error fall with the number of draws, not with its square root."""
    terms = log_p - log_q
    error = np.std(terms, ddof=1) / np.sqrt(len(terms))
    return np.mean(terms), error, len(terms) * error / wanted
