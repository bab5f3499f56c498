"""Derivatives of a code with respect to its input, through the backend's autodiff.

Keras has no gradient function of its own, so this is the one module that speaks to
TensorFlow, JAX and PyTorch directly.
"""

import keras
import numpy as np
from keras import ops


def jacobian(model, x):
    """Return dh/dx of each example, exactly.

    Args:
        model: A Keras model or layer from `(batch, *item_shape)` to `(batch, latent_dim)`,
            called in inference mode.
        x: Array of shape `(batch, *item_shape)`.

    Returns:
        An array of shape `(batch, latent_dim, *item_shape)`: entry `[n, j, i]` is the
        derivative of code unit j with respect to pixel i at example n.

    Raises:
        ValueError: If the batch is empty or holds NaN.

    Example:
        >>> layer = keras.layers.Dense(2, kernel_initializer="ones")
        >>> jacobian(layer, np.zeros((1, 3))).tolist()
        [[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]
    """
    x = np.asarray(x)
    if x.ndim < 2 or len(x) == 0 or not np.all(np.isfinite(x)):
        raise ValueError(
            "x must be a non-empty batch of finite values, shape (batch, ...). "
            f"Received: shape {x.shape}"
        )
    x = ops.convert_to_tensor(x, dtype=model.compute_dtype)
    rows = pullbacks(lambda x: model(x, training=False), x, _unit_vectors)
    return np.stack([ops.convert_to_numpy(row) for row in rows], axis=1)


def squared_jacobian_norm(function, x, n_probes=None, seed=None):
    """Return the squared Frobenius norm of dh/dx of each example, differentiable itself.

    With `n_probes` it is estimated, without bias: for `v ~ N(0, I)`, the expectation of
    `||v^T J||^2` is `||J||_F^2` (Hutchinson 1990). One probe costs one backward pass,
    while the exact norm takes one for each code unit.

    Args:
        function: From a tensor `(batch, *item_shape)` to a tensor `(batch, latent_dim)`.
        x: Tensor of shape `(batch, *item_shape)`.
        n_probes: Number of random probes, or `None` for the exact norm.
        seed: A `keras.random.SeedGenerator` or an integer, for the probes.

    Returns:
        A tensor of shape `(batch,)`.

    Example:
        >>> layer = keras.layers.Dense(2, kernel_initializer="ones")
        >>> float(squared_jacobian_norm(layer, ops.zeros((1, 3)))[0])  # 2 x 3 ones
        6.0
    """
    if n_probes is None:
        vectors = _unit_vectors
    else:

        def vectors(h):
            return [
                keras.random.normal(ops.shape(h), dtype=h.dtype, seed=seed) for _ in range(n_probes)
            ]

    total = 0.0
    for row in pullbacks(function, x, vectors):
        total += ops.sum(ops.square(row), axis=tuple(range(1, len(row.shape))))
    return total if n_probes is None else total / n_probes


def pullbacks(function, x, vectors):
    """Return v^T dh/dx for several v, each differentiable itself.

    Args:
        function: From a tensor `(batch, *item_shape)` to a tensor `(batch, latent_dim)`.
        x: Tensor of shape `(batch, *item_shape)`.
        vectors: Function from the codes h to a list of tensors v of the shape of h.

    Returns:
        A list of tensors of the shape of `x`, one for each v.

    Example:
        >>> [row] = pullbacks(lambda x: 3 * x, ops.ones((1, 2)), lambda h: [ops.ones_like(h)])
        >>> [float(value) for value in row[0]]
        [3.0, 3.0]
    """
    return _PULLBACKS[keras.backend.backend()](function, x, vectors)


def _pullbacks_tensorflow(function, x, vectors):
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        h = function(x)
    # An enclosing tape, that of a training step, records these gradients in its turn.
    return [tape.gradient(h, x, output_gradients=v) for v in vectors(h)]


def _pullbacks_jax(function, x, vectors):
    import jax

    h, pullback = jax.vjp(function, x)
    return [pullback(v)[0] for v in vectors(h)]


def _pullbacks_torch(function, x, vectors):
    import torch

    x = x if x.requires_grad else x.detach().requires_grad_()
    h = function(x)
    return [torch.autograd.grad(h, x, v, create_graph=True)[0] for v in vectors(h)]


_PULLBACKS = {
    "tensorflow": _pullbacks_tensorflow,
    "jax": _pullbacks_jax,
    "torch": _pullbacks_torch,
}


def _unit_vectors(h):
    """Return one v for each code unit, which picks its row of the Jacobian."""
    identity = ops.eye(h.shape[-1], dtype=h.dtype)
    return [ops.broadcast_to(identity[j], ops.shape(h)) for j in range(h.shape[-1])]
