"""Melodies to listen to: notes as samples, as a WAV file, and as a player in a page.

A page has no Python and no network. What it plays is computed here and stands in the page
itself, so that a browser needs nothing but its own audio controls.
"""

import base64
import html
import io
import math
import wave

import numpy as np

from course_lib.explorer import melody_events

#: Amplitudes of a note's partials; the first one is the fundamental, and the loudest.
PARTIALS = (1.0, 0.4, 0.2)

#: Seconds over which a note sets in and ends softly, since an edge would click.
FADE_SECONDS = 0.02

#: Seconds in which a note that is held becomes quieter by a factor of e.
DECAY_SECONDS = 0.7

#: Largest amplitude, as a share of what a 16-bit sample can hold.
LOUDNESS = 0.6


def melody_samples(pitches, quarter_seconds=0.25, sample_rate=8000):
    """Return a melody as samples of its sound.

    Each note is a fundamental of frequency `440 * 2 ** ((pitch - 69) / 12)` hertz and its
    octave and twelfth where these lie below half the sampling rate. A pitch that follows
    itself is one long note, as in `plotting.piano_roll`.

    Args:
        pitches: MIDI pitches, integers from 1 to 127, one a quarter note, shape
            `(n_quarters,)`; 0 is a rest.
        quarter_seconds: Length of a quarter note in seconds, at least 0.05.
        sample_rate: Samples a second, a whole number of at least 4000.

    Returns:
        An array of shape `(n_samples,)`, values in [-1, 1].

    Raises:
        ValueError: If `pitches` are no such pitches, a note's frequency is not below half
            the sampling rate, or a number is out of range.

    Example:
        >>> melody_samples([69, 69, 0, 57], quarter_seconds=0.5).shape
        (16000,)
    """
    if not 0.05 <= quarter_seconds < math.inf:
        raise ValueError(
            "quarter_seconds must be a finite number of at least 0.05. "
            f"Received: quarter_seconds={quarter_seconds}"
        )
    if not isinstance(sample_rate, (int, np.integer)) or sample_rate < 4000:
        raise ValueError(
            "sample_rate must be a whole number of at least 4000. "
            f"Received: sample_rate={sample_rate!r}"
        )
    notes = melody_events(pitches, quarter_seconds)
    samples = np.zeros(round(len(pitches) * quarter_seconds * sample_rate))
    for note in notes:
        if note["frequency"] >= sample_rate / 2:
            raise ValueError(
                "A note's frequency must be below half the sampling rate. "
                f"Received: pitch {note['midi']} with sample_rate={sample_rate}"
            )
        start = round(note["start"] * sample_rate)
        stop = round((note["start"] + note["duration"]) * sample_rate)
        samples[start:stop] = _tone(note["frequency"], stop - start, sample_rate)
    return samples


def melody_wav(pitches, quarter_seconds=0.25, sample_rate=8000):
    """Return a melody as a WAV file: one channel, 16 bits a sample.

    Args:
        pitches: As for `melody_samples`.
        quarter_seconds: As for `melody_samples`.
        sample_rate: As for `melody_samples`.

    Returns:
        The content of the file, `bytes`.

    Raises:
        ValueError: As for `melody_samples`.

    Example:
        >>> wav = melody_wav([60, 62, 64, 60])
        >>> wav[:4], len(wav)  # a header of 44 bytes, and 1 s of 8000 samples
        (b'RIFF', 16044)
    """
    samples = melody_samples(pitches, quarter_seconds, sample_rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(int(sample_rate))
        writer.writeframes(np.rint(32767 * samples).astype("<i2").tobytes())
    return file.getvalue()


def player(label, wav):
    """Return the HTML of a sound with a label, and the browser's own controls to play it.

    The sound is part of the HTML, so that it plays in a page without network or script.
    The label is also the name that a screen reader says.

    Args:
        label: What is played, any text.
        wav: The content of a WAV file, `bytes`.

    Returns:
        A `str` of HTML.

    Raises:
        ValueError: If the label is blank, or `wav` is not the content of a WAV file.

    Example:
        >>> print(player("A < B", melody_wav([60]))[:75])
        <div style="margin: 0.5em 0">A &lt; B<br><audio controls preload="metadata"
    """
    if not str(label).strip():
        raise ValueError(f"A player needs a label. Received: label={label!r}")
    if not isinstance(wav, bytes) or wav[:4] != b"RIFF":
        raise ValueError(
            "wav must be the content of a WAV file, as melody_wav returns it. "
            f"Received: {type(wav).__name__} that starts with {wav[:4]!r}"
        )
    name = html.escape(str(label))
    data = base64.b64encode(wav).decode("ascii")
    return (
        f'<div style="margin: 0.5em 0">{name}<br>'
        f'<audio controls preload="metadata" aria-label="{name}" style="max-width: 100%" '
        f'src="data:audio/wav;base64,{data}"></audio></div>'
    )


def _tone(frequency, n_samples, sample_rate):
    """Return one note, shape `(n_samples,)`, values in [-LOUDNESS, LOUDNESS]."""
    seconds = np.arange(n_samples) / sample_rate
    tone = np.zeros(n_samples)
    for k, amplitude in enumerate(PARTIALS, start=1):
        if k * frequency < sample_rate / 2:  # a higher one would sound as another, lower one
            tone += amplitude * np.sin(2 * np.pi * k * frequency * seconds)
    # The distance from the nearer end of the note, in seconds.
    inside = np.minimum(seconds, seconds[::-1])
    fade = np.sin(np.pi / 2 * np.minimum(inside / FADE_SECONDS, 1)) ** 2
    return LOUDNESS / sum(PARTIALS) * tone * fade * np.exp(-seconds / DECAY_SECONDS)
