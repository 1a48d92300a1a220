"""The quality page: one subject's recordings on one HTML page that stands by itself."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from eeg2vid.schemas.quality import ElectrodeQuality, RecordingQuality
from eeg2vid.schemas.words import counted
from eeg2vid.stages.reporting.page.template import template
from eeg2vid.stages.reporting.quality_verdict import BLINKS_PER_MINUTE, LINE_DB


@dataclass(frozen=True)
class RecordingView:
    """One recording: its row, its bad electrodes, two pictures as data URLs."""

    row: RecordingQuality
    bad: list[ElectrodeQuality]
    numbers: str
    excerpt: str


@dataclass(frozen=True)
class QualityData:
    """All that the page tells.

    Attributes
    ----------
    stamps
        What must be said loudly, e.g. "simulated".
    made
        Date of the recordings' ingest.
    command
        What helps all recordings; empty if nothing needs to be done.
    """

    subject: str
    sfreq: float
    stamps: tuple[str, ...]
    made: str
    line_hz: tuple[float, ...]
    recordings: Sequence[RecordingView]
    command: str


def data_url(png: bytes) -> str:
    """Return a picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def render_quality(data: QualityData) -> str:
    """Return the whole page as HTML that needs nothing from outside; the same data give the same page."""
    rows = [view.row for view in data.recordings]
    counts = {kind: sum(row.verdict == kind for row in rows) for kind in ("ok", "warning", "poor")}
    minutes = sum(row.minutes for row in rows)
    facts = [
        ("recording" if len(rows) == 1 else "recordings", str(len(rows))),
        ("minutes", f"{minutes:.0f}" if minutes >= 10 else f"{minutes:.1f}"),
        ("EEG electrodes", str(rows[0].electrodes)),
        ("Hz", f"{data.sfreq:g}"),
        ("clips shown", str(sum(row.events for row in rows))),
    ]
    return template("quality.html").render(
        data=data,
        title=f"Recordings of subject {data.subject}",
        facts=facts,
        tone="yes" if counts["ok"] == len(rows) else "caution",
        headline=_headline(counts, len(rows), helped=any(row.options for row in rows)),
        command=data.command,
        line_db=LINE_DB,
        blinks=BLINKS_PER_MINUTE,
        lines=" or ".join(f"{hz:g}" for hz in data.line_hz),
    )


def _headline(counts: dict[str, int], total: int, helped: bool) -> str:
    if counts["ok"] == total:
        return "Nothing stands out in this recording." if total == 1 else "Nothing stands out in any recording."
    if total == 1:
        if counts["poor"]:
            return "The recording is poor."
        return "Cleaning would help this recording." if helped else "Something stands out in this recording."
    verb = "would gain from cleaning" if helped else "have something that stands out"
    parts = [f"{counts['warning']} of {counted(total, 'recording')} {verb}"] if counts["warning"] else []
    parts += [f"{counts['poor']} of {total} are poor"] if counts["poor"] else []
    return f"{'; '.join(parts)}."
