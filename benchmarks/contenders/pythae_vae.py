"""Contender: Pythae's VAE and its trainer, on PyTorch; runs in `.venv-bench`."""

import itertools
import tempfile

import torch
from common import HIDDEN_UNITS, LATENT_DIM, LEARNING_RATE, EpochLog, load, parse, report
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from torch import nn


def dense(n_in, n_out):
    """Return a dense layer that starts as Keras' does: Glorot's uniform weights, no bias."""
    layer = nn.Linear(n_in, n_out)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def stack(sizes):
    """Return dense layers, each followed by relu."""
    pairs = itertools.pairwise(sizes)
    return nn.Sequential(*[module for pair in pairs for module in (dense(*pair), nn.ReLU())])


class Encoder(BaseEncoder):
    """From pictures to the mean and the log-variance of q(z|x)."""

    def __init__(self):
        super().__init__()
        self.latent_dim = LATENT_DIM
        self.hidden = stack((28 * 28, *HIDDEN_UNITS))
        self.mean = dense(HIDDEN_UNITS[-1], LATENT_DIM)
        self.log_var = dense(HIDDEN_UNITS[-1], LATENT_DIM)

    def forward(self, x):
        hidden = self.hidden(x.flatten(1))
        return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_var(hidden))


class Decoder(BaseDecoder):
    """From codes to pixel probabilities."""

    def __init__(self):
        super().__init__()
        self.hidden = stack((LATENT_DIM, *HIDDEN_UNITS[::-1]))
        self.output = dense(HIDDEN_UNITS[0], 28 * 28)

    def forward(self, z):
        pixels = torch.sigmoid(self.output(self.hidden(z)))
        return ModelOutput(reconstruction=pixels.reshape(-1, 28, 28))


class LogCallback(TrainingCallback):
    """Tells an `EpochLog` of each epoch's loss."""

    def __init__(self, log):
        self.log = log

    def on_log(self, training_config, logs, **kwargs):
        self.log(logs["train_epoch_loss"])


def main():
    """Train, and print what it took."""
    args = parse(__doc__)
    log = EpochLog()
    torch.manual_seed(0)
    pictures = torch.from_numpy(load(args))
    config = VAEConfig(input_dim=(28, 28), latent_dim=LATENT_DIM, reconstruction_loss="bce")
    # The trainer saves the model once, after the last epoch: that is not timed.
    with tempfile.TemporaryDirectory() as folder:
        trainer = BaseTrainer(
            VAE(config, encoder=Encoder(), decoder=Decoder()),
            BaseDataset(pictures, torch.zeros(len(pictures))),
            training_config=BaseTrainerConfig(
                output_dir=folder,
                per_device_train_batch_size=args.batch_size,
                num_epochs=args.epochs,
                learning_rate=LEARNING_RATE,
                no_cuda=True,
            ),
            callbacks=[LogCallback(log)],
        )
        trainer.train()
    report(["torch"], **log.results())


if __name__ == "__main__":
    main()
