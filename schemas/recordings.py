"""What ingest writes: the clip index, captions, checks, events and the recordings themselves."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import Caption, Check, Clip, Electrode, Event, MarkedSpan, Recording, SubjectLabel


class ClipIndexAttributes(Attributes):
    """Facts about the study as a whole."""

    kind: str = Field(description="'seed-dv', 'events-table', 'markers', 'bids'; 'files': clips alone, no EEG")
    subjects: tuple[SubjectLabel, ...]


class RecordingAttributes(Attributes):
    """Facts about one subject's recordings."""

    sfreq: float = Field(gt=0, description="sampling rate, Hz")


CLIPS = Schema(
    name="clips",
    version=2,
    doc="The clip index: one row per stimulus with its labels and its place in a film.",
    tables={"clips": Clip},
    attributes=ClipIndexAttributes,
)

CAPTIONS = Schema(name="captions", version=1, doc="One sentence per clip.", tables={"captions": Caption})

CHECKS = Schema(name="checks", version=1, doc="What ingest looked at and what it found.", tables={"checks": Check})

EVENTS = Schema(
    name="events",
    version=2,
    doc="Every presentation of a clip to one subject.",
    tables={"events": Event},
)

RECORDINGS = Schema(
    name="recordings",
    version=2,
    doc="One subject's EEG as recorded, all recordings one after another, and what of it is marked as bad or cut.",
    arrays={
        "eeg": ArraySpec(
            dims=("electrode", "sample"),
            dtypes=("float32", "float64"),
            unit="V",
            doc="signal in the source's precision",
            chunked="sample",
        )
    },
    tables={"recordings": Recording, "electrodes": Electrode, "spans": MarkedSpan},
    index={"electrode": "electrodes"},
    attributes=RecordingAttributes,
)
