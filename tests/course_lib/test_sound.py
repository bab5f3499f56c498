"""Melodies as sound: frequencies, lengths, soft edges, WAV files, and players."""

import base64
import io
import wave

import numpy as np
import pytest
from bs4 import BeautifulSoup

from course_lib.data import load_melodies
from course_lib.sound import FADE_SECONDS, LOUDNESS, melody_samples, melody_wav, player


def read(wav):
    """Return the parameters and the samples of a WAV file."""
    with wave.open(io.BytesIO(wav)) as reader:
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
        return reader.getparams(), samples


def loudest(samples, sample_rate):
    """Return the frequency with the highest peak in the spectrum, and the spacing of its grid."""
    window = np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(samples * window))
    return spectrum.argmax() * sample_rate / len(samples), sample_rate / len(samples)


@pytest.mark.equation("eq-seq-pitch")
@pytest.mark.parametrize("sample_rate", [8000, 11_025])
def test_each_note_has_the_frequency_of_its_pitch(sample_rate):
    pitches, quarter = [57, 60, 64, 69, 72, 84], 0.5
    _, samples = read(melody_wav(pitches, quarter, sample_rate))
    bounds = np.rint(np.arange(len(pitches) + 1) * quarter * sample_rate).astype(int)
    for pitch, start, stop in zip(pitches, bounds, bounds[1:], strict=False):
        found, step = loudest(samples[start:stop].astype("float64"), sample_rate)
        # The highest point of the grid is the one nearest to the tone, or the next one: noise
        # of rounding to 16 bits is far below. Semitones are at least six steps apart.
        assert abs(found - 440 * 2 ** ((pitch - 69) / 12)) <= step
    a, octave = (loudest(melody_samples([p], 1.0, sample_rate), sample_rate)[0] for p in (57, 69))
    assert octave == pytest.approx(2 * a, abs=2)


@pytest.mark.parametrize(("quarter", "rate"), [(0.25, 8000), (0.3, 11_025), (0.17, 44_100)])
def test_length_and_format(quarter, rate):
    parameters, samples = read(melody_wav([60, 62, 0, 64, 64], quarter, rate))
    assert (parameters.nchannels, parameters.sampwidth, parameters.framerate) == (1, 2, rate)
    assert len(samples) == parameters.nframes == round(5 * quarter * rate)


def test_samples_of_the_file_are_those_of_the_melody():
    samples = melody_samples([60, 0, 67])
    # Rounding to one of 32767 levels is off by half a level at most.
    assert np.max(np.abs(read(melody_wav([60, 0, 67]))[1] / 32767 - samples)) <= 0.5 / 32767 + 1e-12


def test_a_rest_is_silent_and_a_held_note_is_not():
    samples = melody_samples([60, 0, 67, 67], 0.25, 8000).reshape(4, 2000)
    assert not samples[1].any()
    assert np.abs(samples[[0, 2, 3]]).max(axis=1).min() > 0.1
    # Where the held note passes from one quarter to the next, it does not fade.
    around = samples[2:].reshape(-1)[1900:2100]
    assert np.abs(around).max() > 0.1
    struck = melody_samples([67, 65], 0.25, 8000)[1998:2002]
    assert np.abs(struck).max() < 0.001


def test_notes_set_in_and_end_without_a_jump():
    rate = 8000
    samples = melody_samples([84, 57, 0, 84], 0.25, rate)
    assert samples[0] == 0
    # A tone with amplitudes a_k of the partials moves by at most sum a_k 2 pi k f / rate from
    # one sample to the next, and the fade adds pi / (2 * fade) / rate. An edge would be larger.
    steepest = 2 * np.pi * 1046.51 * (1.0 + 0.4 * 2 + 0.2 * 3) / 1.6 + np.pi / (2 * FADE_SECONDS)
    assert np.abs(np.diff(samples)).max() <= LOUDNESS * steepest / rate
    for start in (0, 2000, 6000):
        edges = np.r_[samples[start : start + 4], samples[start + 1996 : start + 2000]]
        assert np.abs(edges).max() < 0.001 * LOUDNESS


def test_nothing_is_cut_off():
    for pitches in load_melodies("embedded").x_train[:20]:
        assert 0.2 < np.abs(melody_samples(pitches)).max() <= LOUDNESS


def test_partials_above_half_the_sampling_rate_are_left_out():
    # Pitch 96 is 2093 Hz. At 8000 Hz its octave, 4186 Hz, would be heard at 3814 Hz.
    samples = melody_samples([96], 1.0, 8000)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(8000)))  # one value a hertz
    assert spectrum[3700:3900].max() < 1e-3 * spectrum.max()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([60, 61], 0.04), "quarter_seconds=0.04"),
        (([60], float("nan")), "quarter_seconds=nan"),
        (([60], 0.25, 3999), "sample_rate=3999"),
        (([60], 0.25, 8000.0), "sample_rate=8000.0"),
        (([108], 0.25, 8000), "pitch 108 with sample_rate=8000"),
        (([60.5],), r"values \[60\.5\]"),
        (([],), r"shape \(0,\)"),
    ],
)
def test_bad_melodies(arguments, message):
    for function in (melody_samples, melody_wav):
        with pytest.raises(ValueError, match=f"Received: .*{message}"):
            function(*arguments)


def test_player_holds_the_sound_and_its_name():
    wav, label = melody_wav([60, 62]), 'A<b> "and" B & C'
    soup = BeautifulSoup(player(label, wav), "html.parser")
    (audio,) = soup.find_all("audio")
    assert audio["aria-label"] == label
    assert soup.get_text().strip() == label
    assert audio.has_attr("controls")
    kind, data = audio["src"].split(",")
    assert kind == "data:audio/wav;base64"
    assert base64.b64decode(data) == wav
    assert soup.find("b") is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((" ", b"RIFF"), "label=' '"),
        (("a", b"ID3"), "bytes that starts with b'ID3'"),
        (("a", "RIFF"), "str that starts with 'RIFF'"),
    ],
)
def test_bad_players(arguments, message):
    with pytest.raises(ValueError, match=f"Received: {message}"):
        player(*arguments)
