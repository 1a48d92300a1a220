"""`quality`: what the recordings are like, as numbers and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from eeg2vid.schemas.entities import Electrode, Event, Recording
from eeg2vid.schemas.quality import QUALITY, ElectrodeQuality, LineNoise, RecordingQuality
from eeg2vid.schemas.recordings import EVENTS, RECORDINGS
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Printed, Read, Resources, Stage, Write

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from eeg2vid.stages.signal.quality import Quality as Measured

ROLE = "quality"
_MICROVOLTS = 1e6  # per volt
_EXCERPT_S = 10.0


class QualitySettings(Settings):
    """Settings of `quality`."""

    line_hz: tuple[float, ...] = Field(
        (50.0, 60.0), min_length=1, description="where the power line may be, Hz, repeated"
    )
    excerpt_start_s: float | None = Field(
        None, ge=0, description="where the 10 s of EEG shown begin, s; none: the middle of the recording"
    )


class Quality(Stage):
    """Describe each recording as recorded: amplitudes, spectra, line noise, drift, blinks, bad electrodes, dropouts.

    One HTML page per subject, with what it advises for `preprocess`. Nothing reads it, and `run` does not make it.
    """

    name = "quality"
    version = 2
    Settings = QualitySettings
    reads = {"recordings": Read(RECORDINGS), "events": Read(EVENTS)}
    writes = {ROLE: Write(QUALITY, "subject")}
    divided = "1 recording"
    prints = Printed(ROLE, "recordings", ("recording", "verdict", "words"))
    resources = Resources(cpus=2, memory_gb=2, minutes=5)
    cites = ("bigdelyshamlo2015prep",)
    examples = ("eeg2vid quality --subject 3", "eeg2vid quality --subject 1-5 --excerpt-start-s 60")

    def run(self, ctx: Context) -> None:
        """Measure and draw recording by recording; the page follows when all are there."""
        recordings = ctx.read("recordings").table("recordings", Recording)
        events = ctx.read("events").table("events", Event)
        for part, (recording,) in ctx.parts("recordings", recordings):
            here = [event for event in events if event.recording == recording.recording]
            made = _Described(ctx, recording, here)
            part.rows(ROLE, "recordings", [made.row()])
            part.rows(ROLE, "electrodes", made.electrode_rows())
            part.rows(ROLE, "lines", made.line_rows())
            for name, picture in made.pictures().items():
                part.media(ROLE, f"{recording.recording}-{name}.png").write_bytes(picture)
        rows, media = ctx.gathered(ROLE, "recordings", RecordingQuality), ctx.gathered_media(ROLE)
        electrodes = ctx.gathered(ROLE, "electrodes", ElectrodeQuality)
        if rows is not None and electrodes is not None and media is not None:
            page = _page(ctx, rows, electrodes, media)
            ctx.write(ROLE).media("quality.html").write_text(page, encoding="utf-8")


class _Described:
    """One recording, measured."""

    def __init__(self, ctx: Context, recording: Recording, events: list[Event]) -> None:
        import numpy as np

        from eeg2vid.stages.datasets.held_values import find_held
        from eeg2vid.stages.reporting.quality_verdict import verdict_of
        from eeg2vid.stages.signal.quality import measure

        source, settings = ctx.read("recordings"), ctx.settings
        self.subject, self.start_s = ctx.subject or "", settings.excerpt_start_s
        self.recording, self.events = recording, events
        self.sfreq: float = source.attributes().sfreq
        self.electrodes = source.table("electrodes", Electrode)
        stored = source.lazy("eeg")[:, recording.start : recording.start + recording.length]
        self.eeg: np.ndarray = stored.astype(np.float64) * _MICROVOLTS
        self.measured: Measured = measure(self.eeg, self.electrodes, self.sfreq, settings.line_hz)
        self.minutes = recording.length / self.sfreq / 60
        self.verdict = verdict_of(self.measured, self.electrodes, self.minutes, find_held(stored, self.sfreq))

    def row(self) -> RecordingQuality:
        """Return the recording's row."""
        import numpy as np

        from eeg2vid.stages.reporting.quality_verdict import command, strongest_line

        found = self.measured
        scalp = [place for place, row in enumerate(self.electrodes) if row.kind == "eeg"]
        line = strongest_line(found, scalp)
        blinks = None if found.blinks is None else len(found.blinks)
        return RecordingQuality(
            recording=self.recording.recording,
            session=self.recording.session,
            minutes=self.minutes,
            electrodes=len(scalp),
            events=len(self.events),
            amplitude_uv=float(np.median(found.amplitude[scalp])),
            drift_uv=float(np.median(found.drift[scalp])),
            line_hz=line and line[0],
            line_db=line and line[1],
            blinks=blinks,
            blinks_per_minute=None if blinks is None else blinks / self.minutes,
            bad=tuple(found.bad),
            verdict=self.verdict.verdict,
            words=self.verdict.words,
            options=self.verdict.options,
            command=command(self.subject, self.verdict.options),
        )

    def electrode_rows(self) -> list[ElectrodeQuality]:
        """Return a row for every electrode."""
        found = self.measured
        return [
            ElectrodeQuality(
                recording=self.recording.recording,
                electrode=row.electrode,
                offset_uv=found.offset[place],
                amplitude_uv=found.amplitude[place],
                low_uv=found.spread[0, place],
                high_uv=found.spread[-1, place],
                drift_uv=found.drift[place],
                bad=found.bad.get(row.electrode, ""),
            )
            for place, row in enumerate(self.electrodes)
        ]

    def line_rows(self) -> list[LineNoise]:
        """Return a row for every electrode at every frequency of power lines."""
        return [
            LineNoise(recording=self.recording.recording, electrode=row.electrode, hz=hz, db=levels[place])
            for hz, levels in self.measured.line_db.items()
            for place, row in enumerate(self.electrodes)
        ]

    def pictures(self) -> dict[str, bytes]:
        """Return the pictures by name."""
        from eeg2vid.stages.reporting.quality_charts import draw_excerpt, draw_numbers

        seconds = self.recording.length / self.sfreq
        last = max(0.0, seconds - _EXCERPT_S)
        start = last / 2 if self.start_s is None else min(self.start_s, last)
        first = round(start * self.sfreq)
        shown = self.eeg[:, first : first + round(_EXCERPT_S * self.sfreq)]
        blinks = () if self.measured.blinks is None else self.measured.blinks / self.sfreq
        until = start + shown.shape[1] / self.sfreq
        return {
            "numbers": draw_numbers(self.measured, self.electrodes),
            "excerpt": draw_excerpt(
                shown,
                self.electrodes,
                self.sfreq,
                start_s=first / self.sfreq,
                bad=self.measured.bad,
                blinks_s=[float(at) for at in blinks if start <= at < until],
                onsets_s=[event.onset_s for event in self.events if start <= event.onset_s < until],
            ),
        }


def _page(
    ctx: Context, rows: list[RecordingQuality], electrodes: list[ElectrodeQuality], media: dict[str, Path]
) -> str:
    """Put the parts, whoever made them, on one page."""
    from eeg2vid.stages.reporting.quality_page import QualityData, RecordingView, data_url, render_quality
    from eeg2vid.stages.reporting.quality_verdict import command, merged

    source = ctx.read("recordings")
    views = [
        RecordingView(
            row,
            [one for one in electrodes if one.recording == row.recording and one.bad],
            *(data_url(media[f"{row.recording}-{name}.png"].read_bytes()) for name in ("numbers", "excerpt")),
        )
        for row in rows
    ]
    options = [option for row in rows for option in row.options]
    return render_quality(
        QualityData(
            subject=ctx.subject or "",
            sfreq=source.attributes().sfreq,
            stamps=source.manifest.stamps,
            made=source.manifest.created[:10],
            line_hz=ctx.settings.line_hz,
            recordings=views,
            command=command(ctx.subject or "", merged(options)),
        )
    )
