"""Which codes are good features? One layer, pretrained in five ways (Rifai et al. 2011).

One layer of 1,000 logistic units with tied weights is trained as an autoencoder: plain, with
weight decay, with Gaussian noise, with masking noise, or contractive. Then a softmax is put on
top, and both are trained on the labels. The paper chose step sizes and penalties on a
validation set; here they are fixed beforehand, and every way is run from several seeds.
"""

import dataclasses

import keras
import numpy as np

from course_lib.autoencoders import Autoencoder, ContractiveAutoencoder
from course_lib.data import load_digits
from course_lib.features import classifier_on
from course_lib.layers import MaskingNoise
from course_lib.losses import BernoulliNLL
from course_lib.reproduce.record import Clock
from course_lib.reproduce.training import adam


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the runs have in common.

    Args:
        units: Code units.
        seeds: Seeds; each is a run of its own.
        pretraining_epochs: Epochs as an autoencoder.
        epochs: Epochs as a classifier.
        batch_size: Pictures a step.
        learning_rate: Step size of Adam at the start of either; it falls along half a cosine.
        weight_decay: Penalty on each squared weight.
        noise: Standard deviation of the Gaussian noise.
        masked: Probability of a masked pixel.
        contraction: Factor of the squared norm of the Jacobian.
        n_train: Training pictures, or `None` for all of them.
        n_test: Test pictures, or `None` for all of them.
        quick: Whether this is a try, whose numbers mean nothing.
    """

    units: int = 1000
    seeds: tuple[int, ...] = (0, 1, 2)
    pretraining_epochs: int = 5
    epochs: int = 8
    batch_size: int = 100
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    noise: float = 0.3
    masked: float = 0.3
    contraction: float = 0.1
    n_train: int | None = None
    n_test: int | None = None
    quick: bool = False


QUICK = {
    "units": 20,
    "seeds": (0,),
    "pretraining_epochs": 1,
    "epochs": 1,
    "n_train": 500,
    "n_test": 50,
    "quick": True,
}


def autoencoders(item_shape, settings, seed):
    """Yield the ways of pretraining.

    Args:
        item_shape: Shape of a picture.
        settings: A `Settings`.
        seed: Seed of the noise.

    Yields:
        Pairs of a name and an untrained autoencoder.
    """
    options = {"latent_dim": settings.units, "code_activation": "sigmoid", "tied": True}
    dense = Autoencoder.dense
    decay = keras.regularizers.L2(settings.weight_decay)
    gaussian = keras.layers.GaussianNoise(settings.noise, seed=seed)
    masking = MaskingNoise(settings.masked, seed=seed)
    yield "plain", dense(item_shape, **options)
    yield "weight decay", dense(item_shape, kernel_regularizer=decay, **options)
    yield "masking noise", dense(item_shape, noise=masking, **options)
    yield "Gaussian noise", dense(item_shape, noise=gaussian, **options)
    weight = settings.contraction
    yield "contractive", ContractiveAutoencoder.dense(item_shape, weight=weight, **options)


def run(settings, checkpoints=None):
    """Pretrain in every way, fine-tune, and measure the share of errors on the test set.

    Args:
        settings: A `Settings`.
        checkpoints: Ignored.

    Returns:
        A pair of a `dict` of values and the `Clock` of the run. The values are lists of
        percentages by name, one for each seed; `"none"` is without pretraining.
    """
    clock = Clock()
    digits = load_digits()
    x, labels = (a[: settings.n_train] for a in (digits.x_train, digits.y_train))
    test = [a[: settings.n_test] for a in (digits.x_test, digits.y_test)]

    def optimizer(epochs):
        return adam(settings.learning_rate, epochs, len(x), settings.batch_size)

    errors = {}
    for seed in settings.seeds:
        keras.utils.set_random_seed(seed)
        untrained = Autoencoder.dense(x.shape[1:], settings.units, code_activation="sigmoid")
        ways = [("none", untrained), *autoencoders(x.shape[1:], settings, seed)]
        for name, model in ways:
            if name != "none":
                model.compile(optimizer(settings.pretraining_epochs), BernoulliNLL())
                model.fit(
                    x,
                    epochs=settings.pretraining_epochs,
                    batch_size=settings.batch_size,
                    verbose=0,
                )
            classifier = classifier_on(model.encoder, n_classes=10)
            classifier.compile(optimizer(settings.epochs), "sparse_categorical_crossentropy")
            classifier.fit(
                x, labels, epochs=settings.epochs, batch_size=settings.batch_size, verbose=0
            )
            predicted = classifier.predict(test[0], verbose=0).argmax(axis=1)
            errors.setdefault(name, []).append(100 * float(np.mean(predicted != test[1])))
            print(f"seed {seed}, {name}: {errors[name][-1]:.2f} %", flush=True)
    return {"errors": errors, "n_test": len(test[0])}, clock
