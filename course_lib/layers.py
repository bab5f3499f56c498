"""Layers of the course's models: what Keras has not, or has with another meaning."""

import keras
import numpy as np
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
        self.built = True  # no weights; Keras runs a model with an unbuilt layer eagerly first

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


@keras.saving.register_keras_serializable("course_lib")
class MaskingNoise(keras.layers.Layer):
    """Sets each input to zero with probability `rate`, in training only.

    The corruption of the denoising autoencoder (Vincent et al. 2008). Unlike
    `keras.layers.Dropout`, it leaves the inputs that survive as they are: a corrupted
    picture is a picture with black pixels, not a brighter one.

    Args:
        rate: Probability of a zero, from 0 to less than 1.
        seed: Seed of the noise, or `None`.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        inputs: A tensor of any shape.
        training: Whether to corrupt; otherwise inputs are returned as they are.

    Returns:
        A tensor of the shape of `inputs`.

    Raises:
        ValueError: If `rate` is not in [0, 1).

    Example:
        >>> noisy = MaskingNoise(0.5, seed=0)(keras.ops.ones((100, 100)), training=True)
        >>> 0.45 < float(keras.ops.mean(noisy)) < 0.55
        True
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate is a probability in [0, 1). Received: rate={rate}")
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        draw = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator)
        return ops.where(draw < self.rate, ops.zeros_like(inputs), inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable("course_lib")
class QuadrantMasking(keras.layers.Layer):
    """Erases one quadrant of each picture, drawn anew for each, in training only.

    An autoencoder that is trained behind this layer learns to fill in what is missing.

    Args:
        seed: Seed of the draws, or `None`.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        inputs: Pictures of shape `(batch, height, width)` or
            `(batch, height, width, channels)`.
        training: Whether to erase; otherwise inputs are returned as they are.

    Returns:
        A tensor of the shape of `inputs`.

    Raises:
        ValueError: If the inputs are no pictures.

    Example:
        >>> erased = QuadrantMasking(seed=0)(keras.ops.ones((1, 4, 4)), training=True)
        >>> float(keras.ops.sum(erased))
        12.0
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        if len(input_shape) not in (3, 4):
            raise ValueError(
                "QuadrantMasking takes pictures of shape (batch, height, width) or (batch, "
                f"height, width, channels). Received: shape {tuple(input_shape)}"
            )
        height, width = input_shape[1:3]
        lower, right = np.arange(height) >= height // 2, np.arange(width) >= width // 2
        quadrant = 2 * lower[:, None] + right[None, :]  # 0 and 1 above, 2 and 3 below
        self.quadrant = quadrant.reshape(1, height, width, *[1] * (len(input_shape) - 3))

    def call(self, inputs, training=False):
        if not training:
            return inputs
        shape = (ops.shape(inputs)[0], *[1] * (len(inputs.shape) - 1))
        erased = keras.random.randint(shape, 0, 4, seed=self.seed_generator)
        hit = ops.equal(erased, ops.cast(self.quadrant, erased.dtype))
        return ops.where(hit, ops.zeros_like(inputs), inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable("course_lib")
class TiedDense(keras.layers.Layer):
    """A dense layer back from `source`'s outputs to its inputs, with `source`'s own weights.

    Where `source` computes `activation(x W + b)`, this layer computes
    `activation(h W^T + c)`. The matrix `W` is one and the same, so that both layers train
    it; only the bias `c` is new.

    Args:
        source: The `keras.layers.Dense` layer whose weights are shared, built already.
        activation: Activation function; `None` is linear.
        units: Number of inputs of `source`; needed only if it is not built yet.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        inputs: A tensor of shape `(batch, source.units)`.

    Returns:
        A tensor of shape `(batch, units)`.

    Raises:
        ValueError: If `source` is no dense layer, or not built while `units` is missing.

    Example:
        >>> encoder = keras.layers.Dense(2)
        >>> h = encoder(keras.ops.ones((5, 6)))
        >>> tuple(TiedDense(encoder)(h).shape)
        (5, 6)
    """

    def __init__(self, source, activation=None, units=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(source, keras.layers.Dense) or not (source.built or units):
            raise ValueError(
                "source must be a keras.layers.Dense that is built, or comes with its number of "
                f"inputs as units. Received: source={source!r}, units={units}"
            )
        self.source = source
        self.activation = keras.activations.get(activation)
        self.units = source.kernel.shape[0] if source.built else units

    def build(self, input_shape):
        if not self.source.built:
            self.source.build((None, self.units))
        if input_shape[-1] != self.source.units:
            raise ValueError(
                f"TiedDense takes inputs of shape (batch, {self.source.units}), the outputs of "
                f"its source. Received: shape {tuple(input_shape)}"
            )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs):
        return self.activation(ops.matmul(inputs, ops.transpose(self.source.kernel)) + self.bias)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "source": keras.saving.serialize_keras_object(self.source),
            "activation": keras.activations.serialize(self.activation),
            "units": self.units,
        }

    @classmethod
    def from_config(cls, config):
        # In an autoencoder the source is a layer of the encoder, which exists already.
        name = _tied_name(config["source"]["config"]["name"])
        source = keras.saving.get_registered_object(name)
        if source is None:
            source = keras.saving.deserialize_keras_object(config["source"])
        return cls(**{**config, "source": source})

    @staticmethod
    def sources(model):
        """Return a scope in which `TiedDense` layers find their sources among a model's layers.

        Args:
            model: The encoder that the layers to be deserialized are tied to.

        Returns:
            A context manager.
        """
        dense = (layer for layer in model.layers if isinstance(layer, keras.layers.Dense))
        return keras.saving.custom_object_scope({_tied_name(layer.name): layer for layer in dense})


def _tied_name(layer_name):
    return f"course_lib>TiedDense>source>{layer_name}"


@keras.saving.register_keras_serializable("course_lib")
class WordDropout(keras.layers.Layer):
    """Replaces tokens by one that says nothing, in training only (Bowman et al. 2016).

    The first token of a sequence, its start, is left alone.

    Args:
        rate: Probability of a replacement, from 0 to less than 1.
        unknown: The token that stands in.
        seed: Seed of the draws, or `None`.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        inputs: Integer tokens of shape `(batch, length)`.
        training: Whether to replace; otherwise inputs are returned as they are.

    Returns:
        A tensor of the shape of `inputs`.

    Raises:
        ValueError: If `rate` is not in [0, 1).

    Example:
        >>> tokens = keras.ops.ones((1, 4), dtype="int32")
        >>> WordDropout(0.0, unknown=3)(tokens, training=True)[0].shape[0]
        4
    """

    def __init__(self, rate, unknown, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate is a probability in [0, 1). Received: rate={rate}")
        self.rate = rate
        self.unknown = unknown
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        draw = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator)
        is_first = ops.arange(inputs.shape[1]) == 0
        keep = ops.logical_or(draw >= self.rate, is_first)
        return ops.where(keep, inputs, ops.full_like(inputs, self.unknown))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"rate": self.rate, "unknown": self.unknown, "seed": self.seed}
        return {**super().get_config(), **config}
