"""Version 1 of `clips`: nothing told that two clips show one film."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import Attributes, Schema
from eeg2vid.schemas.entities import Label, Row, SubjectLabel


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


class ClipIndexAttributes(Attributes):
    """Facts about the study as a whole."""

    kind: str
    subjects: tuple[SubjectLabel, ...]


CLIPS_V1 = Schema(
    name="clips",
    version=1,
    doc="The clip index: one row per stimulus with its labels and its place in a film.",
    tables={"clips": Clip},
    attributes=ClipIndexAttributes,
)
