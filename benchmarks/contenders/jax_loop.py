"""Contender: a training loop written by hand in JAX, without a library: the floor."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from common import HIDDEN_UNITS, LATENT_DIM, LEARNING_RATE, EpochLog, load, parse, report

#: Adam's constants, those of Keras.
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


def initialize(rng, sizes):
    """Return weights and biases of dense layers, Glorot's uniform weights as in Keras."""
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
        limit = np.sqrt(6 / (n_in + n_out))
        weights = rng.uniform(-limit, limit, (n_in, n_out)).astype("float32")
        layers.append((jnp.asarray(weights), jnp.zeros(n_out)))
    return layers


def apply(layers, x):
    """Return the outputs of dense layers, relu between them."""
    for weights, bias in layers[:-1]:
        x = jax.nn.relu(x @ weights + bias)
    weights, bias = layers[-1]
    return x @ weights + bias


def negative_elbo(params, x, key):
    """Return -ELBO of a batch, in nats: summed over pixels, averaged over the batch."""
    hidden = jax.nn.relu(apply(params["encoder"], x))
    mean, log_var = apply(params["mean"], hidden), apply(params["log_var"], hidden)
    z = mean + jnp.exp(0.5 * log_var) * jax.random.normal(key, mean.shape)
    logits = apply(params["decoder"], z)
    reconstruction = jnp.sum(jax.nn.softplus(logits) - x * logits, axis=1)
    kl = 0.5 * jnp.sum(mean**2 + jnp.expm1(log_var) - log_var, axis=1)
    return jnp.mean(reconstruction + kl)


# The old state is donated: its memory is used for the new one.
@functools.partial(jax.jit, donate_argnums=0)
def train_step(state, pictures, rows):
    """Return the state after one step of Adam on some rows of the pictures."""
    params, first, second, step, key, total = state
    key, subkey = jax.random.split(key)
    loss, gradient = jax.value_and_grad(negative_elbo)(params, pictures[rows], subkey)
    step = step + 1
    rate = LEARNING_RATE * jnp.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
    first = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, first, gradient)
    second = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g**2, second, gradient)
    params = jax.tree.map(
        lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), params, first, second
    )
    return params, first, second, step, key, total + loss


def main():
    """Train, and print what it took."""
    args = parse(__doc__)
    log = EpochLog()
    pictures = load(args)
    pictures = jnp.asarray(pictures.reshape(len(pictures), -1))
    n, n_pixels = pictures.shape
    rng = np.random.default_rng(0)
    params = {
        "encoder": initialize(rng, (n_pixels, *HIDDEN_UNITS)),
        "mean": initialize(rng, (HIDDEN_UNITS[-1], LATENT_DIM)),
        "log_var": initialize(rng, (HIDDEN_UNITS[-1], LATENT_DIM)),
        "decoder": initialize(rng, (LATENT_DIM, *HIDDEN_UNITS[::-1], n_pixels)),
    }
    first, second = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
    state = (params, first, second, jnp.float32(0), jax.random.key(0), jnp.float32(0))
    n_batches = n // args.batch_size
    for _ in range(args.epochs):
        order = jnp.asarray(rng.permutation(n)[: n_batches * args.batch_size])
        for rows in order.reshape(n_batches, args.batch_size):
            state = train_step(state, pictures, rows)
        log(state[-1] / n_batches)
        state = (*state[:-1], jnp.float32(0))
    report(["jax"], **log.results())


if __name__ == "__main__":
    main()
