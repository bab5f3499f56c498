"""Patches of photographs, and the whitening that lets edges stand out in them."""

import math

import numpy as np

from course_lib.data.dataset import Dataset
from course_lib.data.files import current_edition

N_TRAIN, N_TEST = 20_000, 4_000

#: Patches are at most this wide: a fifth of a photograph's width is held out.
MAX_SIZE = 100

#: Weights of red, green and blue in a gray value (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)


def load_patches(edition=None, size=12):
    """Load square gray patches of scikit-learn's two sample photographs.

    Both editions hold the same patches: a Chinese temple and a dahlia, cut at random
    places. Training patches come from the left four fifths of each photograph and test
    patches from the right fifth, so that no pixel is in both.

    Args:
        edition: `"embedded"`, `"full"`, or `None` for `COURSE_DATA`'s.
        size: Side of a patch in pixels, from 1 to 100.

    Returns:
        A `Dataset` without labels; patches are `float32` in [0, 1], shape
        `(20000, size, size)` and `(4000, size, size)`.

    Raises:
        ValueError: If the edition is unknown or the size is out of range.

    Example:
        >>> load_patches(size=8).x_test.shape
        (4000, 8, 8)
    """
    edition = current_edition(edition)
    if not isinstance(size, int) or not 1 <= size <= MAX_SIZE:
        raise ValueError(f"size must be an integer from 1 to {MAX_SIZE}. Received: size={size!r}")
    import sklearn.datasets  # takes a second

    photographs = [
        (image @ _LUMA / 255).astype("float32")
        for image in sklearn.datasets.load_sample_images().images
    ]
    edges = [image.shape[1] * 4 // 5 for image in photographs]
    rng = np.random.default_rng(0)
    train = [image[:, :edge] for image, edge in zip(photographs, edges, strict=True)]
    test = [image[:, edge:] for image, edge in zip(photographs, edges, strict=True)]
    return Dataset(
        name="patches",
        edition=edition,
        x_train=_cut(train, size, N_TRAIN, rng),
        y_train=None,
        x_test=_cut(test, size, N_TEST, rng),
        y_test=None,
        label_names=(),
        source="Photographs china.jpg and flower.jpg, as shipped with scikit-learn (CC BY)",
    )


def _cut(images, size, n, rng):
    """Return `n` patches, as many from each image, no place twice; shape `(n, size, size)`."""
    patches = []
    for image in images:
        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
        n_rows, n_cols = windows.shape[:2]
        places = rng.choice(n_rows * n_cols, n // len(images), replace=False)
        patches.append(windows[places // n_cols, places % n_cols])
    return rng.permutation(np.concatenate(patches))


class Whitening:
    """Linear map after which pixels are uncorrelated and have variance 1.

    Neighboring pixels of a photograph are almost equal, and most of a patch's variance is
    in its slow changes of brightness. Whitening evens out the directions of the data, so
    that what is left to learn are the rare, sharp things: edges.

    Among all whitening maps this one, `ZCA`, changes the patches least: with the
    covariance `C = U diag(v) U'`, it multiplies a patch, less the mean patch, by
    `W = U diag(1 / sqrt(v + epsilon)) U'` (Bell and Sejnowski 1997, section 2).

    Args:
        epsilon: Added to each variance, so that directions with almost none, which hold
            noise, are not blown up. In squared gray values; 0 whitens exactly.

    Raises:
        ValueError: If `epsilon` is negative, infinite or not a number.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(1000, 2)) @ [[2.0, 1.0], [0.0, 1.0]]
        >>> z = Whitening(epsilon=0).fit(x).transform(x)
        >>> bool((abs(np.cov(z.T, bias=True) - np.eye(2)) < 1e-6).all())
        True
    """

    def __init__(self, epsilon=1e-2):
        if not 0 <= epsilon < math.inf:
            raise ValueError(
                f"epsilon must be at least 0, and finite. Received: epsilon={epsilon!r}"
            )
        self.epsilon = epsilon
        self.mean = None
        self.matrix = None

    def fit(self, x):
        """Learn the mean patch and the map from training patches.

        Args:
            x: Patches, shape `(n, ...)`, with `n` at least 2.

        Returns:
            The object itself, with `mean` of shape `(n_pixels,)` and the symmetric
            `matrix` of shape `(n_pixels, n_pixels)`.

        Raises:
            ValueError: If there are too few patches, a value is not finite, or `epsilon`
                is 0 and the patches do not vary in every direction.
        """
        x = np.asarray(x, "float64")
        if x.ndim < 2 or len(x) < 2 or not np.all(np.isfinite(x)):
            raise ValueError(
                "fit takes at least two patches of finite values, shape (n, ...). "
                f"Received: an array of shape {x.shape}"
            )
        x = x.reshape(len(x), -1)
        covariance = np.cov(x, rowvar=False, bias=True).reshape(x.shape[1], x.shape[1])
        variances, directions = np.linalg.eigh(covariance)
        # Rounding leaves a variance of zero at a tiny value of either sign.
        flat = variances < len(variances) * np.finfo("float64").eps * variances[-1]
        if self.epsilon == 0 and (flat.any() or variances[-1] == 0):
            raise ValueError(
                "Patches that do not vary in every direction need epsilon > 0. "
                f"Received: epsilon=0, {np.sum(flat)} of {len(flat)} directions without variance"
            )
        scales = 1 / np.sqrt(np.maximum(variances, 0) + self.epsilon)
        self.mean = x.mean(axis=0)
        self.matrix = (directions * scales) @ directions.T
        return self

    def transform(self, x):
        """Whiten patches.

        Args:
            x: Patches of the shape that `fit` saw, `(n, ...)`.

        Returns:
            A `float32` array of the shape of `x`.

        Raises:
            ValueError: If `fit` has not been called, or the shape does not fit.
        """
        z = (self._as_rows(x) - self.mean) @ self.matrix
        return z.astype("float32").reshape(np.shape(x))

    def inverse(self, z):
        """Undo `transform`.

        Args:
            z: Whitened patches, shape `(n, ...)`.

        Returns:
            A `float32` array of the shape of `z`.

        Raises:
            ValueError: If `fit` has not been called, or the shape does not fit.
        """
        x = np.linalg.solve(self.matrix, self._as_rows(z).T).T + self.mean
        return x.astype("float32").reshape(np.shape(z))

    def _as_rows(self, x):
        if self.matrix is None:
            raise ValueError("Call fit first. Received: a Whitening that has seen no patches")
        x = np.asarray(x, "float64")
        if x.ndim < 2 or math.prod(x.shape[1:]) != len(self.mean):
            raise ValueError(
                f"Patches must have {len(self.mean)} pixels, as those that fit saw. "
                f"Received: an array of shape {x.shape}"
            )
        return x.reshape(len(x), -1)
