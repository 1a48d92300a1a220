"""`ingest`: a data set becomes clip index, captions, checks, events and recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.recordings import (
    CAPTIONS,
    CHECKS,
    CLIPS,
    EVENTS,
    RECORDINGS,
    ClipIndexAttributes,
    RecordingAttributes,
)
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Resources, Stage, Write

if TYPE_CHECKING:
    from eeg2vid.stages.datasets.source import Dataset, SubjectSource


_AT_ONCE = 1 << 15  # samples copied at once: 16 MB of 62 electrodes in double precision


class IngestSettings(Settings):
    """Nothing to choose: the data set says it all."""


class Ingest(Stage):
    """Read a data set: SEED-DV's folder, a BIDS-EEG folder, or any recordings MNE reads with events and clips.

    Everything is checked on the way: shapes, units, electrode names, labels that disagree, captions, film rate
    and length. EEG is copied in the source's precision, in volts.
    """

    name = "ingest"
    version = 4
    Settings = IngestSettings
    reads = {}
    writes = {
        "clips": Write(CLIPS, "study"),
        "captions": Write(CAPTIONS, "study"),
        "checks": Write(CHECKS, "study"),
        "eeg-checks": Write(CHECKS, "subject"),
        "events": Write(EVENTS, "subject"),
        "recordings": Write(RECORDINGS, "subject"),
    }
    takes_source = True
    resources = Resources(cpus=1, memory_gb=2, minutes=10)
    cites = ("liu2024eeg2video",)
    examples = ("eeg2vid ingest /data/SEED-DV", "eeg2vid ingest /data/SEED-DV --subject 1-3")

    def subjects_of(self, source: Path) -> tuple[str, ...]:
        """Return the subjects of a data set."""
        from eeg2vid.stages.datasets.opening import open_dataset

        return open_dataset(source).subjects

    def examine(self, source: Path, subjects: Sequence[str] | None) -> list[Check]:
        """Return a table of every file, what was found and what was expected; nothing is written."""
        from eeg2vid.stages.datasets.checkup import examine

        return examine(source, subjects)

    def sources(self, ctx: Context) -> list[Path]:
        """Return the data set's files behind this unit."""
        from eeg2vid.stages.datasets.opening import open_dataset

        if ctx.study.source is None:
            return []
        dataset = ctx.study.once("data set", lambda: open_dataset(ctx.source))  # asked of every subject
        return dataset.study_files() if ctx.subject is None else dataset.subject_files(ctx.subject)

    def run(self, ctx: Context) -> None:
        """Write the study's tables, or one subject's events and EEG."""
        from eeg2vid.stages.datasets.opening import open_dataset
        from eeg2vid.stages.datasets.source import SIMULATED_MARK

        dataset = open_dataset(ctx.source)
        if (ctx.source / SIMULATED_MARK).is_file():
            ctx.stamp("simulated")
        if ctx.subject is None:
            _write_study(ctx, dataset)
        else:
            _write_subject(ctx, dataset.subject(ctx.subject))


def _write_study(ctx: Context, dataset: Dataset) -> None:
    study = dataset.study()
    clips = ctx.write("clips")
    clips.table("clips", study.clips)
    clips.attributes(ClipIndexAttributes(kind=dataset.kind, subjects=dataset.subjects))
    ctx.write("captions").table("captions", study.captions)
    _write_checks(ctx, "checks", study.checks)


def _write_subject(ctx: Context, subject: SubjectSource) -> None:
    import numpy as np

    from eeg2vid.stages.datasets.npy import let_go
    from eeg2vid.stages.datasets.twins import eeg_twins, with_digests

    events = with_digests(subject.events, subject.signal_of, subject.sfreq, subject.unit_scale)
    _write_checks(ctx, "eeg-checks", [*subject.checks, *eeg_twins(events, f"subject {subject.subject}")])
    ctx.write("events").table("events", events)
    out = ctx.write("recordings")
    out.table("recordings", subject.recordings)
    out.table("electrodes", subject.electrodes)
    out.table("spans", subject.spans)
    out.attributes(RecordingAttributes(sfreq=subject.sfreq))
    dtype = np.result_type(*(signal.dtype for signal in subject.signals))
    kept = f"float{8 * dtype.itemsize}" if dtype.kind == "f" else "float64"
    eeg = out.create("eeg", (len(subject.electrodes), sum(row.length for row in subject.recordings)), kept)
    pairs = zip(subject.recordings, subject.signals, strict=True)
    for row, signal in ctx.track("recordings", pairs, len(subject.recordings)):
        for first in range(0, row.length, _AT_ONCE):
            last = min(first + _AT_ONCE, row.length)
            eeg.append(signal[:, first:last] * subject.unit_scale)
            if isinstance(signal, np.ndarray):
                let_go(signal)


def _write_checks(ctx: Context, role: str, checks: list[Check]) -> None:
    """Store what was looked at; say aloud what is not as expected."""
    ctx.write(role).table("checks", checks)
    for check in checks:
        if check.verdict == "warning":
            ctx.reporter.remark(f"Warning: {check.item}: found {check.found}, expected {check.expected}")
