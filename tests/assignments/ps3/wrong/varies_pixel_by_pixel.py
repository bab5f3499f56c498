"""Adds the variance between two sets to each pixel, and forgets that pixels go together."""

import numpy as np


def pooled_covariance(m_a, mean_a, cov_a, m_b, mean_b, cov_b):
    """Adds the squared difference of the means to the diagonal only."""
    share = m_a / (m_a + m_b)
    covariance = share * cov_a + (1 - share) * cov_b
    covariance += np.diag(share * (1 - share) * (mean_a - mean_b) ** 2)
    return share * mean_a + (1 - share) * mean_b, covariance
