"""Recommenders: AutoRec, an autoencoder of ratings, and what it has to beat (chapter 11).

A table of ratings has one row a user and one column an item, and NaN where there is no
rating. All models here have `fit(x)` and `predict(x)`: they learn from such a table, and
fill in the rows of one. AutoRec is a Keras model; the others are a few lines of NumPy.
"""

import math
import numbers

import keras
import numpy as np
from keras import layers, ops

from course_lib.networks import check_sizes


def masked_squared_error(ratings, predictions):
    """Return the squared error summed over the observed ratings of each row.

    What is predicted where there is no rating has no influence, neither on the value nor
    on the gradient.

    Args:
        ratings: Ratings, NaN where there is none, shape `(batch, n_inputs)`.
        predictions: Tensor of the same shape, without NaN.

    Returns:
        A tensor of shape `(batch,)`.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> ratings = np.array([[5.0, np.nan, 1.0]])
        >>> float(masked_squared_error(ratings, np.array([[4.0, 2.0, 3.0]]))[0])  # 1 + 4
        5.0
    """
    error, _ = _masked_error(ratings, predictions)
    return ops.sum(ops.square(error), axis=1)


@keras.saving.register_keras_serializable("course_lib")
class MaskedRMSE(keras.metrics.Metric):
    """Root of the mean squared error over observed ratings, as a Keras metric.

    Args:
        **kwargs: As for `keras.metrics.Metric`.

    Example:
        >>> rmse = MaskedRMSE()
        >>> rmse.update_state(np.array([[5.0, np.nan]]), np.array([[3.0, 1.0]]))
        >>> float(rmse.result())
        2.0
    """

    def __init__(self, name="rmse", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch.

        Args:
            y_true: Ratings, NaN where there is none, shape `(batch, n_inputs)`.
            y_pred: Predictions of the same shape.
            sample_weight: Weights of the rows, shape `(batch,)`, or `None`.
        """
        error, observed = _masked_error(y_true, y_pred)
        squared, counts = ops.square(error), ops.cast(observed, error.dtype)
        if sample_weight is not None:
            weight = ops.reshape(ops.cast(sample_weight, error.dtype), (-1, 1))
            squared, counts = squared * weight, counts * weight
        self.total.assign_add(ops.cast(ops.sum(squared), self.total.dtype))
        self.count.assign_add(ops.cast(ops.sum(counts), self.count.dtype))

    def result(self):
        return ops.sqrt(ops.divide_no_nan(self.total, self.count))


@keras.saving.register_keras_serializable("course_lib")
class AutoRec(keras.Model):
    """Autoencoder of ratings (Sedhain et al. 2015, equations 1 to 3).

    A row of ratings r, of which only some are observed, becomes a code and then a dense row:

        h(r) = m + W f(V (r - m) + a) + b,

    where `m` is the mean of all observed ratings. An unobserved rating enters as `m`, that
    is as 0 after the subtraction, and is left out of the loss, which is

        mean over rows of [sum over observed ratings of (r - h(r))^2]
            + regularization / 2 * (sum of all W^2, V^2).

    The paper sums over the rows: its weight is `regularization` times their number.

    In user-based AutoRec a row holds the ratings of one user. In item-based AutoRec, which
    the paper found better, it holds those of one item: give the model the transposed
    table, and transpose what it predicts.

    The mean is taken from the array that is fitted first, or by `adapt`, and stays. It is what
    is predicted for a column that never had a rating: W and b start at zero.

    Args:
        n_inputs: Length of a row: the number of items (user-based) or users (item-based).
        latent_dim: Number of code units.
        regularization: Weight of the squared weights in the loss, at least 0. Biases are
            not penalized.
        activation: Activation f of the code units.
        rating_range: Lowest and highest rating, which `predict` keeps to; or `None`.
        **kwargs: As for `keras.Model`.

    Call arguments:
        inputs: Ratings, NaN where there is none, shape `(batch, n_inputs)`.

    Returns:
        Predictions of all ratings, of the same shape, not limited to `rating_range`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> ratings = np.array([[5.0, np.nan, 1.0], [4.0, 4.0, np.nan]])
        >>> model = AutoRec(n_inputs=3, latent_dim=2, rating_range=(1, 5))
        >>> model.compile(optimizer="adam", metrics=[MaskedRMSE()])
        >>> history = model.fit(ratings, verbose=0)
        >>> model.predict(ratings, verbose=0).shape
        (2, 3)
    """

    def __init__(
        self,
        n_inputs,
        latent_dim,
        regularization=0.0,
        activation="sigmoid",
        rating_range=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_sizes(n_inputs=(n_inputs,), latent_dim=(latent_dim,))
        _check_number("regularization", regularization)
        self.n_inputs = int(n_inputs)
        self.latent_dim = int(latent_dim)
        self.regularization = float(regularization)
        self.activation = keras.activations.get(activation)
        self.rating_range = _check_range(rating_range)

        options = {"dtype": self.dtype_policy}
        if regularization:
            options["kernel_regularizer"] = keras.regularizers.L2(self.regularization / 2)
        self.encoder = layers.Dense(latent_dim, self.activation, name="encoder", **options)
        # From zero, the first prediction is the mean; an input without any rating keeps it.
        self.decoder = layers.Dense(n_inputs, kernel_initializer="zeros", name="decoder", **options)
        self.encoder.build((None, self.n_inputs))
        self.decoder.build((None, self.latent_dim))
        # Weights, so that they are saved; a count of 0 says that there is no mean yet.
        scalar = {"shape": (), "initializer": "zeros", "trainable": False}
        self.rating_mean = self.add_weight(name="rating_mean", **scalar)
        self.rating_count = self.add_weight(name="rating_count", **scalar)
        self.built = True

    def build(self, input_shape):
        """Do nothing: the layers are built already."""

    def adapt(self, data):
        """Set the mean that is subtracted to that of the observed ratings.

        `fit` does so by itself for an array; a data set is gone through once more.

        Args:
            data: An array of ratings, or batches of them, such as a `tf.data.Dataset`. Of
                a batch that is a tuple, the first entry counts.

        Raises:
            ValueError: If an array does not fit the model, or there is no rating at all.
        """
        self._check(data)
        total, count = 0.0, 0
        for batch in [data] if isinstance(data, np.ndarray) else data:
            x = batch[0] if isinstance(batch, (tuple, list)) else batch
            x = ops.convert_to_numpy(x).astype("float64")
            total, count = total + np.nansum(x), count + np.sum(~np.isnan(x))
        if not count:
            raise ValueError("adapt needs an observed rating. Received: NaN only")
        self.rating_mean.assign(total / count)
        self.rating_count.assign(count)

    def call(self, inputs):
        inputs = ops.cast(inputs, self.compute_dtype)  # a complete table may be of integers
        mean = ops.cast(self.rating_mean, inputs.dtype)
        filled = ops.where(ops.isnan(inputs), mean, inputs)
        return self.decoder(self.encoder(filled - mean)) + mean

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = masked_squared_error(x if y is None else y, y_pred)
        if sample_weight is not None:
            loss = loss * ops.cast(sample_weight, loss.dtype)
        return ops.mean(loss) + sum(ops.sum(penalty) for penalty in self.losses)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, x if y is None else y, y_pred, sample_weight)

    def fit(self, x=None, y=None, **kwargs):
        """Train, as `keras.Model.fit` does, on the ratings `x` or on other ones of the same rows.

        Args:
            x: An array of ratings, NaN where there is none, shape `(n, n_inputs)`; or a
                data set of batches, after `adapt`.
            y: Ratings to predict from `x`, of the same shape; `None` for `x` itself.
            **kwargs: As for `keras.Model.fit`. With `validation_data=(x, held_out)` the
                held-out ratings are predicted from `x`.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If an array does not fit the model or has no rating at all, or a
                data set comes before `adapt`.
        """
        y = self._checked_target(x, y, kwargs.get("sample_weight"))
        validation = kwargs.get("validation_data")
        for part in validation[:2] if isinstance(validation, (list, tuple)) else [validation]:
            self._check(part, "validation_data")
        if not float(self.rating_count):
            if not isinstance(x, np.ndarray):
                raise ValueError(
                    "The model does not know the mean rating yet: call adapt(data) before fit. "
                    f"Received: x of type {type(x).__name__}"
                )
            self.adapt(x)
        if self.compiled and not self.optimizer.built:
            # Otherwise Keras traces the first step twice.
            self.optimizer.build(self.trainable_variables)
        return super().fit(x, y, **kwargs)

    def evaluate(self, x=None, y=None, **kwargs):
        """Return the loss and metrics, as `keras.Model.evaluate` does.

        Args:
            x: As for `fit`.
            y: Ratings to predict from `x`, held-out ones say; `None` for `x` itself.
            **kwargs: As for `keras.Model.evaluate`.

        Returns:
            A `float`, a list or a `dict`, as `keras.Model.evaluate`.
        """
        return super().evaluate(
            x, self._checked_target(x, y, kwargs.get("sample_weight")), **kwargs
        )

    def predict(self, x, **kwargs):
        """Return predictions of all ratings, observed or not, within `rating_range`.

        Args:
            x: As for `fit`.
            **kwargs: As for `keras.Model.predict`.

        Returns:
            An array of shape `(n, n_inputs)`.
        """
        self._check(x)
        predictions = super().predict(x, **kwargs)
        return (
            predictions if self.rating_range is None else np.clip(predictions, *self.rating_range)
        )

    def _checked_target(self, x, y, sample_weight):
        self._check(x)
        self._check(y, "y")
        # Keras drops the weights of data without a target.
        return x if y is None and sample_weight is not None else y

    def _check(self, x, name="x"):
        """Raise a `ValueError` if an array does not fit the model; pass anything else on."""
        if isinstance(x, np.ndarray):
            _check_table(x, name, self.n_inputs, self.rating_range)

    def get_config(self):
        return {
            **super().get_config(),
            "n_inputs": self.n_inputs,
            "latent_dim": self.latent_dim,
            "regularization": self.regularization,
            "activation": keras.activations.serialize(self.activation),
            "rating_range": self.rating_range,
        }


class GlobalMean:
    """Predicts the mean of all observed ratings, always.

    Example:
        >>> ratings = np.array([[5.0, np.nan], [1.0, 3.0]])
        >>> GlobalMean().fit(ratings).predict(ratings).tolist()
        [[3.0, 3.0], [3.0, 3.0]]
    """

    def __init__(self):
        self.mean = None

    def fit(self, x):
        """Learn from the observed ratings.

        Args:
            x: Ratings, NaN where there is none, shape `(n_users, n_items)`.

        Returns:
            The object itself.

        Raises:
            ValueError: If `x` is no such table, or there is no rating at all.
        """
        x = _check_table(x, "x").astype("float64")
        if np.all(np.isnan(x)):
            raise ValueError("fit needs an observed rating. Received: NaN only")
        self.n_items = x.shape[1]
        self.mean = float(np.nanmean(x))
        self._fit(x - self.mean)
        return self

    def predict(self, x):
        """Return predictions of all ratings, observed or not.

        Args:
            x: What is known of the users, those of `fit` or other ones: ratings of the same
                items, NaN where there is none, shape `(n_users, n_items)`.

        Returns:
            An array of that shape, without NaN.

        Raises:
            ValueError: If `x` is no such table, or `fit` was not called.
        """
        if self.mean is None:
            raise ValueError("Call fit first. Received: a model that has seen no rating yet")
        x = _check_table(x, "x", self.n_items).astype("float64")
        return self.mean + self._offsets(x - self.mean)

    def _fit(self, residual):
        """Learn from the ratings less their mean."""

    def _offsets(self, residual):
        """Return what predictions differ by from the mean."""
        return np.zeros(residual.shape)


class ItemMean(GlobalMean):
    """Predicts the mean rating of each item, whoever the user is.

    With shrinkage, an item's mean is taken as if it had that many more ratings, all equal to
    the mean of all ratings: few ratings then move it little. An item without a rating gets
    the mean of all.

    Args:
        shrinkage: Number of such ratings, at least 0.

    Raises:
        ValueError: If `shrinkage` is negative or not finite.

    Example:
        >>> ratings = np.array([[5.0, np.nan], [1.0, 3.0], [2.0, 4.0]])
        >>> ItemMean(shrinkage=1).fit(ratings).predict(ratings[:1]).tolist()  # 11/4 and 10/3
        [[2.75, 3.333...]]
    """

    def __init__(self, shrinkage=0.0):
        super().__init__()
        _check_number("shrinkage", shrinkage)
        self.shrinkage = shrinkage

    def _fit(self, residual):
        self.item_offsets = _shrunk_mean(residual, 0, self.shrinkage)

    def _offsets(self, residual):
        return np.tile(self.item_offsets, (len(residual), 1))


class UserItemMean(ItemMean):
    """Predicts the item's mean, moved by how the user's ratings differ from the items' means.

    The baseline of Koren et al. (2009): mean of all + offset of the item + offset of the user. Both
    offsets are means, shrunk as in `ItemMean`. A user without a rating gets an offset of 0.

    Args:
        shrinkage: As for `ItemMean`, for items and for users.

    Example:
        >>> ratings = np.array([[5.0, 4.0], [3.0, np.nan]])
        >>> UserItemMean().fit(ratings).predict(ratings).round(2).tolist()
        [[4.5, 4.5], [3.0, 3.0]]
    """

    def _offsets(self, residual):
        left = residual - self.item_offsets
        return self.item_offsets + _shrunk_mean(left, 1, self.shrinkage)[:, None]


class MatrixFactorization(GlobalMean):
    """Predicts from the product of a user's and an item's factors, and their biases.

    The prediction is mean + c_u + d_i + p_u . q_i (Koren et al. 2009). `fit` minimizes

        sum over observed ratings of (r - prediction)^2
            + regularization * (sum of all c^2, d^2, p^2, q^2)

    by alternating least squares: with the items fixed, the best bias and factors of each
    user solve a small linear system, and the other way around. `predict` solves that of the
    users whose ratings it is given, who may be new. Without a rating, c, d, p, q are 0.

    Args:
        latent_dim: Number of factors.
        regularization: Weight of the squares, above 0.
        n_iterations: Number of sweeps over users and items.
        seed: Seed of the initial factors, or a `numpy.random.Generator`.

    Attributes:
        objectives: The value of what is minimized after each sweep of `fit`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> ratings = np.array([[5.0, 1.0, 5.0], [1.0, 5.0, np.nan], [5.0, 1.0, 5.0]])
        >>> model = MatrixFactorization(latent_dim=1, regularization=0.1, seed=0).fit(ratings)
        >>> bool(model.predict(ratings)[1, 2] < 3)  # those of another taste gave it 5
        True
    """

    def __init__(self, latent_dim, regularization=1.0, n_iterations=20, seed=None):
        super().__init__()
        check_sizes(latent_dim=(latent_dim,), n_iterations=(n_iterations,))
        _check_number("regularization", regularization)
        if regularization == 0:
            raise ValueError(
                "regularization must be above 0: few ratings do not determine many factors. "
                f"Received: regularization={regularization}"
            )
        self.latent_dim = latent_dim
        self.regularization = regularization
        self.n_iterations = n_iterations
        self.seed = seed

    def _fit(self, residual):
        rng = np.random.default_rng(self.seed)
        # One row an item: its bias, then its factors.
        items = np.zeros((self.n_items, 1 + self.latent_dim))
        items[:, 1:] = 0.1 * rng.standard_normal((self.n_items, self.latent_dim))
        self.objectives = []
        for _ in range(self.n_iterations):
            users = self._solve(residual, items)
            items = self._solve(residual.T, users)
            squares = np.sum(np.square(users)) + np.sum(np.square(items))
            errors = np.nansum(np.square(residual - _products(users, items)))
            self.objectives.append(float(errors + self.regularization * squares))
        self.items = items

    def _offsets(self, residual):
        return _products(self._solve(residual, self.items), self.items)

    def _solve(self, residual, others):
        """Return the best bias and factors of each row, given those of all columns.

        A row's ratings, less the columns' biases, are linear in its bias and factors: ridge
        regression on the columns' factors and a 1, over the columns that are observed.
        """
        observed = ~np.isnan(residual)  # (n_rows, n_columns)
        target = np.where(observed, residual - others[:, 0], 0)
        features = np.concatenate([np.ones((len(others), 1)), others[:, 1:]], axis=1)
        n = features.shape[1]
        outer = (features[:, :, None] * features[:, None, :]).reshape(-1, n * n)
        gram = (observed @ outer).reshape(-1, n, n) + self.regularization * np.eye(n)
        return np.linalg.solve(gram, (target @ features)[..., None])[..., 0]


def rmse(ratings, predictions):
    """Return the root of the mean squared error over the observed ratings.

    Args:
        ratings: Ratings, NaN where there is none, shape `(n_users, n_items)`.
        predictions: Array of the same shape.

    Returns:
        A `float`.

    Raises:
        ValueError: If the shapes differ, there is no rating, or one has no prediction.

    Example:
        >>> rmse([[5.0, np.nan], [1.0, 3.0]], [[5.0, 9.0], [1.0, 0.0]])  # root of 9 / 3
        1.732...
    """
    ratings, predictions = _check_table(ratings, "ratings"), np.asarray(predictions, "float64")
    if ratings.shape != predictions.shape:
        raise ValueError(
            "ratings and predictions must have the same shape. "
            f"Received: ratings of shape {ratings.shape}, predictions of {predictions.shape}"
        )
    observed = ~np.isnan(ratings)
    if not np.any(observed) or not np.all(np.isfinite(predictions[observed])):
        raise ValueError(
            "rmse needs an observed rating, and a finite prediction for each. "
            f"Received: {np.sum(observed)} ratings, "
            f"{np.sum(~np.isfinite(predictions[observed]))} predictions of them not finite"
        )
    return float(np.sqrt(np.mean(np.square(ratings - predictions)[observed])))


def recommend(predictions, seen, n):
    """Return the items with the highest predictions among those a user has not seen.

    Args:
        predictions: Array of shape `(n_users, n_items)`.
        seen: Boolean array of that shape: what not to recommend.
        n: How many items a user, at least 1.

    Returns:
        A list with one array of item indices a user, the best first; with fewer than `n` of
        them if fewer are unseen. Of equal predictions the first item comes first.

    Raises:
        ValueError: If the shapes differ, `seen` is not Boolean, a prediction is NaN, or `n`
            is no positive integer.

    Example:
        >>> predictions = np.array([[4.0, 5.0, 3.0], [1.0, 2.0, 5.0]])
        >>> seen = np.array([[False, True, False], [True, True, True]])
        >>> [items.tolist() for items in recommend(predictions, seen, n=2)]
        [[0, 2], []]
    """
    predictions, seen = np.asarray(predictions), np.asarray(seen)
    if predictions.ndim != 2 or predictions.shape != seen.shape or seen.dtype != bool:
        raise ValueError(
            "predictions and seen must have the same shape (n_users, n_items), and seen must be "
            f"Boolean. Received: predictions of shape {predictions.shape}, seen of shape "
            f"{seen.shape} and type {seen.dtype}"
        )
    if np.any(np.isnan(predictions)):
        raise ValueError("predictions must be numbers. Received: values that are NaN")
    check_sizes(n=(n,))
    order = np.argsort(-predictions, axis=1, kind="stable")
    return [
        items[~seen_by_user[items]][:n] for items, seen_by_user in zip(order, seen, strict=True)
    ]


def _masked_error(ratings, predictions):
    """Return ratings - predictions, 0 where there is no rating, and where there is one."""
    shapes = [
        tuple(a.shape) if hasattr(a, "shape") else np.shape(a) for a in (ratings, predictions)
    ]
    # A dimension is None while Keras traces a model for any batch size.
    fits = all(len(shape) == 2 for shape in shapes) and all(
        i is None or j is None or i == j for i, j in zip(*shapes, strict=True)
    )
    if not fits:
        raise ValueError(
            "ratings and predictions must have the same shape (batch, n_inputs). "
            f"Received: ratings of shape {shapes[0]}, predictions of shape {shapes[1]}"
        )
    predictions = ops.convert_to_tensor(predictions)
    # Half-precision predictions are compared, and their errors added up, in float32.
    dtype = keras.backend.result_type(predictions.dtype, "float32")
    predictions, ratings = ops.cast(predictions, dtype), ops.cast(ratings, dtype)
    observed = ops.logical_not(ops.isnan(ratings))
    # Replaced before it is squared: the gradient of a square that is left out afterwards is
    # 0 * NaN, which is NaN.
    return ops.where(observed, ratings - predictions, ops.zeros_like(predictions)), observed


def _shrunk_mean(residual, axis, shrinkage):
    """Return means of what is not NaN, as if there were that many more zeros."""
    count = np.sum(~np.isnan(residual), axis=axis) + shrinkage
    return np.nansum(residual, axis=axis) / np.where(count > 0, count, 1)


def _products(users, items):
    """Return bias of the row + bias of the column + product of their factors."""
    return users[:, :1] + items[:, 0] + users[:, 1:] @ items[:, 1:].T


def _check_table(x, name, n_columns=None, rating_range=None):
    x = np.asarray(x)
    x = x if np.issubdtype(x.dtype, np.floating) else x.astype("float64")
    if x.ndim != 2 or x.size == 0 or n_columns not in (None, x.shape[1]):
        columns = "columns" if n_columns is None else n_columns
        raise ValueError(
            f"{name} must be a table of ratings of shape (rows, {columns}), and not be empty. "
            f"Received: shape {x.shape}"
        )
    low, high = rating_range or (-math.inf, math.inf)
    if np.any(np.isinf(x)) or np.any((x < low) | (x > high)):
        raise ValueError(
            f"{name} must hold finite ratings from {low} to {high}, or NaN where there is none. "
            f"Received: values from {np.nanmin(x)} to {np.nanmax(x)}"
        )
    return x


def _check_number(name, value):
    if not (isinstance(value, numbers.Real) and 0 <= value < math.inf):
        raise ValueError(
            f"{name} must be a number of at least 0, and finite. Received: {name}={value!r}"
        )


def _check_range(rating_range):
    if rating_range is None:
        return None
    pair = tuple(rating_range) if isinstance(rating_range, (tuple, list)) else ()
    if (
        len(pair) != 2
        or not all(isinstance(end, numbers.Real) and math.isfinite(end) for end in pair)
        or pair[0] >= pair[1]
    ):
        raise ValueError(
            "rating_range must be None or a pair (lowest, highest) of numbers, the first below "
            f"the second. Received: rating_range={rating_range!r}"
        )
    return pair
