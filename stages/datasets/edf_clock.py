"""EDF+ and BDF+ files with gaps: every data record says when it began, and MNE reads the records as if they were one.

EDF+, https://www.edfplus.info/specs/edfplus.html, 2.2.4: the first annotation of each record is empty and holds the
record's onset. MNE takes the times of annotations from there and their samples from the number of records before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError

ENDINGS = (".edf", ".bdf")
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_ONSET = re.compile(rb"\x00*([+-]\d+(?:\.(\d*))?)(?:\x15[^\x14]*)?\x14")


@dataclass(frozen=True)
class Clock:
    """When each data record began.

    Attributes
    ----------
    onsets
        Of the records, s from the first one's, float64 `(record,)`.
    record_s
        Length of a record, s.
    gaps
        Records before which time is missing, in order.
    """

    onsets: NDArray[np.float64]
    record_s: float
    gaps: tuple[int, ...]

    def pauses(self) -> list[tuple[float, float]]:
        """Return where each gap lies in the file and how long it is, s."""
        return [(k * self.record_s, float(self.onsets[k] - self.onsets[k - 1]) - self.record_s) for k in self.gaps]

    def in_file(self, time_s: float) -> tuple[float, bool]:
        """Return where in the file a time lies, s, and whether it was recorded; in a gap: where the gap is."""
        # what is written for a record's own onset may miss it by a rounding
        record = max(int(np.searchsorted(self.onsets, time_s + 1e-6, side="right")) - 1, 0)
        inside = float(time_s - self.onsets[record])
        recorded = record + 1 not in self.gaps or inside <= self.record_s
        return record * self.record_s + (inside if recorded else self.record_s), recorded


def read_clock(path: Path) -> Clock | None:
    """Return when the records of an EDF+ or BDF+ file began; None if there is no gap between them.

    Raises
    ------
    BadDataError
        If records overlap or go back in time.
    """
    found = _onsets(path)
    if found is None:
        return None
    onsets, record_s, fastest, digits = found
    steps = np.diff(onsets)
    # to so many digits are onsets written, where a record's length needs more
    unwritten = 0.0 if abs(record_s * 10**digits - round(record_s * 10**digits)) < 1e-9 else 10.0**-digits
    tolerance = 0.5 * record_s / fastest + unwritten
    back = np.flatnonzero(steps < record_s - tolerance)
    if back.size:
        k = int(back[0])
        raise BadDataError(
            f"{path}: data record {k + 2} begins {onsets[k + 1]:g} s after the first one, but the one before it ends "
            f"at {onsets[k] + record_s:g} s; expected records in order of time.",
            "Write the recording again, as EDF+C or FIF.",
        )
    gaps = tuple(int(k) + 1 for k in np.flatnonzero(steps > record_s + tolerance))
    return Clock(onsets, record_s, gaps) if gaps else None


def _onsets(path: Path) -> tuple[NDArray[np.float64], float, int, int] | None:
    """Return onsets, the length of a record, its samples in the fastest channel, and the digits of the onsets."""
    with path.open("rb") as file:
        head = file.read(256)
        try:
            size, records, record_s, n = (
                int(head[184:192]),
                int(head[236:244]),
                float(head[244:252]),
                int(head[252:256]),
            )
        except ValueError:
            return None  # MNE has more to say on it
        fields = file.read(256 * n)
    labels = [fields[16 * k : 16 * k + 16].decode("latin-1").strip() for k in range(n)]
    told = [k for k, label in enumerate(labels) if label in _ANNOTATIONS]
    width = 3 if path.suffix.casefold() == ".bdf" else 2
    try:
        samples = [int(fields[216 * n + 8 * k : 216 * n + 8 * k + 8]) for k in range(n)]
    except ValueError:
        return None
    length = width * sum(samples)
    fastest = max((count for k, count in enumerate(samples) if k not in told), default=0)
    records = min(records if records > 0 else 1 << 62, (path.stat().st_size - size) // length) if length else 0
    if not told or record_s <= 0 or not fastest or records < 2:
        return None
    at, room = width * sum(samples[: told[0]]), width * samples[told[0]]
    stored = np.memmap(path, np.uint8, "r", offset=size, shape=(records, length))[:, at : at + room]
    onsets, digits = np.empty(records), 0
    for k in range(records):
        match = _ONSET.match(stored[k].tobytes())
        if match is None:
            return None  # no record says so: EDF+C as some write it
        onsets[k] = float(match[1])
        digits = max(digits, len(match[2] or b""))
    return onsets - onsets[0], record_s, fastest, digits


def set_to_file(path: Path, raw: Any, clock: Clock) -> list[str]:
    """Give a recording its annotations anew, moved from the time of day to where their samples are in the file.

    Returns
    -------
    What was marked during a gap, of which there is no sample: left out.
    """
    import mne

    # those that raw has lack what lies beyond the file's length without its gaps
    notes = mne.read_annotations(path)
    starts = [clock.in_file(float(onset)) for onset in notes.onset]
    ends = [clock.in_file(float(onset + length))[0] for onset, length in zip(notes.onset, notes.duration, strict=True)]
    there = [recorded for _, recorded in starts]
    lengths = [max(end - start, 0.0) for (start, _), end in zip(starts, ends, strict=True)]
    moved = mne.Annotations([start for start, _ in starts], lengths, notes.description, None, notes.ch_names)
    raw.set_annotations(moved[np.array(there, dtype=bool)] if len(moved) else moved, verbose="error")
    return [str(text) for text, recorded in zip(notes.description, there, strict=True) if not recorded]
