"""What a code is good for: features for a classifier, and pretraining (chapter 9)."""

import keras
import numpy as np
from keras import layers

from course_lib.autoencoders import Autoencoder
from course_lib.losses import BernoulliNLL, SquaredError
from course_lib.networks import check_sizes, dense_network


def classifier_on(encoder, n_classes, fine_tune=True, hidden_units=(), activation="relu"):
    """Build a classifier on top of an encoder: the decoder is dropped, a softmax is added.

    The classifier gets a copy of the encoder; training it leaves the autoencoder as it is.

    Args:
        encoder: A built Keras model from `(batch, *item_shape)` to `(batch, latent_dim)`, or
            to a pair whose first member is that, as of a VAE.
        n_classes: Number of classes, at least 2.
        fine_tune: Whether training changes the copy of the encoder too; otherwise codes are
            fixed features.
        hidden_units: Widths of hidden layers between the code and the softmax.
        activation: Activation of those layers.

    Returns:
        A `keras.Model` from `(batch, *item_shape)` to class probabilities
        `(batch, n_classes)`; compile it with `"sparse_categorical_crossentropy"`.

    Raises:
        ValueError: If a size is not a positive integer, or there is only one class.

    Example:
        >>> encoder = Autoencoder.dense((8, 8), latent_dim=5).encoder
        >>> classifier_on(encoder, n_classes=10).output_shape
        (None, 10)
    """
    check_sizes(n_classes=(n_classes,), hidden_units=hidden_units)
    if n_classes < 2:
        raise ValueError(f"n_classes must be at least 2. Received: n_classes={n_classes}")
    copy = keras.models.clone_model(encoder)
    copy.set_weights(encoder.get_weights())
    copy.trainable = fine_tune
    inputs = keras.Input(encoder.input_shape[1:])
    code = copy(inputs)
    x = code[0] if isinstance(code, (list, tuple)) else code
    for units in hidden_units:
        x = layers.Dense(units, activation=activation)(x)
    return keras.Model(inputs, layers.Dense(n_classes, activation="softmax")(x))


def pretrain_greedily(
    x, hidden_units, activation="sigmoid", noise=None, tied=True, optimizer="adam", **fit_options
):
    """Train a deep encoder one layer at a time, each as an autoencoder of the layer below.

    The recipe of Bengio et al. (2007), with a noise layer that of the stacked denoising
    autoencoder (Vincent et al. 2010). No label is used.

    Args:
        x: Array of shape `(n, *item_shape)`, values in [0, 1].
        hidden_units: Widths of the layers, from the input up.
        activation: Activation of the layers. With `"sigmoid"` each layer is trained with
            the Bernoulli loss, otherwise with the squared error.
        noise: A layer that corrupts each autoencoder's input in training, or `None`.
        tied: Whether each autoencoder's decoder shares its encoder's weights.
        optimizer: Name of a Keras optimizer, used anew for each layer.
        **fit_options: As for `keras.Model.fit`: `epochs`, `batch_size`, `verbose`.

    Returns:
        The encoder, a built functional `keras.Model` of dense layers from
        `(batch, *item_shape)` to `(batch, hidden_units[-1])`.

    Raises:
        ValueError: If `hidden_units` is empty or no sequence of positive integers, or `x`
            does not lie in [0, 1].

    Example:
        >>> encoder = pretrain_greedily(np.zeros((5, 8, 8)), hidden_units=(4, 3), verbose=0)
        >>> encoder.output_shape
        (None, 3)
    """
    check_sizes(hidden_units=hidden_units)
    if not hidden_units:
        raise ValueError(f"hidden_units must not be empty. Received: hidden_units={hidden_units}")
    x = np.asarray(x)
    *lower, last = hidden_units
    encoder = dense_network(x.shape[1:], lower, (last,), activation, activation, name="encoder")
    stack = [layer for layer in encoder.layers if isinstance(layer, layers.Dense)]
    h = x
    for i, (units, layer) in enumerate(zip(hidden_units, stack, strict=True)):
        # The pictures, and sigmoid units, lie in [0, 1]; other activations need not.
        in_unit_interval = i == 0 or activation == "sigmoid"
        model = Autoencoder.dense(
            h.shape[1:],
            units,
            code_activation=activation,
            output_activation="sigmoid" if in_unit_interval else None,
            tied=tied,
            noise=None if noise is None else type(noise).from_config(noise.get_config()),
        )
        model.compile(optimizer, loss=BernoulliNLL() if in_unit_interval else SquaredError())
        model.fit(h, **fit_options)
        [trained] = [part for part in model.encoder.layers if isinstance(part, layers.Dense)]
        layer.set_weights(trained.get_weights())
        h = model.encode(h)
    return encoder
