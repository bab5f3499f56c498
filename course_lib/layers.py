"""Layers of the course's models."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course_lib")
class GaussianSampling(keras.layers.Layer):
    """Draws from a diagonal Gaussian so that gradients reach its mean and variance.

    The draw is written as a deterministic function of its parameters and of noise that
    has none (the reparameterization of Kingma and Welling 2013, section 2.4):

        z = mean + exp(log_var / 2) * eps,    eps ~ N(0, I).

    `log_var` is the logarithm of the *variance*, so `exp(log_var / 2)` is the standard
    deviation. The layer draws in training and in inference alike.

    Args:
        seed: Seed of the noise, or `None`.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        inputs: A pair `(mean, log_var)` of tensors of one shape, such as
            `(batch, latent_dim)`.

    Returns:
        A tensor `z` of that shape.

    Raises:
        ValueError: If the inputs are not two tensors of the same shape.

    Example:
        >>> mean = keras.ops.zeros((2, 3))
        >>> GaussianSampling(seed=0)([mean, mean]).shape[1]
        3
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        several = isinstance(inputs, (list, tuple))
        self._check_pair([tuple(x.shape) for x in inputs] if several else [tuple(inputs.shape)])
        mean, log_var = inputs
        eps = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_var) * eps

    def compute_output_shape(self, input_shape):
        self._check_pair([tuple(shape) for shape in input_shape])
        return input_shape[0]

    def _check_pair(self, shapes):
        if len(shapes) != 2 or shapes[0] != shapes[1]:
            raise ValueError(
                "GaussianSampling takes a pair (mean, log_var) of one shape. "
                f"Received: shapes {shapes}"
            )

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
