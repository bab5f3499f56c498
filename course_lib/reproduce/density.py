"""log p(x) of a VAE on dynamically binarized MNIST (Burda, Grosse and Salakhutdinov 2015).

The network and the estimate are the paper's: 784-200-200-50 and its mirror, tanh, and 5,000
importance samples for each of the 10,000 test pictures. The budget is not: the paper takes
3,280 epochs of batches of 20, which is a day on two cores. Here batches are of 100, and what
makes better use of a step is all in the optimization: the encoder sees pixels less their mean,
the step size rises for two epochs and then follows half a cosine down to zero, the weight of
the KL term rises from zero in the first epochs, and the gradient is one of lower variance.
"""

import dataclasses
import pathlib
import sys

import keras
import numpy as np
from keras import ops

from course_lib.data import binarize, load_digits
from course_lib.reproduce.record import Clock
from course_lib.vae import VAE, BetaWarmUp


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the runs have in common.

    Args:
        epochs: Epochs of each round; every round starts from the one before.
        learning_rates: Highest step size of Adam in each round.
        batch_size: Pictures a step.
        step_warm_up: Epochs of each round in which the step size rises.
        beta_warm_up: Epochs of the first round in which beta rises to 1.
        n_samples: Importance samples a picture.
        n_train: Training pictures, or `None` for all of them.
        n_test: Test pictures, or `None` for all of them.
        seed: Seed of weights, draws and order.
        quick: Whether this is a try, whose numbers mean nothing.
    """

    epochs: tuple[int, ...] = (500,)
    learning_rates: tuple[float, ...] = (3e-3,)
    batch_size: int = 100
    step_warm_up: int = 2
    beta_warm_up: int = 5
    n_samples: int = 5000
    n_train: int | None = None
    n_test: int | None = None
    seed: int = 0
    quick: bool = False


QUICK = {
    "epochs": (1,),
    "step_warm_up": 0,
    "n_samples": 10,
    "n_train": 500,
    "n_test": 50,
    "quick": True,
}

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


class PathGradientVAE(VAE):
    """A VAE that is trained on the gradient of Roeder, Wu and Duvenaud (2017).

    The KL term is log q(z|x) - log p(z) at the draw, and the gradient reaches the encoder
    through z alone. Its expectation is that of the usual gradient, since the part left
    out has the expectation 0. Its variance vanishes as q approaches the true posterior.

    Example:
        >>> vae = PathGradientVAE.dense((4,), latent_dim=2)
        >>> sorted(vae.kl_per_dimension(vae(np.zeros((3, 4)))).shape)
        [2, 3]
    """

    def kl_per_dimension(self, outputs):
        """Return log q(z|x) - log p(z) of each latent dimension, `(batch, latent_dim)`.

        Args:
            outputs: What the model returned.

        Returns:
            A tensor.
        """
        z, mean, log_var = (outputs[name] for name in ("z", "mean", "log_var"))
        mean, log_var = ops.stop_gradient(mean), ops.stop_gradient(log_var)
        return 0.5 * (z**2 - log_var - (z - mean) ** 2 * ops.exp(-log_var))


def new_vae(mean, seed):
    """Return the untrained network of the paper, centered.

    Args:
        mean: Mean of the training pictures, the shape of one. The encoder takes it off its
            input, and the decoder's output starts from it.
        seed: Seed of the weights and draws.

    Returns:
        A `PathGradientVAE`.

    Example:
        >>> new_vae(np.full((28, 28), 0.1), seed=0).latent_dim
        50
    """
    keras.utils.set_random_seed(seed)
    vae = VAE.dense(mean.shape, LATENT_DIM, HIDDEN_UNITS, activation="tanh", seed=seed)
    bounded = np.clip(mean.ravel(), 0.001, 0.999)
    vae.decoder.set_weights([*vae.decoder.get_weights()[:-1], np.log(bounded / (1 - bounded))])
    pictures = keras.Input(mean.shape)
    pixels = tuple(range(1, 1 + mean.ndim))
    center = keras.layers.Normalization(axis=pixels, mean=mean, variance=np.ones_like(mean))
    encoder = keras.Model(pictures, vae.encoder(center(pictures)), name="encoder")
    return PathGradientVAE(encoder, vae.decoder, seed=seed)


def train(vae, data, settings, i):
    """Train for one round; the step size rises, and falls along half a cosine to zero.

    Args:
        vae: The model; it is changed.
        data: A `BinarizedAnew`.
        settings: A `Settings`.
        i: Which round.

    Returns:
        The loss of the last epoch, in nats.
    """
    n_batches, epochs = len(data), settings.epochs[i]
    n_rising = settings.step_warm_up * n_batches
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        decay_steps=max(1, epochs * n_batches - n_rising),
        warmup_target=settings.learning_rates[i],
        warmup_steps=n_rising,
    )
    vae.compile(keras.optimizers.Adam(schedule), steps_per_execution=min(10, n_batches))
    callbacks = [EpochLog(every=max(1, epochs // 20))]
    if i == 0:
        callbacks.append(BetaWarmUp(settings.beta_warm_up * n_batches))
    return vae.fit(data, epochs=epochs, verbose=0, callbacks=callbacks).history["loss"][-1]


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
    vae = new_vae(x_train.mean(axis=0), settings.seed)
    for i in range(len(settings.epochs)):
        file = checkpoints and _checkpoint(settings, i, checkpoints)
        if file and file.exists():
            kept = np.load(file)
            vae.set_weights([kept[f"w{k}"] for k in range(len(vae.get_weights()))])
            clock = Clock(*kept["minutes"])
            continue
        data = BinarizedAnew(x_train, settings.batch_size, seed=(settings.seed, i))
        train(vae, data, settings, i)
        if file:
            weights = {f"w{k}": w for k, w in enumerate(vae.get_weights())}
            minutes = (clock.minutes(), clock.cpu_minutes())
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, minutes=minutes, **weights)
    vae = VAE(vae.encoder, vae.decoder, seed=settings.seed)
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
    rounds = zip(settings.epochs[: i + 1], settings.learning_rates, strict=False)
    name = "-".join(f"{epochs}x{rate}" for epochs, rate in rounds)
    return pathlib.Path(folder) / f"vae-{settings.seed}-{settings.batch_size}-{name}.npz"
