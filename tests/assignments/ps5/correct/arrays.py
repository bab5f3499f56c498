"""NumPy in float32, without loops, by other formulas."""

import numpy as np


def single(*arrays):
    return [np.asarray(a, dtype="float32") for a in arrays]


def information(joint, unit):
    (joint,) = single(joint)
    log = np.log2 if unit == "bits" else np.log
    p_x, p_y = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)

    def average(p):
        return -np.nansum(joint * log(p))  # 0 log 0 is NaN, with a warning

    return average(p_x), average(joint / p_x), average(p_x * p_y / joint)


def kl_from_logits(a, b):
    # log of a sum, then a cross-entropy minus an entropy, with exp(-inf) = 0.
    a, b = single(a, b)
    log_p = a - np.logaddexp.reduce(a, axis=1)[:, None]
    log_q = b - np.logaddexp.reduce(b, axis=1)[:, None]
    p = np.exp(log_p)
    terms = p * (log_p - log_q)
    terms[p == 0] = 0
    return terms.sum(axis=1)


def kl_precision(eta_a, precision_a, eta_b, precision_b):
    eta_a, precision_a, eta_b, precision_b = single(eta_a, precision_a, eta_b, precision_b)
    cov_a = np.linalg.inv(precision_a)
    # Eigenvalues of the product say how much wider the first Gaussian is, direction by direction.
    ratios = np.linalg.eigvals(precision_b @ cov_a).real
    # The distance without the second mean: its information takes the place of it.
    pull = eta_a @ cov_a @ precision_b - eta_b
    distance = np.einsum("mi,ij,mj->m", pull, np.linalg.inv(precision_b), pull)
    return (np.sum(ratios - 1 - np.log(ratios)) + distance) / 2


def kl_estimate(log_p, log_q, wanted):
    terms = log_p - log_q
    variance = np.cov(terms)
    return np.array([terms.mean(), np.sqrt(variance / terms.size), variance / wanted**2])


def two_fits(x, p, means, stds):
    mean = np.average(x, weights=p)
    std = np.average((x - mean) ** 2, weights=p) ** 0.5
    z = (x - means[:, None, None]) / stds[:, None]  # (means, stds, points)
    q = np.exp(-(z**2) / 2)
    q /= q.sum(axis=-1, keepdims=True)
    cost = np.sum(q * (np.log(np.maximum(q, 1e-300)) - np.log(p)), axis=-1)
    i, j = np.unravel_index(cost.argmin(), cost.shape)
    return np.array([[mean, std], [means[i], stds[j]]])


def posterior(x, w, b, noise_var):
    # By the joint Gaussian of causes and observation.
    x, w, b, noise_var = single(x, w, b, noise_var)
    gain = np.linalg.solve(w @ w.T + np.diag(noise_var), w).T
    return (x - b) @ gain.T, np.eye(w.shape[1]) - gain @ w


def log_evidence(x, w, b, noise_var):
    # Scale the noise to 1, then use matrices of the size of the causes alone. What is missing has
    # no distance, no weights and no noise.
    seen, noise_std = ~np.isnan(x), np.sqrt(noise_var)
    y, v = np.where(seen, (x - b) / noise_std, 0), w / noise_std[:, None]
    inner = np.eye(w.shape[1]) + np.einsum("mi,ij,il->mjl", seen, v, v)
    explained = np.einsum("mi,mij,mj->m", y @ v, np.linalg.inv(inner), y @ v)
    log_norm = np.linalg.slogdet(inner).logabsdet + seen @ np.log(2 * np.pi * noise_var)
    return -(np.sum(y**2, axis=1) - explained + log_norm) / 2


def elbo(x, w, b, noise_var, mean, cov):
    # The energy is quadratic: its value at the mean, its curvature times the spread, the entropy.
    x, w, b, noise_var, mean, cov = single(x, w, b, noise_var, mean, cov)
    n, k = w.shape
    precision = np.eye(k, dtype="float32") + (w / noise_var[:, None]).T @ w
    miss = x - b - mean @ w.T
    log_joint = -0.5 * (
        np.sum(miss**2 / noise_var, axis=1)
        + np.sum(mean**2, axis=1)
        + np.sum(np.log(noise_var))
        + (n + k) * np.log(2 * np.pi)
    )
    entropy = 0.5 * (k * np.log(2 * np.pi * np.e) + np.linalg.slogdet(cov)[1])
    return log_joint - 0.5 * np.sum(precision * cov) + entropy


def best_diagonal(cov, groups):
    precision = np.linalg.inv(cov.astype("float32"))
    same = groups[:, None] == groups
    log_precision = np.log(same @ np.diag(precision) / same.sum(axis=1))
    return -log_precision, (log_precision.sum() - np.linalg.slogdet(precision)[1]) / 2


def log_prob_estimates(log_joint, log_q):
    log_w = log_joint - log_q
    return np.average(log_w, axis=0), np.logaddexp.reduce(log_w) - np.log(len(log_w))


def gradient_estimates(f, slope, mean, log_var, eps):
    std = np.sqrt(np.exp(log_var))
    z = mean + std * eps
    value, slopes = np.asarray(f(z)), np.asarray(slope(z))
    score = np.empty((len(eps), 2, len(mean)), "float32")
    score[:, 0] = value[:, None] * (z - mean) / std**2
    score[:, 1] = value[:, None] * 0.5 * ((z - mean) ** 2 / std**2 - 1)
    return score, np.stack([slopes, slopes * (z - mean) / 2], 1)


def mixture_elbo(x, weights, means, stds, q):
    # log p(x) minus the divergence from the posterior.
    logits = np.log(weights / stds) - ((x[:, None] - means) / stds) ** 2 / 2
    log_p = np.logaddexp.reduce(logits, axis=1)
    log_posterior = logits - log_p[:, None]
    terms = q * (np.log(q) - log_posterior)
    return log_p - np.log(2 * np.pi) / 2 - np.nansum(terms, axis=1)
