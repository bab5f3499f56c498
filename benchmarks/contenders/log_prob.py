"""Contender: log p(x) by importance sampling, 5,000 draws a picture.

The network is that of Burda et al. (2015): 784-200-200-50, tanh. It is not trained, which
changes the numbers that it computes and not the time.
"""

import os
import time

import keras
import numpy as np
from common import load, parse, report

from course_lib.vae import VAE

N_SAMPLES = 5000


def main():
    """Evaluate `--batch-size` pictures, `--epochs` times, and print what it took."""
    args = parse(__doc__)
    x = load(args)
    keras.utils.set_random_seed(0)
    vae = VAE.dense((28, 28), 50, (200, 200), activation="tanh")
    vae.log_prob(x[:1], n_samples=N_SAMPLES, seed=0)  # compiles
    seconds = []
    for repeat in range(args.epochs):
        start = time.perf_counter()
        log_prob = vae.log_prob(x[: args.batch_size], n_samples=N_SAMPLES, seed=repeat)
        seconds.append(round((time.perf_counter() - start) / len(log_prob), 4))
    modules = ["keras", os.environ.get("KERAS_BACKEND", "tensorflow")]
    report(modules, seconds_per_picture=seconds, log_prob=float(np.mean(log_prob)))


if __name__ == "__main__":
    main()
