"""Contender: the contractive autoencoder against the plain one of the same network.

784 pixels, 500 sigmoid code units. The two take turns, an epoch each, so that a busy
machine slows both down.
"""

import os
import time

import keras
from common import LEARNING_RATE, load, parse, report

from course_lib.autoencoders import Autoencoder, ContractiveAutoencoder
from course_lib.losses import BernoulliNLL


def main():
    """Train, and print what it took."""
    args = parse(__doc__)
    x = load(args)
    models = {"plain": Autoencoder, "contractive": ContractiveAutoencoder}
    for name, kind in models.items():
        model = kind.dense((28, 28), 500, code_activation="sigmoid")
        model.compile(keras.optimizers.Adam(LEARNING_RATE), loss=BernoulliNLL())
        models[name] = model

    seconds = {name: [] for name in models}
    for epoch in range(args.epochs):
        for name, model in models.items():
            start = time.perf_counter()
            model.fit(x, batch_size=args.batch_size, verbose=0)
            if epoch:  # the first one traces and compiles
                seconds[name].append(round(time.perf_counter() - start, 4))
    report(["keras", os.environ.get("KERAS_BACKEND", "tensorflow")], **seconds)


if __name__ == "__main__":
    main()
