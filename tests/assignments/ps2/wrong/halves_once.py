"""Halves a picture once, whatever the number of layers."""


def count_parameters(item_shape, filters, kernel, latent_dim):
    """Divides the number of places by 2 a layer, as if only the height were halved."""
    chain = [item_shape[2], *filters]
    pairs = list(zip(chain[:-1], filters, strict=True))
    flat = item_shape[0] * item_shape[1] // 2 ** len(filters) * filters[-1]
    encoder = sum((kernel**2 * a + 1) * b for a, b in pairs) + (flat + 1) * latent_dim
    decoder = (latent_dim + 1) * flat + sum(kernel**2 * a * b + a for a, b in pairs)
    return encoder, decoder
