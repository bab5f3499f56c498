"""A probabilistic model of pictures whose hidden causes are known.

The model of chapter 13: hidden causes H, and the visible pixels V that they give rise to.

    P(V, H) = P(H) P(V | H)

P(H) is a product of small tables. P(V | H) draws the picture that H describes and adds
independent Gaussian noise to each pixel. There are few enough causes to list them all, so
that everything that is intractable in a variational autoencoder is exact here:

    P(V)     = sum over H of P(V, H),
    P(H | V) = P(V, H) / P(V)                  (Bayes' rule).

V is continuous: P(V), P(V | H) and P(V, H) are densities, in nats when logarithmic.
"""

import math

import numpy as np

from course_lib.scenery import VARIABLES, all_choices, draw_scene

#: The variables that pictures are labeled with. The others are nuisances, which change the
#: picture too, and are summed over.
CAUSES = ("time", "sky", "ground")

# The prior, P(time) P(ground | time) P(sky | time, ground) P(place) P(clouds) P(horizon). People
# take pictures of beaches by day and when the sun shines.
_TIME = np.array([0.6, 0.4])
_GROUND = np.array([[0.35, 0.40, 0.25], [0.45, 0.15, 0.40]])
_CLOUDY = np.array([[0.45, 0.25, 0.50], [0.60, 0.40, 0.65]])
_PLACE = np.array([0.10, 0.25, 0.30, 0.25, 0.10])
_CLOUDS = np.array([0.20, 0.20, 0.15, 0.15, 0.15, 0.15])
_HORIZON = np.array([0.20, 0.30, 0.30, 0.20])

#: Pictures compared with all templates at a time, which bounds the memory that it takes.
_BATCH = 500


class SceneModel:
    """Pictures of a landscape, their causes, and exact inference between the two.

    Args:
        size: Side of a picture in pixels.
        noise: Standard deviation of the noise of each pixel and color. Values are not cut
            off at 0 and 1, as that would change the density; a few lie beyond.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> model = SceneModel()
        >>> v, h = model.sample(1, seed=0, time="day", sky="cloudy", ground="beach")
        >>> v.shape, h.tolist()
        ((1, 24, 24, 3), [[0, 1, 1]])
        >>> float(model.posterior(v)[0, 0, 1, 1].round(3))
        1.0
    """

    def __init__(self, size=24, noise=0.03):
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"size must be an integer of at least 1. Received: size={size!r}")
        if not 0 < noise < math.inf:
            raise ValueError(f"noise must be greater than 0, and finite. Received: noise={noise!r}")
        self.size = size
        self.noise = noise
        #: Maps the name of each cause to its values.
        self.causes = {name: VARIABLES[name] for name in CAUSES}
        # One row for each combination of all six variables, in the order of `_prior`'s axes.
        self._templates = np.stack(
            [draw_scene(**choice, size=size).ravel() for choice in all_choices()]
        )
        self._prior = _prior_of_all_variables()

    def log_prior(self):
        """Return log P(H).

        Returns:
            An array of shape `(2, 2, 3)`, one axis a cause: entry `[i, j, k]` is for
            `time` i, `sky` j and `ground` k. In nats.

        Example:
            >>> float(np.exp(SceneModel(size=1).log_prior()).sum().round(9))
            1.0
        """
        nuisances = tuple(range(len(CAUSES), len(VARIABLES)))
        return np.log(self._prior.sum(axis=nuisances))

    def log_joint(self, v):
        """Return log P(V, H), the nuisances summed out.

        Args:
            v: Pictures, shape `(n, size, size, 3)`.

        Returns:
            An array of shape `(n, 2, 2, 3)`, in nats; less `log_prior()`, it is
            log P(V | H).

        Raises:
            ValueError: If the shape is another one or a value is not finite.

        Example:
            >>> SceneModel(size=2).log_joint(np.zeros((5, 2, 2, 3))).shape
            (5, 2, 2, 3)
        """
        v = self._check(v)
        log_joint = [
            _log_sum_exp(self._log_joint_of_all(v[i : i + _BATCH]))
            for i in range(0, len(v), _BATCH)
        ]
        return np.concatenate(log_joint)

    def log_prob(self, v):
        """Return log P(V), the evidence: the joint summed over the causes.

        Args:
            v: Pictures, shape `(n, size, size, 3)`.

        Returns:
            An array of shape `(n,)`, in nats. A density's logarithm may be positive.

        Raises:
            ValueError: If the shape is another one or a value is not finite.

        Example:
            >>> model = SceneModel()
            >>> v, _ = model.sample(1, seed=0)
            >>> bool(model.log_prob(v)[0] > model.log_prob(1 - v)[0])
            True
        """
        return _log_sum_exp(self.log_joint(v).reshape(len(v), -1))

    def posterior(self, v):
        """Return P(H | V) by Bayes' rule.

        Args:
            v: Pictures, shape `(n, size, size, 3)`.

        Returns:
            An array of shape `(n, 2, 2, 3)` whose entries add up to 1 for each picture.

        Raises:
            ValueError: If the shape is another one or a value is not finite.

        Example:
            >>> model = SceneModel(noise=1.0)
            >>> v, _ = model.sample(1, seed=0)
            >>> float(model.posterior(v).sum().round(9))
            1.0
        """
        log_joint = self.log_joint(v)
        evidence = _log_sum_exp(log_joint.reshape(len(log_joint), -1))
        return np.exp(log_joint - evidence[:, None, None, None])

    def sample(self, n, seed=None, **given):
        """Draw pictures and their causes, or pictures with given causes.

        Args:
            n: Number of pictures.
            seed: Seed of the draw, or a `numpy.random.Generator`.
            **given: Values of some variables, such as `sky="cloudy"`; those of the
                nuisances may be given too, see `course_lib.scenery.VARIABLES`. The others
                are drawn from what the prior says of them, given these.

        Returns:
            A pair `(v, h)`: pictures as `float32`, shape `(n, size, size, 3)`, and the
            index of each cause's value, shape `(n, 3)`.

        Raises:
            ValueError: If `n` is negative, or a variable or its value does not exist.

        Example:
            >>> v, h = SceneModel().sample(3, seed=0, ground="sea")
            >>> h[:, 2].tolist()
            [2, 2, 2]
        """
        if not isinstance(n, int) or n < 0:
            raise ValueError(f"n must be an integer of at least 0. Received: n={n!r}")
        rng = np.random.default_rng(seed)
        weights = self._prior * _agrees(given)
        chosen = rng.choice(weights.size, size=n, p=weights.ravel() / weights.sum())
        means = self._templates[chosen].reshape(n, self.size, self.size, 3)
        v = means + self.noise * rng.standard_normal(means.shape, dtype="float32")
        indices = np.unravel_index(chosen, weights.shape)
        return v.astype("float32"), np.stack(indices[: len(CAUSES)], axis=1)

    def _log_joint_of_all(self, v):
        """Return log P(V, H, nuisances), shape `(n, 2, 2, 3, n_nuisances)`."""
        templates = self._templates.astype("float64")
        # |v - t|^2 by one matrix product; in double precision, as the three terms cancel.
        distances = (v**2).sum(axis=1)[:, None] - 2 * v @ templates.T + (templates**2).sum(axis=1)
        log_scale = 0.5 * math.log(2 * math.pi * self.noise**2)
        log_likelihood = -distances / (2 * self.noise**2) - templates.shape[1] * log_scale
        log_joint = log_likelihood + np.log(self._prior).ravel()
        return log_joint.reshape(len(v), *map(len, self.causes.values()), -1)

    def _check(self, v):
        v = np.asarray(v, "float64")
        shape = (self.size, self.size, 3)
        if v.shape[1:] != shape or not len(v) or not np.all(np.isfinite(v)):
            raise ValueError(
                f"Pictures must be finite, at least one, of shape (n, {self.size}, {self.size}, 3)."
                f" Received: an array of shape {v.shape}"
            )
        return v.reshape(len(v), -1)


def _prior_of_all_variables():
    """Return P(H, nuisances), an array with one axis a variable, in the order of VARIABLES."""
    sky = np.stack([1 - _CLOUDY, _CLOUDY], axis=1)  # (time, sky, ground)
    causes = _TIME[:, None, None] * sky * _GROUND[:, None, :]
    return np.einsum("tsg,p,c,h->tsgpch", causes, _PLACE, _CLOUDS, _HORIZON)


def _agrees(given):
    """Return 1 for the combinations that have the given values and 0 for the others."""
    unknown = [name for name in given if name not in VARIABLES]
    if unknown:
        raise ValueError(f"A scene has the variables {tuple(VARIABLES)}. Received: {unknown[0]!r}")
    agrees = np.ones([len(values) for values in VARIABLES.values()])
    for axis, (name, values) in enumerate(VARIABLES.items()):
        if name not in given:
            continue
        if given[name] not in values:
            raise ValueError(f"{name} must be one of {values}. Received: {name}={given[name]!r}")
        one_hot = np.array([value == given[name] for value in values], "float64")
        agrees *= np.expand_dims(one_hot, [i for i in range(agrees.ndim) if i != axis])
    return agrees


def _log_sum_exp(values):
    """Return the logarithm of the sum of exponentials over the last axis, without overflow."""
    largest = values.max(axis=-1, keepdims=True)
    return largest[..., 0] + np.log(np.exp(values - largest).sum(axis=-1))
