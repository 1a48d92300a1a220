"""Recordings with cuts and bad spans: stretches between cuts, what epochs touch, cleaning that stops at cuts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.cleaning import CleaningSettings
from eeg2vid.schemas.entities import Electrode, MarkedSpan, Recording
from eeg2vid.stages.signal.cleaning import Fitted, clean
from eeg2vid.stages.signal.cleaning_checks import is_too_short
from eeg2vid.stages.signal.stretches import Spans

Floats = NDArray[np.float64]
Bounds = tuple[int, int]  # first sample, and the one after the last


@dataclass(frozen=True)
class Interruptions:
    """What is marked in one recording, as bounds in samples from its start.

    Attributes
    ----------
    length
        Samples of the recording.
    cuts
        Where samples do not follow each other; as long as what stands in for what was not recorded, often nothing.
    bad
        Spans marked as bad.
    """

    length: int
    cuts: tuple[Bounds, ...] = ()
    bad: tuple[Bounds, ...] = ()

    @classmethod
    def of(cls, recording: Recording, spans: Iterable[MarkedSpan]) -> Interruptions:
        """Return those of one recording."""
        here = [row for row in spans if row.recording == recording.recording]
        cuts, bad = (
            tuple(sorted((row.start, row.start + row.length) for row in here if row.kind == kind))
            for kind in ("cut", "bad")
        )
        return cls(recording.length, cuts, bad)

    @property
    def pieces(self) -> list[Bounds]:
        """Return the unbroken stretches between cuts, in order."""
        found, start = [], 0
        for first, stop in (*self.cuts, (self.length, self.length)):
            if first > start:
                found.append((start, first))
            start = max(start, stop)
        return found

    def usable(self) -> NDArray[np.bool_]:
        """Return which samples are neither marked as bad nor stand in for what was not recorded, `(sample,)`."""
        mask = np.ones(self.length, dtype=bool)
        for first, stop in (*self.bad, *self.cuts):
            mask[first:stop] = False
        return mask

    def at_rate(self, ratio: float) -> Interruptions:
        """Return the same at another sampling rate, `ratio` times this one."""
        if ratio == 1:
            return self
        cuts = tuple((round(first * ratio), round(stop * ratio)) for first, stop in self.cuts)
        bad = tuple((int(np.floor(first * ratio)), int(np.ceil(stop * ratio))) for first, stop in self.bad)
        return Interruptions(round(self.length * ratio), cuts, bad)

    def piece_of(self, first: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return behind how many cuts each epoch begins, `(epoch,)`."""
        starts = np.array([start for start, _ in self.cuts], dtype=np.int64)
        return np.searchsorted(starts, first, side="right").astype(np.int64)


def touching(first: NDArray[np.int64], length: int, spans: Sequence[Bounds]) -> NDArray[np.bool_]:
    """Return which epochs `(epoch,)` of a length hold a sample of a span, or go on over one that holds none."""
    found = np.zeros(len(first), dtype=bool)
    for start, stop in spans:
        found |= (first < stop) & (first + length > start)
    return found


@dataclass(frozen=True)
class Marks:
    """What each epoch touches, `(event,)`.

    Attributes
    ----------
    bad
        A span marked as bad.
    cut
        A cut: its samples do not follow each other.
    absent
        Samples that stand in for what was not recorded.
    short
        A stretch between cuts that was too short for the filter.
    stretch
        Behind how many cuts of its recording it begins; of its own, below 0, if it contains one.
    """

    bad: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    absent: NDArray[np.bool_]
    short: NDArray[np.bool_]
    stretch: NDArray[np.int64]

    @classmethod
    def none(cls, n_events: int) -> Marks:
        """Return those of recordings in which nothing is marked."""
        bad, cut, absent, short = np.zeros((4, n_events), dtype=bool)
        return cls(bad, cut, absent, short, np.zeros(n_events, dtype=np.int64))

    def note(self, here: NDArray[np.intp], spans: Spans, marks: Interruptions, short: Sequence[Bounds]) -> None:
        """Note what the epochs of one recording touch; all bounds in samples of the epochs."""
        first, length = spans.first[here], spans.length
        self.bad[here] |= touching(first, length, marks.bad)
        self.cut[here] |= touching(first, length, marks.cuts)
        self.absent[here] |= touching(first, length, [bounds for bounds in marks.cuts if bounds[1] > bounds[0]])
        self.short[here] |= touching(first, length, short)
        self.stretch[here] = np.where(self.cut[here], -1 - here, marks.piece_of(first))

    def rejected(self, reject_spans: bool) -> NDArray[np.bool_]:
        """Return which epochs are not to be trained on: where there is no EEG, or no filtered one, in any case."""
        never = self.absent | self.short
        return never | self.bad | self.cut if reject_spans else never


def _some(usable: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return a mask that leaves something and leaves something out, else None."""
    return usable if usable.any() and not usable.all() else None


def clean_pieces(
    eeg: Floats,
    marks: Interruptions,
    electrodes: Sequence[Electrode],
    sfreq: float,
    settings: CleaningSettings,
    fitted: Fitted,
) -> tuple[Floats, list[Bounds]]:
    """Return one recording cleaned as `clean` does, each stretch between cuts by itself.

    A stretch too short for the filter is not filtered; its mean is taken away where a high-pass was asked for. What
    stands in for what was not recorded comes back as zeros.

    Parameters
    ----------
    eeg
        `(electrode, sample)`, µV.
    marks
        Where it is cut.
    electrodes, sfreq, settings, fitted
        As for `clean`.

    Returns
    -------
    `(EEG electrode, new sample)`, µV, and the stretches that were too short, in new samples.

    Raises
    ------
    UsageError
        If a filter is longer than a recording without cuts.
    """
    pieces, usable = marks.pieces, marks.usable()
    if pieces == [(0, marks.length)]:
        return clean(eeg, electrodes, sfreq, settings, fitted, _some(usable)), []
    ratio = (settings.resample or sfreq) / sfreq
    n_scalp = sum(row.kind == "eeg" for row in electrodes)
    whole, short = np.zeros((n_scalp, round(marks.length * ratio))), list[Bounds]()
    unfiltered = settings.model_copy(update={"high_pass": None, "low_pass": None, "notch": ()})
    for start, stop in pieces:
        first, last = round(start * ratio), round(stop * ratio)
        piece, how = eeg[:, start:stop], settings
        if is_too_short(stop - start, sfreq, settings):
            short.append((first, last))
            piece, how = piece - piece.mean(axis=1, keepdims=True) if settings.high_pass else piece, unfiltered
        if last > first:
            found = clean(piece, electrodes, sfreq, how, fitted, _some(usable[start:stop]))
            # to whole samples a stretch may come out one shorter than its place
            whole[:, first:last] = found[:, np.minimum(np.arange(last - first), found.shape[1] - 1)]
    return whole, short
