"""Data for the interactive figures of the pages: a latent plane, and melodies that play.

A page has no Python. What its script needs to draw or to play is computed here and stands in
the page as JSON; `picture_at` says in Python what the script has to compute.
"""

import base64
import json
import math

import numpy as np

#: Counts up when the meaning of the data changes, so that a script can refuse to guess.
VERSION = 1

#: The largest data in bytes, as JSON, so that a page opens on a phone.
MAX_BYTES = 500_000

#: Concert pitch, the A above middle C.
A4_MIDI, A4_HERTZ = 69, 440.0


def latent_grid(decode, n=15, limit=2.5, codes=None, labels=None, label_names=None):
    """Decode a square grid of two-dimensional codes, for a page to interpolate between.

    Picture `i * n + j` is decoded from `z_1 = -limit + j * step`, `z_2 = -limit + i * step`,
    where `step = 2 * limit / (n - 1)`: along a row z_1 grows to the right, and z_2 grows
    from row to row, upward on the page. Within a picture the first pixel is the top left one.

    The `dict` has these entries:

    - `version`: 1, `VERSION`.
    - `limit`, `n`: as given.
    - `height`, `width`, `channels`: of a picture; 1 channel is gray, 3 are red, green, blue.
    - `pixels`: base64 of bytes in the order (row, column, y, x, channel); 255 is the value 1.
    - `codes`: pairs `[z_1, z_2]` of data points to draw into the plane, three decimals; empty
      if none were given.
    - `labels`: an integer for each of them; empty if none were given.
    - `label_names`: the name of each label; empty if none were given.

    Args:
        decode: Function from codes of shape `(n * n, 2)` to pictures of shape
            `(n * n, height, width)`, gray, or `(n * n, height, width, 3)`, in color. Values
            are cut off at 0 and 1.
        n: Pictures a side, at least 2.
        limit: The grid runs from `-limit` to `limit` in both directions, in steps of one
            size.
        codes: Codes of data points, shape `(n_points, 2)`, or `None`.
        labels: Their labels, integers from 0, shape `(n_points,)`, or `None`.
        label_names: Name of each label, or `None`.

    Returns:
        A `dict` that `to_json` can write.

    Raises:
        ValueError: If `n` is not a whole number of at least 2, `limit` is not above 0, a
            shape does not fit, a value is not finite, a label has no name, labels come
            without codes or names without labels, or the JSON text would be longer than
            `MAX_BYTES`.

    Example:
        >>> data = latent_grid(lambda z: np.zeros((len(z), 8, 8)), n=3)
        >>> data["n"], data["height"], len(base64.b64decode(data["pixels"]))
        (3, 8, 576)
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 2:
        raise ValueError(f"n must be an integer of at least 2. Received: n={n!r}")
    _check_above_zero("limit", limit)
    line = np.linspace(-limit, limit, n)
    z1, z2 = np.meshgrid(line, line)
    pictures = np.asarray(decode(np.column_stack([z1.ravel(), z2.ravel()])))
    if (
        pictures.ndim not in (3, 4)
        or len(pictures) != n * n
        or pictures.shape[3:] not in ((), (3,))
        or pictures.size == 0
    ):
        raise ValueError(
            f"decode must return {n * n} pictures, shape ({n * n}, height, width) or "
            f"({n * n}, height, width, 3). Received: shape {pictures.shape}"
        )
    _check_finite("what decode returns", pictures)
    data = {
        "version": VERSION,
        "limit": float(limit),
        "n": int(n),
        "height": pictures.shape[1],
        "width": pictures.shape[2],
        "channels": 3 if pictures.ndim == 4 else 1,
        "pixels": _as_base64(pictures),
        **_points(codes, labels, label_names),
    }
    n_bytes = len(to_json(data))
    if n_bytes > MAX_BYTES:
        raise ValueError(
            f"A page's data may have at most {MAX_BYTES:,} bytes; take a smaller n, smaller "
            f"pictures or fewer codes. Received: {n_bytes:,} bytes with n={n}, pictures of "
            f"shape {pictures.shape[1:]}, {len(data['codes'])} codes"
        )
    return data


def picture_at(data, z):
    """Return the picture at a code: the bilinear mean of the four grid pictures around it.

    With `step = 2 * limit / (n - 1)` and a decoder whose pixels have second derivatives of
    at most `m_1` in z_1 and `m_2` in z_2, it differs from the decoded picture by at most
    `step^2 / 8 * (m_1 + m_2)`, plus half of 1/255 for the bytes.

    Args:
        data: What `latent_grid` returns, or the same read back from JSON.
        z: A code of shape `(2,)`. Outside of the grid, the nearest point of its edge counts.

    Returns:
        An array of shape `(height, width)` or `(height, width, 3)`, values in [0, 1].

    Raises:
        ValueError: If the data are of another version or length, or `z` is not two finite
            numbers.

    Example:
        >>> data = latent_grid(lambda z: (z[:, :1, None] + 2) / 4, n=2, limit=2.0)
        >>> picture_at(data, [1.0, 0.5]).tolist()
        [[0.75]]
    """
    z = np.asarray(z, dtype="float64")
    if z.shape != (2,):
        raise ValueError(f"z must be a code of shape (2,). Received: shape {z.shape}")
    _check_finite("z", z)
    n, limit = data["n"], data["limit"]
    grid = _pictures(data)
    # The place in the grid, in steps from its lower left corner: a whole part and a rest.
    place = (np.clip(z, -limit, limit) + limit) / (2 * limit) * (n - 1)
    first = np.minimum(place.astype(int), n - 2)
    (j, i), (right, up) = first, place - first
    return (1 - up) * ((1 - right) * grid[i, j] + right * grid[i, j + 1]) + up * (
        (1 - right) * grid[i + 1, j] + right * grid[i + 1, j + 1]
    )


def melody_events(pitches, quarter_seconds=0.5, merge=True):
    """Return the notes of a melody, for a page to play.

    Args:
        pitches: MIDI pitches, integers from 1 to 127, one a quarter note, shape
            `(n_quarters,)`; 0 is a rest, which is no event.
        quarter_seconds: Length of a quarter note in seconds.
        merge: Whether a pitch that follows itself is one long note. The course's melodies do
            not tell a note held from a note sung again; merged is how `plotting.piano_roll`
            draws them. With `False` each quarter note is struck anew.

    Returns:
        A list with a `dict` for each note: `start` and `duration` in seconds, `frequency` in
        hertz, equal temperament with A4 = 440 Hz, and `midi`, the pitch.

    Raises:
        ValueError: If there is no pitch, one is not an integer from 0 to 127, or
            `quarter_seconds` is not above 0.

    Example:
        >>> melody_events([69, 69, 0, 57], quarter_seconds=0.5)
        [{'start': 0.0, 'duration': 1.0, 'frequency': 440.0, 'midi': 69},
         {'start': 1.5, 'duration': 0.5, 'frequency': 220.0, 'midi': 57}]
    """
    _check_above_zero("quarter_seconds", quarter_seconds)
    pitches = np.asarray(pitches)
    if pitches.ndim != 1 or pitches.size == 0 or not np.isin(pitches, range(128)).all():
        raise ValueError(
            "pitches must be integers from 1 to 127, or 0 for a rest, shape (n_quarters,). "
            f"Received: shape {pitches.shape}, values {np.unique(pitches)[:8]}"
        )
    notes = []  # [start, length, pitch], counted in quarter notes
    for i, pitch in enumerate(pitches.astype(int).tolist()):
        if merge and notes and notes[-1][2] == pitch and sum(notes[-1][:2]) == i:
            notes[-1][1] += 1
        elif pitch > 0:
            notes.append([i, 1, pitch])
    return [
        {
            "start": start * float(quarter_seconds),
            "duration": length * float(quarter_seconds),
            "frequency": A4_HERTZ * 2.0 ** ((pitch - A4_MIDI) / 12),
            "midi": pitch,
        }
        for start, length, pitch in notes
    ]


def to_json(data):
    r"""Write data as compact JSON that may stand within a `<script>` element.

    Args:
        data: What `latent_grid` or `melody_events` returns.

    Returns:
        A `str` of ASCII characters. It holds no `<`, which could end the element early.

    Raises:
        ValueError: If a number is not finite: JSON knows none.

    Example:
        >>> to_json({"label_names": ["<3"]})
        '{"label_names":["\\u003c3"]}'
    """
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _as_base64(pictures):
    levels = np.rint(np.clip(pictures, 0, 1) * 255).astype("u1")
    return base64.b64encode(levels.tobytes()).decode("ascii")


def _pictures(data):
    """Return the grid's pictures, shape `(n, n, height, width)`, or the same with channels."""
    if data["version"] != VERSION:
        raise ValueError(f"The data must be of version {VERSION}. Received: {data['version']!r}")
    shape = (data["n"], data["n"], data["height"], data["width"], data["channels"])
    levels = np.frombuffer(base64.b64decode(data["pixels"]), "u1")
    if levels.size != math.prod(shape):
        raise ValueError(
            f"pixels must be {math.prod(shape)} bytes for shape {shape}. "
            f"Received: {levels.size} bytes"
        )
    pictures = levels.reshape(shape) / 255
    return pictures[..., 0] if data["channels"] == 1 else pictures


def _points(codes, labels, label_names):
    if codes is None:
        if labels is not None or label_names is not None:
            raise ValueError(
                "Labels need codes. Received: codes=None with "
                f"labels={labels!r}, label_names={label_names!r}"
            )
        return {"codes": [], "labels": [], "label_names": []}
    codes = np.asarray(codes, dtype="float64")
    if codes.ndim != 2 or codes.shape[1] != 2 or codes.size == 0:
        raise ValueError(f"codes must have shape (n_points, 2). Received: shape {codes.shape}")
    _check_finite("codes", codes)
    names = [] if label_names is None else [str(name) for name in label_names]
    if labels is None:
        if names:
            raise ValueError(f"label_names need labels. Received: labels=None, label_names={names}")
        labels = np.zeros(0, dtype=int)
    else:
        labels = np.asarray(labels)
        n_labels = len(names) or math.inf
        if labels.shape != codes.shape[:1] or not all(
            0 <= label < n_labels and label == int(label) for label in labels
        ):
            raise ValueError(
                "labels must be an integer from 0 for each code, with a name if there are "
                f"names. Received: shape {labels.shape}, values {np.unique(labels)[:8]} for "
                f"{len(codes)} codes and {len(names)} names"
            )
    return {
        # Adding 0 turns -0.0 into 0.0.
        "codes": (np.round(codes, 3) + 0.0).tolist(),
        "labels": labels.astype(int).tolist(),
        "label_names": names,
    }


def _check_finite(name, values):
    if not np.all(np.isfinite(values)):
        raise ValueError(
            f"{name} must be finite. Received: {np.sum(~np.isfinite(values))} values of "
            f"{values.size} that are not"
        )


def _check_above_zero(name, value):
    # Written so that a NaN fails the test.
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be finite and above 0. Received: {name}={value}")
