"""The data-set doctor for own recordings and BIDS: tables, clips, recordings, events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2vid.schemas.entities import Check, Event
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets import signal_checks
from eeg2vid.stages.datasets.checkup_rows import attempt, name_of, row, unknown_subjects
from eeg2vid.stages.datasets.clip_table import ENDINGS as CLIP_ENDINGS
from eeg2vid.stages.datasets.lazy_signal import LazySignal
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.own_recordings import OwnRecordings, scan_stretches, stretch_checks
from eeg2vid.stages.datasets.recordings import RawSignal, open_stretches
from eeg2vid.stages.datasets.signal_checks import Scan
from eeg2vid.stages.datasets.source import SubjectSource, natural_order
from eeg2vid.stages.datasets.study_file import is_recording
from eeg2vid.stages.datasets.twins import eeg_twins, with_digests
from eeg2vid.stages.stimuli.video import probe

_SHOWN = 8  # kinds of annotations that a row lists before it only counts


def examine_own(root: Path, subjects: Sequence[str] | None) -> list[Check]:
    """Look at every file of a folder of own recordings or in BIDS; what is wrong becomes a row."""
    opened: list[OwnRecordings] = []

    def look_at_tables() -> list[Check]:
        data = open_dataset(root)
        assert isinstance(data, OwnRecordings)
        opened.append(data)
        found = f"{data.kind}, {counted(len(data.subjects), 'subject')}, {counted(len(data.finder.files), 'recording')}"
        seen = row("data set", f"{found}, {counted(len(data.clips.files), 'clip')} shown", "a table, markers, or BIDS")
        return [seen, *data.finder.left_out()]

    checks = attempt("data set", "tables that can be read", look_at_tables)
    data = opened[0] if opened else None
    if not root.is_dir():
        return checks
    clips = _clip_files(root) if data is None else natural_order(str(path) for path in set(data.clips.files.values()))
    for clip in clips:
        checks += attempt(name_of(root, Path(clip)), "a film", _film, root, Path(clip))
    if data is None:
        for file in natural_order(name_of(root, path) for path in root.rglob("*") if is_recording(path)):
            checks += attempt(file, "a recording", _recording, root, file, open_stretches, root / file, {})
        return checks
    broken = any(check.verdict == "error" for check in checks)
    if not broken:
        study = attempt("clips", "every clip within its file", _study, data)
        checks += [check for check in study if check.verdict != "ok" and check not in checks]
        broken = any(check.verdict == "error" for check in study)
    checks += unknown_subjects(subjects, data.subjects, root)
    events: list[Event] = []
    for subject in (s for s in data.subjects if subjects is None or s in subjects):
        checks += _subject(data, subject, "a clip" if broken else None, events)
    return checks + eeg_twins(events, "in all that was looked at")


def _subject(data: OwnRecordings, subject: str, broken: str | None, seen: list[Event]) -> list[Check]:
    """Return the rows of one subject, whose events join those seen before."""
    checks: list[Check] = []
    scans: dict[str, list[Scan]] = {}
    for file in data.files_of(subject):
        checks += attempt(file, "a recording", _recording, data.root, file, data.finder.open, file, scans)
    item = f"events, subject {subject}"
    if any(check.verdict == "error" for check in checks):
        broken = "a recording"
    if broken is not None:
        return [*checks, row(item, f"not looked at, for {broken} cannot be read", "events", ok=False)]
    found = attempt(item, "within their recordings", _events, data, subject, item, scans, seen)
    return [*checks, *(check for check in found if check not in checks)]


def _events(
    data: OwnRecordings, subject: str, item: str, scans: dict[str, list[Scan]], seen: list[Event]
) -> list[Check]:
    source = data.read(subject, scans)
    seen += with_digests(source.events, source.signal_of, source.sfreq, source.unit_scale)
    return [row(item, _counts(source), "within their recordings, one at a time"), *source.checks]


def _counts(source: SubjectSource) -> str:
    clips, runs = {e.clip for e in source.events}, {e.run for e in source.events}
    blocks, sessions = {e.block for e in source.events}, {e.session for e in source.events}
    hints = sum(e.hint_s is not None for e in source.events)
    found = f"{len(source.events)} of {counted(len(clips), 'clip')}, in {counted(len(runs), 'run')}"
    found += f", {counted(len(blocks), 'block')}"
    return f"{found}, {counted(len(sessions), 'session')}" + (f"; {hints} with a hint" if hints else "")


def _recording(
    root: Path, file: str, opening: Callable[[Any], list[LazySignal]], what: Any, scans: dict[str, list[Scan]]
) -> list[Check]:
    """Open a recording by `opening(what)`, read it once, keep what was seen, and return what it is."""
    stretches = opening(what)
    signal = stretches[0]
    signal_checks.refuse_empty(signal, root / file)
    scans[file] = scan_stretches(stretches, str(root / file))
    checks = []
    for part, (stretch, scan) in enumerate(zip(stretches, scans[file], strict=True), start=1):
        checks += stretch_checks(stretch, scan, file if len(stretches) == 1 else f"{file}, block {part}")
    n_eog = sum(channel.kind == "eog" for channel in signal.channels)
    placed = int(np.isfinite(signal.positions).all(axis=1).sum())
    found = [
        signal.form,
        f"{len(signal.channels) - n_eog} EEG" + (f" and {n_eog} EOG" if n_eog else "") + " electrodes",
        f"{placed} with a position",
        f"{signal.sfreq:g} Hz",
        (f"{counted(len(stretches), 'block')} of " if len(stretches) > 1 else "")
        + f"{signal.shape[1] / signal.sfreq:.2f} s",
        *_marker_words(signal),
    ]
    amplitude = signal_checks.volts_check(signal_checks.median_amplitude(scans[file]), file)
    return [row(file, ", ".join(found), "a recording"), amplitude, *checks]


def _marker_words(signal: LazySignal) -> list[str]:
    if not isinstance(signal, RawSignal) or not len(signal.raw.annotations):
        return []
    names, counts = np.unique(signal.raw.annotations.description, return_counts=True)
    listed = [f"{name} ({n})" for name, n in zip(names, counts, strict=True)]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return [f"annotations: {', '.join(listed[:_SHOWN])}{more}"]


def _study(data: OwnRecordings) -> list[Check]:
    return data.study().checks


def _film(root: Path, path: Path) -> list[Check]:
    info = probe(path)
    found = f"{info.fps:.3f} pictures per s, {info.width} x {info.height}, {info.duration_s:.2f} s"
    return [row(name_of(root, path), found, "a film")]


def _clip_files(root: Path) -> tuple[str, ...]:
    folders = [folder for name in ("clips", "stimuli") if (folder := root / name).is_dir()]
    found = (p for f in folders for p in f.rglob("*") if p.suffix.casefold() in CLIP_ENDINGS)
    return natural_order(str(path) for path in found if not is_foreign(path.name))
