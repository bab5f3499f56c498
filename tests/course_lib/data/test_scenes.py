"""Scenes with their labels."""

import numpy as np
import pytest

from course_lib.data import load_scenes
from course_lib.scenes import SceneModel


@pytest.fixture(scope="module")
def scenes():
    return load_scenes()


def test_shapes_and_names(scenes):
    assert scenes.x_train.shape == (4000, 24, 24, 3)
    assert scenes.x_test.shape == (1000, 24, 24, 3)
    assert scenes.x_train.dtype == np.float32
    assert scenes.attributes == ("time", "sky", "ground")
    assert scenes.label_names == (
        ("day", "night"),
        ("clear", "cloudy"),
        ("grass", "beach", "sea"),
    )


def test_values_lie_near_the_unit_interval(scenes):
    # Templates keep 0.02 away from 0 and 1. Noise of standard deviation 0.03 beyond 0.2 has
    # probability 1e-11 a value, and there are 7 million.
    assert scenes.x_train.min() > -0.2
    assert scenes.x_train.max() < 1.2
    assert np.mean((scenes.x_train < 0) | (scenes.x_train > 1)) < 0.01


def test_parts_are_independent_draws(scenes):
    assert not np.array_equal(scenes.y_train[:1000], scenes.y_test)


def test_labels_are_the_causes_that_the_exact_posterior_finds(scenes):
    posterior = SceneModel().posterior(scenes.x_test).reshape(1000, -1)
    found = np.stack(np.unravel_index(posterior.argmax(axis=1), (2, 2, 3)), axis=1)
    assert np.array_equal(found, scenes.y_test)
