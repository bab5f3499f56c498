"""Takes variance 1 for uncorrelated."""

import numpy as np


def whiten_code(encoder, decoder, covariance):
    """Divides each unit by its standard deviation; correlations stay."""
    deviations = np.sqrt(np.diag(encoder.T @ covariance @ encoder))
    return encoder / deviations, deviations[:, None] * decoder
