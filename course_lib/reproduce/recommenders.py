"""AutoRec against its baselines (Sedhain et al. 2015).

The paper's data, MovieLens, may not be passed on; these are the 100,000 ratings of
MovieTweetings, which are far sparser. So the numbers cannot be compared, but the order can:
the paper puts item-based AutoRec before matrix factorization. Every method chooses its penalty by
validation ratings, a tenth of those it may learn from, and then learns from all of them.
"""

import dataclasses

import keras
import numpy as np

from course_lib.autorec import (
    AutoRec,
    GlobalMean,
    ItemMean,
    MatrixFactorization,
    UserItemMean,
    rmse,
)
from course_lib.data import load_ratings
from course_lib.reproduce.record import Clock
from course_lib.reproduce.training import adam


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the runs have in common.

    Args:
        latent_dim: Code units of AutoRec.
        n_steps: Training steps of AutoRec.
        batch_size: Movies a step.
        learning_rate: Step size of Adam at the start; it falls along half a cosine to zero.
        regularizations: Penalties that AutoRec chooses from.
        shrinkages: Shrinkages that the averages choose from.
        n_factors: Numbers of factors that matrix factorization chooses from.
        factor_regularizations: Penalties that it chooses from.
        n_iterations: Rounds of least squares that it takes.
        seeds: Seeds of the learned methods.
        quick: Whether this is a try, whose numbers mean nothing.
    """

    latent_dim: int = 500
    n_steps: int = 1000
    batch_size: int = 64
    learning_rate: float = 0.003
    regularizations: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3)
    shrinkages: tuple[float, ...] = (0, 1, 3, 10)
    n_factors: tuple[int, ...] = (2, 5, 10)
    factor_regularizations: tuple[float, ...] = (1, 3, 10, 30)
    n_iterations: int = 10
    seeds: tuple[int, ...] = (0, 1, 2)
    quick: bool = False


QUICK = {
    "latent_dim": 5,
    "n_steps": 4,
    "regularizations": (0.1,),
    "n_factors": (2,),
    "factor_regularizations": (10,),
    "n_iterations": 1,
    "seeds": (0,),
    "quick": True,
}


def run(settings, checkpoints=None):
    """Choose, train and score every method.

    Args:
        settings: A `Settings`.
        checkpoints: Ignored.

    Returns:
        A pair of a `dict` of values and the `Clock` of the run. The values are lists of
        RMSEs on held-out ratings by method, one for each seed, what was chosen, and counts.
    """
    clock = Clock()
    ratings = load_ratings()
    x, held_out = ratings.x_train, ratings.x_test
    bounds = np.nanmin(x), np.nanmax(x)
    rest, validation = _split(x, seed=0)

    def error(table, predictions):
        return float(rmse(table, np.clip(predictions, *bounds)))

    def best(method, options):
        return min(options, key=lambda o: error(validation, method(rest, o, 0)))

    grid = [(k, weight) for k in settings.n_factors for weight in settings.factor_regularizations]
    methods = {
        "average of all": (_fitted(GlobalMean), [None]),
        "average of the movie": (_fitted(ItemMean), settings.shrinkages),
        "movie and person": (_fitted(UserItemMean), settings.shrinkages),
        "matrix factorization": (_factors(settings), grid),
        "AutoRec": (_autorec(settings), settings.regularizations),
    }
    errors, chosen = {}, {}
    for name, (method, options) in methods.items():
        chosen[name] = best(method, options)
        learned = name in ("matrix factorization", "AutoRec")
        seeds = settings.seeds if learned else settings.seeds[:1]
        errors[name] = [error(held_out, method(x, chosen[name], seed)) for seed in seeds]
        print(name, chosen[name], np.round(errors[name], 4), flush=True)
    counts = {"n_ratings": int((~np.isnan(x)).sum()), "n_test": int((~np.isnan(held_out)).sum())}
    return {"errors": errors, "chosen": chosen, **counts}, clock


def _fitted(model):
    def predict(table, option, seed):
        return (model() if option is None else model(option)).fit(table).predict(table)

    return predict


def _factors(settings):
    def predict(table, option, seed):
        n_iterations = settings.n_iterations
        model = MatrixFactorization(*option, n_iterations=n_iterations, seed=seed)
        return model.fit(table).predict(table)

    return predict


def _autorec(settings):
    def predict(table, regularization, seed):
        rows = np.ascontiguousarray(table.T, dtype="float32")  # item-based: a row is a movie
        keras.utils.set_random_seed(seed)
        model = AutoRec(rows.shape[1], settings.latent_dim, regularization)
        epochs = -(-settings.n_steps * settings.batch_size // len(rows))
        model.compile(adam(settings.learning_rate, epochs, len(rows), settings.batch_size))
        model.fit(rows, batch_size=settings.batch_size, epochs=epochs, verbose=0)
        return model.predict(rows, batch_size=256, verbose=0).T

    return predict


def _split(x, seed, share=0.1):
    """Move a random share of the ratings into a table of their own."""
    rated = np.argwhere(~np.isnan(x))
    moved = np.random.default_rng(seed).random(len(rated)) < share
    cells = tuple(rated[moved].T)
    rest, part = x.copy(), np.full_like(x, np.nan)
    part[cells], rest[cells] = x[cells], np.nan
    return rest, part
