"""Turns a divergence around."""

import numpy as np


def kl_from_logits(a, b):
    """KL(q || p) for KL(p || q)."""
    log_p = a - np.logaddexp.reduce(a, axis=1)[:, None]
    log_q = b - np.logaddexp.reduce(b, axis=1)[:, None]
    q = np.exp(log_q)
    return np.sum(q * np.where(q > 0, log_q - log_p, 0), axis=1)


def kl_precision(eta_a, precision_a, eta_b, precision_b):
    """KL(b || a) for KL(a || b)."""
    mean_a = np.linalg.solve(precision_a, eta_a.T).T
    difference = mean_a - np.linalg.solve(precision_b, eta_b)
    log_det = np.linalg.slogdet(precision_b)[1] - np.linalg.slogdet(precision_a)[1]
    trace = np.trace(np.linalg.solve(precision_b, precision_a))
    distance = np.einsum("mi,ij,mj->m", difference, precision_a, difference)
    return 0.5 * (trace + distance - len(eta_b) + log_det)


def kl_estimate(log_p, log_q, wanted):
    """Averages log q - log p."""
    terms = log_q - log_p
    error = np.std(terms, ddof=1) / np.sqrt(len(terms))
    return np.mean(terms), error, len(terms) * (error / wanted) ** 2


def elbo(x, w, b, noise_var, mean, cov):
    """Subtracts KL(prior || guess) instead of KL(guess || prior)."""
    squares = (x - b - mean @ w.T) ** 2 + np.diag(w @ cov @ w.T)
    fit = -0.5 * np.sum(np.log(2 * np.pi * noise_var) + squares / noise_var, axis=1)
    precision = np.linalg.inv(cov)
    distance = np.einsum("mi,ij,mj->m", mean, precision, mean)
    return fit - 0.5 * (np.trace(precision) + distance - len(cov) + np.linalg.slogdet(cov)[1])
