"""AutoRec and its baselines against sums by hand, finite differences and least squares."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.autorec import (
    AutoRec,
    GlobalMean,
    ItemMean,
    MaskedRMSE,
    MatrixFactorization,
    UserItemMean,
    masked_squared_error,
    recommend,
    rmse,
)

NAN = np.nan
EPS = float(np.finfo("float64").eps)
EPS32 = float(np.finfo("float32").eps)

# Losses here are sums of at most 100 squared errors below 25, each of a handful of roundings.
LOSS_TOLERANCE = 100 * 25 * 8 * EPS32

# Keras' own: its variables have an __array__ of NumPy 1, which saving calls.
saves = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def table(n=8, n_columns=5, seed=0, share=0.6):
    """Return ratings from 1 to 5 of which about that share is observed, one a row at least."""
    rng = np.random.default_rng(seed)
    ratings = rng.integers(1, 6, (n, n_columns)).astype("float32")
    hidden = rng.random(ratings.shape) > share
    hidden[np.arange(n), rng.integers(0, n_columns, n)] = False
    ratings[hidden] = NAN
    return ratings


def low_rank(seed=0, n=80, n_columns=30):
    """Return ratings of rank two plus a mean: those observed, and those held out."""
    rng = np.random.default_rng(seed)
    complete = 3 + rng.normal(size=(n, 2)) @ rng.normal(size=(2, n_columns))
    observed = rng.random(complete.shape) < 0.6
    return (
        np.where(observed, complete, NAN).astype("float32"),
        np.where(observed, NAN, complete).astype("float32"),
    )


def autorec(n_inputs=5, compiled=False, compile_kwargs=(), **kwargs):
    """Return a model with a code of 3, whose decoder is not zero.

    Tracing a graph takes seconds and a batch of these tests milliseconds, so models run
    eagerly unless `compiled`.
    """
    model = AutoRec(n_inputs, latent_dim=3, **kwargs)
    rng = np.random.default_rng(1)
    model.decoder.set_weights([rng.normal(0, 0.5, w.shape) for w in model.decoder.get_weights()])
    optimizer = keras.optimizers.Adam(0.02) if compiled else "sgd"
    model.compile(
        optimizer=optimizer,
        metrics=[MaskedRMSE()],
        run_eagerly=not compiled,
        **dict(compile_kwargs),
    )
    return model


def parameters(model):
    return [
        np.asarray(w, "float64")
        for layer in (model.encoder, model.decoder)
        for w in layer.get_weights()
    ]


def predict_by_hand(weights, x, mean):
    w, a, v, b = weights
    centered = np.where(np.isnan(x), 0, x - mean)
    return mean + 1 / (1 + np.exp(-(centered @ w + a))) @ v + b


def loss_by_hand(weights, x, mean, regularization=0.0):
    """Return the loss with a loop over the observed ratings."""
    h = predict_by_hand(weights, x, mean)
    rows = [
        math.fsum((x[i, j] - h[i, j]) ** 2 for j in range(x.shape[1]) if not np.isnan(x[i, j]))
        for i in range(len(x))
    ]
    penalty = np.sum(weights[0] ** 2) + np.sum(weights[2] ** 2)
    return math.fsum(rows) / len(x) + 0.5 * regularization * penalty


def gradient(function, value):
    """Return the gradient of a scalar function of one tensor."""
    value = keras.ops.convert_to_tensor(value)
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(function)(value))
    with tf.GradientTape() as tape:
        tape.watch(value)
        result = function(value)
    return tape.gradient(result, value).numpy()


# The masked loss and metric


def test_masked_squared_error_is_summed_over_observed_ratings():
    ratings, predictions = table(), np.random.default_rng(1).normal(3, 1, (8, 5))
    expected = [
        sum((r - p) ** 2 for r, p in zip(*rows, strict=True) if not np.isnan(r))
        for rows in zip(ratings, predictions, strict=True)
    ]
    found = keras.ops.convert_to_numpy(masked_squared_error(ratings, predictions))
    assert found == pytest.approx(expected, abs=LOSS_TOLERANCE)


@pytest.mark.equation("eq-rec-gradient")
def test_predictions_of_unobserved_ratings_have_no_influence():
    ratings = table()
    predictions = np.random.default_rng(1).normal(3, 1, (8, 5)).astype("float32")
    changed = np.where(np.isnan(ratings), 1e6, predictions).astype("float32")
    losses, gradients = [], []
    for p in (predictions, changed):
        losses.append(keras.ops.convert_to_numpy(masked_squared_error(ratings, p)))
        gradients.append(gradient(lambda p: keras.ops.sum(masked_squared_error(ratings, p)), p))
    assert np.array_equal(*losses)
    assert np.array_equal(*gradients)
    expected = np.where(np.isnan(ratings), 0, 2 * (predictions - ratings))
    assert gradients[0] == pytest.approx(expected, abs=10 * 8 * EPS32)
    assert np.all(gradients[0][np.isnan(ratings)] == 0)


def test_half_precision_predictions_are_added_up_in_single_precision():
    # 10,000 errors of 4: the sum of squares, 160,000, is beyond float16.
    predictions = keras.ops.cast(np.ones((1, 10_000)), "float16")
    error = masked_squared_error(np.full((1, 10_000), 5.0), predictions)
    assert keras.backend.standardize_dtype(error.dtype) == "float32"
    assert float(error[0]) == 160_000  # sums of whole numbers below 2^24 are exact


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((2, 3), (3, 3)), ((3,), (3,))])
def test_masked_error_of_other_shapes(shapes):
    a, b = (np.zeros(shape) for shape in shapes)
    with pytest.raises(ValueError, match=r"\(batch, n_inputs\)\. Received: ratings of shape"):
        masked_squared_error(a, b)
    with pytest.raises(ValueError, match="Received: ratings of shape"):
        MaskedRMSE().update_state(a, b)


def test_metric_is_the_root_mean_square_over_all_batches():
    ratings, predictions = table(9), np.random.default_rng(1).normal(3, 1, (9, 5))
    metric = MaskedRMSE()
    for part in (slice(0, 2), slice(2, 9)):
        metric.update_state(ratings[part], predictions[part])
    # Not the mean of the batches' roots: errors and counts are added up first.
    assert float(metric.result()) == pytest.approx(rmse(ratings, predictions), abs=20 * EPS32)
    metric.reset_state()
    assert float(metric.result()) == 0


def test_metric_weighs_rows():
    ratings, predictions = table(), np.random.default_rng(1).normal(3, 1, (8, 5))
    weights = np.array([0, 1, 2, 0, 1, 0, 7, 1])
    metric = MaskedRMSE()
    metric.update_state(ratings, predictions, sample_weight=weights)
    repeated = rmse(np.repeat(ratings, weights, axis=0), np.repeat(predictions, weights, axis=0))
    assert float(metric.result()) == pytest.approx(repeated, abs=20 * EPS32)


def test_metric_without_a_rating_and_its_config():
    metric = MaskedRMSE(name="error")
    metric.update_state(np.full((2, 3), NAN), np.zeros((2, 3)))
    assert float(metric.result()) == 0
    assert MaskedRMSE.from_config(metric.get_config()).name == "error"


# AutoRec: what it computes


@pytest.mark.equation("eq-rec-autorec", "eq-rec-loss")
@pytest.mark.parametrize("regularization", [0.0, 0.3])
def test_predictions_and_loss_by_hand(regularization):
    model, x = autorec(regularization=regularization), table()
    model.adapt(x)
    mean, weights = np.nanmean(x.astype("float64")), parameters(model)
    assert float(model.rating_mean) == pytest.approx(mean, abs=5 * EPS32)
    expected = predict_by_hand(weights, x, mean)
    assert model.predict(x, verbose=0) == pytest.approx(expected, abs=100 * EPS32)
    results = model.evaluate(x, verbose=0, return_dict=True)
    expected_loss = loss_by_hand(weights, x, mean, regularization)
    assert results["loss"] == pytest.approx(expected_loss, abs=LOSS_TOLERANCE)
    assert results["rmse"] == pytest.approx(rmse(x, expected), abs=100 * EPS32)
    if regularization:
        assert expected_loss > loss_by_hand(weights, x, mean) + 0.1


@pytest.mark.equation("eq-rec-gradient")
@pytest.mark.parametrize("regularization", [0.0, 0.3])
def test_gradient_of_the_loss_is_that_of_finite_differences(regularization):
    # One step of gradient descent with learning rate 1 subtracts the gradient.
    model, x = autorec(regularization=regularization), table()
    x[:, 2] = NAN  # a column without a rating
    model.compile(optimizer=keras.optimizers.SGD(1.0), run_eagerly=True)
    model.adapt(x)
    mean, before = float(model.rating_mean), parameters(model)
    model.fit(x, batch_size=len(x), verbose=0)
    # Central differences: their error is step^2 / 6 times third derivatives below 1000, plus the
    # rounding of a loss below 100 over the step. Weights below 10 are rounded to float32.
    step = 1e-5
    tolerance = 1000 * step**2 + 100 * EPS / step + 100 * 10 * EPS32
    for i, (weights, after) in enumerate(zip(before, parameters(model), strict=True)):
        expected = np.zeros(weights.shape)
        for index in np.ndindex(*weights.shape):
            losses = []
            for sign in (1, -1):
                moved = [w.copy() for w in before]
                moved[i][index] += sign * step
                losses.append(loss_by_hand(moved, x, mean, regularization))
            expected[index] = (losses[0] - losses[1]) / (2 * step)
        assert weights - after == pytest.approx(expected, abs=tolerance)
        assert np.max(np.abs(expected)) > 1e-3
    if not regularization:
        # What only serves the column without a rating is not trained.
        after = parameters(model)
        assert np.array_equal(after[0][2], before[0][2])
        assert np.array_equal(after[2][:, 2], before[2][:, 2])
        assert after[3][2] == before[3][2]


def test_loss_is_against_held_out_ratings_when_they_are_given():
    model, x, held_out = autorec(), table(), table(seed=5)
    model.adapt(x)
    predictions = model.predict(x, verbose=0)
    results = model.evaluate(x, held_out, verbose=0, return_dict=True)
    expected = np.nansum((held_out - predictions.astype("float64")) ** 2) / len(x)
    assert results["loss"] == pytest.approx(expected, abs=LOSS_TOLERANCE)
    assert results["rmse"] == pytest.approx(rmse(held_out, predictions), abs=20 * EPS32)


def test_loss_is_averaged_over_rows():
    model, x = autorec(regularization=0.1), table()
    model.adapt(x)
    once = model.evaluate(x, batch_size=16, verbose=0, return_dict=True)
    twice = model.evaluate(np.tile(x, (2, 1)), batch_size=16, verbose=0, return_dict=True)
    assert twice["loss"] == pytest.approx(once["loss"], abs=LOSS_TOLERANCE)
    assert twice["rmse"] == pytest.approx(once["rmse"], abs=20 * EPS32)


def test_rows_do_not_influence_each_other():
    model, x = autorec(), table()
    model.adapt(x)
    order = np.random.default_rng(2).permutation(len(x))
    predictions = model.predict(x, verbose=0)
    # Another order or size of batch may add in another order.
    assert model.predict(x[order], verbose=0) == pytest.approx(predictions[order], abs=50 * EPS32)
    alone = np.concatenate([model.predict(x[[i]], verbose=0) for i in range(len(x))])
    assert alone == pytest.approx(predictions, abs=50 * EPS32)
    loss = model.evaluate(x, verbose=0)[0]
    assert model.evaluate(x[order], verbose=0)[0] == pytest.approx(loss, abs=LOSS_TOLERANCE)


@pytest.mark.parametrize("weights", [[1.0] * 8, [0, 1, 2, 0.5, 0, 0, 3, 1]])
def test_sample_weights_weigh_rows(weights):
    model, x = autorec(), table()
    model.adapt(x)
    errors = np.nansum((x - model.predict(x, verbose=0).astype("float64")) ** 2, axis=1)
    loss = model.evaluate(x, sample_weight=np.array(weights), verbose=0)[0]
    assert loss == pytest.approx(np.mean(weights * errors), abs=3 * LOSS_TOLERANCE)


def test_predictions_keep_to_the_rating_range():
    free, x = autorec(), table()
    free.decoder.bias.assign([-9.0, -1.0, 0.0, 1.0, 9.0])
    free.adapt(x)
    limited = AutoRec(5, 3, rating_range=(1, 5))
    limited.set_weights(free.get_weights())
    predictions = free.predict(x, verbose=0)
    assert predictions.min() < 1
    assert predictions.max() > 5
    assert np.array_equal(limited.predict(x, verbose=0), np.clip(predictions, 1, 5))
    # Not in training: at the end of the range there would be no gradient to come back.
    assert np.max(keras.ops.convert_to_numpy(limited(x))) > 5


# AutoRec: the mean


def test_mean_is_that_of_the_first_array_and_stays():
    model, x = autorec(), table()
    model.fit(x, verbose=0)
    mean = float(model.rating_mean)
    assert mean == pytest.approx(np.nanmean(x.astype("float64")), abs=5 * EPS32)
    model.fit(x + 1, verbose=0)
    assert float(model.rating_mean) == mean
    model.adapt(x + 1)
    assert float(model.rating_mean) == pytest.approx(mean + 1, abs=10 * EPS32)


@pytest.mark.parametrize("pairs", [False, True])
def test_mean_of_a_data_set(pairs):
    model, x = autorec(), table(9)
    dataset = tf.data.Dataset.from_tensor_slices((x, x) if pairs else x).batch(4)
    with pytest.raises(ValueError, match=r"call adapt\(data\) before fit\. Received: x of type"):
        model.fit(dataset, shuffle=False, verbose=0)
    model.adapt(dataset)
    assert float(model.rating_mean) == pytest.approx(np.nanmean(x.astype("float64")), abs=5 * EPS32)
    assert float(model.rating_count) == np.sum(~np.isnan(x))
    model.fit(dataset, shuffle=False, verbose=0)


def test_mean_needs_a_rating():
    for call in (autorec().adapt, autorec().fit):
        with pytest.raises(ValueError, match=r"observed rating\. Received: NaN only"):
            call(np.full((3, 5), NAN))


def test_untrained_model_predicts_the_mean():
    model, x = AutoRec(5, 3), table()
    model.adapt(x)
    assert model.predict(x, verbose=0) == pytest.approx(np.full((8, 5), np.nanmean(x)), abs=1e-5)


def test_rows_and_columns_without_a_rating():
    x = table(12)
    x[3], x[7], x[:, 2] = NAN, NAN, NAN
    model = AutoRec(5, 3, regularization=0.1)
    model.compile(optimizer="adam", metrics=[MaskedRMSE()], run_eagerly=True)
    history = model.fit(x, epochs=5, batch_size=4, verbose=0).history
    assert all(np.all(np.isfinite(values)) for values in history.values())
    predictions = model.predict(x, verbose=0)
    assert np.all(np.isfinite(predictions))
    assert np.all(predictions[:, 2] == np.float32(model.rating_mean))
    assert np.array_equal(predictions[3], predictions[7])


# AutoRec: learning


def test_it_fills_in_a_table_of_low_rank_better_than_item_means():
    x, held_out = low_rank()
    model = AutoRec(30, latent_dim=8, regularization=0.05)
    model.compile(optimizer=keras.optimizers.Adam(0.03), metrics=[MaskedRMSE()])
    history = model.fit(
        x, epochs=60, batch_size=16, validation_data=(x, held_out), validation_freq=60, verbose=0
    ).history
    assert set(history) == {"loss", "rmse", "val_loss", "val_rmse"}
    found = rmse(held_out, model.predict(x, verbose=0))
    assert history["val_rmse"][-1] == pytest.approx(found, abs=1e-5)
    assert found < 0.6 * rmse(held_out, ItemMean().fit(x).predict(x))


def test_fit_is_reproducible_given_the_seed():
    def train(seed):
        keras.utils.set_random_seed(seed)
        model = AutoRec(5, 3)
        model.compile(run_eagerly=True)
        model.fit(table(), epochs=2, batch_size=4, verbose=0)
        return np.concatenate([w.ravel() for w in model.get_weights()])

    # Threads may add in another order; another start moves the weights by far more.
    first = train(1)
    assert train(1) == pytest.approx(first, abs=1e-5)
    assert np.max(np.abs(train(2) - first)) > 1e-2


# AutoRec: the Keras contract


@pytest.mark.parametrize("activation", ["sigmoid", None, "relu", keras.activations.tanh])
def test_config_round_trip(activation):
    model = AutoRec(5, 3, 0.2, activation, rating_range=(1, 5), name="movies")
    config = model.get_config()
    json.dumps(config)  # all plain data
    again = AutoRec.from_config(config)
    assert again.get_config() == config
    assert again.name == "movies"
    assert again.activation is model.activation
    for attribute in ("n_inputs", "latent_dim", "regularization", "rating_range"):
        assert getattr(again, attribute) == getattr(model, attribute)
    again.set_weights(model.get_weights())
    x = table()
    assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


@saves
def test_saved_and_loaded_model_predicts_the_same(tmp_path):
    model, x = autorec(regularization=0.1, rating_range=(1, 5)), table()
    model.fit(x, verbose=0)
    model.save(tmp_path / "autorec.keras")
    loaded = keras.saving.load_model(tmp_path / "autorec.keras")
    assert isinstance(loaded, AutoRec)
    assert np.array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    before = model.evaluate(x, verbose=0, return_dict=True)
    after = loaded.evaluate(x, verbose=0, return_dict=True)
    assert after == pytest.approx(before, abs=LOSS_TOLERANCE)
    # It knows its mean, and keeps it.
    dataset = tf.data.Dataset.from_tensor_slices(x + 1).batch(4)
    loaded.fit(dataset, shuffle=False, verbose=0)
    assert float(loaded.rating_mean) == float(model.rating_mean)


def test_batch_sizes():
    model = autorec(compiled=True)
    for n in (1, 7):
        x = table(n)
        assert np.isfinite(model.fit(x, verbose=0).history["loss"][0])
        assert np.all(np.isfinite(model.evaluate(x, verbose=0)))
        assert model.predict(x, verbose=0).shape == x.shape


def test_tf_data_gives_the_same_as_arrays():
    model, x, held_out = autorec(compiled=True), table(10), table(10, seed=1)
    model.adapt(x)
    for arrays in [(x,), (x, held_out)]:
        data = arrays if len(arrays) > 1 else x
        dataset = tf.data.Dataset.from_tensor_slices(data).batch(4)
        by_dataset = model.evaluate(dataset, verbose=0, return_dict=True)
        by_array = model.evaluate(*arrays, batch_size=4, verbose=0, return_dict=True)
        assert by_dataset == pytest.approx(by_array, abs=LOSS_TOLERANCE)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(4)
    predictions = model.predict(dataset, verbose=0)
    assert predictions == pytest.approx(model.predict(x, verbose=0), abs=50 * EPS32)
    history = model.fit(dataset, validation_data=dataset, shuffle=False, verbose=0).history
    assert set(history) == {"loss", "rmse", "val_loss", "val_rmse"}


@pytest.mark.parametrize(
    "kwargs", [{"validation_data": table(4, seed=3)}, {"validation_split": 0.5}]
)
def test_validation_data_need_no_target(kwargs):
    history = autorec().fit(table(), verbose=0, **kwargs).history
    assert np.isfinite(history["val_loss"][0])
    assert history["val_rmse"][0] > 0


def test_compiled_by_xla():
    compile_kwargs = {"jit_compile": True}
    model = autorec(compiled=True, compile_kwargs=compile_kwargs, regularization=0.1)
    x = table()
    history = model.fit(x, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    expected = loss_by_hand(parameters(model), x, float(model.rating_mean), 0.1)
    assert model.evaluate(x, verbose=0)[0] == pytest.approx(expected, abs=LOSS_TOLERANCE)


def test_mixed_precision():
    model, x = autorec(compiled=True, dtype="mixed_float16", regularization=0.1), table()
    assert model.encoder.compute_dtype == "float16"
    assert all(w.dtype == "float32" for w in model.get_weights())
    history = model.fit(x, epochs=3, verbose=0).history
    assert np.all(np.isfinite(history["loss"]))
    # Predictions of size 5 through three float16 numbers, each rounded by 2^-11 of its size, and
    # weights that were rounded as well; their squared errors are below 25, 5 a row.
    expected = loss_by_hand(parameters(model), x, float(model.rating_mean), 0.1)
    tolerance = 5 * 2 * 5 * 6 * 5 * 2**-11
    assert model.evaluate(x, verbose=0)[0] == pytest.approx(expected, abs=tolerance)
    assert model.predict(x, verbose=0).dtype == np.float16


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_ratings_of_other_types(dtype):
    model, x = autorec(), table(share=1.0).astype(dtype)
    model.fit(x, verbose=0)
    expected = loss_by_hand(parameters(model), x.astype("float64"), float(model.rating_mean))
    assert model.evaluate(x, verbose=0)[0] == pytest.approx(expected, abs=LOSS_TOLERANCE)


# AutoRec: bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_inputs": 0}, "n_inputs must be positive integers"),
        ({"latent_dim": 2.5}, "latent_dim must be positive integers"),
        ({"regularization": -0.1}, "Received: regularization=-0.1"),
        ({"regularization": NAN}, "Received: regularization=nan"),
        ({"regularization": "0.1"}, "Received: regularization='0.1'"),
        ({"rating_range": (5, 1)}, r"Received: rating_range=\(5, 1\)"),
        ({"rating_range": (1, NAN)}, r"Received: rating_range=\(1, nan\)"),
        ({"rating_range": 5}, "Received: rating_range=5"),
        ({"rating_range": (1, 3, 5)}, r"Received: rating_range=\(1, 3, 5\)"),
        ({"activation": "swoosh"}, "swoosh"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        AutoRec(**{"n_inputs": 5, "latent_dim": 3, **arguments})


METHODS = ["fit", "evaluate", "predict", "adapt"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(5,), (0, 5), (3, 4), (3, 5, 1)])
def test_wrong_shape_or_no_row(method, shape):
    with pytest.raises(ValueError, match=r"shape \(rows, 5\).*Received: shape") as info:
        getattr(autorec(), method)(np.zeros(shape))
    assert str(shape) in str(info.value)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [np.inf, -np.inf, 0.5, 6.0])
def test_values_that_are_no_ratings(method, bad):
    x = table()
    x[1, 2] = bad
    with pytest.raises(ValueError, match=r"ratings from 1 to 5, or NaN .* Received: values from"):
        getattr(autorec(rating_range=(1, 5)), method)(x)
    if np.isinf(bad):
        with pytest.raises(ValueError, match="finite ratings from -inf to inf"):
            getattr(autorec(), method)(x)


def test_targets_are_checked_too():
    model, x = autorec(), table()
    for bad, name in [({"y": x[:, :4]}, "y"), ({"validation_data": (x, x[:, :4])}, "validation_d")]:
        with pytest.raises(ValueError, match=f"{name}.* must be a table of ratings"):
            model.fit(x, **bad)
    with pytest.raises(ValueError, match="y must be a table"):
        model.evaluate(x, x[:, :4])


# Baselines


BASELINES = [
    GlobalMean(),
    ItemMean(),
    ItemMean(2.5),
    UserItemMean(),
    UserItemMean(2.5),
    MatrixFactorization(2, seed=0),
]


def names(model):
    return f"{type(model).__name__}-{getattr(model, 'shrinkage', '')}"


def test_global_mean_by_hand():
    x = table()
    mean = np.mean([float(r) for r in x.ravel() if not np.isnan(r)])
    expected = np.full(x.shape, mean)
    assert GlobalMean().fit(x).predict(x) == pytest.approx(expected, abs=100 * EPS)


@pytest.mark.equation("eq-rec-means")
@pytest.mark.parametrize("shrinkage", [0, 0.5, 10])
def test_item_and_user_means_by_hand(shrinkage):
    # Shrunk means: that many more ratings equal to the mean of all, added by hand.
    x = table().astype("float64")
    mean = np.nanmean(x)
    item = [
        (np.nansum(column) + shrinkage * mean) / (np.sum(~np.isnan(column)) + shrinkage)
        for column in x.T
    ]
    found = ItemMean(shrinkage).fit(x).predict(x)
    assert found == pytest.approx(np.tile(item, (8, 1)), abs=100 * EPS)
    user = [np.nansum(row - item) / (np.sum(~np.isnan(row)) + shrinkage) for row in x]
    found = UserItemMean(shrinkage).fit(x).predict(x)
    assert found == pytest.approx(np.add.outer(user, item), abs=100 * EPS)


def objective(users, items, x, regularization):
    """Return what matrix factorization minimizes, with loops; one row a bias and factors."""
    mean, total = np.nanmean(x), 0
    for u, i in np.argwhere(~np.isnan(x)):
        prediction = mean + users[u, 0] + items[i, 0] + users[u, 1:] @ items[i, 1:]
        total += (x[u, i] - prediction) ** 2
    return total + regularization * (np.sum(users**2) + np.sum(items**2))


def user_vectors(model, x):
    """Solve for each user by least squares, with the penalty as further equations."""
    rows = []
    for row in x - np.nanmean(x):
        seen = ~np.isnan(row)
        features = np.column_stack([np.ones(seen.sum()), model.items[seen, 1:]])
        n = features.shape[1]
        equations = np.concatenate([features, math.sqrt(model.regularization) * np.eye(n)])
        target = np.concatenate([row[seen] - model.items[seen, 0], np.zeros(n)])
        rows.append(np.linalg.lstsq(equations, target)[0])
    return np.array(rows)


@pytest.mark.parametrize("latent_dim", [1, 2, 6])
@pytest.mark.parametrize("regularization", [0.1, 2.0])
def test_matrix_factorization_solves_least_squares(latent_dim, regularization):
    x = table().astype("float64")
    x[2], x[:, 3] = NAN, NAN
    model = MatrixFactorization(latent_dim, regularization, n_iterations=3, seed=0).fit(x)
    users = user_vectors(model, x)
    expected = (
        np.nanmean(x) + users[:, :1] + model.items[:, 0] + users[:, 1:] @ model.items[:, 1:].T
    )
    # Normal equations of condition number below 1000, squared terms below 25.
    assert model.predict(x) == pytest.approx(expected, abs=1000 * 25 * 100 * EPS)


@pytest.mark.equation("eq-rec-mf")
@pytest.mark.parametrize("regularization", [0.1, 2.0])
def test_matrix_factorization_descends_to_a_stationary_point(regularization):
    x = table().astype("float64")
    model = MatrixFactorization(2, regularization, n_iterations=400, seed=0).fit(x)
    assert len(model.objectives) == 400
    rounding = 1000 * EPS * model.objectives[0]
    assert np.all(np.diff(model.objectives) < rounding)
    assert model.objectives[0] - model.objectives[-1] > 0.01
    users = user_vectors(model, x)
    best = objective(users, model.items, x, regularization)
    assert best == pytest.approx(model.objectives[-1], rel=1e-6)
    # No direction leads down, to first order: central differences vanish but for third
    # derivatives (below 1000) times step^2 and what 400 sweeps have left.
    step, rng = 1e-4, np.random.default_rng(1)
    for _ in range(20):
        a, b = rng.normal(size=users.shape), rng.normal(size=model.items.shape)
        ends = [
            objective(users + s * step * a, model.items + s * step * b, x, regularization)
            for s in (1, -1)
        ]
        assert abs(ends[0] - ends[1]) / (2 * step) < 1e-3


def test_matrix_factorization_recovers_a_table_of_low_rank():
    x, held_out = low_rank()
    model = MatrixFactorization(2, regularization=0.01, n_iterations=50, seed=0).fit(x)
    # No noise: what is left is the penalty's pull, of the order of 0.01 / 18 ratings a column.
    assert rmse(held_out, model.predict(x)) < 0.02
    assert rmse(held_out, UserItemMean().fit(x).predict(x)) > 1


def test_matrix_factorization_depends_on_the_seed_alone():
    def predictions(seed):
        return MatrixFactorization(2, n_iterations=2, seed=seed).fit(table()).predict(table())

    assert np.array_equal(predictions(1), predictions(1))
    assert np.array_equal(predictions(np.random.default_rng(1)), predictions(1))
    assert not np.array_equal(predictions(1), predictions(2))


def test_better_models_are_better():
    # Items and users that differ, and tastes: each model knows one thing more.
    rng = np.random.default_rng(0)
    x, held_out = low_rank()
    shift = rng.normal(size=30) + rng.normal(size=(80, 1))
    models = [GlobalMean(), ItemMean(), UserItemMean(), MatrixFactorization(2, 0.1, 30, seed=0)]
    errors = [rmse(held_out + shift, m.fit(x + shift).predict(x + shift)) for m in models]
    assert np.all(np.diff(errors) < -0.1)


@pytest.mark.parametrize("model", BASELINES, ids=names)
def test_baselines_predict_for_new_users_from_their_ratings(model):
    x = table(20)
    model.fit(x)
    together = model.predict(x)
    assert together.shape == x.shape
    for part in (x[:1], x[5:12]):
        start = 0 if len(part) == 1 else 5
        found = model.predict(part)
        assert found == pytest.approx(together[start : start + len(part)], abs=1000 * EPS)


@pytest.mark.parametrize("model", BASELINES, ids=names)
def test_baselines_fall_back_to_the_mean(model):
    x = table(12).astype("float64")
    x[3], x[:, 2] = NAN, NAN
    predictions = model.fit(x).predict(x)
    assert np.all(np.isfinite(predictions))
    mean = np.nanmean(x)
    assert predictions[3, 2] == pytest.approx(mean, abs=100 * EPS)
    # The user's offset still counts for an item without a rating.
    if type(model) in (GlobalMean, ItemMean):
        assert predictions[:, 2] == pytest.approx(np.full(12, mean), abs=100 * EPS)
    item = ItemMean(getattr(model, "shrinkage", 0)).fit(x).predict(x)
    if isinstance(model, ItemMean):
        assert np.array_equal(predictions[3], item[3])


@pytest.mark.parametrize("model", BASELINES, ids=names)
def test_baselines_refuse_bad_tables(model):
    with pytest.raises(ValueError, match="Call fit first"):
        type(model)(*([2] if isinstance(model, MatrixFactorization) else [])).predict(table())
    for bad in (np.zeros(3), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros((2, 3, 1))):
        with pytest.raises(ValueError, match=r"\(rows, columns\).*Received: shape"):
            model.fit(bad)
    with pytest.raises(ValueError, match="Received: NaN only"):
        model.fit(np.full((2, 3), NAN))
    with pytest.raises(ValueError, match="finite ratings"):
        model.fit([[1.0, np.inf]])
    model.fit(table())
    with pytest.raises(
        ValueError, match=r"\(rows, 5\), and not be empty\. Received: shape \(8, 4\)"
    ):
        model.predict(table()[:, :4])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ItemMean(-1), "Received: shrinkage=-1"),
        (lambda: UserItemMean(NAN), "Received: shrinkage=nan"),
        (lambda: MatrixFactorization(0), "latent_dim must be positive"),
        (lambda: MatrixFactorization(2, n_iterations=0), "n_iterations must be positive"),
        (lambda: MatrixFactorization(2, regularization=0), "above 0.*Received: regularization=0"),
        (lambda: MatrixFactorization(2, regularization=-1.0), "Received: regularization=-1.0"),
        (lambda: MatrixFactorization(2, regularization=np.inf), "Received: regularization=inf"),
    ],
)
def test_bad_arguments_of_baselines(build, message):
    with pytest.raises(ValueError, match=message):
        build()


# Evaluation and recommendation


@pytest.mark.equation("eq-rec-rmse")
def test_rmse_by_hand():
    ratings, predictions = table(), np.random.default_rng(1).normal(3, 1, (8, 5))
    errors = [
        r - p for r, p in zip(ratings.ravel(), predictions.ravel(), strict=True) if not np.isnan(r)
    ]
    expected = math.sqrt(math.fsum(e**2 for e in errors) / len(errors))
    assert rmse(ratings, predictions) == pytest.approx(expected, abs=100 * EPS)
    predictions[np.isnan(ratings)] = NAN
    assert rmse(ratings, predictions) == pytest.approx(expected, abs=100 * EPS)


@pytest.mark.parametrize(
    ("ratings", "predictions", "message"),
    [
        (np.zeros((2, 3)), np.zeros((2, 4)), r"predictions of \(2, 4\)"),
        (np.full((2, 3), NAN), np.zeros((2, 3)), "Received: 0 ratings"),
        (np.zeros((2, 3)), np.full((2, 3), NAN), "6 predictions of them not finite"),
        (np.zeros(3), np.zeros(3), "table of ratings"),
    ],
)
def test_what_has_no_rmse(ratings, predictions, message):
    with pytest.raises(ValueError, match=message):
        rmse(ratings, predictions)


@pytest.mark.parametrize("n", [1, 3, 10])
def test_recommendations_by_sorting(n):
    rng = np.random.default_rng(0)
    predictions, seen = rng.normal(size=(20, 6)), rng.random((20, 6)) < 0.5
    found = recommend(predictions, seen, n)
    assert len(found) == 20
    for row, hidden, items in zip(predictions, seen, found, strict=True):
        best = sorted((i for i in range(6) if not hidden[i]), key=lambda i: -row[i])
        assert items.tolist() == best[:n]


def test_equal_predictions_come_in_order():
    predictions = np.random.default_rng(0).integers(0, 3, (1, 1000)).astype("float64")
    items = recommend(predictions, np.zeros((1, 1000), bool), n=1000)[0]
    assert items.tolist() == sorted(range(1000), key=lambda i: (-predictions[0, i], i))


@pytest.mark.parametrize(
    ("predictions", "seen", "n", "message"),
    [
        (np.zeros((2, 3)), np.zeros((2, 4), bool), 1, r"seen of shape \(2, 4\)"),
        (np.zeros(3), np.zeros(3, bool), 1, r"\(n_users, n_items\)"),
        (np.zeros((2, 3)), np.zeros((2, 3)), 1, "type float64"),
        (np.full((2, 3), NAN), np.zeros((2, 3), bool), 1, "values that are NaN"),
        (np.zeros((2, 3)), np.zeros((2, 3), bool), 0, "n must be positive"),
        (np.zeros((2, 3)), np.zeros((2, 3), bool), 1.5, "n must be positive"),
    ],
)
def test_bad_recommendations(predictions, seen, n, message):
    with pytest.raises(ValueError, match=message):
        recommend(predictions, seen, n)
