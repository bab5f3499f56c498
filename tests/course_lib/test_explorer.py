"""Data of the interactive figures: what a page's script reads, and has to compute."""

import base64
import json

import numpy as np
import pytest

from course_lib import explorer
from course_lib.data import load_melodies
from course_lib.explorer import latent_grid, melody_events, picture_at, to_json

# How often a wave rises and falls along each latent direction: see `waves`.
A, B = 1.3, -0.7


def waves(z):
    """A smooth decoder: 3 x 2 pixels that are waves over the plane, values in [0, 1]."""
    phase = np.arange(6).reshape(3, 2)
    return 0.5 + 0.5 * np.sin(A * z[:, :1, None] + B * z[:, 1:, None] + phase)


def colored(z):
    return np.stack([waves(z), 1 - waves(z), 0 * waves(z)], axis=-1)


def round_trip(data):
    return json.loads(json.dumps(data))


class TestLatentGrid:
    def test_entries(self):
        data = latent_grid(waves, n=4, limit=1.5)
        assert data["version"] == 1
        assert (data["limit"], data["n"]) == (1.5, 4)
        assert (data["height"], data["width"], data["channels"]) == (3, 2, 1)
        assert (data["codes"], data["labels"], data["label_names"]) == ([], [], [])
        assert round_trip(data) == data

    def test_bytes_are_in_the_documented_order(self):
        n, limit = 4, 1.5
        levels = base64.b64decode(latent_grid(waves, n=n, limit=limit)["pixels"])
        step = 2 * limit / (n - 1)
        for i in range(n):  # from below
            for j in range(n):  # from the left
                z = np.array([[-limit + j * step, -limit + i * step]])
                for y in range(3):
                    for x in range(2):
                        level = levels[((i * n + j) * 3 + y) * 2 + x]
                        # Rounding to a byte is off by half a level at most.
                        assert abs(level - 255 * waves(z)[0, y, x]) <= 0.5 + 1e-9

    def test_color_has_three_bytes_a_pixel(self):
        data = latent_grid(colored, n=3)
        assert data["channels"] == 3
        levels = np.frombuffer(base64.b64decode(data["pixels"]), "u1").reshape(3, 3, 3, 2, 3)
        # Of x and 1 - x, one byte is as far below as the other is above.
        assert np.all(np.abs(levels[..., 0].astype(int) + levels[..., 1] - 255) <= 1)
        assert not levels[..., 2].any()

    def test_decoder_is_called_once_with_all_codes(self):
        calls = []
        latent_grid(lambda z: calls.append(z) or waves(z), n=5)
        assert [z.shape for z in calls] == [(25, 2)]

    def test_values_are_cut_off_at_0_and_1(self):
        data = latent_grid(lambda z: np.tile([[[-3.0, 1.2]]], (len(z), 1, 1)), n=2)
        assert base64.b64decode(data["pixels"]) == bytes([0, 255] * 4)

    def test_codes_with_labels(self):
        data = latent_grid(
            waves,
            n=2,
            codes=np.array([[0.12345, -1.0], [2.0, -0.0001]], "float32"),
            labels=np.array([1, 0], "int64"),
            label_names=("zero", "one"),
        )
        assert data["codes"] == [[0.123, -1.0], [2.0, 0.0]]
        assert "-0.0" not in to_json(data)
        assert data["labels"] == [1, 0]
        assert data["label_names"] == ["zero", "one"]
        assert round_trip(data) == data

    def test_codes_alone(self):
        data = latent_grid(waves, n=2, codes=[[1.0, 2.0]])
        assert (data["codes"], data["labels"]) == ([[1.0, 2.0]], [])

    def test_the_books_digits_fit(self):
        data = latent_grid(lambda z: np.ones((len(z), 28, 28)))  # those of the full edition
        assert len(to_json(data)) < explorer.MAX_BYTES

    def test_size_limit_counts_the_text_of_the_page(self, monkeypatch):
        n_bytes = len(to_json(latent_grid(waves, n=3)))
        monkeypatch.setattr(explorer, "MAX_BYTES", n_bytes)
        latent_grid(waves, n=3)
        monkeypatch.setattr(explorer, "MAX_BYTES", n_bytes - 1)
        with pytest.raises(ValueError, match=rf"smaller n.*Received: {n_bytes} bytes with n=3"):
            latent_grid(waves, n=3)

    def test_too_large(self):
        with pytest.raises(ValueError, match=r"500,000 bytes.*Received: 5\d\d,\d\d\d bytes"):
            latent_grid(lambda z: np.zeros((len(z), 24, 24, 3)), n=15)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"n": 1},
            {"n": 2.5},
            {"n": True},
            {"limit": 0},
            {"limit": float("nan")},
            {"limit": float("inf")},
            {"decode": lambda z: np.zeros((len(z), 9))},
            {"decode": lambda z: np.zeros((1, 3, 3))},
            {"decode": lambda z: np.zeros((len(z), 0, 3))},
            {"decode": lambda z: np.zeros((len(z), 3, 3, 1))},
            {"decode": lambda z: np.full((len(z), 3, 3), np.nan)},
            {"codes": [1.0, 2.0]},
            {"codes": [[1.0, 2.0, 3.0]]},
            {"codes": np.zeros((0, 2))},
            {"codes": [[1.0, np.nan]]},
            {"codes": [[1.0, 2.0]], "labels": [0, 1]},
            {"codes": [[1.0, 2.0]], "labels": [-1]},
            {"codes": [[1.0, 2.0]], "labels": [0.5]},
            {"codes": [[1.0, 2.0]], "labels": [1], "label_names": ["zero"]},
            {"codes": [[1.0, 2.0]], "label_names": ["zero"]},
            {"labels": [0]},
            {"label_names": ["zero"]},
        ],
        ids=", ".join,  # a function has another name in every process
    )
    def test_bad_input(self, arguments):
        with pytest.raises(ValueError, match=r"Received: "):
            latent_grid(**{"decode": waves, "n": 3, **arguments})


class TestPictureAt:
    @pytest.mark.parametrize("decode", [waves, colored])
    @pytest.mark.parametrize("n", [2, 3, 15])
    def test_at_grid_points_it_is_the_grid_picture(self, decode, n):
        data = round_trip(latent_grid(decode, n=n, limit=2.5))
        for z1 in np.linspace(-2.5, 2.5, n):
            for z2 in np.linspace(-2.5, 2.5, n):
                decoded = decode(np.array([[z1, z2]]))[0]
                levels = np.rint(255 * decoded) / 255
                # The place in the grid is computed in double precision.
                np.testing.assert_allclose(picture_at(data, [z1, z2]), levels, atol=1e-12)

    @pytest.mark.parametrize("n", [5, 9, 15])
    def test_error_between_grid_points(self, n):
        # Bilinear interpolation is linear interpolation P_1 along z_1 of P_2 along z_2. In
        # one dimension |f - P f| <= step^2 / 8 * max |f''|, and P_1 enlarges no maximum:
        #   |f - P_1 P_2 f| <= |f - P_1 f| + |P_1 (f - P_2 f)| <= step^2 / 8 * (m_1 + m_2),
        # where the waves' second derivatives are at most m_1 = A^2 / 2 and m_2 = B^2 / 2.
        # The weights add up to 1, so that bytes add half a level at most.
        limit = 2.5
        step = 2 * limit / (n - 1)
        bound = step**2 / 8 * (A**2 + B**2) / 2 + 0.5 / 255
        data = latent_grid(waves, n=n, limit=limit)
        z = np.random.default_rng(0).uniform(-limit, limit, (400, 2))
        errors = np.array([np.abs(picture_at(data, code) - waves(code[None])[0]) for code in z])
        assert errors.max() <= bound
        # The bound is not idle: at worst the error comes near it.
        assert errors.max() >= 0.5 * bound

    def test_weights_are_the_areas_opposite(self):
        # Four pictures of one pixel each, of which one is 1.
        for corner, z in [(0, (-1, -1)), (1, (1, -1)), (2, (-1, 1)), (3, (1, 1))]:
            decode = lambda codes, k=corner: np.eye(4)[k][:, None, None]  # noqa: E731
            data = latent_grid(decode, n=2, limit=1.0)
            assert picture_at(data, z) == 1
            # A quarter of the way off in each direction: 3/4 * 3/4.
            np.testing.assert_allclose(picture_at(data, np.multiply(z, 0.5)), 9 / 16)

    def test_outside_of_the_grid_its_edge_counts(self):
        data = latent_grid(waves, n=4, limit=2.0)
        np.testing.assert_array_equal(picture_at(data, [9, 0.3]), picture_at(data, [2, 0.3]))
        np.testing.assert_array_equal(picture_at(data, [-9, -9]), picture_at(data, [-2, -2]))

    def test_other_versions_and_broken_data(self):
        data = latent_grid(waves, n=2)
        with pytest.raises(ValueError, match=r"version 1\. Received: 2"):
            picture_at({**data, "version": 2}, [0, 0])
        with pytest.raises(ValueError, match=r"48 bytes .* Received: 24 bytes"):
            picture_at({**data, "height": 6}, [0, 0])

    @pytest.mark.parametrize("z", [[1.0], [[0.0, 0.0]], [0.0, np.nan], 1.0])
    def test_bad_codes(self, z):
        with pytest.raises(ValueError, match=r"Received: "):
            picture_at(latent_grid(waves, n=2), z)


class TestMelodyEvents:
    def test_frequencies_are_equally_tempered(self):
        # An octave doubles; middle C and the piano's ends are as tables have them, to 1 mHz.
        table = {69: 440.0, 81: 880.0, 57: 220.0, 60: 261.626, 21: 27.5, 108: 4186.009}
        for pitch, hertz in table.items():
            [event] = melody_events([pitch])
            assert event["frequency"] == pytest.approx(hertz, abs=5e-4)
            assert event["midi"] == pitch
        steps = [event["frequency"] for event in melody_events(range(60, 73), merge=False)]
        np.testing.assert_allclose(np.divide(steps[1:], steps[:-1]), 2 ** (1 / 12))

    def test_repeated_pitches_are_held(self):
        events = melody_events([60, 60, 62, 0, 62, 62, 62], quarter_seconds=0.25)
        times = [(event["start"], event["duration"], event["midi"]) for event in events]
        # The rest parts what would be one note.
        assert times == [(0, 0.5, 60), (0.5, 0.25, 62), (1.0, 0.75, 62)]

    def test_repeated_pitches_are_struck_anew(self):
        events = melody_events([60, 60, 0, 60], quarter_seconds=0.25, merge=False)
        assert [event["start"] for event in events] == [0, 0.25, 0.75]
        assert {event["duration"] for event in events} == {0.25}

    @pytest.mark.parametrize("merge", [True, False])
    def test_course_melodies_without_rests_are_covered_end_to_end(self, merge):
        for melody in load_melodies("embedded").x_train[:20]:
            events = melody_events(melody, quarter_seconds=0.5, merge=merge)
            ends = [event["start"] + event["duration"] for event in events]
            assert [event["start"] for event in events] == [0.0, *ends[:-1]]
            assert ends[-1] == 0.5 * len(melody)
            # What is played, quarter by quarter, is the melody.
            played = [e["midi"] for e in events for _ in range(int(e["duration"] / 0.5))]
            assert played == melody.tolist()

    def test_merges_as_the_piano_roll_does(self):
        from course_lib import plotting

        melody = load_melodies("embedded").x_train[0].copy()
        melody[10:13] = 0
        notes = plotting.piano_roll({"a": melody}).axes[0].patches
        drawn = [(note.get_x(), note.get_width()) for note in notes]
        events = melody_events(melody, quarter_seconds=1.0)
        assert drawn == [(event["start"], event["duration"]) for event in events]

    def test_only_rests(self):
        assert melody_events([0, 0]) == []

    def test_plain_types(self):
        events = melody_events(np.array([60, 62], "int64"), np.float32(0.5))
        assert json.loads(to_json(events)) == events

    @pytest.mark.parametrize(
        "pitches", [[], [[60]], 60, [128], [-1], [60.5], [np.nan], ["C4"], [None]], ids=str
    )
    def test_bad_pitches(self, pitches):
        with pytest.raises(ValueError, match=r"Received: "):
            melody_events(pitches)

    @pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
    def test_bad_tempo(self, seconds):
        with pytest.raises(ValueError, match=r"Received: quarter_seconds="):
            melody_events([60], seconds)


class TestToJson:
    def test_reads_back_and_cannot_end_a_script(self):
        data = latent_grid(waves, n=2, codes=[[0, 0]], labels=[0], label_names=["</script><b>ü"])
        text = to_json(data)
        assert json.loads(text) == data
        assert "<" not in text
        assert text.isascii()

    def test_no_spaces(self):
        assert to_json([{"a": 1, "b": [2, 3]}]) == '[{"a":1,"b":[2,3]}]'

    def test_numbers_that_json_lacks(self):
        with pytest.raises(ValueError, match="JSON"):
            to_json({"a": float("nan")})
