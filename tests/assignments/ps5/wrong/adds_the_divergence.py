"""Turns the sign of the divergence around."""

import numpy as np


def elbo(x, w, b, noise_var, mean, cov):
    """Adds the divergence from the prior: no bound at all."""
    squares = (x - b - mean @ w.T) ** 2 + np.diag(w @ cov @ w.T)
    fit = -0.5 * np.sum(np.log(2 * np.pi * noise_var) + squares / noise_var, axis=1)
    log_det = np.linalg.slogdet(cov)[1]
    return fit + 0.5 * (np.trace(cov) + np.sum(mean**2, axis=1) - len(cov) - log_det)


def mixture_elbo(x, weights, means, stds, q):
    """Adds the logarithm of the guess."""
    log_joint = np.log(weights) - ((x[:, None] - means) / stds) ** 2 / 2
    log_joint = log_joint - np.log(stds * np.sqrt(2 * np.pi))
    return np.sum(q * (log_joint + np.log(np.where(q > 0, q, 1))), axis=1)
