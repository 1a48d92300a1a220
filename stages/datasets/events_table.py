"""Own recordings: files that MNE reads, a table of events, and clips.

The folder holds `events.tsv` (or `.csv`) with the columns `recording` (a file, relative to the folder),
`onset` (s from the recording's first sample) and `clip`; `subject`, `session`, `block`, `run` and `duration` are
optional, as are the label columns of the clip table (`concept_name`, `face`, ...). What is absent is filled in:

- subject: `sub-XX` in the recording's path, else `1`; session: `ses-XX` there, else `1`;
- block: the recording is one block, called as the recording is;
- run: consecutive events of one recording and block that show the same concept; an event whose clip has no
  concept is a run of its own;
- duration (also where it is 0): the clip's.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from eeg2vid.schemas.entities import Check, Event, Recording
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets import signal_checks
from eeg2vid.stages.datasets.clip_table import LABELS, ClipTable, file_below
from eeg2vid.stages.datasets.recordings import RawSignal, companions, must_agree, open_recording
from eeg2vid.stages.datasets.source import (
    SIMULATED_MARK,
    Study,
    SubjectSource,
    electrode_rows,
    known_subject,
    natural_order,
)
from eeg2vid.stages.datasets.tables import TableRow, read_table, to_label

REQUIRED = ("recording", "onset", "clip")
OPTIONAL = ("subject", "session", "block", "run", "duration")
_RECORDING_LENGTH, _RUN_LENGTH = 48, 24  # characters, so that event ids stay labels


@dataclass(frozen=True)
class _Shown:
    """One row of the events table, its gaps filled."""

    row: TableRow
    subject: str
    session: str
    file: str
    onset: float
    block: str | None
    run: str | None
    clip: str


class EventsTable:
    """A folder with `events.tsv` or `events.csv`, recordings and clips.

    Parameters
    ----------
    root
        The folder.

    Raises
    ------
    BadDataError
        If a table is malformed, or names a file or clip that is not there.
    """

    kind = "events-table"

    def __init__(self, root: Path) -> None:
        self.root = root
        self._file = next(p for name in ("events.tsv", "events.csv") if (p := root / name).is_file())
        known = (*REQUIRED, *OPTIONAL, *LABELS)
        self._table = read_table(self._file, required=REQUIRED, known=known)
        self._strangers = [name for name in self._table.columns if name not in known]
        self._clips = ClipTable(root, self._table)
        self._shown = [self._filled(row) for row in self._table.rows]
        self._sessions = self._one_owner()
        self._labels = _recording_labels({shown.file for shown in self._shown})
        self.subjects = natural_order({shown.subject for shown in self._shown})

    def study(self) -> Study:
        """Open every clip's file and return the clip index; no EEG is touched."""
        clips, captions, checks = self._clips.rows()
        if self._strangers:
            names = ", ".join(self._strangers)
            checks.append(Check(item="columns left out, events", found=names, expected="none", verdict="warning"))
        return Study(clips, captions, checks, (self.root / SIMULATED_MARK).is_file())

    def subject(self, label: str) -> SubjectSource:
        """Open one subject's recordings, read every sample once, and place the events in them.

        Raises
        ------
        BadDataError
            If the subject is unknown; a recording is unreadable, holds NaN, or has another rate or other
            electrodes than the subject's first; an event lies beyond its recording's end or shares its
            sample with another; or a run is interrupted or holds two concepts.
        """
        known_subject(label, self.subjects, self.root)
        signals: list[RawSignal] = []
        recordings: list[Recording] = []
        events: list[Event] = []
        checks: list[Check] = []
        scans = []
        for file in self._files(label):
            signal = open_recording(self.root / file)
            if signals:
                must_agree(signals[0], signal, recordings[0].source, file)
            name = self._labels[file]
            where = f"{self.root / file}: subject {label}"
            scans.append(signal_checks.scan_signal(signal, signal.electrodes, where))
            checks += signal_checks.flat_checks(scans[-1], signal.electrodes, file)
            shown = sorted((s for s in self._shown if s.file == file), key=lambda s: s.onset)
            rows = self._events(shown, name, signal)
            blocks = {row.block for row in rows}
            start = recordings[-1].start + recordings[-1].length if recordings else 0
            recordings.append(
                Recording(
                    recording=name,
                    session=self._sessions[file],
                    block=blocks.pop() if len(blocks) == 1 else None,
                    start=start,
                    length=signal.shape[1],
                    source=file,
                )
            )
            signals.append(signal)
            events += rows
            checks += _overlaps(rows, file)
        amplitude = signal_checks.median_amplitude(scans)
        checks.append(signal_checks.volts_check(amplitude, f"subject {label}"))
        positions = signals[0].positions
        lost = [n for n, xyz in zip(signals[0].electrodes, positions, strict=True) if not np.isfinite(xyz).all()]
        if lost:
            found = f"{len(lost)} of {len(positions)} unknown: {', '.join(lost[:12])}"
            checks.append(Check(item=f"electrode positions, {label}", found=found, expected="all", verdict="warning"))
        return SubjectSource(
            subject=label,
            sfreq=signals[0].sfreq,
            unit_scale=1.0,
            electrodes=electrode_rows(signals[0].electrodes, positions),
            recordings=recordings,
            events=events,
            checks=checks,
            signals=signals,
        )

    def study_files(self) -> list[Path]:
        """Return both tables and the files of all clips shown."""
        tables = [self._file, self._clips.table_file, self.root / SIMULATED_MARK]
        return sorted({*self._clips.files.values(), *(p for p in tables if p is not None and p.is_file())})

    def subject_files(self, label: str) -> list[Path]:
        """Return one subject's recordings with the files beside them, the tables, and the clips that give durations."""
        known_subject(label, self.subjects, self.root)
        own = [p for file in self._files(label) for p in companions(self.root / file)]
        tables = [p for p in (self._file, self._clips.table_file) if p is not None]
        clips = {self._clips.files[s.clip] for s in self._shown if s.subject == label}
        timed = "duration" in self._table.columns
        return sorted({*own, *tables, *(() if timed else clips)})

    def _files(self, subject: str) -> list[str]:
        """Return a subject's recordings, by session and name."""
        files = natural_order({shown.file for shown in self._shown if shown.subject == subject})
        order = natural_order({self._sessions[file] for file in files})
        return sorted(files, key=lambda file: order.index(self._sessions[file]))

    def _filled(self, row: TableRow) -> _Shown:
        file, onset, clip = row.text("recording"), row.number_of("onset", 0), row.label("clip")
        if file is None or onset is None or clip is None:
            row.fail("an event needs a recording, an onset and a clip.")
        file = file_below(self.root, row, file).relative_to(self.root).as_posix()
        subject = (row.text("subject") or _bids(file, "sub") or "1").removeprefix("sub-")
        if not re.fullmatch(r"[A-Za-z0-9]{1,40}", subject):
            row.fail(f"subject {subject!r}: expected letters and digits only.")
        run = row.label("run")
        if run is not None and len(run) > _RUN_LENGTH:
            row.fail(f"run {run!r} is longer than {_RUN_LENGTH} characters.")
        session = (row.label("session") or _bids(file, "ses") or "1").removeprefix("ses-")
        return _Shown(row, subject, session, file, onset, row.label("block"), run, clip)

    def _one_owner(self) -> dict[str, str]:
        """Return the session of each recording; a recording belongs to one subject and session."""
        owners: dict[str, _Shown] = {}
        for shown in self._shown:
            first = owners.setdefault(shown.file, shown)
            if (first.subject, first.session) != (shown.subject, shown.session):
                shown.row.fail(
                    f"{shown.file} belongs to subject {shown.subject}, session {shown.session} here, but to "
                    f"subject {first.subject}, session {first.session} in row {first.row.number}."
                )
        return {file: shown.session for file, shown in owners.items()}

    def _events(self, shown: list[_Shown], recording: str, signal: RawSignal) -> list[Event]:
        """Place one recording's events, sorted by onset, and tell its runs apart."""
        rows: list[Event] = []
        taken: dict[int, TableRow] = {}
        runs: dict[str, int | None] = {}  # run -> its concept
        previous: tuple[str, str | None, int | None] | None = None
        position = 0
        for number, event in enumerate(shown, start=1):
            sample = round(event.onset * signal.sfreq)
            duration = event.row.number_of("duration", 0) or self._clips.times(event.clip)[1]
            self._check_place(event, sample, duration, signal, taken)
            block = event.block or recording
            concept = self._clips.labels[event.clip].get("concept")
            here = (block, event.run, concept)
            if here == previous and (event.run is not None or concept is not None):
                position += 1
            else:
                position = 1
                run = f"{recording}-run-{event.run}" if event.run else f"{recording}-r{len(runs) + 1:03d}"
                if run in runs:
                    _broken_run(event, runs[run] != concept)
                runs[run] = concept
            previous = here
            rows.append(
                Event(
                    event=f"{recording}-e{number:04d}",
                    subject=event.subject,
                    session=event.session,
                    recording=recording,
                    block=block,
                    run=run,
                    position=position,
                    clip=event.clip,
                    onset_s=event.onset,
                    onset_sample=sample,
                    duration_s=duration,
                )
            )
        return rows

    def _check_place(
        self, event: _Shown, sample: int, duration: float, signal: RawSignal, taken: dict[int, TableRow]
    ) -> None:
        other = taken.setdefault(sample, event.row)
        if other is not event.row:
            same = other.values["clip"] == event.clip
            event.row.fail(
                f"repeats row {other.number}."
                if same
                else f"is on the same sample ({sample} of {event.file}) as row {other.number}."
            )
        length = signal.shape[1]
        if sample + round(duration * signal.sfreq) > length:
            event.row.fail(
                f"the event from {event.onset:g} s to {event.onset + duration:g} s reaches beyond the end of "
                f"{event.file} at {length / signal.sfreq:.3f} s."
            )


def _broken_run(event: _Shown, another_concept: bool) -> NoReturn:
    what = "holds two concepts" if another_concept else "is interrupted by other events"
    event.row.fail(
        f"the run {event.run!r} of {event.file} {what}; a run is an unbroken stretch of one concept.",
        "Leave the column 'run' out to have runs found.",
    )


def _bids(file: str, entity: str) -> str | None:
    """Return the value of a `sub-XX` or `ses-XX` in a path."""
    match = re.search(rf"(?:^|[/_]){entity}-([A-Za-z0-9]+)", file)
    return match[1] if match else None


def _recording_labels(files: set[str]) -> dict[str, str]:
    """Return a short unique label per recording: its stem, else its whole path."""

    def stem(file: str) -> str:
        return re.sub(r"\.(fif\.gz|[A-Za-z0-9]+)$", "", file)

    naming = (lambda f: stem(Path(f).name), stem, lambda f: f)
    for name in naming:
        labels = {file: to_label(name(file), _RECORDING_LENGTH) for file in files}
        if len(set(labels.values())) == len(files):
            return labels
    twice = next(label for label, n in Counter(labels.values()).items() if n > 1)
    same = ", ".join(sorted(file for file in files if labels[file] == twice))
    raise BadDataError(f"The recordings {same} would all be called {twice!r}.", "Rename them.")


def _overlaps(rows: list[Event], file: str) -> list[Check]:
    n = sum(a.onset_s + a.duration_s > b.onset_s + 1e-6 for a, b in itertools.pairwise(rows))
    if not n:
        return []
    found = f"{n} of {len(rows)} start before the one before has ended"
    return [Check(item=f"events, {file}", found=found, expected="one at a time", verdict="warning")]
