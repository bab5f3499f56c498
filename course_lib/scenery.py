"""Small colored pictures of a landscape, drawn from a handful of choices.

Positions are fractions of the picture: x from 0, left, to 1, right; y from 0, top, to 1,
bottom. Colors are red, green and blue in [0, 1].
"""

import functools
import itertools

import numpy as np

#: What can be chosen, and from which values; the last three are no one's business but the
#: picture's: where the sun or moon stands, which clouds there are, how high the horizon is.
VARIABLES = {
    "time": ("day", "night"),
    "sky": ("clear", "cloudy"),
    "ground": ("grass", "beach", "sea"),
    "place": ("far left", "left", "center", "right", "far right"),
    "clouds": ("west", "east", "bank", "pair", "drift", "arch"),
    "horizon": ("lowest", "low", "high", "highest"),
}

#: Pictures are drawn this many times as large and averaged, which softens every edge.
_OVERSAMPLING = 2

_PLACES = dict(zip(VARIABLES["place"], (0.14, 0.32, 0.5, 0.68, 0.86), strict=True))
_HORIZONS = dict(zip(VARIABLES["horizon"], (0.74, 0.67, 0.60, 0.53), strict=True))

#: Each arrangement is a list of clouds: horizontal and vertical center, width.
_CLOUDS = {
    "west": [(0.22, 0.20, 0.46), (0.70, 0.36, 0.22)],
    "east": [(0.78, 0.20, 0.46), (0.30, 0.36, 0.22)],
    "bank": [(0.50, 0.24, 0.62), (0.08, 0.38, 0.26), (0.94, 0.37, 0.24)],
    "pair": [(0.22, 0.30, 0.36), (0.76, 0.27, 0.40)],
    "drift": [(0.10, 0.14, 0.34), (0.48, 0.26, 0.34), (0.88, 0.38, 0.32)],
    "arch": [(0.06, 0.32, 0.38), (0.50, 0.12, 0.42), (0.94, 0.32, 0.38)],
}

#: A cloud is a row of overlapping puffs: horizontal and vertical offset and radius, in
#: widths of the cloud.
_PUFFS = [(-0.32, 0.05, 0.16), (-0.10, -0.04, 0.23), (0.14, -0.01, 0.20), (0.34, 0.06, 0.14)]

#: Color of the sky at the top and at the horizon.
_SKIES = {
    ("day", "clear"): ((0.22, 0.50, 0.88), (0.76, 0.88, 0.96)),
    ("day", "cloudy"): ((0.52, 0.62, 0.74), (0.80, 0.84, 0.88)),
    ("night", "clear"): ((0.04, 0.05, 0.17), (0.20, 0.21, 0.40)),
    ("night", "cloudy"): ((0.10, 0.11, 0.18), (0.23, 0.24, 0.31)),
}

#: What daylight becomes at night.
_MOONLIGHT = np.array([0.31, 0.36, 0.53])
#: What clouds leave of the light on the ground.
_OVERCAST = np.array([0.84, 0.85, 0.88])


def draw_scene(time, sky, ground, place, clouds, horizon, size=24):
    """Draw one picture.

    Args:
        time: `"day"` or `"night"`.
        sky: `"clear"` or `"cloudy"`.
        ground: `"grass"`, `"beach"` or `"sea"`.
        place: Where the sun or the moon stands, a value of `VARIABLES["place"]`.
        clouds: Which clouds there are, a value of `VARIABLES["clouds"]`. Under a clear sky
            there are none, and all values draw the same picture.
        horizon: How high the horizon is, a value of `VARIABLES["horizon"]`.
        size: Side of the picture in pixels.

    Returns:
        A `float32` array of shape `(size, size, 3)` with values within [0.02, 0.98].

    Raises:
        ValueError: If a value is none of those that `VARIABLES` lists, or the size is not
            at least 1.

    Example:
        >>> draw_scene("day", "cloudy", "beach", "left", "bank", "low").shape
        (24, 24, 3)
    """
    chosen = (time, sky, ground, place, clouds, horizon)
    for (name, values), value in zip(VARIABLES.items(), chosen, strict=True):
        if value not in values:
            raise ValueError(f"{name} must be one of {values}. Received: {name}={value!r}")
    if not isinstance(size, int) or size < 1:
        raise ValueError(f"size must be an integer of at least 1. Received: size={size!r}")
    # Many pictures share a sky or a ground: both are kept. A clear sky is one for all clouds.
    above = _draw_sky(time, sky, place, clouds if sky == "cloudy" else None, horizon, size)
    below = _draw_ground(time, sky, ground, place, horizon, size)
    picture = _mix(below, above, _sky_share(ground, horizon, size))
    return np.clip(picture, 0.02, 0.98).astype("float32")


def all_choices():
    """Return every combination of values of `VARIABLES`.

    Returns:
        A list of dictionaries from names to values, in a fixed order.

    Example:
        >>> sorted(all_choices()[0]) == sorted(VARIABLES)
        True
    """
    return [
        dict(zip(VARIABLES, values, strict=True))
        for values in itertools.product(*VARIABLES.values())
    ]


def _canvas(size):
    """Return the positions x and y of the fine pixels, each of shape `(rows, cols)`."""
    steps = (np.arange(size * _OVERSAMPLING) + 0.5) / (size * _OVERSAMPLING)
    return np.meshgrid(steps, steps)


def _average(picture, size):
    return picture.reshape(size, _OVERSAMPLING, size, _OVERSAMPLING, -1).mean(axis=(1, 3))


@functools.cache
def _sky_share(ground, horizon, size):
    """Return the share of each pixel above the horizon, shape `(size, size, 1)`."""
    x, y = _canvas(size)
    level = _HORIZONS[horizon]
    if ground == "grass":  # hills; water ends in a straight line
        level = level + 0.022 * np.sin(7 * x + 1) + 0.012 * np.sin(17 * x)
    return _average((y < level).astype("float64"), size)


@functools.cache
def _draw_sky(time, sky, place, clouds, horizon, size):
    x, y = _canvas(size)
    place, level = _PLACES[place], _HORIZONS[horizon]
    top, bottom = (np.array(color) for color in _SKIES[time, sky])
    picture = _mix(top, bottom, (y / level)[..., None] ** 1.3)
    veil = 0.6 if sky == "cloudy" else 1.0
    if time == "night" and sky == "clear":
        picture = _draw_stars(picture, x, y, level)
    distance = np.hypot(x - place, y - 0.2)
    if time == "day":
        glow = np.exp(-((distance / 0.2) ** 2))
        picture = _paint(picture, (1.0, 0.93, 0.66), 0.55 * veil * glow)
        picture = _paint(picture, (1.0, 0.90, 0.38), veil * _inside(distance, 0.105))
    else:
        picture = _paint(
            picture, (0.62, 0.66, 0.85), 0.4 * veil * np.exp(-((distance / 0.16) ** 2))
        )
        # A crescent: the disk less a second disk, shifted to the upper right.
        shadow = _inside(np.hypot(x - place - 0.055, y - 0.165), 0.09)
        moon = _inside(distance, 0.1) * (1 - shadow)
        picture = _paint(picture, (0.97, 0.95, 0.82), veil * moon)
    if sky == "cloudy":
        for center_x, center_y, width in _CLOUDS[clouds]:
            picture = _draw_cloud(picture, x - center_x, y - center_y, width, time)
    return _average(picture, size)


def _draw_stars(picture, x, y, level):
    rng = np.random.default_rng(7)  # the same stars every night
    for _ in range(22):
        at_x, at_y, brightness = rng.uniform((0, 0, 0.5), (1, 0.7, 1))
        light = brightness * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / 0.014**2)
        picture = _paint(picture, (0.95, 0.95, 1.0), light)
    return picture


def _draw_cloud(picture, x, y, width, time):
    bright, dark = np.array(
        [(0.97, 0.97, 0.97), (0.72, 0.76, 0.82)]
        if time == "day"
        else [(0.42, 0.43, 0.52), (0.20, 0.21, 0.29)]
    )
    cover = np.zeros_like(x)
    for dx, dy, radius in _PUFFS:
        distance = np.hypot(x - dx * width, 1.25 * (y - dy * width))
        cover = np.maximum(cover, _inside(distance, radius * width, soft=0.05))
    cover *= _inside(y, 0.14 * width, soft=0.04)  # a flat base
    shade = np.clip(0.5 + y / (0.3 * width), 0, 1)[..., None]
    return _paint(picture, _mix(bright, dark, shade), 0.95 * cover)


@functools.cache
def _draw_ground(time, sky, ground, place, horizon, size):
    x, y = _canvas(size)
    place, level = _PLACES[place], _HORIZONS[horizon]
    # 0 at the horizon, 1 at the bottom edge; what is near looks larger.
    near = np.clip((y - level) / (1 - level), 0, 1)
    if ground == "grass":
        picture = _draw_grass(x, near)
    elif ground == "sea":
        picture = _draw_water(x, near)
    else:
        shore = 0.36 + 0.07 * np.sin(9 * x) + 0.03 * np.sin(21 * x + 2)
        picture = _draw_water(x, near * 0.6)
        picture = np.where((near > shore)[..., None], _draw_sand(x, near), picture)
        foam = np.exp(-(((near - shore) / 0.045) ** 2))
        picture = _paint(picture, (0.95, 0.96, 0.95), 0.85 * foam)
    if time == "night":
        picture = picture * _MOONLIGHT
    if sky == "cloudy":
        picture = picture * _OVERCAST
    if ground != "grass":
        end = 0.3 if ground == "beach" else 1.0
        picture = _draw_glitter(picture, x, near, time, sky, place, end)
    return _average(picture, size)


def _draw_grass(x, near):
    picture = _mix(np.array([0.56, 0.72, 0.34]), np.array([0.17, 0.42, 0.13]), near[..., None])
    blades = np.sin(60 * x + 9 * np.sin(11 * near)) * np.sin(23 * x + 14 * near)
    picture = picture * (1 + 0.22 * near * blades)[..., None]
    # Flowers, fixed to the ground.
    for i, (at_x, at_near) in enumerate([(0.13, 0.55), (0.36, 0.84), (0.61, 0.62), (0.85, 0.88)]):
        light = np.exp(-(((x - at_x) / 0.022) ** 2) - ((near - at_near) / 0.065) ** 2)
        color = ((0.96, 0.86, 0.30), (0.95, 0.93, 0.92))[i % 2]
        picture = _paint(picture, color, 0.85 * light)
    return picture


def _draw_water(x, near):
    picture = _mix(np.array([0.24, 0.54, 0.74]), np.array([0.05, 0.27, 0.50]), near[..., None])
    # Crests lie closer together toward the horizon.
    waves = np.sin(26 * near**0.6 + 1.2 * np.sin(8 * x + 9 * near))
    crests = np.clip(waves, 0, 1) ** 3 * (0.15 + 0.4 * near)
    return _paint(picture, (0.72, 0.87, 0.93), crests)


def _draw_sand(x, near):
    picture = _mix(np.array([0.78, 0.66, 0.44]), np.array([0.94, 0.84, 0.60]), near[..., None])
    ripples = np.sin(34 * near + 5 * np.sin(6 * x)) * np.sin(19 * x + 3)
    return picture * (1 + 0.05 * ripples)[..., None]


def _draw_glitter(picture, x, near, time, sky, place, end):
    """Reflect the sun or the moon: a broken column of light on the water."""
    color, strength = ((1.0, 0.95, 0.75), 0.75) if time == "day" else ((0.85, 0.86, 0.90), 0.65)
    if sky == "cloudy":
        strength *= 0.35
    column = np.exp(-(((x - place) / (0.05 + 0.07 * near)) ** 2))
    broken = 0.55 + 0.45 * np.sin(38 * near**0.6)
    return _paint(picture, color, strength * column * broken * (near < end))


def _inside(distance, radius, soft=0.01):
    """Return 1 within the radius and 0 beyond, with a soft edge of the given half-width."""
    t = np.clip((radius + soft - distance) / (2 * soft), 0, 1)
    return t * t * (3 - 2 * t)


def _mix(a, b, share):
    return a + (b - a) * share


def _paint(picture, color, opacity):
    return _mix(picture, np.asarray(color), opacity[..., None])
