"""Confuses the spread of single terms with the error of their mean."""

import numpy as np


def kl_estimate(log_p, log_q, wanted):
    """Returns the standard deviation of the terms."""
    terms = log_p - log_q
    spread = np.std(terms, ddof=1)
    return np.mean(terms), spread, (spread / wanted) ** 2
