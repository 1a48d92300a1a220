"""Own recordings and BIDS folders: whatever says when which clip was shown, events are placed in one way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from eeg2vid.schemas.entities import Check, Event, MarkedSpan, Recording
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets import amplitudes, left_out, marked_spans, signal_checks
from eeg2vid.stages.datasets.channels import cap_check, common_order
from eeg2vid.stages.datasets.clip_table import ClipTable
from eeg2vid.stages.datasets.lazy_signal import LazySignal
from eeg2vid.stages.datasets.presentations import Presentation, overlaps, place, recording_labels, within
from eeg2vid.stages.datasets.recordings import must_agree
from eeg2vid.stages.datasets.source import (
    SIMULATED_MARK,
    Study,
    SubjectSource,
    electrode_rows,
    known_subject,
    natural_order,
)
from eeg2vid.stages.datasets.study_file import StudyFile, events_table_of, read_study_file
from eeg2vid.stages.datasets.tables import TableRow


class EventFinder(Protocol):
    """Where events come from; `files` are the recordings, `owners` their subjects and sessions."""

    kind: str
    clips_folder: str
    subjects: tuple[str, ...]
    files: tuple[str, ...]
    owners: dict[str, tuple[str, str]]
    tables: list[Path]
    strangers: list[str]

    def clip_rows(self) -> Sequence[TableRow]:
        """Return rows that name every clip that may be shown; no recording is opened."""

    def open(self, file: str) -> list[LazySignal]:
        """Open a recording."""

    def own_files(self, file: str) -> list[Path]:
        """Return the files that a recording and its events depend on."""

    def find(self, files: Sequence[str], opened: Sequence[LazySignal]) -> tuple[list[Presentation], list[Check]]:
        """Return what one subject was shown, and what was noticed."""

    def left_out(self) -> list[Check]:
        """Return a row for what is in the folder and of which nothing is read."""


class OwnRecordings:
    """A folder with recordings, clips, and events from a table, from markers, or in BIDS.

    Parameters
    ----------
    root
        The folder.

    Raises
    ------
    BadDataError
        If a table or study.toml is malformed, or names a file or clip that is not there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said, said_file = read_study_file(root)
        self.finder = open_finder(root, self.said)
        self.kind, self.subjects = self.finder.kind, self.finder.subjects
        self.clips = ClipTable(root, self.finder.clips_folder)
        self.clips.join(self.finder.clip_rows())
        self._labels = recording_labels(self.finder.files)
        tables = [*self.finder.tables, said_file, self.clips.table_file]
        self._tables = [path for path in tables if path is not None]

    def study(self) -> Study:
        """Open every clip's file and return the clip index; no EEG is touched."""
        clips, captions, checks = self.clips.rows()
        if self.finder.strangers:
            names = ", ".join(self.finder.strangers)
            checks.append(Check(item="columns left out, events", found=names, expected="none", verdict="warning"))
        checks += self.finder.left_out()
        return Study(clips, captions, checks, (self.root / SIMULATED_MARK).is_file())

    def subject(self, label: str) -> SubjectSource:
        """Open one subject's recordings, read every sample once, and place the events in them.

        Raises
        ------
        BadDataError
            If the subject is unknown; a recording is unreadable, holds NaN, has another rate than the subject's
            first or no electrode in common with it; an event lies beyond its recording's end or shares its sample
            with another; or a run is interrupted or holds two concepts.
        """
        return self.read(label)

    def read(self, label: str, scans: Mapping[str, Sequence[signal_checks.Scan]] | None = None) -> SubjectSource:
        """Do what `subject` does; with `scans`, of each file's stretches, no sample is read again.

        Raises
        ------
        BadDataError
            As `subject`.
        """
        known_subject(label, self.subjects, self.root)
        files = self.files_of(label)
        opened = [self._open(file) for file in files]
        shown, checks = self.finder.find(files, [stretches[0] for stretches in opened])
        firsts = [stretches[0] for stretches in opened]
        must_agree(firsts, files)
        orders, order_checks = common_order([signal.channels for signal in firsts], files)
        checks = [*_channel_checks(firsts, files, label), *order_checks, *checks]
        signals: list[LazySignal] = []
        recordings: list[Recording] = []
        events: list[Event] = []
        spans: list[MarkedSpan] = []
        found: list[signal_checks.Scan] = []
        places: list[str] = []
        for file, stretches, order in zip(files, opened, orders, strict=True):
            here = [s for s in shown if s.file == file]
            known = scan_stretches(stretches, f"{self.root / file}: subject {label}") if scans is None else scans[file]
            parts = _stretches(self._labels[file], stretches, here)
            for (part, signal, name, rows), scan in zip(parts, known, strict=True):
                signal = signal.arranged(order)
                where = file if part is None else f"{file}, block {part}"
                places.append(where)
                found.append(scan.arranged(order))
                checks += stretch_checks(signal, found[-1], where)
                _refuse_pauses(rows, signal)
                rows, cut = within(rows, where, signal.sfreq, signal.shape[1], self.clips)
                placed = place(rows, name, signal.sfreq, signal.shape[1], self.clips)
                blocks = {row.block for row in placed}
                recordings.append(
                    Recording(
                        recording=name,
                        session=self.finder.owners[file][1],
                        block=blocks.pop() if len(blocks) == 1 else None,
                        start=recordings[-1].start + recordings[-1].length if recordings else 0,
                        length=signal.shape[1],
                        source=file,
                    )
                )
                signals.append(signal)
                events += placed
                spans += marked_spans.rows(signal.spans, name)
                checks += [*cut, *overlaps(placed, where)]
                checks += marked_spans.span_checks(signal.spans, placed, signal.sfreq, where)
        whose = f"subject {label}"
        amplitudes.must_share_unit([amplitudes.sizes_of(scan) for scan in found], places, whose)
        left = left_out.electrodes_left([scan.lines for scan in found], [s.channels for s in signals], whose)
        signals = [signal.arranged(left) for signal in signals]
        found = [scan.arranged(left) for scan in found]
        checks.append(signal_checks.volts_check(signal_checks.median_amplitude(found), whose))
        first = signals[0]
        checks += [*_position_checks(first, label), *cap_check(first.electrodes, f"subject {label}")]
        return SubjectSource(
            subject=label,
            sfreq=first.sfreq,
            unit_scale=1.0,
            electrodes=electrode_rows(first.electrodes, first.positions, [c.kind for c in first.channels]),
            recordings=recordings,
            events=events,
            checks=checks,
            signals=signals,
            spans=spans,
        )

    def _open(self, file: str) -> list[LazySignal]:
        stretches = self.finder.open(file)
        for signal in stretches:
            signal_checks.refuse_empty(signal, self.root / file)
        return stretches

    def study_files(self) -> list[Path]:
        """Return the tables and the files of all clips shown."""
        mark = self.root / SIMULATED_MARK
        return sorted({*self.clips.files.values(), *self._tables, *([mark] if mark.is_file() else [])})

    def subject_files(self, label: str) -> list[Path]:
        """Return one subject's recordings with the files beside them, the tables, and the clips that give durations."""
        known_subject(label, self.subjects, self.root)
        own = [path for file in self.files_of(label) for path in self.finder.own_files(file)]
        rows = self.finder.clip_rows()
        timed = all(row.text("duration") for row in rows)
        return sorted({*own, *self._tables, *(() if timed else self.clips.files.values())})

    def files_of(self, subject: str) -> list[str]:
        """Return a subject's recordings, by session and name."""
        owners = self.finder.owners
        files = natural_order(file for file, (owner, _) in owners.items() if owner == subject)
        order = natural_order({owners[file][1] for file in files})
        return sorted(files, key=lambda file: order.index(owners[file][1]))


def scan_stretches(stretches: Sequence[LazySignal], where: str) -> list[signal_checks.Scan]:
    """Read every sample of a file once; `where` begins the messages.

    Raises
    ------
    BadDataError
        If a sample is no number.
    """
    several = len(stretches) > 1
    return [
        signal_checks.scan_signal(
            s,
            s.electrodes,
            f"{where}, block {part}" if several else where,
            s.sfreq,
            [(span.start, span.length) for span in s.spans if span.kind == "cut" and span.length],
        )
        for part, s in enumerate(stretches, start=1)
    ]


def stretch_checks(signal: LazySignal, scan: signal_checks.Scan, where: str) -> list[Check]:
    """Return what is to be said of one stretch's samples.

    Raises
    ------
    BadDataError
        If it gives no unit and cannot be in volts.
    """
    return [
        *left_out.line_checks(scan.lines, signal.channels, where),
        *signal_checks.scan_checks(scan, signal.electrodes, where),
        *amplitudes.must_say_unit(signal, scan, where),
        *amplitudes.odd_electrodes(scan, signal.electrodes, where, volts=1.0),
    ]


def open_finder(root: Path, said: StudyFile) -> EventFinder:
    """Return what finds a folder's events: a table, the recordings' own markers, or BIDS.

    Raises
    ------
    BadDataError
        If study.toml and the folder disagree, or what it names is malformed.
    """
    table = events_table_of(root, said.events)
    if table is not None:
        from eeg2vid.stages.datasets.events_table import TableEvents

        return TableEvents(root, said, table)
    if said.events.source is not None:
        from eeg2vid.stages.datasets.markers import MarkerEvents

        return MarkerEvents(root, said)
    if any(root.glob("sub-*/eeg")) or any(root.glob("sub-*/ses-*/eeg")):
        from eeg2vid.stages.datasets.bids import BidsEvents

        return BidsEvents(root, said)
    raise BadDataError(
        f"{root / 'study.toml'}: [events] from is missing, and {root} has no events.tsv and is no BIDS folder.",
        "from = 'annotations', 'stim' or 'table'.",
    )


def _stretches(
    label: str, stretches: list[LazySignal], shown: list[Presentation]
) -> list[tuple[int | None, LazySignal, str, list[Presentation]]]:
    """Return number, signal, label and rows of each unbroken stretch; `block` tells the stretches of an array apart."""
    if len(stretches) == 1:
        return [(None, stretches[0], label, shown)]
    parts: list[list[Presentation]] = [[] for _ in stretches]
    for row in shown:
        block = row.block or ""
        if not block.isdecimal() or not 1 <= int(block) <= len(stretches):
            row.row.fail(
                f"block {row.block!r}: {row.file} has a block axis, so an event needs a block of 1 to {len(stretches)}."
            )
        parts[int(block) - 1].append(row)
    numbered = enumerate(zip(stretches, parts, strict=True), start=1)
    return [(k, signal, f"{label}-b{k}", rows) for k, (signal, rows) in numbered]


def _refuse_pauses(shown: Sequence[Presentation], signal: LazySignal) -> None:
    """Refuse rows that people wrote for a recording with gaps: both clocks that they may have read count on."""
    if not signal.pauses:
        return
    at, length = signal.pauses[0]
    for one in shown:
        if one.row.noun != "marker" and one.onset > at:
            one.row.fail(
                f"the recording {one.file} has a gap of {length:.6g} s after {at:.6g} s of samples "
                f"({len(signal.pauses)} in all): whether {one.onset:g} s counts it is not known.",
                "Take the events from the file's own annotations (study.toml, [events] from = 'annotations'), or write "
                "the recording again without gaps (EDF+C or FIF).",
            )


def _channel_checks(signals: Sequence[LazySignal], files: Sequence[str], subject: str) -> list[Check]:
    """Return rows that say what became of the channels: one for all recordings that say the same."""
    told: dict[tuple[str, str], list[str]] = {}
    for signal, file in zip(signals, files, strict=True):
        for title, text in signal.selection.rows().items():
            told.setdefault((title, text), []).append(file)
    checks = [
        Check(
            item=f"{title}, " + (f"subject {subject}" if len(where) == len(files) else ", ".join(where)),
            found=text,
            expected="names of electrodes" if title == "channels renamed" else "EEG and EOG only",
            verdict="ok",
        )
        for (title, text), where in told.items()
    ]
    unmet = set.intersection(*(set(signal.selection.unmet) for signal in signals))
    if unmet:
        item, found = f"study.toml, electrodes, subject {subject}", f"no channel for {', '.join(sorted(unmet))}"
        checks.append(Check(item=item, found=found, expected="every name found", verdict="warning"))
    return [*checks, *(check for signal in signals for check in signal.checks)]


def _position_checks(signal: LazySignal, subject: str) -> list[Check]:
    lost = [n for n, xyz in zip(signal.electrodes, signal.positions, strict=True) if not np.isfinite(xyz).all()]
    if not lost:
        return []
    found = f"{len(lost)} of {len(signal.electrodes)} unknown: {', '.join(lost[:12])}"
    return [Check(item=f"electrode positions, {subject}", found=found, expected="all", verdict="warning")]
