"""Pictures show what was chosen."""

import itertools

import numpy as np
import pytest

from course_lib.scenery import VARIABLES, all_choices, draw_scene


@pytest.fixture(scope="module")
def pictures():
    """All pictures, shape (2, 2, 3, 5, 6, 4, 24, 24, 3)."""
    drawn = np.array([draw_scene(**choice) for choice in all_choices()])
    return drawn.reshape(*map(len, VARIABLES.values()), 24, 24, 3)


def test_all_choices_are_the_product_of_the_values():
    expected = [
        dict(zip(VARIABLES, v, strict=True)) for v in itertools.product(*VARIABLES.values())
    ]
    assert all_choices() == expected
    assert len(expected) == 1440
    # The tests below count on this order.
    assert VARIABLES["place"] == ("far left", "left", "center", "right", "far right")
    assert VARIABLES["horizon"] == ("lowest", "low", "high", "highest")


def test_type_and_range(pictures):
    assert pictures.dtype == np.float32
    assert pictures.min() >= np.float32(0.02)
    assert pictures.max() <= np.float32(0.98)


def test_different_choices_give_different_pictures(pictures):
    clear, cloudy = pictures[:, 0], pictures[:, 1]
    # Under a clear sky the clouds make no difference, and nothing else is lost.
    assert np.array_equal(clear, np.repeat(clear[:, :, :, :1], 6, axis=3))
    distinct = np.concatenate([clear[:, :, :, 0].reshape(-1, 1728), cloudy.reshape(-1, 1728)])
    assert len(np.unique(distinct, axis=0)) == 2 * 3 * 5 * 4 + 2 * 3 * 5 * 6 * 4


def test_night_is_darker_than_day(pictures):
    day, night = pictures.mean(axis=(-3, -2, -1))
    assert night.max() < 0.6 * day.min()


def test_clear_sky_is_bluer_than_a_cloudy_one(pictures):
    top = pictures[..., :8, :, :].mean(axis=(-3, -2))
    blueness = top[..., 2] - top[..., 0]
    assert blueness[0, 0].min() > blueness[0, 1].max()


def test_ground_has_its_color(pictures):
    red, green, blue = np.moveaxis(pictures[0, ..., -3:, :, :].mean(axis=(-3, -2)), -1, 0)
    grass, beach, sea = 0, 1, 2  # by day: (sky, ground, place, clouds, horizon)
    assert np.all(green[:, grass] > np.maximum(red, blue)[:, grass])
    assert np.all(red[:, beach] > blue[:, beach])
    assert np.all(blue[:, sea] > np.maximum(red, green)[:, sea])


@pytest.mark.parametrize("time", [0, 1])
def test_sun_and_moon_stand_at_their_place(pictures, time):
    # The brightest column of the upper third under a clear sky moves to the right.
    light = pictures[time, 0, 0, :, 0, 0, :8, :, :2].sum(axis=(1, 3))
    columns = light.argmax(axis=1)
    assert np.all(np.diff(columns) >= 3)
    assert columns[0] < 6
    assert columns[-1] > 17


@pytest.mark.parametrize("ground", [0, 1, 2])
def test_higher_horizon_shows_more_ground(ground):
    # Where the picture changes from one horizon to the next is where the ground begins.
    draw = [draw_scene("day", "clear", VARIABLES["ground"][ground], "center", "pair", horizon)
            for horizon in VARIABLES["horizon"]]  # fmt: skip
    blue = np.array([picture[:, 2, 2] - picture[:, 2, 1] for picture in draw])  # left column
    first = [np.abs(np.diff(column)).argmax() for column in blue]
    assert np.all(np.diff(first) < 0)


@pytest.mark.parametrize("size", [1, 12, 48])
def test_sizes_show_the_same_picture(size):
    choice = ("day", "cloudy", "beach", "left", "west", "high")
    picture, usual = draw_scene(*choice, size=size), draw_scene(*choice)
    assert picture.shape == (size, size, 3)
    # On average over the picture they agree up to what sampling at points can miss.
    assert picture.mean(axis=(0, 1)) == pytest.approx(usual.mean(axis=(0, 1)), abs=0.15)


@pytest.mark.parametrize("name", VARIABLES)
def test_unknown_value(name):
    choice = {**all_choices()[0], name: "elsewhere"}
    with pytest.raises(ValueError, match=f"{name} must be one of .*Received: {name}='elsewhere'"):
        draw_scene(**choice)


@pytest.mark.parametrize("size", [0, -2, 2.5, "24"])
def test_bad_size(size):
    with pytest.raises(ValueError, match=r"size must be an integer of at least 1. Received: size="):
        draw_scene(**all_choices()[0], size=size)
