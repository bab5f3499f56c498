"""Draw the README's picture: `python tools/readme_picture.py` (half a minute).

It is the manifold of the book's first page, from embedded data, as a small PNG.
"""

import math

import keras
from book_inputs import ROOT

from course_lib import plotting
from course_lib.data import binarize, load_digits
from course_lib.vae import VAE


def main():
    """Train a small VAE and save what its plane of codes decodes to."""
    digits = load_digits("embedded")
    x = binarize(digits.x_train, seed=0)
    keras.utils.set_random_seed(1)
    vae = VAE.dense(digits.item_shape, latent_dim=2, hidden_units=(256,), seed=1)
    vae.compile(keras.optimizers.Adam(2e-3))
    vae.fit(x, epochs=math.ceil(1500 * 100 / len(x)), batch_size=100, verbose=0)
    figure = plotting.manifold(vae.decode, n=11)
    figure.savefig(ROOT / "_static" / "manifold.png", dpi=80)


if __name__ == "__main__":
    main()
