"""Small gray portraits, drawn from labels and from a seed.

The labels say what is written on them (glasses, mouth, hair, pose); everything else that
tells one person from another (the shape of the head, the shade of skin and hair, the
light, ...) is a continuous number drawn from the seed. So the same seed with another label
is the same person with, say, glasses.

Shapes are drawn by their distance: a pixel's share of a shape falls from 1 to 0 as the
distance from its outline goes from half a pixel inside to half a pixel outside. Positions
are in pixels of a 32 by 32 picture, x to the right and y down.
"""

import numpy as np

SIZE = 32

#: The labels, in the order of the columns, and their values.
ATTRIBUTES = {
    "glasses": ("no", "yes"),
    "mouth": ("neutral", "smile", "open", "sad"),
    "hair": ("bald", "short", "curly", "long"),
    "pose": ("straight", "left", "right", "up"),
}

#: Portraits drawn at a time: as many as fit in the processor's cache.
_BATCH = 100

#: What varies from person to person, uniformly between two values.
_PERSON = {
    "background": (0.26, 0.46),
    "backdrop_slope": (-0.12, 0.12),
    "skin": (0.52, 0.92),
    "shirt": (0.12, 0.92),
    "shoulders": (0.95, 1.2),
    "light": (-1.0, 1.0),  # from the left to from the right
    "center_x": (15.2, 16.8),
    "center_y": (14.4, 15.6),
    "width": (7.4, 9.0),
    "height": (9.4, 10.8),
    "jaw": (0.0, 0.18),
    "eye_distance": (0.38, 0.48),
    "eye_size": (0.85, 1.2),
    "brow": (0.45, 0.9),
    "brow_height": (2.0, 2.9),
    "nose": (0.8, 1.3),
    "mouth_width": (0.85, 1.2),
    "turn": (0.85, 1.15),
    "hairline": (0.42, 0.62),
    "volume": (0.97, 1.1),
    "phase": (0.0, 2 * np.pi),
    "lens": (0.9, 1.12),
}


def draw_portraits(labels, seed=None):
    """Draw one portrait for each row of labels.

    Args:
        labels: Integers of shape `(n, 4)`: for each attribute, in the order of
            `ATTRIBUTES`, the index of its value.
        seed: Seed of the persons, or a `numpy.random.Generator`. Row i of two calls with
            the same seed is the same person, whatever the labels.

    Returns:
        A `float32` array of shape `(n, 32, 32)` with values in [0, 1].

    Raises:
        ValueError: If the labels have another shape or name no value.

    Example:
        >>> plain = draw_portraits([[0, 1, 3, 0]], seed=0)
        >>> with_glasses = draw_portraits([[1, 1, 3, 0]], seed=0)
        >>> bool(with_glasses.mean() < plain.mean())  # dark ones
        True
    """
    labels = np.asarray(labels)
    n_values = np.array([len(values) for values in ATTRIBUTES.values()])
    if (
        labels.ndim != 2
        or labels.shape[1] != len(n_values)
        or not np.issubdtype(labels.dtype, np.integer)
        or not np.all((labels >= 0) & (labels < n_values))
    ):
        raise ValueError(
            f"Labels must be integers of shape (n, {len(n_values)}), each from 0 to below "
            f"{n_values.tolist()}. Received: {labels.dtype} of shape {labels.shape}"
        )
    rng = np.random.default_rng(seed)
    # One row a person, so that the first persons of a seed are the same however many follow.
    low, high = np.array(list(_PERSON.values())).T
    persons = rng.uniform(low, high, (len(labels), len(low)))
    portraits = np.empty((len(labels), SIZE, SIZE), "float32")
    for i in range(0, len(labels), _BATCH):
        batch = slice(i, i + _BATCH)
        columns = persons[batch].T[:, :, None, None].astype("float32")
        portraits[batch] = _draw(dict(zip(_PERSON, columns, strict=True)), labels[batch])
    return portraits


def _draw(person, labels):
    """Draw a batch; every number of a person has shape `(n, 1, 1)`."""
    glasses, mouth, hair, pose = (
        {name: (column == i)[:, None, None] for i, name in enumerate(ATTRIBUTES[attribute])}
        for attribute, column in zip(ATTRIBUTES, labels.T, strict=True)
    )
    steps = np.arange(SIZE, dtype="float32") + 0.5
    x, y = steps[None, None, :], steps[None, :, None]
    p = person
    # How the head is turned: features move by these shares of its half-width and half-height.
    turn = p["turn"] * 0.36 * (pose["right"] * 1.0 - pose["left"] * 1.0)
    lift = p["turn"] * 0.34 * pose["up"]
    head_x, head_y = x - p["center_x"], y - p["center_y"]
    hair_shade = _hair_shade(p)

    image = p["background"] + p["backdrop_slope"] * (y / SIZE - 0.5) + 0 * x
    image = _draw_hair_behind(image, p, hair, hair_shade, head_x, head_y)
    image = _draw_body(image, p, head_x, head_y)
    image = _draw_head(image, p, turn, lift, head_x, head_y)
    image = _draw_hair_in_front(image, p, hair, hair_shade, turn, lift, head_x, head_y)
    image = _draw_features(image, p, mouth, turn, lift, head_x, head_y)
    image = _draw_glasses(image, p, glasses, turn, lift, head_x, head_y)
    return np.clip(image, 0, 1)


def _hair_shade(p):
    # Dark or fair, with nothing between: hair is seen against the background and the skin.
    share = (p["phase"] / (2 * np.pi)) * 7 % 1
    return np.where(share < 0.7, 0.03 + 0.16 * share, 0.38 + 0.45 * share)


def _draw_body(image, p, x, y):
    neck = _box(x, y - 1.0 * p["height"], 0.48 * p["width"], 4.5, 1.0)
    image = _paint(image, 0.80 * p["skin"], neck)
    shoulders = _ellipse(x, y - 1.78 * p["height"], 11.5 * p["shoulders"], 6.2)
    shade = p["shirt"] * (1 - 0.012 * np.abs(x))
    image = _paint(image, shade, shoulders)
    # The skin above the collar.
    return _paint(image, 0.80 * p["skin"], _ellipse(x, y - 1.2 * p["height"], 3.2, 2.2))


def _head_outline(p, x, y):
    """Return the two half-axes of the head; the chin is narrower than the forehead."""
    return p["width"] * (1 - p["jaw"] * np.clip(y / p["height"], 0, 1)), p["height"]


def _draw_head(image, p, turn, lift, x, y):
    width, height = _head_outline(p, x, y)
    # Ears: the far one disappears behind a turned head.
    for side in (-1, 1):
        hidden = np.clip(1 - 2.6 * turn * side, 0, 1)
        ear = _ellipse(x - side * (p["width"] + 0.1), y + lift * 2 - 0.6, 1.3, 2.1)
        image = _paint(image, 0.82 * p["skin"], ear * hidden)
    u, v = x / width, y / height
    round_shade = 1 - 0.20 * (u * u + 0.5 * v * v) + 0.13 * p["light"] * u
    image = _paint(image, p["skin"] * round_shade, _ellipse(x, y, width, height))
    # Under a lifted chin one sees the throat, in shadow.
    throat = _ellipse(x, y - (1.02 - 0.45 * lift) * height, 0.62 * width, 0.9 + 7 * lift)
    inside = _ellipse(x, y, width, height) * (lift > 0)
    return _paint(image, 0.68 * p["skin"], throat * inside)


def _draw_hair_behind(image, p, hair, shade, x, y):
    volume = p["volume"]
    long = _box(x, y - 3.0, volume * (p["width"] + 1.8), p["height"] + 4.2, 8.0)
    image = _paint(image, 0.85 * shade, long * hair["long"])
    angle = np.arctan2(x, -y)
    bumps = 1 + 0.055 * np.cos(11 * angle + p["phase"])
    curly = _ellipse(
        x / bumps, (y + 2.2) / bumps, volume * (p["width"] + 2.6), volume * (p["height"] + 0.6)
    )
    return _paint(image, shade, curly * hair["curly"])


def _draw_hair_in_front(image, p, hair, shade, turn, lift, x, y):
    width, height = p["width"], p["height"]
    cap = _ellipse(x, y + 0.7, width + 0.9, height + 0.9)
    # The forehead ends where the hair begins: higher in the middle, and turned with the face.
    across = x / width - 1.1 * turn
    line = -height * (p["hairline"] + 0.75 * lift - 0.42 * across**2)
    # A parting sweeps the hair of some to one side.
    line = line + 1.2 * np.sin(p["phase"]) * across
    above = _edge(y - line)
    strands = 1 + 0.07 * np.sin(1.9 * x + p["phase"] + 0.5 * y)
    front = cap * above * ~hair["bald"]
    image = _paint(image, shade * strands, front)
    # Long hair also falls over the cheeks.
    fall = _box(np.abs(x - 0.4 * turn * width) - width - 0.3, y - 2.0, 1.5, height + 1.0, 1.2)
    image = _paint(image, shade * strands, fall * hair["long"])
    # A bald head shines.
    shine = _ellipse(x - 0.35 * width * p["light"], y + 0.66 * height, 1.8, 1.2)
    return _paint(image, np.minimum(p["skin"] + 0.2, 1), 0.45 * shine * hair["bald"])


def _face_position(p, turn, lift, across, down):
    """Return where a feature lies, given in half-widths and half-heights of a straight face."""
    # A turned sphere: the middle moves the most, and what moves toward the rim is squeezed.
    at_x = p["width"] * (across * np.cos(1.9 * turn) + 1.25 * turn * np.sqrt(1 - across**2))
    at_y = p["height"] * (down * (1 - 0.5 * lift) - 0.95 * lift)
    return at_x, at_y


def _squeeze(turn, side):
    """Return how narrow a feature on one side of a turned face looks."""
    return 1 - 0.95 * np.clip(turn * side, 0, 1)


def _draw_features(image, p, mouth, turn, lift, x, y):
    skin = p["skin"]
    for side in (-1, 1):
        eye_x, eye_y = _face_position(p, turn, lift, side * p["eye_distance"], -0.06)
        narrow = _squeeze(turn, side)
        wide, high = 1.95 * p["eye_size"] * narrow, 1.2 * p["eye_size"] * (1 - 0.5 * lift)
        white = _ellipse(x - eye_x, y - eye_y, wide, high)
        image = _paint(image, 0.62 + 0.38 * skin, white)
        look = 0.5 * np.sign(turn)
        pupil = _ellipse(x - eye_x - look, y - eye_y, 1.0 * narrow, 1.1 * (1 - 0.4 * lift))
        image = _paint(image, 0.06, pupil * np.minimum(1, 1.2 * white))
        brow = _box(x - eye_x, y - eye_y + p["brow_height"], 1.9 * narrow, 0.45, 0.4)
        image = _paint(image, 0.35 * skin, p["brow"] * brow)
    image = _draw_nose(image, p, turn, lift, x, y)
    return _draw_mouth(image, p, mouth, turn, lift, x, y)


def _draw_nose(image, p, turn, lift, x, y):
    tip_x, tip_y = _face_position(p, 1.18 * turn, lift, 0.0, 0.26)
    # A bright ridge, and the shadow below the tip; from below one sees two nostrils.
    ridge = _box(x - 0.8 * tip_x, y - tip_y + 2.0, 0.45, 1.7 * p["nose"] * (1 - lift), 0.4)
    image = _paint(image, np.minimum(1.12 * p["skin"], 1), 0.7 * ridge)
    shadow = _ellipse(x - tip_x, y - tip_y, 1.35 * p["nose"], 0.65)
    return _paint(image, 0.55 * p["skin"], 0.8 * shadow)


def _draw_mouth(image, p, mouth, turn, lift, x, y):
    at_x, at_y = _face_position(p, turn, lift, 0.0, 0.55)
    half = 3.4 * p["mouth_width"] * (1 - 0.9 * np.abs(turn)) * (1 + 0.15 * mouth["smile"])
    half = half * (1 - 0.25 * mouth["open"])
    x, y = (x - at_x) / half, y - at_y
    # The lips follow a parabola: up at the corners for a smile.
    bend = 2.0 * mouth["smile"] - 1.8 * mouth["sad"]
    lips = y + bend * (x * x - 0.45)
    thick = 0.65 + 0.25 * mouth["smile"]
    line = _edge(np.abs(lips) - thick) * _edge(half * (np.abs(x) - 1))
    image = _paint(image, 0.34 * p["skin"], 0.95 * line * ~mouth["open"])
    teeth = _edge(np.abs(lips + 0.1) - 0.25) * _edge(half * (np.abs(x) - 0.7))
    image = _paint(image, 0.95, 0.8 * teeth * mouth["smile"])
    mouth_open = _ellipse(x * half, y - 0.3, half, 1.9 * (1 - 0.4 * lift))
    image = _paint(image, 0.10, mouth_open * mouth["open"])
    tongue = _ellipse(x * half, y - 1.3, 0.6 * half, 0.7)
    return _paint(image, 0.5 * p["skin"], 0.8 * tongue * mouth["open"])


def _draw_glasses(image, p, glasses, turn, lift, x, y):
    frames = np.zeros_like(image)
    for side in (-1, 1):
        at_x, at_y = _face_position(p, turn, lift, side * (p["eye_distance"] + 0.02), -0.04)
        lens = _box(
            x - at_x,
            y - at_y,
            3.0 * p["lens"] * _squeeze(turn, side),
            2.3 * p["lens"] * (1 - 0.4 * lift),
            1.3,
        )
        frames = np.maximum(frames, lens)
        # The temple: a bar from the lens to the ear, seen on the near side.
        end = side * p["width"] * np.clip(1 - 2 * turn * side, 0, 1)
        middle, length = (at_x + end) / 2, np.abs(end - at_x) / 2
        temple = _box(x - middle, y - at_y + 0.6, length, 0.5, 0.3) * (turn * side <= 0)
        frames = np.maximum(frames, temple)
    bridge_x, bridge_y = _face_position(p, turn, lift, 0.0, -0.1)
    frames = np.maximum(frames, _box(x - bridge_x, y - bridge_y, 1.6, 0.5, 0.3))
    image = _paint(image, 0.05, frames * glasses["yes"])
    # A glint toward the light.
    for side in (-1, 1):
        at_x, at_y = _face_position(p, turn, lift, side * p["eye_distance"], -0.04)
        glint = _ellipse(x - at_x - 0.9 * p["light"], y - at_y + 0.8, 0.7, 0.5)
        image = _paint(image, 0.75, 0.5 * glint * frames * glasses["yes"])
    return image


def _edge(distance):
    """Return the share of a pixel inside an outline at the given signed distance."""
    share = np.clip(0.5 - distance, 0, 1)
    return share * share * (3 - 2 * share)


def _ellipse(x, y, a, b):
    # The distance from an ellipse, to first order: (r - 1) / |gradient of r|, r = |(x/a, y/b)|.
    r = np.sqrt((x / a) ** 2 + (y / b) ** 2)
    slope = np.sqrt((x / (a * a)) ** 2 + (y / (b * b)) ** 2)
    return _edge((r - 1) * r / np.maximum(slope, 1e-6))


def _box(x, y, a, b, corner):
    """Return a rectangle with half-sides `a` and `b` and rounded corners."""
    corner = np.minimum(corner, np.minimum(a, b))
    dx, dy = np.abs(x) - a + corner, np.abs(y) - b + corner
    outside = np.sqrt(np.maximum(dx, 0) ** 2 + np.maximum(dy, 0) ** 2)
    return _edge(outside + np.minimum(np.maximum(dx, dy), 0) - corner)


def _paint(image, shade, opacity):
    return image + (shade - image) * opacity
