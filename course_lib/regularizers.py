"""Penalties on the activations of a code, for sparse autoencoders."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course_lib")
class KLSparsity(keras.regularizers.Regularizer):
    """Holds the mean activation of each code unit near a small target.

    With `rho` the target and `rho_hat_j` the mean of unit j over the batch, the penalty is

        weight * sum_j KL(Bernoulli(rho) || Bernoulli(rho_hat_j)),

    in nats (Ng 2011, *Sparse autoencoder*, section 3). It is 0 where every mean is at the
    target and grows without bound toward 0 and 1. To be used as the
    `activity_regularizer` of a layer whose outputs lie in (0, 1), such as sigmoid units.

    Keras divides what an activity regularizer returns by the batch size. A mean over the
    batch is not to be divided again, so the return value is the penalty times that size.

    Args:
        target: Mean activation `rho` to aim at, in (0, 1).
        weight: Factor of the penalty, at least 0.

    Raises:
        ValueError: If `target` or `weight` is out of range.

    Example:
        >>> h = ops.full((4, 3), 0.25)
        >>> float(KLSparsity(target=0.25)(h))
        0.0
    """

    def __init__(self, target=0.05, weight=1.0):
        if not 0 < target < 1:
            raise ValueError(f"target must lie in (0, 1). Received: target={target}")
        if not 0 <= weight < float("inf"):
            raise ValueError(f"weight must be finite, at least 0. Received: weight={weight}")
        self.target = target
        self.weight = weight

    def __call__(self, x):
        x = ops.convert_to_tensor(x)
        batch_size = ops.cast(ops.shape(x)[0], "float32")
        return self.weight * batch_size * ops.sum(kl_sparsity(x, self.target))

    def get_config(self):
        return {"target": self.target, "weight": self.weight}


def kl_sparsity(h, target):
    """Return KL(Bernoulli(target) || Bernoulli(mean activation)) of each code unit.

    Args:
        h: Activations in (0, 1), shape `(batch, units)`. Their means are kept 1e-7 away
            from 0 and 1, where the divergence is infinite.
        target: Mean activation to aim at, in (0, 1).

    Returns:
        A tensor of shape `(units,)`, in nats, never negative.

    Example:
        >>> [round(float(v), 4) for v in kl_sparsity(ops.array([[0.5, 0.1]]), target=0.1)]
        [0.3681, 0.0]
    """
    mean = ops.mean(ops.cast(h, "float32"), axis=0)
    mean = ops.clip(mean, keras.config.epsilon(), 1 - keras.config.epsilon())
    return target * ops.log(target / mean) + (1 - target) * ops.log((1 - target) / (1 - mean))
