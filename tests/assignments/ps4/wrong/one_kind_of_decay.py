"""Takes the two kinds of decay for one."""

import numpy as np


def decay_step(parameters, gradients, velocities, rate, momentum, decay, decoupled):
    """Always puts the decay into the velocity, whatever `decoupled` says."""
    new, speeds = [], []
    for w, g, v in zip(parameters, gradients, velocities, strict=True):
        v = momentum * v + g + 2 * decay * w * (np.ndim(w) == 2)
        new.append(w - rate * v)
        speeds.append(v)
    return new, speeds
