"""A small assignment with TensorFlow: a sampler, a KL term, a VAE trained for a few steps."""

SETUP = """\
import keras
import numpy as np
from keras import ops

from course_lib.grading.checks import gradient

LATENT = 2
"""

TASKS = {
    "sample": (
        "def sample(mean, log_var, eps):\n"
        "    return mean + ops.exp(0.5 * ops.convert_to_tensor(log_var)) * eps",
        "got = np.asarray(sample(np.ones((1, 2), 'float32'), np.zeros((1, 2), 'float32'),\n"
        "                        np.ones((1, 2), 'float32')))\n"
        "assert np.allclose(got, 2), f'The sample is 2, not {got}.'",
        "rng = np.random.default_rng()\n"
        "mean, log_var, eps = rng.normal(size=(3, 4, LATENT)).astype('float32')\n"
        "assert np.allclose(sample(mean, log_var, eps), mean + np.exp(log_var / 2) * eps,\n"
        "                   rtol=1e-4, atol=1e-5), 'Some samples are wrong.'\n"
        "slope = gradient(sample, mean, log_var, eps, argument=1)\n"
        "assert np.allclose(slope, np.exp(log_var / 2) * eps / 2, rtol=1e-4, atol=1e-5), (\n"
        "    'The gradient with respect to log_var is wrong.')",
    ),
    "kl": (
        "def kl(mean, log_var):\n"
        "    mean, log_var = ops.convert_to_tensor(mean), ops.convert_to_tensor(log_var)\n"
        "    return 0.5 * ops.sum(ops.exp(log_var) + mean**2 - 1 - log_var, axis=-1)",
        "got = np.asarray(kl(np.zeros((1, 2), 'float32'), np.zeros((1, 2), 'float32')))\n"
        "assert got.shape == (1,), f'One number for each example, not {got.shape}.'\n"
        "assert np.allclose(got, 0), 'The KL of the prior from itself is 0.'",
        "mean, log_var = np.random.default_rng().normal(size=(2, 5, 3)).astype('float32')\n"
        "want = (np.exp(log_var) + mean**2 - 1 - log_var).sum(axis=1) / 2\n"
        "assert np.allclose(kl(mean, log_var), want, rtol=1e-4), 'Some are wrong.'",
    ),
    "make_vae": (
        "def make_vae(item_shape):\n"
        "    from course_lib.vae import VAE\n"
        "    return VAE.dense(item_shape, latent_dim=LATENT, hidden_units=(8,))",
        "vae = make_vae((6,))\nassert vae.latent_dim == LATENT, 'The code has two dimensions.'",
        "x = np.random.default_rng().integers(2, size=(64, 6)).astype('float32')\n"
        "vae = make_vae((6,))\n"
        "vae.compile(optimizer='adam')\n"
        "history = vae.fit(x, epochs=2, verbose=0).history\n"
        "assert len(history['loss']) == 2, 'It does not train.'\n"
        "mean, log_var = vae.encode(x)\n"
        "assert np.shape(mean) == (64, LATENT), 'encode gives one code for each item.'",
    ),
}

OTHER_STYLE = {
    "sample": (
        "import tensorflow as tf\n"
        "def sample(mean, log_var, eps):\n"
        "    return tf.sqrt(tf.exp(log_var)) * eps + mean"
    ),
    "kl": (
        "import warnings\n"
        "def kl(mean, log_var):\n"
        "    warnings.warn('a warning costs nothing')\n"
        "    import sys; print('nor does this', file=sys.stderr)\n"
        "    mean, log_var = np.asarray(mean, 'float64'), np.asarray(log_var, 'float64')\n"
        "    return [float(v) for v in (np.exp(log_var) + mean**2 - 1 - log_var).sum(-1) / 2]"
    ),
}

#: Mistakes: the task, what stands there, and what the student wrote in its place.
MISTAKES = [
    ("sample", "0.5 * ", ""),
    ("kl", "- log_var,", "+ log_var,"),
    ("kl", "axis=-1", "axis=0"),
    ("sample", " * eps", ""),
    ("make_vae", "latent_dim=LATENT", "latent_dim=3"),
]
