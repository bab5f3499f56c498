"""Autoencoders: an encoder and a decoder, trained together to return their input."""

import copy

import keras
import numpy as np
from keras import layers, ops

from course_lib.jacobians import squared_jacobian_norm
from course_lib.layers import TiedDense
from course_lib.losses import BernoulliNLL, check_unit_interval
from course_lib.networks import (
    apply_in_batches,
    check_sizes,
    convolutional_decoder,
    convolutional_encoder,
    dense_network,
    tied_decoder,
)


class ReconstructionModel(keras.Model):
    """What all models of the course share: they are fitted to `x` alone.

    `fit(x)`, `evaluate(x)` and `predict(x)` check arrays before anything runs; a wrong
    shape or a value that the likelihood does not know is one clear `ValueError`.

    Args:
        encoder: A built Keras model, from a batch to its code.
        decoder: A built Keras model, from a code to a batch.
        **kwargs: As for `keras.Model`.

    Example:
        >>> issubclass(Autoencoder, ReconstructionModel)
        True
    """

    #: Constructor arguments, beside the encoder and the decoder, that are Keras objects.
    further_parts = ()

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.built = True  # its parts are

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

    def check_inputs(self, x, name="x", is_target=True):
        """Raise a `ValueError` if what the model is called with does not fit it.

        Args:
            x: As for `check_batch`; a model with a condition takes a pair.
            name: As for `check_batch`.
            is_target: As for `check_batch`.
        """
        self.check_batch(x, name, is_target)

    def as_arrays(self, x):
        """Return what `fit` accepts as what the encoder takes: here `x` itself."""
        return x

    def split_inputs(self, inputs):
        """Return the target, and the list of what the decoder is given beside the code.

        Args:
            inputs: What the model is called with.

        Returns:
            A pair `(x, condition)` of a tensor and a list of tensors, here an empty one.
        """
        return inputs, []

    def fit(self, x=None, y=None, **kwargs):
        """Train, as `keras.Model.fit` does; the target is `x` unless `y` is given."""
        x, y = self._checked(x, y, kwargs.get("sample_weight"))
        validation = kwargs.get("validation_data")
        if isinstance(validation, (list, tuple)):
            pair = self._checked(*validation[:2], name="validation_data")
            kwargs["validation_data"] = (*pair, *validation[2:])
        else:
            self._checked(validation, name="validation_data")
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
        self.check_inputs(x, name or "x", is_target=y is None)
        x = self.as_arrays(x)
        if y is not None:
            self.check_batch(y, name or "y")
        elif sample_weight is not None:
            y, _ = self.split_inputs(x)  # Keras drops the weights of data without a target
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
            **{name: serialize(getattr(self, name)) for name in self.further_parts},
        }

    @classmethod
    def from_config(cls, config):
        config = copy.deepcopy(config)  # deserializing takes a config apart
        config["encoder"] = keras.saving.deserialize_keras_object(config["encoder"])
        with TiedDense.sources(config["encoder"]):
            config["decoder"] = keras.saving.deserialize_keras_object(config["decoder"])
        for name in cls.further_parts:
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


@keras.saving.register_keras_serializable("course_lib")
class Autoencoder(ReconstructionModel):
    """Encodes x to a code h and decodes h to a reconstruction of x.

    With a noise layer it is a denoising autoencoder (Vincent et al. 2008): in training the
    encoder sees a corrupted x, while the target stays the clean one.

    Args:
        encoder: A built Keras model, from `(batch, *item_shape)` to `(batch, latent_dim)`.
        decoder: A built Keras model, back again.
        noise: A layer that corrupts x in training, such as `MaskingNoise(0.3)` or
            `keras.layers.GaussianNoise(0.2)`, or `None`.
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

    further_parts = ("noise",)

    def __init__(self, encoder, decoder, noise=None, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        if noise is not None and not isinstance(noise, keras.layers.Layer):
            raise ValueError(f"noise must be a Keras layer or None. Received: noise={noise!r}")
        self.noise = noise

    @classmethod
    def dense(
        cls,
        item_shape,
        latent_dim,
        hidden_units=(),
        activation="relu",
        code_activation=None,
        output_activation="sigmoid",
        tied=False,
        kernel_regularizer=None,
        code_regularizer=None,
        code_dropout=0.0,
        **kwargs,
    ):
        """Build an autoencoder of dense layers, the decoder a mirror of the encoder.

        With more code units than pixels it is overcomplete; what then keeps it from
        copying is one of the regularizers.

        Args:
            item_shape: Shape of one example, such as `(8, 8)`.
            latent_dim: Number of code units.
            hidden_units: Widths of the hidden layers, from the input to the code.
            activation: Activation of the hidden layers.
            code_activation: Activation of the code units; `None` is linear.
            output_activation: `"sigmoid"` for values in [0, 1], `None` (linear) for reals.
            tied: Whether the decoder uses the encoder's weight matrices, transposed.
            kernel_regularizer: Penalty on the weights (weight decay), such as
                `keras.regularizers.L2(1e-4)`.
            code_regularizer: Penalty on the activations of the code (sparsity), such as
                `KLSparsity(0.05)` or `keras.regularizers.L1(1e-3)`. Keras averages it over
                the batch.
            code_dropout: Share of the code units that are switched off in training.
            **kwargs: As for the constructor.

        Returns:
            An `Autoencoder`.

        Raises:
            ValueError: If a size is not a positive integer.

        Example:
            >>> model = Autoencoder.dense((6,), latent_dim=2, tied=True)
            >>> model.count_params()  # 6 x 2 weights, 2 + 6 biases
            20
        """
        check_sizes(item_shape=item_shape, hidden_units=hidden_units)
        encoder = dense_network(
            item_shape,
            hidden_units,
            (latent_dim,),
            activation,
            code_activation,
            "encoder",
            kernel_regularizer=kernel_regularizer,
        )
        encoder.layers[-1].activity_regularizer = keras.regularizers.get(code_regularizer)
        if code_dropout:
            code = layers.Dropout(code_dropout)(encoder.output)
            encoder = keras.Model(encoder.input, code, name="encoder")
        if tied:
            decoder = tied_decoder(encoder, activation, output_activation)
        else:
            decoder = dense_network(
                (latent_dim,),
                hidden_units[::-1],
                item_shape,
                activation,
                output_activation,
                "decoder",
                kernel_regularizer=kernel_regularizer,
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

        Args:
            item_shape: Height and width of one picture, such as `(8, 8)`, and the number of
                channels where there are several, such as `(24, 24, 3)`.
            latent_dim: Number of code units.
            filters: Number of filters of each convolution, from the input to the code. Each
                one halves height and width.
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
        sizes = {"filters": filters, "kernel_size": kernel_size, "activation": activation}
        encoder = convolutional_encoder(
            item_shape, latent_dim, code_activation=code_activation, **sizes
        )
        decoder = convolutional_decoder(
            latent_dim, item_shape, output_activation=output_activation, **sizes
        )
        return cls(encoder, decoder, **kwargs)

    @property
    def needs_unit_interval(self):
        return isinstance(getattr(self, "loss", None), BernoulliNLL)

    def call(self, inputs, training=None):
        if self.noise is not None:
            inputs = self.noise(inputs, training=training)
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


@keras.saving.register_keras_serializable("course_lib")
class ContractiveAutoencoder(Autoencoder):
    """Penalizes a code for reacting to its input (Rifai et al. 2011).

    The loss is the reconstruction loss plus `weight * ||dh/dx||_F^2`, averaged over the
    batch. For an encoder of one dense sigmoid layer the norm has a closed form,

        ||dh/dx||_F^2 = sum_j (h_j (1 - h_j))^2 sum_i W_ij^2,

    which costs next to nothing. For any other encoder it comes from the backend's
    autodiff: exactly, with one backward pass for each code unit, or estimated without bias
    from `n_probes` random directions.

    Args:
        encoder: As for `Autoencoder`.
        decoder: As for `Autoencoder`.
        weight: Factor of the penalty, at least 0.
        n_probes: Random directions an example, or `None` for the exact norm.
        seed: Seed of the directions, or `None`.
        **kwargs: As for `Autoencoder`.

    Call arguments:
        inputs: A batch of shape `(batch, *item_shape)`.

    Returns:
        The reconstruction, of the same shape.

    Raises:
        ValueError: If `weight` is negative or `n_probes` no positive integer.

    Example:
        >>> model = ContractiveAutoencoder.dense((6,), 2, code_activation="sigmoid", weight=0.1)
        >>> model.compile(optimizer="adam", loss=BernoulliNLL())
        >>> history = model.fit(np.zeros((5, 6)), verbose=0)
        >>> sorted(history.history)
        ['contraction', 'loss']
    """

    def __init__(self, encoder, decoder, weight=0.1, n_probes=None, seed=None, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        if not 0 <= weight < float("inf"):
            raise ValueError(f"weight must be finite, at least 0. Received: weight={weight}")
        if n_probes is not None:
            check_sizes(n_probes=(n_probes,))
        self.weight = weight
        self.n_probes = n_probes
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.contraction_tracker = keras.metrics.Mean(name="contraction")
        self._sigmoid_layer = _only_sigmoid_layer(encoder)

    def contraction(self, x):
        """Return the squared Frobenius norm of dh/dx of each example.

        Args:
            x: Array or tensor of shape `(batch, *item_shape)`.

        Returns:
            A tensor of shape `(batch,)`.
        """
        self.check_batch(x, is_target=False)
        x = ops.convert_to_tensor(x, dtype=self.compute_dtype)
        if self._sigmoid_layer is None:
            return squared_jacobian_norm(
                lambda x: self.encoder(x, training=False), x, self.n_probes, self.seed_generator
            )
        h = ops.cast(self.encoder(x, training=False), "float32")
        squared_weights = ops.sum(ops.square(self._sigmoid_layer.kernel), axis=0)
        return ops.matmul(ops.square(h * (1 - h)), squared_weights)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        norm = ops.cast(self.contraction(x), loss.dtype)
        self.contraction_tracker.update_state(norm, sample_weight)
        if sample_weight is not None:
            norm = norm * ops.cast(sample_weight, norm.dtype)
        return loss + self.weight * ops.mean(norm)

    def get_config(self):
        own = {"weight": self.weight, "n_probes": self.n_probes, "seed": self.seed}
        return {**super().get_config(), **own}


def _only_sigmoid_layer(encoder):
    """Return the dense sigmoid layer that an encoder consists of, or `None`."""
    steps = [
        layer
        for layer in encoder.layers
        if not isinstance(layer, (layers.InputLayer, layers.Flatten, layers.Dropout))
    ]
    if len(steps) == 1 and isinstance(steps[0], layers.Dense):
        return steps[0] if steps[0].activation is keras.activations.sigmoid else None
    return None
