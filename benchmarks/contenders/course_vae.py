"""Contender: the course's own VAE, through `fit`; KERAS_BACKEND chooses the backend."""

import os

import keras
from common import (
    HIDDEN_UNITS,
    LATENT_DIM,
    LEARNING_RATE,
    EpochLog,
    keras_callback,
    load,
    parse,
    report,
)

from course_lib.vae import VAE


def main():
    """Train, and print what it took."""
    args = parse(__doc__, "--jit", "--steps-per-execution")
    log = EpochLog()
    vae = VAE.dense((28, 28), LATENT_DIM, HIDDEN_UNITS, seed=0)
    vae.compile(
        keras.optimizers.Adam(LEARNING_RATE),
        jit_compile={"on": True, "off": False}.get(args.jit, "auto"),
        steps_per_execution=int(args.steps_per_execution or 1),
    )
    vae.fit(
        load(args),
        epochs=args.epochs,
        batch_size=args.batch_size,
        verbose=0,
        callbacks=[keras_callback(log)],
    )
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    report(["keras", backend], **log.results())


if __name__ == "__main__":
    main()
