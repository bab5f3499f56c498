"""`python -m course_lib.reproduce NAME`: measure one published result again."""

import argparse
import dataclasses
import json
import pathlib

from course_lib.reproduce import density, features, quadrants, recommenders, reconstruction
from course_lib.reproduce.record import record, save_result

#: Name of an experiment: its module, what differs from the module's own settings, and
#: what it is.
EXPERIMENTS = {
    "pca": (reconstruction, {}, "30 principal components, squared error"),
    "deep-autoencoder": (
        reconstruction,
        {"hidden_units": (1000, 500, 250)},
        "a deep autoencoder with a code of 30, squared error",
    ),
    "features": (features, {}, "five ways of pretraining a layer, errors of a classifier"),
    "autorec": (recommenders, {}, "AutoRec and its baselines, error on held-out ratings"),
    "quadrants": (quadrants, {}, "CVAE, completing a digit"),
    "vae": (density, {}, "VAE, log-likelihood of test pictures, half an hour"),
    "vae-long": (
        density,
        {"epochs": (500, 700), "learning_rates": (3e-3, 2e-3)},
        "the same, more than twice as long",
    ),
}


def main(arguments=None):
    """Run what the command line names, print it, and keep it."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.reproduce", description=__doc__)
    parser.add_argument("name", choices=EXPERIMENTS)
    parser.add_argument("--quick", action="store_true", help="a try of seconds; not kept")
    parser.add_argument("--checkpoints", type=pathlib.Path, help="folder for trained weights")
    parser.epilog = "; ".join(f"{name}: {what}" for name, (*_, what) in EXPERIMENTS.items())
    args = parser.parse_args(arguments)
    module, changes, _ = EXPERIMENTS[args.name]
    settings = module.Settings(**{**changes, **(module.QUICK if args.quick else {})})
    values, clock = module.run(settings, args.checkpoints)
    result = record(args.name, dataclasses.asdict(settings), values, clock)
    print(json.dumps(result, indent=2))
    if not args.quick:
        save_result(result)


if __name__ == "__main__":
    main()
