"""The missing quadrants of a digit, from the known ones (Sohn, Lee and Yan 2015).

Known are the lower left quadrant; the left half; or all but the lower right quadrant. A plain
network with two hidden layers of 500 predicts each missing pixel by itself. The CVAE has the
same widths, a latent vector of 200, and a prior that depends on what is known. As in the run that
it is compared with, pixels are gray, so that the numbers are cross-entropies rather than
log-likelihoods (chapter 2), and the CVAE's is its -ELBO. The paper feeds the plain network's guess
to the CVAE as well; ours does without.
"""

import dataclasses

import keras
import numpy as np

from course_lib.cvae import CVAE
from course_lib.data import load_digits
from course_lib.inpainting import split_quadrants
from course_lib.losses import BernoulliNLL
from course_lib.networks import dense_network
from course_lib.reproduce.record import Clock
from course_lib.reproduce.training import adam

#: Quadrants that are given: 0 upper left, 1 upper right, 2 lower left.
GIVEN = ((2,), (0, 2), (0, 1, 2))


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the runs have in common.

    Args:
        hidden_units: Widths of the hidden layers of every network.
        latent_dim: Latent dimensions of the CVAE.
        baseline_epochs: Epochs of the plain network; it overfits with more.
        epochs: Epochs of the CVAE.
        batch_size: Pictures a step.
        learning_rate: Step size of Adam at the start; it falls along half a cosine to zero.
        n_train: Training pictures, or `None` for all of them.
        n_test: Test pictures, or `None` for all of them.
        seed: Seed of weights, draws and order.
        quick: Whether this is a try, whose numbers mean nothing.
    """

    hidden_units: tuple[int, ...] = (500, 500)
    latent_dim: int = 200
    baseline_epochs: int = 8
    epochs: int = 20
    batch_size: int = 100
    learning_rate: float = 1e-3
    n_train: int | None = None
    n_test: int | None = None
    seed: int = 0
    quick: bool = False


QUICK = {
    "hidden_units": (20,),
    "latent_dim": 2,
    "baseline_epochs": 1,
    "epochs": 1,
    "n_train": 500,
    "n_test": 50,
    "quick": True,
}


def run(settings, checkpoints=None):
    """Train both networks for one, two and three given quadrants, and measure both.

    Args:
        settings: A `Settings`.
        checkpoints: Ignored.

    Returns:
        A pair of a `dict` of values and the `Clock` of the run. The values are lists, one
        entry for each number of given quadrants, in nats a picture.
    """
    clock = Clock()
    digits = load_digits()

    def optimizer(epochs, n):
        return adam(settings.learning_rate, epochs, n, settings.batch_size)

    values = {"baseline": [], "cvae": []}
    for given in GIVEN:
        known, missing = _parts(digits.x_train[: settings.n_train], given)
        test_known, test_missing = _parts(digits.x_test[: settings.n_test], given)
        keras.utils.set_random_seed(settings.seed)

        baseline = dense_network(known.shape[1:], settings.hidden_units, missing.shape[1:])
        loss = BernoulliNLL(from_logits=True)
        baseline.compile(optimizer(settings.baseline_epochs, len(known)), loss)
        fit = {"batch_size": settings.batch_size, "verbose": 0}
        baseline.fit(known, missing, epochs=settings.baseline_epochs, **fit)
        values["baseline"].append(float(baseline.evaluate(test_known, test_missing, verbose=0)))

        cvae = CVAE.dense(
            missing.shape[1:],
            known.shape[1:],
            settings.latent_dim,
            settings.hidden_units,
            conditional_prior=True,
            seed=settings.seed,
        )
        cvae.compile(optimizer(settings.epochs, len(known)))
        cvae.fit([missing, known], epochs=settings.epochs, **fit)
        elbo = cvae.elbo([test_missing, test_known], n_samples=10)
        values["cvae"].append(float(-np.mean(elbo)))
        print(given, {name: round(row[-1], 2) for name, row in values.items()}, flush=True)
    return {**values, "n_test": len(test_known)}, clock


def _parts(pictures, given):
    return [part.astype("float32") for part in split_quadrants(pictures, given)]
