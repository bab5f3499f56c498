"""What all contenders share: sizes, command line, and the JSON line that they print.

NumPy only: it is imported in two environments, one of which has no Keras.
"""

import argparse
import json
import os
import resource
import sys
import time

import numpy as np

#: Widths of the VAE's hidden layers, from the pixels to the code; the decoder is the mirror.
HIDDEN_UNITS = (500, 500)
LATENT_DIM = 20
LEARNING_RATE = 1e-3


class EpochLog:
    """Notes when each epoch ended, by the clock and in processor seconds, and its mean loss.

    Call arguments:
        loss: Mean of -ELBO over the epoch's batches, in nats.
    """

    def __init__(self):
        self.ends, self.cpu_ends, self.losses = [], [], []

    def __call__(self, loss):
        self.losses.append(round(float(loss), 3))  # first: it waits until the loss is there
        self.ends.append(round(time.time(), 3))
        self.cpu_ends.append(round(time.process_time(), 3))

    def results(self):
        """Return the notes, as a `dict` of lists."""
        return {"ends": self.ends, "cpu_ends": self.cpu_ends, "losses": self.losses}


def parse(description, *options):
    """Return the command line's arguments.

    Args:
        description: What the contender is.
        *options: Names of further options, all of them optional, such as `"--jit"`.

    Returns:
        A namespace with at least `data`, `batch_size` and `epochs`.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", required=True, help="file of binary pictures, (n, 28, 28)")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=2)
    for name in options:
        parser.add_argument(name)
    return parser.parse_args()


def load(args):
    """Return the pictures, `float32` of shape `(n, 28, 28)`."""
    return np.load(args.data).astype("float32")


def keras_callback(log):
    """Return a Keras callback that tells an `EpochLog` of each epoch's loss."""
    import keras

    return keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: log(logs["loss"]))


def report(modules, **results):
    """Print one JSON line: results, versions, and this process's peak memory.

    Args:
        modules: Names of the modules whose versions matter.
        **results: Lists and numbers.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    versions = {name: sys.modules[name].__version__ for name in modules}
    line = {
        **results,
        "peak_mib": round(peak / (2**20 if sys.platform == "darwin" else 2**10)),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "versions": {"python": sys.version.split()[0], **versions},
    }
    print(json.dumps(line))
