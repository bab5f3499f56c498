"""Pictures of a landscape, drawn from the course's own probabilistic model."""

import numpy as np

from course_lib.data.dataset import Dataset
from course_lib.data.files import current_edition
from course_lib.scenes import SceneModel

N_TRAIN, N_TEST = 4_000, 1_000


def load_scenes(edition=None):
    """Load pictures of a landscape with their causes: time of day, sky and ground.

    Both editions hold the same pictures: independent draws from `SceneModel()`, whose
    exact posterior tells what the best possible model would make of them.

    Args:
        edition: `"embedded"`, `"full"`, or `None` for `COURSE_DATA`'s.

    Returns:
        A `Dataset` with pictures as `float32`, shape `(n, 24, 24, 3)`, 4,000 for training
        and 1,000 held out. The noise carries a few values out of [0, 1]. Labels have one
        column for each of `attributes`.

    Raises:
        ValueError: If the edition is unknown.

    Example:
        >>> scenes = load_scenes()
        >>> scenes.attributes, scenes.label_names[2]
        (('time', 'sky', 'ground'), ('grass', 'beach', 'sea'))
    """
    edition = current_edition(edition)
    model = SceneModel()
    rng = np.random.default_rng(0)
    x_train, y_train = model.sample(N_TRAIN, rng)
    x_test, y_test = model.sample(N_TEST, rng)
    return Dataset(
        name="scenes",
        edition=edition,
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        label_names=tuple(model.causes.values()),
        source="Drawn for this course (CC BY 4.0)",
        attributes=tuple(model.causes),
    )
