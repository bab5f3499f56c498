"""Divides by the number of pictures less one."""

import numpy as np


def weighted_pca(x, weights, k):
    """Divides by the total weight less one."""
    mean = weights @ x / weights.sum()
    covariance = (x - mean).T @ ((x - mean) * weights[:, None]) / (weights.sum() - 1)
    values, vectors = np.linalg.eigh(covariance)
    return mean, vectors.T[::-1][:k], values[::-1][:k]


def pooled_covariance(m_a, mean_a, cov_a, m_b, mean_b, cov_b):
    """Pools as for unbiased estimates."""
    mean = (m_a * mean_a + m_b * mean_b) / (m_a + m_b)
    total = m_a * cov_a + m_b * cov_b
    total = total + m_a * np.outer(mean_a - mean, mean_a - mean)
    total = total + m_b * np.outer(mean_b - mean, mean_b - mean)
    return mean, total / (m_a + m_b - 1)
