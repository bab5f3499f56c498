"""The one type that every loader returns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)  # two data sets are equal if they are the same
class Dataset:
    """A data set, split into what a model may see and what it is judged on.

    Args:
        name: Short name, such as `"digits"`.
        edition: `"embedded"` or `"full"`.
        x_train: Training examples: an array of shape `(n_train, *item_shape)`, or, for
            text, a tuple of reviews, each a tuple of words.
        y_train: Integer labels of the training examples, shape `(n_train,)`; shape
            `(n_train, n_attributes)` where an example has several; `None` where the data
            have none.
        x_test: Held-out examples, like `x_train`.
        y_test: Labels of the held-out examples, like `y_train`.
        label_names: What each label stands for: `label_names[y]` is the name of `y`. With
            several attributes, one such tuple for each; empty without labels.
        source: Where the data come from, and under which license.
        attributes: Names of the columns of `y_train`, where it has columns.
        feature_names: Names of the columns of `x_train`, where they have names.

    Example:
        >>> x, y = np.zeros((3, 2)), np.zeros(3, int)
        >>> Dataset("zeros", "embedded", x, y, x, y, label_names=("zero",), source="made up")
        Dataset(name='zeros', edition='embedded', train=3, test=3, item_shape=(2,))
    """

    name: str
    edition: str
    x_train: np.ndarray | Sequence[Sequence[str]]
    y_train: np.ndarray | None
    x_test: np.ndarray | Sequence[Sequence[str]]
    y_test: np.ndarray | None
    label_names: tuple[str, ...] | tuple[tuple[str, ...], ...]
    source: str
    attributes: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()

    @property
    def item_shape(self):
        """Shape of one example; `()` for reviews, which differ in length."""
        return self.x_train.shape[1:] if isinstance(self.x_train, np.ndarray) else ()

    def __repr__(self):
        return (
            f"Dataset(name={self.name!r}, edition={self.edition!r}, "
            f"train={len(self.x_train)}, test={len(self.x_test)}, item_shape={self.item_shape})"
        )
