"""Melodies of 32 quarter notes: from a small grammar, or from Bach's chorales."""

import functools
import itertools
import json

import numpy as np

from course_lib.data.dataset import Dataset
from course_lib.data.files import RemoteFile, current_edition

#: Length of a melody in quarter notes: eight bars of four.
LENGTH = 32

N_TRAIN, N_TEST = 2_000, 400

#: Melodies of the full edition start this many quarter notes apart: every two bars.
STRIDE = 8

#: 382 chorales, each a list of chords a quarter note apart; a chord is a list of pitches.
CHORALES_FILE = RemoteFile(
    path="jsb-chorales/jsb-chorales-quarter.json",
    url="https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/master/"
    "jsb-chorales-quarter.json",
    sha256="2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91",
)

# The grammar. A melody has four phrases of two bars; phrases of one letter begin alike. The
# first and third end openly, like a question, the second and fourth on the tonic.
_FORMS = (("AABA", 0.5), ("ABAB", 0.2), ("ABCB", 0.15), ("AABC", 0.15))
#: Note lengths in quarters; each phrase comes to rest on a long note.
_RHYTHMS = (
    (1, 1, 1, 1, 1, 1, 2),
    (1, 1, 1, 1, 2, 2),
    (1, 1, 2, 1, 1, 2),
    (2, 1, 1, 1, 1, 2),
    (2, 1, 1, 2, 2),
    (2, 2, 1, 1, 2),
    (1, 1, 1, 1, 1, 3),
)
#: Semitones above the tonic of the seven steps of a scale.
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
#: A to G as MIDI pitches near middle C, which is 60.
_TONICS = (57, 58, 60, 62, 63, 64, 65, 67)
#: Scale steps that a melody may use: 0 is the tonic, 7 the one above, -3 the fifth below.
_STEPS = np.arange(-3, 9)
#: How likely a melody moves up or down by so many steps of the scale.
_LEAPS = {0: 0.10, 1: 0.30, 2: 0.10, 3: 0.04, 4: 0.015}


def load_melodies(edition=None):
    """Load melodies as MIDI pitches, one for each of 32 quarter notes.

    Middle C is 60, and 1 is a semitone. A pitch that occurs twice in a row is a note held
    on or sung again: the two are not told apart. There are no rests.

    The embedded edition follows a grammar made for the course: eight major and minor keys,
    four phrases in forms such as AABA, small steps, open and closed endings. The full
    edition has the soprano, the highest note of each chord, of Bach's chorales, cut into
    windows that start two bars apart; an octave lower than in the file, which is where
    sopranos sing it, and with a rest replaced by the note before it. Windows that
    the training part has too are left out of the test part, as are chorales shorter than
    a window from both.

    Args:
        edition: `"embedded"`, `"full"`, or `None` for `COURSE_DATA`'s.

    Returns:
        A `Dataset` without labels; melodies are `int64`, shape `(n, 32)`, 2,000 and 400 of
        them (embedded), or those of 305 and of 77 chorales (full).

    Raises:
        ValueError: If the edition is unknown or a file has the wrong content.
        FileNotFoundError: If a file of the full edition cannot be had.

    Example:
        >>> load_melodies("embedded").x_train.shape
        (2000, 32)
    """
    edition = current_edition(edition)
    if edition == "full":
        x_train, x_test = _chorales()
        source = (
            "Chorales by J. S. Bach (public domain), data set by N. Boulanger-Lewandowski and "
            "C.-Z. A. Huang"
        )
    else:
        melodies = _compose(N_TRAIN + N_TEST, np.random.default_rng(0))
        x_train, x_test = melodies[:N_TRAIN], melodies[N_TRAIN:]
        source = "Composed by a program for this course (CC BY 4.0)"
    return Dataset(
        name="melodies",
        edition=edition,
        x_train=x_train,
        y_train=None,
        x_test=x_test,
        y_test=None,
        label_names=(),
        source=source,
    )


def _chorales():
    parts = json.loads(CHORALES_FILE.read())
    x_train = _windows(parts["train"] + parts["valid"])
    x_test = _windows(parts["test"])
    # Bach set many a tune more than once.
    known = set(map(tuple, x_train.tolist()))
    new = [melody for melody in x_test.tolist() if tuple(melody) not in known]
    return x_train, np.array(new, "int64")


def _windows(chorales):
    """Return the distinct windows of all sopranos, in order of appearance."""
    windows = {}
    for chords in chorales:
        soprano = []
        for chord in chords:
            if chord:
                soprano.append(max(chord) - 12)
            elif soprano:
                soprano.append(soprano[-1])
        for start in range(0, len(soprano) - LENGTH + 1, STRIDE):
            windows[tuple(soprano[start : start + LENGTH])] = None
    return np.array(list(windows), "int64").reshape(-1, LENGTH)


def _compose(n, rng):
    """Return `n` different melodies, shape `(n, LENGTH)`."""
    melodies = {}
    while len(melodies) < n:
        melodies[tuple(_melody(rng))] = None
    return np.array(list(melodies), "int64")


def _melody(rng):
    forms, chances = zip(*_FORMS, strict=True)
    form = forms[rng.choice(len(forms), p=chances)]
    scale = _SCALES[rng.choice(2, p=[0.6, 0.4])]
    tonic = int(rng.choice(_TONICS))
    beginnings, phrases = {}, {}
    for position, letter in enumerate(form):
        if letter not in beginnings:
            # The first phrase starts within the tonic chord, the others tend to lie higher.
            start = rng.choice((0, 2, 4) if letter == "A" else (2, 4, 5, 7))
            rhythm = _RHYTHMS[rng.integers(len(_RHYTHMS))]
            # All but the last three notes, which make the ending.
            beginnings[letter] = rhythm, [start, *_walk(rng, start, len(rhythm) - 4)]
        closed = position % 2 == 1
        if (letter, closed) not in phrases:
            rhythm, beginning = beginnings[letter]
            phrases[letter, closed] = rhythm, beginning + _ending(rng, beginning[-1], closed)
    pitches = []
    for position, letter in enumerate(form):
        rhythm, steps = phrases[letter, position % 2 == 1]
        pitches += np.repeat(_pitches(steps, tonic, scale), rhythm).tolist()
    return pitches


def _ending(rng, step, closed):
    """Return the last three notes of a phrase, onto the nearer tonic, or the second or fifth."""
    last = (0 if step < 5 else 7) if closed else rng.choice((1, 4), p=(0.4, 0.6))
    before = last + rng.choice((1, -1), p=(0.7, 0.3))
    return [*_walk(rng, step, 2, before), last]


@functools.cache
def _moves():
    """Return the chance of moving from each scale step to each other, rows adding up to 1."""
    size = np.abs(_STEPS[:, None] - _STEPS)
    chances = np.select([size == k for k in _LEAPS], list(_LEAPS.values()), 0.0)
    # Melodies return to the middle of their range.
    chances = chances * np.exp(-(((_STEPS - 2.5) / 5) ** 2))
    return chances / chances.sum(axis=1, keepdims=True)


def _walk(rng, start, n_moves, end=None):
    """Return the steps of a random walk from `start`, given that it ends at `end`."""
    moves = _moves()
    # reach[k]: the chance of being at `end` after k more moves, from each step.
    reach = [np.ones(len(_STEPS)) if end is None else (end == _STEPS).astype("float64")]
    for _ in range(n_moves):
        reach.append(moves @ reach[-1])
    steps = [start]
    for k in reversed(range(n_moves)):
        chances = moves[steps[-1] - _STEPS[0]] * reach[k]
        steps.append(int(rng.choice(_STEPS, p=chances / chances.sum())))
    return steps[1:]


def _pitches(steps, tonic, scale):
    pitches = [tonic + 12 * (step // 7) + scale[step % 7] for step in steps]
    for i, (step, after) in enumerate(itertools.pairwise(steps)):
        # In minor, too, the tonic is reached from a semitone below.
        if step % 7 == 6 and after == step + 1:
            pitches[i] = tonic + 12 * (after // 7) - 1
    return pitches
