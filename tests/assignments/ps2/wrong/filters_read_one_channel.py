"""Thinks of a filter as one square of weights."""


def count_parameters(item_shape, filters, kernel, latent_dim):
    """Gives a filter kernel x kernel weights, however many channels it reads."""
    channels = [*filters[-2::-1], item_shape[2]]
    flat = item_shape[0] * item_shape[1] * filters[-1] // 4 ** len(filters)
    encoder = sum((kernel**2 + 1) * f for f in filters) + (flat + 1) * latent_dim
    decoder = sum((kernel**2 + 1) * f for f in channels) + (latent_dim + 1) * flat
    return encoder, decoder
