"""Gradients through whatever backend Keras runs on, for tests that compare with them."""

import keras
import numpy as np
from keras import ops


def gradients(function, *arrays):
    """Return the gradients of a scalar function of arrays, one NumPy array for each."""
    tensors = [ops.convert_to_tensor(array) for array in arrays]
    if keras.backend.backend() == "jax":
        import jax

        found = jax.grad(function, argnums=tuple(range(len(tensors))))(*tensors)
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        found = tape.gradient(value, tensors)
    return [
        np.zeros(a.shape) if g is None else as_numpy(g)
        for a, g in zip(tensors, found, strict=False)
    ]


def weight_gradients(loss, model):
    """Return the gradients of `loss()` with respect to a model's trainable weights."""
    variables = model.trainable_variables
    if keras.backend.backend() == "jax":
        import jax

        def stateless(values):
            with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
                return loss()

        found = jax.grad(stateless)([v.value for v in variables])
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = loss()
        found = tape.gradient(value, variables)
    return [
        np.zeros(v.shape) if g is None else as_numpy(g)
        for v, g in zip(variables, found, strict=False)
    ]


def _as_arrays(sources, found):
    """Return gradients as arrays; TensorFlow has `None` for what plays no part."""
    pairs = zip(sources, found, strict=True)
    return [np.zeros(source.shape) if g is None else as_numpy(g) for source, g in pairs]


def as_numpy(tensor):
    """Return a tensor's values, an array."""
    return ops.convert_to_numpy(tensor)


def finite_differences(function, array, step=1e-4):
    """Return the central differences of a scalar function of a float64 array."""
    array = np.asarray(array, dtype="float64")
    result = np.empty_like(array)
    for index in np.ndindex(array.shape):
        shift = np.zeros_like(array)
        shift[index] = step
        result[index] = (function(array + shift) - function(array - shift)) / (2 * step)
    return result
