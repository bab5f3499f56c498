"""log p(x) of a VAE on dynamically binarized MNIST (Burda, Grosse and Salakhutdinov 2015).

The network and the estimate are the paper's: 784-200-200-50 and its mirror, tanh, and 5,000
importance samples for each of the 10,000 test pictures. The budget is not: the paper takes
3,280 epochs of batches of 20, which is a day on two cores. Here the step size follows half a
cosine down to zero, in batches of 100.
"""

import dataclasses
import pathlib
import sys

import keras
import numpy as np

from course_lib.data import binarize, load_digits
from course_lib.reproduce.record import Clock
from course_lib.reproduce.training import adam
from course_lib.vae import VAE


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the runs have in common.

    Args:
        epochs: Epochs of each round; every round starts from the one before, with the step
            size back at its highest.
        batch_size: Pictures a step.
        learning_rate: Highest step size of Adam.
        n_samples: Importance samples a picture.
        n_train: Training pictures, or `None` for all of them.
        n_test: Test pictures, or `None` for all of them.
        seed: Seed of weights, draws and order.
        quick: Whether this is a try, whose numbers mean nothing.
    """

    epochs: tuple[int, ...] = (450,)
    batch_size: int = 100
    learning_rate: float = 2e-3
    n_samples: int = 5000
    n_train: int | None = None
    n_test: int | None = None
    seed: int = 0
    quick: bool = False


QUICK = {"epochs": (1,), "n_samples": 10, "n_train": 500, "n_test": 50, "quick": True}

HIDDEN_UNITS = (200, 200)
LATENT_DIM = 50


class BinarizedAnew(keras.utils.PyDataset):
    """Batches of gray pictures whose pixels are drawn anew for each epoch.

    Args:
        x: Gray values in [0, 1], shape `(n, *item_shape)`.
        batch_size: Pictures a batch; what is left over at the end waits for another epoch.
        seed: Seed of pixels and order.

    Example:
        >>> data = BinarizedAnew(np.full((6, 2, 2), 0.5), batch_size=3, seed=0)
        >>> len(data), data[0][0].shape
        (2, (3, 2, 2))
    """

    def __init__(self, x, batch_size, seed=None):
        super().__init__()
        self.x = np.asarray(x, dtype="float32")
        self.batch_size = batch_size
        self._rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self):
        return len(self.x) // self.batch_size

    def __getitem__(self, i):
        rows = self._order[i * self.batch_size : (i + 1) * self.batch_size]
        return (self._drawn[rows].astype("float32"),)

    def on_epoch_end(self):
        """Draw all pixels, and the order, anew."""
        self._drawn = self._rng.random(self.x.shape, dtype="float32") < self.x
        self._order = self._rng.permutation(len(self.x))


def new_vae(item_shape, seed):
    """Return the untrained network of the paper.

    Args:
        item_shape: Shape of a picture.
        seed: Seed of its weights and draws.

    Returns:
        A `VAE`.

    Example:
        >>> new_vae((28, 28), seed=0).latent_dim
        50
    """
    keras.utils.set_random_seed(seed)
    return VAE.dense(item_shape, LATENT_DIM, HIDDEN_UNITS, activation="tanh", seed=seed)


def train(vae, data, epochs, learning_rate):
    """Train for one round, the step size falling along half a cosine to zero.

    Args:
        vae: The model; it is changed.
        data: A `BinarizedAnew`.
        epochs: Number of epochs.
        learning_rate: Step size at the start.

    Returns:
        The loss of the last epoch, in nats.
    """
    optimizer = adam(learning_rate, epochs, len(data), batch_size=1)  # an item is a batch
    vae.compile(optimizer, steps_per_execution=min(10, len(data)))
    log = EpochLog(every=max(1, epochs // 20))
    return vae.fit(data, epochs=epochs, verbose=0, callbacks=[log]).history["loss"][-1]


class EpochLog(keras.callbacks.Callback):
    """Prints a line now and then: a run of an hour has to show that it lives.

    Args:
        every: Epochs between two lines.
    """

    def __init__(self, every):
        super().__init__()
        self.every = every
        self.clock = Clock()

    def on_epoch_end(self, epoch, logs=None):
        """Print the time and the loss."""
        if (epoch + 1) % self.every == 0:
            line = f"epoch {epoch + 1}: {self.clock.minutes():.1f} min, loss {logs['loss']:.2f}"
            print(line, file=sys.stderr, flush=True)


def run(settings, checkpoints=None):
    """Train, and estimate log p(x) of the test pictures.

    Args:
        settings: A `Settings`.
        checkpoints: Folder for the weights after each round, or `None`. Rounds whose
            weights are there already are not trained again.

    Returns:
        A pair of a `dict` of values and the `Clock` of the run, finished rounds included.
    """
    clock = Clock()
    digits = load_digits()
    x_train = digits.x_train[: settings.n_train]
    x_test = binarize(digits.x_test[: settings.n_test], seed=settings.seed)
    vae = new_vae(x_train.shape[1:], settings.seed)
    for i in range(len(settings.epochs)):
        file = checkpoints and _checkpoint(settings, i, checkpoints)
        if file and file.exists():
            kept = np.load(file)
            vae.set_weights([kept[f"w{k}"] for k in range(len(vae.get_weights()))])
            clock = Clock(*kept["minutes"])
            continue
        data = BinarizedAnew(x_train, settings.batch_size, seed=(settings.seed, i))
        train(vae, data, settings.epochs[i], settings.learning_rate)
        if file:
            weights = {f"w{k}": w for k, w in enumerate(vae.get_weights())}
            minutes = (clock.minutes(), clock.cpu_minutes())
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, minutes=minutes, **weights)
    elbo = vae.elbo(x_test, n_samples=10)
    log_prob = vae.log_prob(x_test, n_samples=settings.n_samples, seed=settings.seed)
    values = {
        "nll": float(-log_prob.mean()),
        "nll_standard_error": float(log_prob.std(ddof=1) / np.sqrt(len(log_prob))),
        "negative_elbo": float(-elbo.mean()),
        "n_test": len(x_test),
    }
    return values, clock


def _checkpoint(settings, i, folder):
    rounds = "-".join(map(str, settings.epochs[: i + 1]))
    name = f"vae-{settings.seed}-{settings.batch_size}-{settings.learning_rate}-{rounds}"
    return pathlib.Path(folder) / f"{name}.npz"
