"""Takes the order of a list for a rule."""


def decay_step(parameters, gradients, velocities, rate, momentum, decay, decoupled):
    """Lets every second array decay, whatever its shape: weights come first in Keras."""
    new, speeds = [], []
    for i, (w, g, v) in enumerate(zip(parameters, gradients, velocities, strict=True)):
        pull = 2 * decay * w * (i % 2 == 0)
        v = momentum * v + g + (0 if decoupled else pull)
        new.append(w - rate * v - (rate * pull if decoupled else 0))
        speeds.append(v)
    return new, speeds
