"""Melodies: pitch over time."""

import numpy as np

from course_lib.plotting._tools import check_array, check_count, check_mapping, styled, subplots
from course_lib.plotting.style import COLORS, INK

_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
#: Semitones above C that have a name on the axis: a chord, so that names keep a distance.
_NAMED = (0, 4, 7)


def note_name(pitch):
    """Return the name of a MIDI pitch, in scientific notation: middle C is C4.

    Args:
        pitch: An integer from 1 to 127.

    Returns:
        A `str`.

    Raises:
        ValueError: If the pitch is not such an integer.

    Example:
        >>> note_name(60), note_name(69), note_name(70)
        ('C4', 'A4', 'A♯4')
    """
    if check_count("pitch", pitch) > 127:
        raise ValueError(f"A MIDI pitch is at most 127. Received: pitch={pitch}")
    octave, step = divmod(int(pitch), 12)
    return f"{_NAMES[step]}{octave - 1}"


@styled
def piano_roll(rows, bar_length=4):
    """Draw melodies as bars, pitch upward and time to the right, one above the other.

    Args:
        rows: Maps a label to MIDI pitches, one a quarter note, shape `(n_quarters,)`; 0 is
            a rest. A pitch that is repeated is drawn as one long note.
        bar_length: Quarter notes in a bar; thin lines stand between bars.

    Returns:
        A `matplotlib.figure.Figure`. The rows share both axes.

    Raises:
        ValueError: If there is no row, a pitch is not an integer from 0 to 127, all are
            rests, or `bar_length` is not a whole number above 0.

    Example:
        >>> figure = piano_roll({"theme": [60, 60, 67, 0]})
        >>> [(int(note.get_x()), int(note.get_width())) for note in figure.axes[0].patches]
        [(0, 2), (2, 1)]
    """
    check_count("bar_length", bar_length)
    rows = {
        label: check_array(label, pitches, ("n_quarters",))
        for label, pitches in check_mapping("rows", rows).items()
    }
    sounding = np.concatenate(list(rows.values()))
    if np.any((sounding < 0) | (sounding > 127) | (sounding % 1 != 0)) or not sounding.any():
        raise ValueError(
            "Pitches must be integers from 1 to 127, or 0 for a rest, and not all rests. "
            f"Received: pitches from {sounding.min()} to {sounding.max()}"
        )
    sounding = sounding[sounding > 0]
    low, high = int(sounding.min()) - 1, int(sounding.max()) + 1
    end = max(map(len, rows.values()))
    row_height = 0.35 + max(0.7, 0.055 * (high - low))
    figure, axes = subplots(
        height=0.45 + row_height * len(rows), rows=len(rows), sharex=True, sharey=True
    )
    for (label, pitches), ax in zip(rows.items(), axes[:, 0], strict=True):
        for start, length, pitch in notes(pitches):
            ax.barh(pitch, length, left=start, height=0.9, fc=COLORS[0], ec=INK, lw=0.5, zorder=2)
        for line in range(0, end + 1, bar_length):
            ax.axvline(line, color=INK, lw=0.5, alpha=0.4, zorder=1)
        ax.set_title(label, loc="left", fontsize=10, pad=3)
    named = [p for p in range(low, high + 1) if p % 12 in _NAMED]
    if len(named) < 2:
        named = sorted({low + 1, high - 1})
    ax.set_yticks(named, [note_name(pitch) for pitch in named], fontsize=9)
    step = bar_length * -(-end // (8 * bar_length))
    ax.set(xlabel="quarter notes", xticks=range(0, end + 1, step), xlim=(0, end))
    ax.set_ylim(low - 0.5, high + 0.5)
    return figure


def notes(pitches):
    """Yield `(start, length, pitch)` of each note: a repeated pitch is one, a rest is none.

    Args:
        pitches: MIDI pitches, one for each step; 0 is a rest.

    Yields:
        Triples of integers, start and length in steps.

    Example:
        >>> list(notes([60, 60, 0, 60]))
        [(0, 2, 60), (3, 1, 60)]
    """
    start = 0
    for i in range(1, len(pitches) + 1):
        if i == len(pitches) or pitches[i] != pitches[start]:
            if pitches[start] > 0:
                yield start, i - start, int(pitches[start])
            start = i
