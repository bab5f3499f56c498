"""Changes the encoder and forgets the decoder."""

import numpy as np


def whiten_code(encoder, decoder, covariance):
    """Whitens the code, and lets the old decoder read it."""
    lower = np.linalg.cholesky(encoder.T @ covariance @ encoder)
    return encoder @ np.linalg.inv(lower).T, decoder
