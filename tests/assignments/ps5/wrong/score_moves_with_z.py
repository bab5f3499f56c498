"""Mixes two ways of differentiating."""

import numpy as np


def gradient_estimates(f, slope, mean, log_var, eps):
    """Differentiates log q through the draw, too: it loses the part in the mean."""
    std = np.exp(log_var / 2)
    z = mean + std * eps
    values, slopes = f(z)[:, None], slope(z)
    zero = np.zeros_like(eps)
    score = np.stack([zero, values * (zero - 0.5)], axis=1)
    return score, np.stack([slopes, slopes * std * eps / 2], axis=1)
