"""Walks in a latent space, and directions of attributes."""

import numpy as np
import pytest

from course_lib.latent import attribute_vector, interpolate

KINDS = ("linear", "spherical")


def codes(seed=0, latent_dim=3):
    return np.random.default_rng(seed).normal(size=(2, latent_dim))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [2, 3, 11])
def test_ends_are_the_two_codes(kind, n):
    a, b = codes()
    path = interpolate(a, b, n, kind)
    assert path.shape == (n, 3)
    assert path[0] == pytest.approx(a, abs=1e-12)
    assert path[-1] == pytest.approx(b, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_way_back_is_the_way_there(kind):
    a, b = codes(1)
    assert interpolate(a, b, 7, kind)[::-1] == pytest.approx(interpolate(b, a, 7, kind), abs=1e-12)


def test_linear_steps_are_equal():
    a, b = codes(2)
    assert np.diff(interpolate(a, b, 6), axis=0) == pytest.approx(np.tile((b - a) / 5, (5, 1)))


def test_spherical_path_turns_at_an_even_rate_in_one_plane():
    a, b = codes(3, latent_dim=5)
    path = interpolate(a, b, 9, "spherical")
    lengths = np.linalg.norm(path, axis=1)
    assert lengths == pytest.approx(np.linspace(lengths[0], lengths[-1], 9), abs=1e-12)
    units = path / lengths[:, None]
    cosines = np.sum(units[1:] * units[:-1], axis=1)
    assert cosines == pytest.approx(cosines[0], abs=1e-12)
    assert np.linalg.matrix_rank(path, tol=1e-10) == 2


def test_spherical_path_keeps_the_length_where_the_line_is_short():
    a, b = np.array([2.0, 0.0]), np.array([0.0, 2.0])
    assert np.linalg.norm(interpolate(a, b, 3, "spherical")[1]) == pytest.approx(2)
    assert np.linalg.norm(interpolate(a, b, 3)[1]) == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize("angle", [1e-3, 1e-5, 1e-8, 0.0])
def test_small_angles_are_stable(angle):
    a, b = np.array([1.0, 0.0]), np.array([np.cos(angle), np.sin(angle)])
    middle = interpolate(a, b, 3, "spherical")[1]
    # Where the path becomes the line, the arc is off it by angle^2 / 8 = 1e-13.
    assert middle == pytest.approx([np.cos(angle / 2), np.sin(angle / 2)], abs=1e-12)


def test_from_the_origin_any_path_is_straight():
    a, b = np.zeros(3), np.ones(3)
    assert interpolate(a, b, 5, "spherical") == pytest.approx(interpolate(a, b, 5))


def test_opposite_directions_have_no_spherical_path():
    with pytest.raises(ValueError, match=r"not opposite.*Received: a="):
        interpolate([1.0, 2.0], [-2.0, -4.0], kind="spherical")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (([1.0], [1.0, 2.0]), "shapes"),
        (([[1.0]], [[1.0]]), "shapes"),
        (([1.0], [2.0], 1), "n=1"),
        (([1.0], [2.0], 2.5), "n=2.5"),
        (([1.0], [2.0], 3, "cubic"), "kind='cubic'"),
    ],
)
def test_bad_interpolation(arguments, what):
    with pytest.raises(ValueError, match=f"Received: {what}"):
        interpolate(*arguments)


def test_attribute_vector_is_a_difference_of_means():
    rng = np.random.default_rng(4)
    has = rng.integers(0, 2, 50).astype(bool)
    z = rng.normal(size=(50, 3))
    with_it = [code for code, h in zip(z, has, strict=True) if h]
    without = [code for code, h in zip(z, has, strict=True) if not h]
    expected = sum(with_it) / len(with_it) - sum(without) / len(without)
    assert attribute_vector(z, has) == pytest.approx(expected, abs=1e-12)
    assert attribute_vector(z, has.astype(int)) == pytest.approx(expected, abs=1e-12)
    assert attribute_vector(z, ~has) == pytest.approx(-expected, abs=1e-12)


@pytest.mark.parametrize(
    ("labels", "what"),
    [([1, 1, 1], "values"), ([0, 0, 0], "values"), ([0, 1, 2], "values"), ([0, 1], "shapes")],
)
def test_bad_attributes(labels, what):
    with pytest.raises(ValueError, match=f"Received: {what}"):
        attribute_vector(np.zeros((3, 2)), labels)
