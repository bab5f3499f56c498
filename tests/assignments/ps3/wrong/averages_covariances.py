"""Averages covariances as if both sets had the same mean."""


def pooled_covariance(m_a, mean_a, cov_a, m_b, mean_b, cov_b):
    """Forgets that the difference of the means is variance, too."""
    share = m_a / (m_a + m_b)
    return share * mean_a + (1 - share) * mean_b, share * cov_a + (1 - share) * cov_b
