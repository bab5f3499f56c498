"""Thirty numbers for a digit: PCA and a deep autoencoder (Hinton and Salakhutdinov 2006).

Their network is 784-1000-500-250-30 and its mirror. They trained it layer by layer as
restricted Boltzmann machines first, since logistic units would not learn from scratch; here the
hidden units are ReLU, and there is no pretraining. The error is the squared error of a picture,
summed over its pixels, on the test set.
"""

import dataclasses

import keras
import numpy as np

from course_lib.autoencoders import Autoencoder
from course_lib.data import load_digits
from course_lib.losses import SquaredError
from course_lib.pca import PCA
from course_lib.reproduce.record import Clock
from course_lib.reproduce.training import adam


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the runs have in common.

    Args:
        code_size: Numbers a picture.
        hidden_units: Widths of the hidden layers, none for PCA.
        epochs: Epochs.
        batch_size: Pictures a step.
        learning_rate: Step size of Adam at the start; it falls along half a cosine to zero.
        n_train: Training pictures, or `None` for all of them.
        n_test: Test pictures, or `None` for all of them.
        seed: Seed of weights and order.
        quick: Whether this is a try, whose numbers mean nothing.
    """

    code_size: int = 30
    hidden_units: tuple[int, ...] = ()
    epochs: int = 60
    batch_size: int = 250
    learning_rate: float = 1e-3
    n_train: int | None = None
    n_test: int | None = None
    seed: int = 0
    quick: bool = False


QUICK = {"epochs": 1, "n_train": 500, "n_test": 50, "quick": True}


def run(settings, checkpoints=None):
    """Fit, and measure the error on training and test pictures.

    Args:
        settings: A `Settings`.
        checkpoints: Ignored.

    Returns:
        A pair of a `dict` of values and the `Clock` of the run.
    """
    clock = Clock()
    digits = load_digits()
    x_train = digits.x_train[: settings.n_train].astype("float32")
    x_test = digits.x_test[: settings.n_test].astype("float32")
    if settings.hidden_units:
        model = _train(x_train, settings)
    else:
        model = PCA(settings.code_size).fit(x_train)
    return {
        "test_error": _error(model, x_test),
        "train_error": _error(model, x_train),
        "n_test": len(x_test),
    }, clock


def _train(x, settings):
    keras.utils.set_random_seed(settings.seed)
    model = Autoencoder.dense(
        x.shape[1:], settings.code_size, settings.hidden_units, output_activation="sigmoid"
    )
    optimizer = adam(settings.learning_rate, settings.epochs, len(x), settings.batch_size)
    model.compile(optimizer, loss=SquaredError())
    model.fit(x, epochs=settings.epochs, batch_size=settings.batch_size, verbose=0)
    return model


def _error(model, x):
    parts = np.array_split(x, max(1, len(x) // 10_000))
    squares = [np.sum((model.reconstruct(part) - part) ** 2, dtype="float64") for part in parts]
    return float(sum(squares) / len(x))
