"""Confuses a standard deviation, a variance and its logarithm."""

import numpy as np


def two_fits(x, p, means, stds):
    """Returns a variance for the forward fit."""
    weights = p / p.sum()
    mean = weights @ x

    def cost(candidate):
        log_q = -0.5 * ((x - candidate[0]) / candidate[1]) ** 2 - np.log(candidate[1])
        return np.sum(np.exp(log_q) * (log_q - np.log(p)))

    reverse = min(((m, s) for m in means for s in stds), key=cost)
    return (mean, weights @ (x - mean) ** 2), reverse


def posterior(x, w, b, noise_var):
    """Divides by standard deviations."""
    scaled = w / np.sqrt(noise_var)[:, None]
    cov = np.linalg.inv(np.eye(w.shape[1]) + w.T @ scaled)
    return (x - b) @ scaled @ cov, cov


def log_evidence(x, w, b, noise_var):
    """Squares the variances of the noise."""
    cov = w @ w.T + np.diag(noise_var**2)
    result = []
    for row, seen in zip(x - b, ~np.isnan(x), strict=True):
        part = cov[seen][:, seen]
        distance = row[seen] @ np.linalg.solve(part, row[seen])
        log_det = np.linalg.slogdet(part)[1]
        result.append(-0.5 * (distance + seen.sum() * np.log(2 * np.pi) + log_det))
    return np.array(result)


def best_diagonal(cov, groups):
    """Returns variances, not their logarithms."""
    same = groups[:, None] == groups
    var = same.sum(axis=1) / (same @ np.diagonal(np.linalg.inv(cov)))
    return var, 0.5 * (np.linalg.slogdet(cov)[1] - np.sum(np.log(var)))


def gradient_estimates(f, slope, mean, log_var, eps):
    """Takes exp(log_var) for sigma."""
    std = np.exp(log_var)
    z = mean + std * eps
    values, slopes = f(z)[:, None], slope(z)
    score = np.stack([values * eps / std, values * (eps**2 - 1) / 2], axis=1)
    return score, np.stack([slopes, slopes * std * eps / 2], axis=1)


def mixture_elbo(x, weights, means, stds, q):
    """Divides by the standard deviation where its square belongs."""
    log_joint = np.log(weights) - (x[:, None] - means) ** 2 / stds / 2
    log_joint = log_joint - np.log(stds * np.sqrt(2 * np.pi))
    return np.sum(q * (log_joint - np.log(np.where(q > 0, q, 1))), axis=1)
