"""Drawn portraits show what their labels say, and a person stays the same person."""

import itertools

import numpy as np
import pytest
import sklearn.svm

from course_lib.data import draw_portraits
from course_lib.data import portraits as module
from course_lib.data.portraits import ATTRIBUTES

MOUTH, POSE = 1, 3
N = 60


def draw(n=N, seed=0, **values):
    """Draw `n` persons of one seed with the named values; the others are the first ones."""
    row = [ATTRIBUTES[name].index(values.get(name, ATTRIBUTES[name][0])) for name in ATTRIBUTES]
    return draw_portraits(np.tile(row, (n, 1)), seed)


def changed(a, b):
    """Return, for each pixel, the largest change in any person, shape (32, 32)."""
    return np.abs(a - b).max(axis=0)


def test_type_shape_and_range():
    labels = np.array(list(itertools.product(*(range(len(v)) for v in ATTRIBUTES.values()))))
    portraits = draw_portraits(labels, seed=0)
    assert portraits.shape == (2 * 4 * 4 * 4, 32, 32)
    assert portraits.dtype == np.float32
    assert np.all(np.isfinite(portraits))
    assert portraits.min() >= 0
    assert portraits.max() <= 1
    # Dark and bright parts in each.
    assert np.ptp(portraits, axis=(1, 2)).min() > 0.3


def test_nothing_to_draw():
    assert draw_portraits(np.zeros((0, 4), int)).shape == (0, 32, 32)


@pytest.mark.parametrize("pose", ATTRIBUTES["pose"])
def test_glasses_darken_the_eyes_and_nothing_else(pose):
    without, with_glasses = draw(pose=pose), draw(pose=pose, glasses="yes")
    change = changed(without, with_glasses)
    assert change[:3].max() == 0
    assert change[22:].max() == 0
    # Twenty pixels or more of each face lose at least a quarter of white.
    darker = without - with_glasses > 0.25
    assert np.all(darker.sum(axis=(1, 2)) >= 20)


@pytest.mark.parametrize("mouth", ATTRIBUTES["mouth"][1:])
def test_mouth_changes_the_lower_face_alone(mouth):
    change = changed(draw(mouth="neutral"), draw(mouth=mouth))
    assert change[:16].max() == 0
    assert change[28:].max() == 0
    each = np.abs(draw(mouth="neutral") - draw(mouth=mouth)).max(axis=(1, 2))
    assert np.all(each > 0.15)


def test_a_smile_points_up_and_a_sad_mouth_down():
    # Where, on average, it got darker than with a neutral mouth: corners up, middle down.
    def shift(mouth, columns):
        darker = np.clip(draw(mouth="neutral") - draw(mouth=mouth), 0, None).sum(axis=0)
        darker = darker[:, columns].sum(axis=1)
        return (np.arange(32) * darker).sum() / darker.sum()

    corners, middle = [12, 13, 18, 19], [15, 16]
    assert shift("smile", corners) < shift("sad", corners)
    assert shift("smile", middle) > shift("sad", middle)


@pytest.mark.parametrize("pair", [*itertools.combinations(ATTRIBUTES["hair"], 2)])
def test_kinds_of_hair_differ_in_every_person(pair):
    a, b = (draw(hair=hair) for hair in pair)
    assert np.all((np.abs(a - b) > 0.1).sum(axis=(1, 2)) >= 10)
    # Shirts and mouths are not hair: the middle of the bottom rows stays.
    assert changed(a, b)[30:, 13:19].max() < 1e-6  # a unit in the last place


def test_poses_move_the_glasses():
    def center(pose):
        darker = np.clip(draw(pose=pose) - draw(pose=pose, glasses="yes"), 0, None).sum(axis=0)
        return np.array([(np.indices((32, 32))[i] * darker).sum() / darker.sum() for i in (1, 0)])

    x, y = zip(*(center(pose) for pose in ("left", "straight", "right", "up")), strict=True)
    assert x[0] + 1 < x[1] < x[2] - 1
    assert abs(x[3] - x[1]) < 0.5
    assert y[3] < y[1] - 1


def test_same_seed_is_the_same_person_whatever_follows(monkeypatch):
    labels = np.tile([1, 1, 3, 2], (130, 1))
    portraits = draw_portraits(labels, seed=3)
    assert np.array_equal(draw_portraits(labels[:7], seed=3), portraits[:7])
    monkeypatch.setattr(module, "_BATCH", 32)
    assert np.array_equal(draw_portraits(labels, seed=3), portraits)
    assert np.array_equal(draw_portraits(labels, np.random.default_rng(3)), portraits)


def test_persons_differ():
    portraits = draw(hair="short").reshape(N, -1)
    distances = np.linalg.norm(portraits[:, None] - portraits, axis=-1)
    assert np.all(distances[~np.eye(N, dtype=bool)] > 0.5)
    assert not np.array_equal(draw(seed=1), draw(seed=2))


@pytest.mark.parametrize("column", range(4))
def test_labels_can_be_read_off_the_portraits(column):
    # A general classifier, trained on other persons, finds what the labels say; chance is 0.25,
    # or 0.5 for glasses. It has too few examples to learn mouths in every pose.
    rng = np.random.default_rng(0)
    n_values = [len(v) for v in ATTRIBUTES.values()]
    if column == MOUTH:
        n_values[POSE] = 1
    labels = rng.integers(n_values, size=(1500, 4))
    x, y = draw_portraits(labels, rng).reshape(1500, -1), labels[:, column]
    classifier = sklearn.svm.SVC(C=10).fit(x[:1200], y[:1200])
    assert classifier.score(x[1200:], y[1200:]) > 0.95


@pytest.mark.parametrize(
    "labels",
    [
        [0, 0, 0, 0],
        [[0, 0, 0]],
        [[0, 0, 0, 0, 0]],
        [[2, 0, 0, 0]],
        [[0, 0, 4, 0]],
        [[0, -1, 0, 0]],
        [[0.0, 0.0, 0.0, 0.0]],
    ],
)
def test_bad_labels(labels):
    with pytest.raises(ValueError, match=r"integers of shape \(n, 4\).*Received: \w+ of shape"):
        draw_portraits(labels)
