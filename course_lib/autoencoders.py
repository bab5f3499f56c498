"""Autoencoders: an encoder and a decoder, trained together to return their input."""

import copy
import math

import keras
import numpy as np
from keras import layers, ops

from course_lib.losses import BernoulliNLL, check_unit_interval


class ReconstructionModel(keras.Model):
    """What all models of the course share: they are fitted to `x` alone.

    `fit(x)`, `evaluate(x)` and `predict(x)` check arrays before anything runs; a wrong
    shape or a value that the likelihood does not know is one clear `ValueError`.

    Args:
        encoder: A built Keras model, from a batch to its code.
        decoder: A built Keras model, from a code to a batch.
        **kwargs: As for `keras.Model`.
    """

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder

    @property
    def item_shape(self):
        """Shape of one example, without the batch."""
        return tuple(self.encoder.input_shape[1:])

    @property
    def needs_unit_interval(self):
        """Whether the likelihood is defined on [0, 1] only."""
        raise NotImplementedError

    def build(self, input_shape):
        """Do nothing: the encoder and the decoder are built already."""

    def check_batch(self, x, name="x", is_target=True):
        """Raise a `ValueError` if an array does not fit the model; pass anything else on.

        Args:
            x: A batch, shape `(batch, *item_shape)`.
            name: What to call it in the message.
            is_target: Whether the likelihood has to know its values. What only enters the
                encoder, a noisy copy of the target say, has to be finite, no more.
        """
        if not isinstance(x, np.ndarray):
            return
        if x.shape[1:] != self.item_shape or len(x) == 0:
            raise ValueError(
                f"{name} must be a non-empty batch of shape (batch, "
                f"{', '.join(map(str, self.item_shape))}). Received: shape {x.shape}"
            )
        if is_target and self.needs_unit_interval:
            check_unit_interval(x, name)
        elif not np.all(np.isfinite(x)):
            raise ValueError(f"{name} must be finite. Received: values that are NaN or infinite")

    def fit(self, x=None, y=None, **kwargs):
        """Train, as `keras.Model.fit` does; the target is `x` unless `y` is given."""
        x, y = self._checked(x, y, kwargs.get("sample_weight"))
        validation = kwargs.get("validation_data")
        pair = validation[:2] if isinstance(validation, (list, tuple)) else (validation,)
        self._checked(*pair, name="validation_data")
        if self.compiled and not self.optimizer.built:
            # Otherwise Keras makes the optimizer's variables while it traces the first step,
            # and then has to trace it again: one to two seconds of every small model's fit.
            self.optimizer.build(self.trainable_variables)
        return super().fit(x, y, **kwargs)

    def evaluate(self, x=None, y=None, **kwargs):
        """Return the loss and metrics, as `keras.Model.evaluate` does."""
        x, y = self._checked(x, y, kwargs.get("sample_weight"))
        return super().evaluate(x, y, **kwargs)

    def _checked(self, x, y=None, sample_weight=None, name=None):
        self.check_batch(x, name or "x", is_target=y is None)
        if y is not None:
            self.check_batch(y, name or "y")
        elif sample_weight is not None:
            y = x  # Keras drops the weights of data without a target
        return x, y

    def reconstruct(self, x):
        """Return what the codes of `x` decode to, an array of the shape of `x`."""
        raise NotImplementedError

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
        }

    @classmethod
    def from_config(cls, config):
        config = copy.deepcopy(config)  # deserializing takes a config apart
        for part in ("encoder", "decoder"):
            config[part] = keras.saving.deserialize_keras_object(config[part])
        return cls(**config)


@keras.saving.register_keras_serializable("course_lib")
class Autoencoder(ReconstructionModel):
    """Encodes x to a code h and decodes h to a reconstruction of x.

    Args:
        encoder: A built Keras model, from `(batch, *item_shape)` to `(batch, latent_dim)`.
        decoder: A built Keras model, back again.
        **kwargs: As for `keras.Model`.

    Call arguments:
        inputs: A batch of shape `(batch, *item_shape)`.

    Returns:
        The reconstruction, of the same shape.

    Example:
        >>> model = Autoencoder.dense(item_shape=(8, 8), latent_dim=2)
        >>> model.compile(optimizer="adam", loss=BernoulliNLL())
        >>> history = model.fit(np.zeros((5, 8, 8)), verbose=0)
        >>> model.predict(np.zeros((5, 8, 8)), verbose=0).shape
        (5, 8, 8)
    """

    @classmethod
    def dense(
        cls,
        item_shape,
        latent_dim,
        hidden_units=(),
        activation="relu",
        code_activation=None,
        output_activation="sigmoid",
        **kwargs,
    ):
        """Build an autoencoder of dense layers, the decoder a mirror of the encoder.

        Args:
            item_shape: Shape of one example, such as `(8, 8)`.
            latent_dim: Number of code units.
            hidden_units: Widths of the hidden layers, from the input to the code.
            activation: Activation of the hidden layers.
            code_activation: Activation of the code units; `None` is linear.
            output_activation: `"sigmoid"` for values in [0, 1], `None` (linear) for reals.
            **kwargs: As for the constructor.

        Returns:
            An `Autoencoder`.
        """
        check_sizes(item_shape=item_shape, hidden_units=hidden_units)
        encoder = dense_network(
            item_shape, hidden_units, (latent_dim,), activation, code_activation, "encoder"
        )
        decoder = dense_network(
            (latent_dim,), hidden_units[::-1], item_shape, activation, output_activation, "decoder"
        )
        return cls(encoder, decoder, **kwargs)

    @classmethod
    def convolutional(
        cls,
        item_shape,
        latent_dim,
        filters=(16, 32),
        kernel_size=3,
        activation="relu",
        code_activation=None,
        output_activation="sigmoid",
        **kwargs,
    ):
        """Build an autoencoder of convolutions, the decoder a mirror of the encoder.

        Each convolution has stride 2 and halves height and width; a dense layer makes the
        code from what is left. For `(28, 28)` pictures and the default filters, a batch
        passes through these shapes, and back again in the decoder:

            (batch, 28, 28)       pictures, without a channel axis
            (batch, 28, 28, 1)    the channel axis is added here, and removed at the end
            (batch, 14, 14, 16)   16 filters
            (batch, 7, 7, 32)     32 filters
            (batch, latent_dim)   the code

        Args:
            item_shape: Height and width of one picture, such as `(8, 8)`.
            latent_dim: Number of code units.
            filters: Number of filters of each convolution, from the input to the code.
            kernel_size: Height and width of the filters.
            activation: Activation of the hidden layers.
            code_activation: Activation of the code units; `None` is linear.
            output_activation: `"sigmoid"` for values in [0, 1], `None` (linear) for reals.
            **kwargs: As for the constructor.

        Returns:
            An `Autoencoder`.

        Raises:
            ValueError: If a size is not a positive integer, or if height or width cannot be
                halved once for each convolution.

        Example:
            >>> model = Autoencoder.convolutional(item_shape=(28, 28), latent_dim=2)
            >>> model.predict(np.zeros((5, 28, 28)), verbose=0).shape
            (5, 28, 28)
        """
        check_sizes(item_shape=item_shape, filters=filters)
        check_sizes(latent_dim=(latent_dim,), kernel_size=(kernel_size,))
        item_shape, filters = tuple(item_shape), tuple(filters)
        shrink = 2 ** len(filters)
        if len(item_shape) != 2 or not filters or any(n % shrink for n in item_shape):
            raise ValueError(
                "item_shape must be (height, width), both divisible by 2 for each of one or "
                f"more filters: here by {shrink}. Received: item_shape={item_shape}, "
                f"filters={filters}"
            )
        options = {"kernel_size": kernel_size, "strides": 2, "padding": "same"}

        inputs = keras.Input(item_shape)
        x = layers.Reshape((*item_shape, 1))(inputs)
        for n in filters:
            x = layers.Conv2D(n, activation=activation, **options)(x)
        small_shape = tuple(x.shape[1:])
        x = layers.Flatten()(x)
        code = layers.Dense(latent_dim, activation=code_activation)(x)
        encoder = keras.Model(inputs, code, name="encoder")

        inputs = keras.Input((latent_dim,))
        x = layers.Dense(math.prod(small_shape), activation=activation)(inputs)
        x = layers.Reshape(small_shape)(x)
        for n in filters[-2::-1]:
            x = layers.Conv2DTranspose(n, activation=activation, **options)(x)
        x = layers.Conv2DTranspose(1, activation=output_activation, **options)(x)
        decoder = keras.Model(inputs, layers.Reshape(item_shape)(x), name="decoder")
        return cls(encoder, decoder, **kwargs)

    @property
    def needs_unit_interval(self):
        return isinstance(getattr(self, "loss", None), BernoulliNLL)

    def call(self, inputs, training=None):
        return self.decoder(self.encoder(inputs, training=training), training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y = x if y is None else y
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, x if y is None else y, y_pred, sample_weight)

    def predict(self, x, **kwargs):
        """Return reconstructions, an array of the shape of `x`."""
        self.check_batch(x, is_target=False)
        return super().predict(x, **kwargs)

    def encode(self, x):
        """Return the codes of `x`, an array of shape `(batch, latent_dim)`."""
        self.check_batch(x, is_target=False)
        return apply_in_batches(self.encoder, x)

    def decode(self, h):
        """Return what codes of shape `(batch, latent_dim)` decode to."""
        h = np.asarray(h)
        expected = tuple(self.decoder.input_shape[1:])
        if h.shape[1:] != expected or len(h) == 0:
            raise ValueError(
                f"Codes must be a non-empty batch of shape (batch, "
                f"{', '.join(map(str, expected))}). Received: shape {h.shape}"
            )
        return apply_in_batches(self.decoder, h)

    def reconstruct(self, x):
        return self.decode(self.encode(x))


def apply_in_batches(model, x, batch_size=1000):
    """Return a model's outputs for an array, without the start-up cost of `predict`.

    Args:
        model: A Keras model or layer, called in inference mode.
        x: Array of shape `(n, ...)`.
        batch_size: Examples at a time, which bounds the memory.

    Returns:
        An array of shape `(n, ...)`, or a tuple of them for a model of several outputs.
    """
    parts = []
    for start in range(0, len(x), batch_size):
        part = ops.convert_to_tensor(x[start : start + batch_size], dtype=model.compute_dtype)
        outputs = model(part, training=False)
        several = isinstance(outputs, (list, tuple))
        parts.append([ops.convert_to_numpy(o) for o in (outputs if several else [outputs])])
    arrays = tuple(np.concatenate(column) for column in zip(*parts, strict=True))
    return arrays if several else arrays[0]


def check_sizes(**sizes):
    """Raise a `ValueError` unless each argument is a sequence of positive integers.

    Args:
        **sizes: Shapes, or widths of layers, by name.
    """
    for name, values in sizes.items():
        if not isinstance(values, (tuple, list)) or not all(
            isinstance(n, (int, np.integer)) and n > 0 for n in values
        ):
            raise ValueError(
                f"{name} must be positive integers. Received: {name}={values!r}, "
                "where a tuple of them is accepted"
            )


def dense_network(
    input_shape, hidden_units, output_shape, activation="relu", output_activation=None, name=None
):
    """Build a stack of dense layers between any two shapes.

    Args:
        input_shape: Shape of one input.
        hidden_units: Widths of the hidden layers.
        output_shape: Shape of one output.
        activation: Activation of the hidden layers.
        output_activation: Activation of the last layer; `None` is linear.
        name: Name of the model.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If a size is not a positive integer.

    Example:
        >>> dense_network((8, 8), [32], (2,)).output_shape
        (None, 2)
    """
    check_sizes(hidden_units=hidden_units, input_shape=input_shape, output_shape=output_shape)
    if not input_shape or not output_shape:
        raise ValueError(
            "Shapes must be positive integers. "
            f"Received: input_shape={input_shape!r}, output_shape={output_shape!r}"
        )
    inputs = keras.Input(tuple(input_shape))
    x = layers.Flatten()(inputs) if len(input_shape) > 1 else inputs
    for units in hidden_units:
        x = layers.Dense(units, activation=activation)(x)
    x = layers.Dense(int(np.prod(output_shape)), activation=output_activation)(x)
    if len(output_shape) > 1:
        x = layers.Reshape(tuple(output_shape))(x)
    return keras.Model(inputs, x, name=name)
