"""The optimizer that the experiments have in common."""

import keras


def adam(learning_rate, epochs, n_examples, batch_size):
    """Return Adam with a step size that falls along half a cosine to zero.

    Args:
        learning_rate: Step size at the start.
        epochs: Number of epochs.
        n_examples: Training examples; the last batch of an epoch may be a small one.
        batch_size: Examples a step.

    Returns:
        A `keras.optimizers.Adam`.

    Example:
        >>> optimizer = adam(0.1, epochs=2, n_examples=5, batch_size=2)
        >>> optimizer.learning_rate is not None
        True
    """
    n_steps = epochs * -(-n_examples // batch_size)
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, n_steps))
