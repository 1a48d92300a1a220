"""Version 1 of `events`: nothing told that two events hold the same EEG."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Label, Row, SubjectLabel


class Event(Row):
    """One presentation of a clip to a subject."""

    event: Label
    subject: SubjectLabel
    session: Label = "1"
    recording: Label
    block: Label
    run: Label = Field(description="unbroken stretch of one concept; unique in the subject")
    position: int = Field(ge=1, description="place of the clip in its run")
    clip: Label
    onset_s: float = Field(ge=0, description="since the start of the recording, s")
    onset_sample: int = Field(ge=0, description="since the start of the recording, samples")
    duration_s: float = Field(gt=0, description="s")
    hint_s: float | None = Field(None, gt=0, description="what names the concept ends as the run begins; its length, s")


EVENTS_V1 = Schema(
    name="events",
    version=1,
    doc="Every presentation of a clip to one subject.",
    tables={"events": Event},
)
