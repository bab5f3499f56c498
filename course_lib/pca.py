"""Principal component analysis, and the angles between two subspaces.

The linear counterpart of an autoencoder (chapter 4), in NumPy and in double precision. A
linear autoencoder finds the same *subspace*, in some other basis; principal angles compare
subspaces, whatever their bases.
"""

import numpy as np


class PCA:
    """Principal component analysis by singular value decomposition.

    The components are the first right singular vectors of the centered data. Among all
    maps of rank `n_components`, projecting on them reconstructs the data with the least
    squared error (Eckart and Young 1936).

    Examples of any shape are accepted, pictures too: they are flattened inside, and
    `inverse_transform` gives the shape back.

    Args:
        n_components: Number of components, at least 1.
        center: Whether `fit` subtracts the mean. Without it the components explain the
            mean square instead of the variance.

    Attributes:
        components: Shape `(n_components, n_features)`, orthonormal rows. The largest entry
            of each, in absolute value, is positive.
        mean: Shape `(n_features,)`; zeros without centering.
        singular_values: Of the centered data, largest first, shape `(n_components,)`.
        explained_variance_ratio: Each component's share of the variance, shape
            `(n_components,)`.
        item_shape: Shape of one example.

    Raises:
        ValueError: If `n_components` is not a positive integer.

    Example:
        >>> pca = PCA(n_components=1).fit([[0.0, 1.0], [3.0, 5.0], [6.0, 9.0]])
        >>> pca.components.round(3).tolist()
        [[0.6, 0.8]]
        >>> pca.transform([[6.0, 9.0]]).round(3).tolist()
        [[5.0]]
    """

    def __init__(self, n_components, center=True):
        if not isinstance(n_components, (int, np.integer)) or n_components < 1:
            raise ValueError(
                "n_components must be an integer of at least 1. "
                f"Received: n_components={n_components!r}"
            )
        self.n_components = int(n_components)
        self.center = center
        self.item_shape = None

    def fit(self, x):
        """Find the components of the data.

        Args:
            x: Array of shape `(n, *item_shape)`, with at least `n_components` examples and
                as many features.

        Returns:
            The object itself.

        Raises:
            ValueError: If the shape is wrong, a value is not finite, or all examples are
                equal.
        """
        x = np.asarray(x, "float64")
        if x.ndim < 2 or x.size == 0:
            raise ValueError(
                f"x must have shape (n, *item_shape), and not be empty. Received: shape {x.shape}"
            )
        _check_finite("x", x)
        flat = x.reshape(len(x), -1)  # (n, n_features)
        if self.n_components > min(flat.shape):
            raise ValueError(
                "n_components may be at most the number of examples and that of features. "
                f"Received: n_components={self.n_components}, with {flat.shape[0]} examples of "
                f"{flat.shape[1]} features"
            )
        self.mean = np.mean(flat, axis=0) if self.center else np.zeros(flat.shape[1])
        _, singular_values, axes = np.linalg.svd(flat - self.mean, full_matrices=False)
        # Equal examples leave no more than the rounding of their mean.
        scale = np.max(np.abs(flat)) * np.sqrt(flat.size)
        if singular_values[0] <= np.finfo("float64").eps * scale:
            raise ValueError("x must have some variance. Received: examples that are all equal")
        axes = axes[: self.n_components]
        # The SVD leaves signs open; pictures of components should not depend on them.
        largest = axes[np.arange(len(axes)), np.argmax(np.abs(axes), axis=1)]
        self.components = axes * np.sign(largest)[:, None]
        self.singular_values = singular_values[: self.n_components]
        self.explained_variance_ratio = np.square(self.singular_values) / np.sum(
            np.square(singular_values)
        )
        self.item_shape = x.shape[1:]
        return self

    def transform(self, x):
        """Return the coordinates of examples along the components.

        Args:
            x: Array of shape `(n, *item_shape)`.

        Returns:
            An array of shape `(n, n_components)`.
        """
        self._check_fitted()
        x = np.asarray(x, "float64")
        if x.ndim == 0 or x.shape[1:] != self.item_shape:
            raise ValueError(
                f"x must have shape (n, {', '.join(map(str, self.item_shape))}), as in fit. "
                f"Received: shape {x.shape}"
            )
        _check_finite("x", x)
        return (x.reshape(len(x), -1) - self.mean) @ self.components.T

    def inverse_transform(self, h):
        """Return the examples that have the given coordinates.

        Args:
            h: Array of shape `(n, n_components)`.

        Returns:
            An array of shape `(n, *item_shape)`.
        """
        self._check_fitted()
        h = np.asarray(h, "float64")
        if h.ndim != 2 or h.shape[1] != self.n_components:
            raise ValueError(
                f"h must have shape (n, {self.n_components}). Received: shape {h.shape}"
            )
        _check_finite("h", h)
        return (h @ self.components + self.mean).reshape(len(h), *self.item_shape)

    def reconstruct(self, x):
        """Return the projection of examples on the space that the components span.

        Args:
            x: Array of shape `(n, *item_shape)`.

        Returns:
            An array of the same shape.
        """
        return self.inverse_transform(self.transform(x))

    def _check_fitted(self):
        if self.item_shape is None:
            raise ValueError("Call fit first. Received: a PCA that has no components yet")


def principal_angles(a, b):
    """Return the principal angles between two column spaces, in *degrees*.

    The first is the smallest angle between a vector of one space and a vector of the
    other; the next ones are the same in what is orthogonal to the vectors found so far.
    All are 0 exactly if one space contains the other.

    Cosines alone would lose half the digits of a small angle, and sines those of one near
    90 degrees, so that both are computed (Björck and Golub 1973).

    Args:
        a: Matrix of shape `(n_features, k_a)` whose columns span the first space. For a
            `PCA` that is `components.T`; for a linear decoder, its kernel transposed.
        b: Matrix of shape `(n_features, k_b)` for the second.

    Returns:
        An array of shape `(min(k_a, k_b),)`, from 0 to 90, smallest first.

    Raises:
        ValueError: If a shape is wrong, a value is not finite, or the columns of a matrix
            are linearly dependent.

    Example:
        >>> x_axis, diagonal = [[1.0], [0.0]], [[2.0], [2.0]]
        >>> float(principal_angles(x_axis, diagonal)[0].round(9))
        45.0
    """
    a, b = _orthonormal_basis("a", a), _orthonormal_basis("b", b)
    if len(a) != len(b):
        raise ValueError(
            "a and b must have the same number of rows. "
            f"Received: a of shape {a.shape}, b of shape {b.shape}"
        )
    if b.shape[1] > a.shape[1]:
        a, b = b, a
    inner = a.T @ b
    cosines = np.linalg.svd(inner, compute_uv=False)  # largest first
    sines = np.linalg.svd(b - a @ inner, compute_uv=False)[::-1]  # smallest first
    return np.degrees(np.arctan2(sines, cosines))


def _orthonormal_basis(name, matrix):
    matrix = np.asarray(matrix, "float64")
    if matrix.ndim != 2 or matrix.size == 0 or matrix.shape[0] < matrix.shape[1]:
        raise ValueError(
            f"{name} must have shape (n_features, k), with 1 <= k <= n_features. "
            f"Received: {name} of shape {matrix.shape}"
        )
    _check_finite(name, matrix)
    # Scaling a column does not change the space, and makes the rank easy to see.
    norms = np.linalg.norm(matrix, axis=0)
    columns = matrix / np.where(norms > 0, norms, 1)
    basis, singular_values, _ = np.linalg.svd(columns, full_matrices=False)
    if singular_values[-1] <= max(matrix.shape) * np.finfo("float64").eps * singular_values[0]:
        raise ValueError(
            f"The columns of {name} must be linearly independent. Received: {matrix.shape[1]} "
            f"columns, with singular values from {singular_values[-1]:.3g} to "
            f"{singular_values[0]:.3g}"
        )
    return basis


def _check_finite(name, values):
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{name} must be finite. Received: values that are NaN or infinite")
