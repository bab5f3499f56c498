"""Walks in a latent space: from code to code, and along an attribute (chapter 17)."""

import numpy as np


def interpolate(a, b, n=8, kind="linear"):
    """Return codes on the way from `a` to `b`.

    The straight line passes closer to the origin than either end, where a
    high-dimensional Gaussian has almost no mass. The spherical path (Shoemake 1985; for
    latent spaces White 2016) turns the direction at an even rate, and changes the length
    from that of `a` to that of `b` at an even rate too.

    Args:
        a: Array of shape `(latent_dim,)`.
        b: Array of the same shape.
        n: Number of codes, the two ends included, at least 2.
        kind: `"linear"` or `"spherical"`.

    Returns:
        An array of shape `(n, latent_dim)`, whose first row is `a` and whose last is `b`.

    Raises:
        ValueError: If shapes differ, `n` is below 2, `kind` is unknown, or a spherical path
            is asked for between opposite directions, where there are many.

    Example:
        >>> interpolate([0.0, 1.0], [1.0, 0.0], n=3).tolist()
        [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]
    """
    a, b = np.asarray(a, dtype="float64"), np.asarray(b, dtype="float64")
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            "a and b must be two codes of shape (latent_dim,). "
            f"Received: shapes {a.shape} and {b.shape}"
        )
    if not isinstance(n, (int, np.integer)) or n < 2:
        raise ValueError(f"n must be an integer of at least 2. Received: n={n!r}")
    share = np.linspace(0, 1, n)[:, None]
    line = (1 - share) * a + share * b
    if kind == "linear":
        return line
    if kind != "spherical":
        raise ValueError(f'kind must be "linear" or "spherical". Received: kind={kind!r}')

    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if min(lengths) == 0:
        return line  # the origin has no direction to turn from
    u, v = a / lengths[0], b / lengths[1]
    # The arc cosine of u.v would lose half the digits of a small angle.
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    if np.pi - angle < 1e-6:
        raise ValueError(
            f"A spherical path needs two directions that are not opposite. Received: a={a}, b={b}"
        )
    if angle < 1e-6:
        return line  # the arc is straight, to rounding
    turned = (np.sin((1 - share) * angle) * u + np.sin(share * angle) * v) / np.sin(angle)
    return ((1 - share) * lengths[0] + share * lengths[1]) * turned


def attribute_vector(codes, has_attribute):
    """Return the mean code with an attribute minus the mean code without it.

    Args:
        codes: Array of shape `(n, latent_dim)`.
        has_attribute: Booleans, or zeros and ones, of shape `(n,)`; both must occur.

    Returns:
        An array of shape `(latent_dim,)`.

    Raises:
        ValueError: If the shapes do not fit, or one of the two groups is empty.

    Example:
        >>> attribute_vector([[0.0, 1.0], [2.0, 1.0]], [False, True]).tolist()
        [2.0, 0.0]
    """
    codes, has_attribute = np.asarray(codes, dtype="float64"), np.asarray(has_attribute)
    if codes.ndim != 2 or has_attribute.shape != codes.shape[:1]:
        raise ValueError(
            "codes must have shape (n, latent_dim) and has_attribute (n,). "
            f"Received: shapes {codes.shape} and {has_attribute.shape}"
        )
    if not np.array_equal(np.unique(has_attribute), [0, 1]):
        raise ValueError(
            "has_attribute must be true for some codes and false for others. "
            f"Received: values {np.unique(has_attribute)}"
        )
    has_attribute = has_attribute.astype(bool)
    return codes[has_attribute].mean(axis=0) - codes[~has_attribute].mean(axis=0)
