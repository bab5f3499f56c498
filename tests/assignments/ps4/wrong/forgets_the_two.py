"""Forgets that a square has the derivative 2 x."""

import numpy as np


def decay_step(parameters, gradients, velocities, rate, momentum, decay, decoupled):
    """The decay lacks the factor 2."""
    new, speeds = [], []
    for w, g, v in zip(parameters, gradients, velocities, strict=True):
        pull = decay * w * (np.ndim(w) == 2)
        v = momentum * v + g + (0 if decoupled else pull)
        new.append(w - rate * v - (rate * pull if decoupled else 0))
        speeds.append(v)
    return new, speeds


def tied_gradient(x, w, b, c):
    """The error lacks the factor 2."""
    h = 1 / (1 + np.exp(-(x @ w + b)))
    difference = h @ w.T + c - x
    loss = np.mean(np.sum(difference**2, axis=1))
    delta = (difference @ w) * h * (1 - h)
    return loss, (x.T @ delta + difference.T @ h) / len(x)
