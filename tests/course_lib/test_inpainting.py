"""Quadrants of pictures, taken apart, put together and filled in."""

import itertools

import numpy as np
import pytest

from course_lib.inpainting import inpaint, join_quadrants, quadrant_mask, split_quadrants

ALL = [list(c) for k in range(5) for c in itertools.combinations(range(4), k)]


@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (4, 4, 3)])
def test_quadrants_are_a_partition(shape):
    masks = [quadrant_mask(shape, [q]) for q in range(4)]
    assert np.array_equal(sum(m.astype(int) for m in masks), np.ones(shape, int))
    assert masks[0][0, 0].all()
    assert masks[1][0, -1].all()
    assert masks[2][-1, 0].all()
    assert masks[3][-1, -1].all()
    for quadrants in ALL:
        union = np.any([masks[q] for q in quadrants] or np.zeros((1, *shape), bool), axis=0)
        assert np.array_equal(quadrant_mask(shape, quadrants), union)


@pytest.mark.parametrize("given", ALL)
def test_join_undoes_split(given):
    pictures = np.random.default_rng(0).random((3, 4, 6))
    known, missing = split_quadrants(pictures, given)
    assert known.shape == (3, 6 * len(given))
    assert missing.shape == (3, 24 - 6 * len(given))
    assert np.array_equal(join_quadrants(known, missing, (4, 6), given), pictures)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [(((4, 4), [4]), r"\[4\]"), (((4, 4), [-1]), r"\[-1\]"), (((16,), [0]), "item_shape")],
)
def test_bad_quadrants(arguments, what):
    with pytest.raises(ValueError, match=f"Received: {what}"):
        quadrant_mask(*arguments)


def test_pixels_that_do_not_fit():
    with pytest.raises(ValueError, match=r"Received: shapes \(2, 3\) and \(2, 12\)"):
        join_quadrants(np.zeros((2, 3)), np.zeros((2, 12)), (4, 4), [0])
    with pytest.raises(ValueError, match=r"Received: shapes \(1, 4\) and \(2, 12\)"):
        join_quadrants(np.zeros((1, 4)), np.zeros((2, 12)), (4, 4), [0])


class Projection:
    """A model that knows one thing: all pictures are multiples of a template."""

    def __init__(self, template):
        self.template = template / np.linalg.norm(template)
        self.calls = 0

    def reconstruct(self, x):
        self.calls += 1
        return (x @ self.template)[:, None] * self.template


def test_known_pixels_stay_and_missing_ones_converge():
    template = np.array([1.0, 2.0, 3.0, 4.0])
    x, known = np.stack([2 * template, -template]), np.array([True, True, True, False])
    damaged = np.where(known, x, 77.0)
    # Each step keeps 16/30 of the error, the share of the missing pixel in the template.
    for n_steps in (1, 5, 60):
        model = Projection(template)
        filled = inpaint(model, damaged, known, n_steps)
        assert model.calls == n_steps
        assert np.array_equal(filled[:, :3], x[:, :3])
        error = np.abs(filled[:, 3] - x[:, 3])
        assert error == pytest.approx(np.abs(x[:, 3]) * (16 / 30) ** n_steps, abs=1e-12)


def test_each_example_may_miss_other_pixels():
    x = np.ones((2, 3))
    known = np.array([[True, False, True], [False, True, True]])
    filled = inpaint(Projection(np.ones(3)), x * 5, known, n_steps=1)
    # Two known fives of three pixels: their mean over three is 10/3.
    assert filled == pytest.approx(np.where(known, 5, 10 / 3))


def test_data_are_left_alone():
    x = np.ones((2, 3))
    inpaint(Projection(np.ones(3)), x, np.array([True, False, True]))
    assert np.array_equal(x, np.ones((2, 3)))


@pytest.mark.parametrize(
    ("known", "n_steps", "what"),
    [
        ([1, 0, 1], 1, "int64"),
        ([True, False], 1, r"bool of shape \(2,\)"),
        ([True, False, True], 0, "n_steps=0"),
    ],
)
def test_bad_inpainting(known, n_steps, what):
    with pytest.raises(ValueError, match=f"Received: {what}"):
        inpaint(Projection(np.ones(3)), np.ones((2, 3)), known, n_steps)
