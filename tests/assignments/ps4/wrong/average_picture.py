"""Answers everything with an average."""

import numpy as np


def best_guess(noisy, points, prior, sigma):
    """Returns the mean of all clean pictures, whatever was seen."""
    return np.repeat((prior @ points)[None], len(noisy), axis=0)


def restore(clean, damaged, q, seed):
    """Returns the average clean picture, whatever was seen."""
    return np.repeat(clean.mean(axis=0)[None], len(damaged), axis=0)
