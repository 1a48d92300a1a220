"""The one shape in which every kind of data set is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from eeg2vid.schemas.entities import Caption, Check, Clip, Electrode, Event, MarkedSpan, Recording
from eeg2vid.schemas.errors import BadDataError

SIMULATED_MARK = "SIMULATED.json"  # a folder that holds this file was made by a simulator


class Signal(Protocol):
    """A two-dimensional array `(electrode, sample)` that need not be in memory."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of electrodes and of samples."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type in which samples are delivered."""

    def __getitem__(self, key: Any, /) -> Any:
        """Return the part that `key` selects as an array: `signal[:, start:stop]`."""


@dataclass(frozen=True)
class Study:
    """What all subjects of a data set share."""

    clips: list[Clip]
    captions: list[Caption]
    checks: list[Check]
    simulated: bool


@dataclass(frozen=True)
class SubjectSource:
    """One subject's recordings and events as the data set has them.

    Attributes
    ----------
    subject
        The data set's own label.
    sfreq
        Sampling rate, Hz.
    unit_scale
        Factor that turns the signals into volts.
    electrodes
        One row per index of the signals' first axis.
    recordings
        One row per unbroken stretch; `start` counts through all stretches in order.
    events
        One row per presentation of a clip, in order of recording and onset.
    checks
        What was looked at.
    signals
        One array `(electrode, sample)` per recording row, loaded only when sliced.
    spans
        What the recordings mark as bad or cut.
    """

    subject: str
    sfreq: float
    unit_scale: float
    electrodes: list[Electrode]
    recordings: list[Recording]
    events: list[Event]
    checks: list[Check]
    signals: Sequence[Signal]
    spans: list[MarkedSpan] = field(default_factory=list)

    @property
    def signal_of(self) -> dict[str, Signal]:
        """The signal of each recording, by its label."""
        return {row.recording: signal for row, signal in zip(self.recordings, self.signals, strict=True)}


class Dataset(Protocol):
    """A folder of recordings, events and films."""

    kind: str
    root: Path
    subjects: tuple[str, ...]

    def study(self) -> Study:
        """Read and check the clip index, captions and films; no EEG is touched."""

    def subject(self, label: str) -> SubjectSource:
        """Read the events and open and check the EEG of one subject."""

    def study_files(self) -> list[Path]:
        """Return every file that `study` depends on."""

    def subject_files(self, label: str) -> list[Path]:
        """Return every file that `subject` depends on."""


def known_subject(label: str, subjects: Sequence[str], root: Path) -> str:
    """Return `label` if the data set has this subject.

    Raises
    ------
    BadDataError
        If it has not; the message names those it has.
    """
    if label not in subjects:
        raise BadDataError(f"{root} has no subject {label!r}; it has {', '.join(subjects) or 'none'}.")
    return label


def natural_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Sort labels as people count: `2` before `10`."""

    def parts(label: str) -> list[tuple[int, int, str]]:
        pieces = re.findall(r"\d+|\D+", label)
        return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces]

    return tuple(sorted(labels, key=lambda label: (parts(label), label)))


def electrode_rows(
    names: Sequence[str], positions: np.ndarray, kinds: Sequence[Literal["eeg", "eog"]] | None = None
) -> list[Electrode]:
    """Return electrode rows; coordinates that are not finite become None.

    Parameters
    ----------
    names
        Labels, one per electrode.
    positions
        `(electrode, 3)`, metres.
    kinds
        `eeg` or `eog`, one per electrode; all `eeg` by default.
    """
    rows = []
    for name, kind, xyz in zip(names, kinds or ["eeg"] * len(names), positions, strict=True):
        x, y, z = (float(v) for v in xyz) if np.isfinite(xyz).all() else (None, None, None)
        rows.append(Electrode.model_validate({"electrode": name, "kind": kind, "x": x, "y": y, "z": z}))
    return rows
