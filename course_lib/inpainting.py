"""Pictures with a part missing: quadrants, and filling them in (chapters 7 and 19).

Quadrants are numbered as one reads: 0 and 1 above, 2 and 3 below.
"""

import numpy as np


def quadrant_mask(item_shape, quadrants):
    """Return which pixels lie in some quadrants of a picture.

    Args:
        item_shape: Height and width, and channels where there are several.
        quadrants: Some of 0 (upper left), 1 (upper right), 2 (lower left), 3 (lower right).

    Returns:
        Booleans of shape `item_shape`.

    Raises:
        ValueError: If `item_shape` is no picture's, or a quadrant is none of the four.

    Example:
        >>> quadrant_mask((2, 4), [1]).astype(int).tolist()
        [[0, 0, 1, 1], [0, 0, 0, 0]]
    """
    if len(item_shape) not in (2, 3):
        raise ValueError(
            "item_shape must be (height, width) or (height, width, channels). "
            f"Received: item_shape={item_shape}"
        )
    quadrants = set(quadrants)
    if not quadrants <= {0, 1, 2, 3}:
        raise ValueError(f"quadrants must be some of 0, 1, 2, 3. Received: {sorted(quadrants)}")
    height, width = item_shape[:2]
    lower, right = np.arange(height) >= height // 2, np.arange(width) >= width // 2
    mask = np.isin(2 * lower[:, None] + right, sorted(quadrants))
    return np.broadcast_to(mask.reshape(height, width, *[1] * (len(item_shape) - 2)), item_shape)


def split_quadrants(pictures, given):
    """Split pictures into the pixels of the given quadrants and those of the others.

    Args:
        pictures: Array of shape `(n, height, width)`.
        given: The quadrants that are known, as for `quadrant_mask`.

    Returns:
        A pair of arrays `(known, missing)`, of shapes `(n, n_known)` and
        `(n, n_missing)`.

    Raises:
        ValueError: As for `quadrant_mask`.

    Example:
        >>> known, missing = split_quadrants(np.arange(4.0).reshape(1, 2, 2), given=[0, 3])
        >>> known.tolist(), missing.tolist()
        ([[0.0, 3.0]], [[1.0, 2.0]])
    """
    pictures = np.asarray(pictures)
    mask = quadrant_mask(pictures.shape[1:], given)
    return pictures[:, mask], pictures[:, ~mask]


def join_quadrants(known, missing, item_shape, given):
    """Put together what `split_quadrants` took apart.

    Args:
        known: Array of shape `(n, n_known)`.
        missing: Array of shape `(n, n_missing)`.
        item_shape: Height and width of the pictures.
        given: The quadrants that are known.

    Returns:
        An array of shape `(n, *item_shape)`.

    Raises:
        ValueError: If the numbers of pixels do not fit.

    Example:
        >>> join_quadrants([[0.0, 3.0]], [[1.0, 2.0]], (2, 2), given=[0, 3]).tolist()
        [[[0.0, 1.0], [2.0, 3.0]]]
    """
    known, missing = np.asarray(known), np.asarray(missing)
    mask = quadrant_mask(item_shape, given)
    expected = int(mask.sum()), int((~mask).sum())
    if (known.shape[-1], missing.shape[-1]) != expected or len(known) != len(missing):
        raise ValueError(
            f"Pictures of shape {tuple(item_shape)} have {expected[0]} pixels in the quadrants "
            f"{sorted(given)} and {expected[1]} in the others. "
            f"Received: shapes {known.shape} and {missing.shape}"
        )
    pictures = np.empty((len(known), *item_shape), dtype=known.dtype)
    pictures[:, mask], pictures[:, ~mask] = known, missing
    return pictures


def inpaint(model, x, known, n_steps=10):
    """Fill in missing pixels by what a model makes of the known ones.

    The missing pixels start at 0. Each step puts the model's reconstruction in their
    place and leaves the known ones as they are.

    Args:
        model: A model with a `reconstruct` method, such as a denoising `Autoencoder`.
        x: Array of shape `(n, *item_shape)`; what stands at missing pixels is ignored.
        known: Booleans, true where a pixel is known, of shape `item_shape` or
            `(n, *item_shape)`.
        n_steps: Number of steps, at least 1.

    Returns:
        An array of the shape of `x`.

    Raises:
        ValueError: If the shapes do not fit or `n_steps` is no positive integer.

    Example:
        >>> class Gray:
        ...     def reconstruct(self, x):
        ...         return np.full_like(x, 0.5)
        >>> inpaint(Gray(), np.array([[1.0, 9.0]]), known=[True, False]).tolist()
        [[1.0, 0.5]]
    """
    x, known = np.asarray(x), np.asarray(known)
    if known.dtype != bool or known.shape not in (x.shape, x.shape[1:]):
        raise ValueError(
            f"known must be booleans of shape {x.shape[1:]} or {x.shape}. "
            f"Received: {known.dtype} of shape {known.shape}"
        )
    if not isinstance(n_steps, int) or n_steps < 1:
        raise ValueError(f"n_steps must be an integer of at least 1. Received: n_steps={n_steps}")
    filled = np.where(known, x, 0)
    for _ in range(n_steps):
        filled = np.where(known, x, model.reconstruct(filled))
    return filled
