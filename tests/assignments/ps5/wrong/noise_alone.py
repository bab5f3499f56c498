"""Forgets that hidden causes vary."""

import numpy as np


def log_evidence(x, w, b, noise_var):
    """Puts the average cause in: log p(x | z = 0)."""
    squares = np.log(2 * np.pi * noise_var) + (x - b) ** 2 / noise_var
    return -0.5 * np.nansum(squares, axis=1)


def elbo(x, w, b, noise_var, mean, cov):
    """Reconstructs from the guess's mean, and forgets its spread."""
    squares = (x - b - mean @ w.T) ** 2
    fit = -0.5 * np.sum(np.log(2 * np.pi * noise_var) + squares / noise_var, axis=1)
    log_det = np.linalg.slogdet(cov)[1]
    return fit - 0.5 * (np.trace(cov) + np.sum(mean**2, axis=1) - len(cov) - log_det)
