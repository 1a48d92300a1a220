"""Where epochs lie: which samples of which recording, for clips, for the hint before a run, for training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.entities import Event, Recording
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.rates import rate_after
from eeg2vid.schemas.words import counted
from eeg2vid.stages.signal.lengths import UsualLength, usual_length

Span = Literal["clip", "hint"]


@dataclass(frozen=True)
class Stretch:
    """Some samples of a longer `(electrode, sample)` signal, read when sliced."""

    signal: Any
    start: int
    length: int

    @property
    def shape(self) -> tuple[int, int]:
        """Electrodes and samples."""
        return int(self.signal.shape[0]), self.length

    def __getitem__(self, key: tuple[slice, slice]) -> NDArray[np.floating]:
        rows, samples = key
        first, last, _ = samples.indices(self.length)
        found: NDArray[np.floating] = self.signal[rows, self.start + first : self.start + last]
        return found


@dataclass(frozen=True)
class Spans:
    """The epochs of all events.

    Attributes
    ----------
    first
        First sample of each epoch, from the start of its recording, int64 ``(event,)``.
    length
        Samples of every epoch.
    inside
        Whether the epoch lies wholly in its recording, bool ``(event,)``.
    brief
        Whether the event ends before its epoch, as few do, bool ``(event,)``.
    said
        A sentence, where the lengths of events differ; else empty.
    """

    first: NDArray[np.int64]
    length: int
    inside: NDArray[np.bool_]
    brief: NDArray[np.bool_]
    said: str = ""


def place_spans(
    events: Sequence[Event],
    recordings: Sequence[Recording],
    sfreq: float,
    *,
    span: Span = "clip",
    tmin_s: float = 0.0,
    tmax_s: float | None = None,
    resample: float | None = None,
) -> Spans:
    """Return where each event's epoch lies.

    Parameters
    ----------
    events, recordings
        Rows of one subject.
    sfreq
        Rate at which onsets and lengths are counted, Hz.
    span
        'clip': times count from the clip's onset; 'hint': from the onset of the hint before the event's run.
    tmin_s, tmax_s
        From where to where, s; no `tmax_s`: to the end of the shortest clip, or hint, but for a few that are shorter
        than is usual (`usual_length`).
    resample
        Rate of the signal to be cut, Hz, if another.

    Raises
    ------
    UsageError
        If the epoch ends before it begins, or a hint is asked for and the events know none.
    """
    rate = rate_after(sfreq, resample)
    onsets = np.array([event.onset_sample for event in events], dtype=np.float64)
    lasts = [event.duration_s for event in events]
    if span == "hint":
        onsets, lasts = _hints(events, onsets, sfreq)
    usual = usual_length(lasts, "hint" if span == "hint" else "event")
    if tmax_s is not None:
        usual = UsualLength(tmax_s, np.zeros(len(events), dtype=bool), "")
    end = usual.seconds
    length = round((end - tmin_s) * rate)
    if length < 1:
        raise UsageError(
            f"The epoch from {tmin_s:g} s to {end:g} s after the {span}'s onset holds no sample.",
            "`tmin_s` and `tmax_s` both count from the onset: choose a later `tmax_s`.",
        )
    first = np.rint(onsets * (rate / sfreq)).astype(np.int64) + round(tmin_s * rate)
    lengths = {row.recording: round(row.length * rate / sfreq) for row in recordings}
    last = np.array([lengths[event.recording] for event in events])
    return Spans(first, length, (first >= 0) & (first + length <= last), usual.brief, usual.said)


def refuse_outside(spans: Spans, events: Sequence[Event], recordings: Sequence[Recording]) -> None:
    """Refuse epochs that reach beyond their recording; those of brief events may.

    Raises
    ------
    BadDataError
        Naming the first of them.
    """
    outside = np.flatnonzero(~spans.inside & ~spans.brief)
    if outside.size:
        event = events[outside[0]]
        length = next(row.length for row in recordings if row.recording == event.recording)
        first = int(spans.first[outside[0]])
        raise BadDataError(
            f"The epoch of event '{event.event}' takes samples {first} to {first + spans.length} of recording"
            f" '{event.recording}', which has {length} ({outside.size} such events).",
            "Choose another `tmin_s` or `tmax_s`, or let such events go: `outside` leave-out",
        )


def _hints(
    events: Sequence[Event], onsets: NDArray[np.float64], sfreq: float
) -> tuple[NDArray[np.float64], list[float]]:
    """Return the onset (samples) and the length (s) of the hint before each event's run."""
    unknown = [event for event in events if event.hint_s is None]
    if unknown:
        raise UsageError(
            f"Event '{unknown[0].event}' knows of no hint before its run ({len(unknown)} of "
            f"{counted(len(events), 'event')}).",
            "A hint is the column 'hint' of events.tsv: its length in s, ending as the run begins.",
        )
    runs = [f"{event.session}/{event.run}" for event in events]
    begins: dict[str, float] = {}
    for run, onset in zip(runs, onsets, strict=True):
        begins[run] = min(onset, begins.get(run, onset))
    lengths = [event.hint_s or 0.0 for event in events]
    return np.array([begins[run] - hint * sfreq for run, hint in zip(runs, lengths, strict=True)]), lengths


def samples_of(events: Sequence[Event], recording: Recording, sfreq: float) -> NDArray[np.bool_]:
    """Return which samples of a recording lie in any of some events, bool ``(sample,)``."""
    mask = np.zeros(recording.length, dtype=bool)
    for event in events:
        if event.recording == recording.recording:
            mask[event.onset_sample : event.onset_sample + round(event.duration_s * sfreq)] = True
    return mask
