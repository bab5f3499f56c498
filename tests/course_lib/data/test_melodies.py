"""Melodies, in both editions."""

import dataclasses
import gc
import hashlib
import json

import numpy as np
import pytest

from course_lib.data import load_melodies
from course_lib.data import melodies as module
from course_lib.data.files import cache_folder
from course_lib.data.melodies import CHORALES_FILE, LENGTH

NATURAL = {"major": {0, 2, 4, 5, 7, 9, 11}, "minor": {0, 2, 3, 5, 7, 8, 10, 11}}


@pytest.fixture(scope="module")
def embedded():
    data = load_melodies("embedded")
    return np.concatenate([data.x_train, data.x_test])


# The embedded edition


def test_embedded_shapes():
    data = load_melodies("embedded")
    assert data.x_train.shape == (2000, LENGTH)
    assert data.x_test.shape == (400, LENGTH)
    assert data.x_train.dtype == data.x_test.dtype == np.int64
    assert data.y_train is None
    assert set(np.unique(data.x_test)) <= set(np.unique(data.x_train))


def test_embedded_melodies_differ(embedded):
    assert len(np.unique(embedded, axis=0)) == len(embedded)


def test_embedded_melodies_can_be_sung(embedded):
    # Within two octaves and a half around middle C, each melody within an octave and a half.
    assert embedded.min() >= 50
    assert embedded.max() <= 82
    assert np.ptp(embedded, axis=1).max() <= 20
    leaps = np.abs(np.diff(embedded, axis=1))
    assert leaps.max() <= 14
    # Mostly held notes and steps of a scale, hardly a leap of more than a fifth.
    assert np.mean(leaps <= 2) > 0.7
    assert np.mean(leaps > 7) < 0.05


def test_embedded_melodies_end_on_the_tonic_of_a_key(embedded):
    for melody in embedded[:500]:
        assert melody[-1] == melody[-2]  # at rest
        # The second phrase ends on the same note, or an octave away.
        assert (melody[15] - melody[31]) % 12 == 0
        assert melody[15] == melody[14]
        steps = {int(step) for step in (melody - melody[-1]) % 12}
        assert any(steps <= scale for scale in NATURAL.values())


def test_embedded_open_phrases_do_not_end_on_the_tonic(embedded):
    for i in (7, 23):
        assert np.all((embedded[:, i] - embedded[:, 31]) % 12 != 0)
        assert np.all(embedded[:, i] == embedded[:, i - 1])


def test_embedded_first_note_lies_in_the_tonic_chord(embedded):
    assert set(((embedded[:, 0] - embedded[:, 31]) % 12).tolist()) == {0, 3, 4, 7}


def test_embedded_forms_come_with_their_chances(embedded):
    # Phrases of one letter begin with the same two bars but for the last three notes, which
    # take at least four quarters of the eight; different ones begin alike by chance at times.
    def alike(i, j):
        return (embedded[:, 8 * i : 8 * i + 2] == embedded[:, 8 * j : 8 * j + 2]).all(axis=1)

    # A in the second place (AABA and AABC) has probability 0.65, in the third (ABAB) 0.2; two
    # unlike phrases begin with the same two quarters less than one time in ten.
    n = len(embedded)
    for share, chance in [(alike(0, 1).mean(), 0.65), (alike(0, 2).mean(), 0.2)]:
        spread = 6 * np.sqrt(chance * (1 - chance) / n)
        assert chance - spread < share < chance + 0.1 * (1 - chance) + spread


def test_embedded_uses_major_and_minor_in_eight_keys(embedded):
    tonics = np.bincount(embedded[:, 31] % 12, minlength=12)
    assert np.sum(tonics > 0) == 8
    third = (embedded - embedded[:, 31:]) % 12
    major, minor = (third == 4).any(axis=1), (third == 3).any(axis=1)
    assert not np.any(major & minor)
    # Of melodies with a third, three in five are major.
    n = np.sum(major | minor)
    assert n > 0.85 * len(embedded)
    assert abs(major.sum() / n - 0.6) < 6 * np.sqrt(0.24 / n)


def test_leading_note_in_minor_is_raised():
    minor = module._SCALES[1]
    assert module._pitches([7, 6, 7], 60, minor) == [72, 71, 72]
    assert module._pitches([7, 6, 5], 60, minor) == [72, 70, 68]
    assert module._pitches([0, -1, 0], 60, minor) == [60, 59, 60]


def test_walk_has_the_distribution_of_a_conditioned_chain():
    # By hand: two moves from 0 that end at 1, each middle step weighted by its two moves.
    moves = module._moves()
    at = {step: i for i, step in enumerate(module._STEPS.tolist())}
    weights = moves[at[0]] * moves[:, at[1]]
    p = weights / weights.sum()
    rng, n = np.random.default_rng(0), 5_000
    walks = np.array([module._walk(rng, 0, 2, end=1) for _ in range(n)])
    assert np.all(walks[:, 1] == 1)
    counts = np.array([np.sum(walks[:, 0] == step) for step in module._STEPS])
    assert np.all(np.abs(counts - n * p) <= 6 * np.sqrt(n * p * (1 - p)))


# The full edition


def sopranos(chorales):
    """Return the highest notes as text, with `-` for a rest, an octave lower."""
    return [
        " ".join(str(max(chord) - 12) if chord else "-" for chord in chords) for chords in chorales
    ]


def test_full_edition_is_the_soprano_of_the_chorales(full_data):
    data = load_melodies("full")
    parts = json.loads((full_data / CHORALES_FILE.path).read_text())
    assert {name: len(part) for name, part in parts.items()} == {
        "train": 229,
        "valid": 76,
        "test": 77,
    }
    for x, chorales in [
        (data.x_train, sopranos(parts["train"] + parts["valid"])),
        (data.x_test, sopranos(parts["test"])),
    ]:
        assert x.dtype == np.int64
        assert len(np.unique(x, axis=0)) == len(x)
        # Every window without a rest in it is found in a chorale, at an even bar.
        text = [" ".join(map(str, melody)) for melody in x.tolist()]
        found = sum(any(melody in chorale for chorale in chorales) for melody in text)
        with_rests = sum(chorale.count("-") for chorale in chorales)
        assert len(x) - found <= 4 * with_rests  # a rest is in at most four windows
        assert found > 0.85 * len(x)
    # Where sopranos sing: from below middle C to the C two octaves above.
    assert data.x_train.min() >= 48
    assert data.x_train.max() <= 84
    assert set(np.unique(data.x_test)) <= set(np.unique(data.x_train))


def chords(pitches):
    """Return chords with the given top notes, and a bass below them."""
    return [[48, pitch] if pitch else [] for pitch in pitches]


LONG = [72 + i % 5 for i in range(50)]
RESTS = [None, 80, None, *range(60, 90)]
CONTENT = {
    "train": [chords(LONG), chords(LONG[:31])],
    "valid": [chords(RESTS)],
    "test": [chords(LONG), chords([*LONG[8:39], 90])],
}


@pytest.fixture
def serve(monkeypatch, server, keras_home):
    """Serve bytes, and let the loader expect the chorales above."""

    def add(content, **kwargs):
        file = dataclasses.replace(
            CHORALES_FILE,
            url=server.add("jsb-chorales-quarter.json", content, **kwargs),
            sha256=hashlib.sha256(json.dumps(CONTENT).encode()).hexdigest(),
        )
        monkeypatch.setattr(module, "CHORALES_FILE", file)
        return file

    return add


def test_download_reads_the_canonical_format(serve, server):
    serve(json.dumps(CONTENT).encode())
    data = load_melodies("full")
    lower = [pitch - 12 for pitch in LONG]
    # Three windows of the long chorale, none of the short one; a rest at the start is left out,
    # a later one holds the note before it.
    expected = [lower[0:32], lower[8:40], lower[16:48], [68, 68, *range(48, 78)]]
    assert data.x_train.tolist() == expected
    # Of the test part, what the training part has not.
    assert data.x_test.tolist() == [[*lower[8:39], 78]]
    load_melodies("full")
    assert len(server.requests) == 1


@pytest.mark.parametrize("content", [b"<html>", json.dumps(CONTENT).encode()[:-5], b"{}"])
def test_wrong_content_is_refused_and_not_kept(serve, content):
    file = serve(content)
    with pytest.raises(ValueError, match="wrong content") as info:
        load_melodies("full")
    for part in (file.path, file.url, "COURSE_DATA=embedded"):
        assert part in str(info.value)
    assert not [p for p in cache_folder().rglob("*") if p.is_file()]


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_interrupted_transfer_leaves_nothing(serve):
    file = serve(json.dumps(CONTENT).encode(), declared=100_000)
    with pytest.raises(FileNotFoundError, match="Cannot download") as info:
        load_melodies("full")
    for part in (file.path, file.url, "COURSE_DATA=embedded"):
        assert part in str(info.value)
    assert not [p for p in cache_folder().rglob("*") if p.is_file()]
    del info
    gc.collect()  # so that an open response is found here, where its warning is expected
