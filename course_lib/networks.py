"""The encoders and decoders of the course's models: stacks of dense or convolutional layers.

Under a mixed-precision policy hidden layers compute in half precision; the last layers do
not, since codes and outputs enter logarithms, exponentials and sums over pixels.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from course_lib.layers import TiedDense


def dense_network(
    input_shape,
    hidden_units,
    output_shape,
    activation="relu",
    output_activation=None,
    name=None,
    heads=(),
    condition_shape=None,
    kernel_regularizer=None,
):
    """Build a stack of dense layers between any two shapes.

    Args:
        input_shape: Shape of one input.
        hidden_units: Widths of the hidden layers.
        output_shape: Shape of one output.
        activation: Activation of the hidden layers.
        output_activation: Activation of the last layer; `None` is linear.
        name: Name of the model.
        heads: Names of several outputs, such as `("mean", "log_var")`, each of shape
            `output_shape` and each from a last layer of its own; none for one output.
        condition_shape: Shape of a second input that stands beside the first one, or `None`.
        kernel_regularizer: Penalty on the weights of every layer, as for `keras.layers.Dense`.

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
    if condition_shape is not None:
        check_sizes(condition_shape=condition_shape)
        condition = keras.Input(tuple(condition_shape))
        inputs = [inputs, condition]
        x = layers.Concatenate()([x, layers.Flatten()(condition)])
    options = {"kernel_regularizer": kernel_regularizer}
    for units in hidden_units:
        x = layers.Dense(units, activation=activation, **options)(x)
    options |= {"activation": output_activation, "dtype": keras.config.floatx()}

    def last_layer(name):
        y = layers.Dense(math.prod(output_shape), name=name, **options)(x)
        if len(output_shape) > 1:
            y = layers.Reshape(tuple(output_shape), dtype=options["dtype"])(y)
        return y

    outputs = [last_layer(head) for head in heads] if heads else last_layer(None)
    return keras.Model(inputs, outputs, name=name)


def tied_decoder(encoder, activation="relu", output_activation=None, name="decoder"):
    """Build the mirror of a dense encoder that uses the encoder's own weights, transposed.

    Args:
        encoder: A model made by `dense_network`, with one input and one output.
        activation: Activation of the hidden layers.
        output_activation: Activation of the last layer; `None` is linear.
        name: Name of the model.

    Returns:
        A functional `keras.Model` whose layers are `TiedDense`.

    Raises:
        ValueError: If the encoder has layers other than dense ones, or none.

    Example:
        >>> encoder = dense_network((6,), [], (2,))
        >>> tied_decoder(encoder).count_params() - encoder.count_params()  # its own biases
        6
    """
    dense = [layer for layer in encoder.layers if isinstance(layer, layers.Dense)]
    others = [
        type(layer).__name__
        for layer in encoder.layers
        if not isinstance(layer, (layers.Dense, layers.InputLayer, layers.Flatten, layers.Dropout))
    ]
    if others or not dense:
        raise ValueError(
            "Tied weights need an encoder of dense layers. "
            f"Received: {len(dense)} dense layers and {others or 'no others'}"
        )
    inputs = keras.Input(tuple(encoder.output_shape[1:]))
    x = inputs
    for layer in dense[:0:-1]:
        x = TiedDense(layer, activation=activation)(x)
    dtype = keras.config.floatx()
    x = TiedDense(dense[0], activation=output_activation, dtype=dtype)(x)
    item_shape = tuple(encoder.input_shape[1:])
    if len(item_shape) > 1:
        x = layers.Reshape(item_shape, dtype=dtype)(x)
    return keras.Model(inputs, x, name=name)


def convolutional_encoder(
    item_shape,
    latent_dim,
    filters=(16, 32),
    kernel_size=3,
    activation="relu",
    code_activation=None,
    name="encoder",
    heads=(),
):
    """Build a stack of convolutions from pictures to codes.

    Each convolution has stride 2 and halves height and width; a dense layer makes the code
    from what is left. For `(28, 28)` pictures and the default filters:

        (batch, 28, 28)       pictures, without a channel axis
        (batch, 28, 28, 1)    the channel axis is added here
        (batch, 14, 14, 16)   16 filters
        (batch, 7, 7, 32)     32 filters
        (batch, latent_dim)   the code

    Args:
        item_shape: Height and width of one picture, such as `(8, 8)`, or height, width and
            channels, such as `(24, 24, 3)`.
        latent_dim: Number of code units.
        filters: Number of filters of each convolution, from the input to the code.
        kernel_size: Height and width of the filters.
        activation: Activation of the hidden layers.
        code_activation: Activation of the code units; `None` is linear.
        name: Name of the model.
        heads: As for `dense_network`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If a size is not a positive integer, or if height or width cannot be
            halved once for each convolution.

    Example:
        >>> convolutional_encoder((28, 28), latent_dim=2).output_shape
        (None, 2)
    """
    check_picture_sizes(item_shape, latent_dim, filters, kernel_size)
    inputs = keras.Input(tuple(item_shape))
    x = layers.Reshape((*item_shape, 1))(inputs) if len(item_shape) == 2 else inputs
    for n in filters:
        x = layers.Conv2D(n, kernel_size, strides=2, padding="same", activation=activation)(x)
    x = layers.Flatten()(x)
    options = {"activation": code_activation, "dtype": keras.config.floatx()}
    if heads:
        outputs = [layers.Dense(latent_dim, name=head, **options)(x) for head in heads]
    else:
        outputs = layers.Dense(latent_dim, **options)(x)
    return keras.Model(inputs, outputs, name=name)


def convolutional_decoder(
    latent_dim,
    item_shape,
    filters=(16, 32),
    kernel_size=3,
    activation="relu",
    output_activation=None,
    name="decoder",
    heads=(),
):
    """Build the mirror of a `convolutional_encoder`, from codes to pictures.

    Args:
        latent_dim: Number of code units.
        item_shape: As for `convolutional_encoder`.
        filters: Number of filters of each convolution of the *encoder*, in its order.
        kernel_size: Height and width of the filters.
        activation: Activation of the hidden layers.
        output_activation: Activation of the last layer; `None` is linear.
        name: Name of the model.
        heads: As for `dense_network`; each head is a last convolution of its own.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: As for `convolutional_encoder`.

    Example:
        >>> convolutional_decoder(2, (28, 28)).output_shape
        (None, 28, 28)
    """
    check_picture_sizes(item_shape, latent_dim, filters, kernel_size)
    height, width, *channels = item_shape
    shrink = 2 ** len(filters)
    small_shape = (height // shrink, width // shrink, filters[-1])
    options = {"kernel_size": kernel_size, "strides": 2, "padding": "same"}

    inputs = keras.Input((latent_dim,))
    x = layers.Dense(math.prod(small_shape), activation=activation)(inputs)
    x = layers.Reshape(small_shape)(x)
    for n in filters[-2::-1]:
        x = layers.Conv2DTranspose(n, activation=activation, **options)(x)

    options |= {"activation": output_activation, "dtype": keras.config.floatx()}

    def last_layer(name):
        y = layers.Conv2DTranspose(*(channels or [1]), name=name, **options)(x)
        return y if channels else layers.Reshape((height, width), dtype=options["dtype"])(y)

    outputs = [last_layer(head) for head in heads] if heads else last_layer(None)
    return keras.Model(inputs, outputs, name=name)


def apply_in_batches(model, x, batch_size=1000):
    """Return a model's outputs for an array, without the start-up cost of `predict`.

    Args:
        model: A Keras model or layer, called in inference mode.
        x: Array of shape `(n, ...)`, or a list of such arrays for a model of several inputs.
        batch_size: Examples at a time, which bounds the memory.

    Returns:
        An array of shape `(n, ...)`, or a tuple of them for a model of several outputs.

    Example:
        >>> apply_in_batches(dense_network((3,), [], (2,)), np.zeros((5, 3))).shape
        (5, 2)
    """
    several_inputs = isinstance(x, (list, tuple))
    arrays = x if several_inputs else [x]
    parts = []
    for start in range(0, len(arrays[0]), batch_size):
        part = [_as_tensor(a[start : start + batch_size], model.compute_dtype) for a in arrays]
        outputs = model(part if several_inputs else part[0], training=False)
        several = isinstance(outputs, (list, tuple))
        parts.append([ops.convert_to_numpy(o) for o in (outputs if several else [outputs])])
    results = tuple(np.concatenate(column) for column in zip(*parts, strict=True))
    return results if several else results[0]


def _as_tensor(array, dtype):
    """Return a tensor of a float dtype; integers, such as tokens, stay integers."""
    is_integer = np.issubdtype(np.asarray(array).dtype, np.integer)
    return ops.convert_to_tensor(array, dtype=None if is_integer else dtype)


def check_sizes(**sizes):
    """Raise a `ValueError` unless each argument is a sequence of positive integers.

    Args:
        **sizes: Shapes, or widths of layers, by name.

    Raises:
        ValueError: If one is not.

    Example:
        >>> check_sizes(hidden_units=(32, 16), latent_dim=(2,))
    """
    for name, values in sizes.items():
        if not isinstance(values, (tuple, list)) or not all(
            isinstance(n, (int, np.integer)) and n > 0 for n in values
        ):
            raise ValueError(
                f"{name} must be positive integers. Received: {name}={values!r}, "
                "where a tuple of them is accepted"
            )


def check_picture_sizes(item_shape, latent_dim, filters, kernel_size):
    """Raise a `ValueError` unless a convolutional network of these sizes exists.

    Args:
        item_shape: Height and width, and the number of channels where there are several.
        latent_dim: Number of code units.
        filters: Number of filters of each convolution.
        kernel_size: Height and width of the filters.

    Raises:
        ValueError: If a size is not a positive integer, or if height or width cannot be
            halved once for each convolution.

    Example:
        >>> check_picture_sizes((8, 8), latent_dim=2, filters=(16, 32), kernel_size=3)
    """
    check_sizes(item_shape=item_shape, filters=filters)
    check_sizes(latent_dim=(latent_dim,), kernel_size=(kernel_size,))
    shrink = 2 ** len(filters)
    if (
        len(item_shape) not in (2, 3)
        or not filters
        or any(n % shrink for n in tuple(item_shape)[:2])
    ):
        raise ValueError(
            "item_shape must be (height, width) or (height, width, channels), height and width "
            "both divisible by 2 for each of one or more filters: here by "
            f"{shrink}. Received: item_shape={tuple(item_shape)}, filters={tuple(filters)}"
        )
