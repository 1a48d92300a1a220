"""The two tables everything joins on (clips, events) and the rows around them.

Labels are 1-based, as SEED-DV's films and concepts are; array indices are 0-based.
Nothing is ever joined by list position: rows carry clip and event ids.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=80)]
SubjectLabel = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", max_length=40)]


class Row(BaseModel):
    """One row of a table artifact."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Clip(Row):
    """One stimulus: where its pixels are and what is known about it. One row per clip id."""

    clip: Label
    concept: int | None = Field(None, ge=1, description="1-based concept id")
    concept_name: str | None = None
    group: str | None = Field(None, description="coarse concept group")
    block: Label | None = Field(None, description="block whose film holds the clip, where films are blocks")
    color: int | None = Field(None, ge=0, le=6, description="0 none, 1 red .. 6 grey (SEED-DV)")
    face: int | None = Field(None, ge=0, le=1)
    human: int | None = Field(None, ge=0, le=1)
    number: int | None = Field(None, ge=1, le=3, description="objects: 1, 2, 3 = many")
    optical_flow: float | None = Field(None, ge=0, description="motion score of the data set")
    file: str = Field(description="film or clip file, relative to the data folder")
    start_s: float = Field(ge=0, description="start in the film, s")
    duration_s: float = Field(gt=0, description="s")
    film_sha: str | None = Field(None, description="digest of its pictures, where another clip shows the same film")


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
    eeg_sha: str | None = Field(None, description="digest of its EEG: the same in a copy under another name")


class Recording(Row):
    """One unbroken stretch of EEG: samples [start, start + length) of the subject's `eeg` array."""

    recording: Label
    session: Label = "1"
    block: Label | None = None
    start: int = Field(ge=0)
    length: int = Field(gt=0)
    source: str = Field(description="file it came from, relative to the data folder")


class MarkedSpan(Row):
    """Samples that a recording marks as bad, or a place where its samples do not follow each other."""

    recording: Label
    start: int = Field(ge=0, description="first sample, from the recording's start; of a cut: the first one after it")
    length: int = Field(ge=0, description="samples; of a cut: those in the place of what was not recorded, often none")
    kind: Literal["bad", "cut"]
    text: str = Field(description="as the recording has it")


class Electrode(Row):
    """One electrode, its position in metres (head coordinates) where known."""

    electrode: Label
    kind: Literal["eeg", "eog"] = Field("eeg", description="eog: beside the eyes, to clean by, never decoded from")
    x: float | None = None
    y: float | None = None
    z: float | None = None


class Caption(Row):
    """One sentence about one clip."""

    clip: Label
    caption: str = Field(min_length=1)


class Check(Row):
    """One thing that ingest looked at."""

    item: str
    found: str
    expected: str
    verdict: Literal["ok", "warning", "error"]


class Fold(Row):
    """One way to divide the events into training, validation and test."""

    fold: Label
    test: str = Field(description="what is held out, e.g. 'block 7'")
    validation: str = Field(description="what chooses settings and epochs, e.g. 'block 6'; '' if none")


class EventKey(Row):
    """The event (and its clip) that one index of an array's `event` axis stands for."""

    event: Label
    clip: Label


class EpochKey(EventKey):
    """The event that one index of an epochs or features array stands for, and whether its EEG can be used."""

    state: Literal["ok", "rejected", "outside"] = Field(
        "ok", description="rejected: not to be trained on; outside: the recording ends before, zeros stand here"
    )


class ClipKey(Row):
    """The clip that one index of an array's `clip` axis stands for."""

    clip: Label
