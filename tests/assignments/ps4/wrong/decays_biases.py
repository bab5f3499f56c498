"""Lets every parameter decay."""


def decay_step(parameters, gradients, velocities, rate, momentum, decay, decoupled):
    """Biases decay, too."""
    new, speeds = [], []
    for w, g, v in zip(parameters, gradients, velocities, strict=True):
        v = momentum * v + g + (0 if decoupled else 2 * decay * w)
        new.append(w - rate * v - (2 * rate * decay * w if decoupled else 0))
        speeds.append(v)
    return new, speeds
