"""Folds: which event is training, validation or test, and by which settings they were made."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import EventKey, Fold
from eeg2vid.schemas.settings import Settings

LEAK = "leak: "  # begins the stamp of a split that was forced: 'leak: runs', 'leak: clips'

Scheme = Literal[
    "leave-one-block-out",
    "fixed",
    "leave-subjects-out",
    "leave-concepts-out",
    "leave-session-out",
    "random-clips",
    "table",
]
LeakKind = Literal["runs", "clips", "films", "recordings"]

# Which of the settings below belong to one scheme only; the others belong to all.
_OF_SCHEMES = {
    "held_out": ("leave-subjects-out", "leave-concepts-out", "leave-session-out"),
    "groups": ("leave-subjects-out", "leave-concepts-out", "random-clips"),
    "group_size": ("leave-subjects-out", "leave-concepts-out"),
    "test_block": ("fixed", "leave-subjects-out"),
    "validation_block": ("fixed", "leave-subjects-out"),
    "cross_clips": ("leave-subjects-out",),
    "table": ("table",),
}


class Part(IntEnum):
    """Value of `assignment`."""

    UNUSED = 0
    TRAIN = 1
    VALIDATION = 2
    TEST = 3


class SplitSettings(Settings):
    """Settings of `split`."""

    scheme: Scheme = Field("leave-one-block-out", description="how to divide the events")
    validation: Literal["previous-block", "previous-group", "none"] = Field(
        "previous-block",
        description="what is kept out of training to choose epochs: the block before the test block (the last block "
        "where none is held out), or what the fold before tests; wraps around; random-clips: the group before",
    )
    concepts: tuple[str, ...] = Field(
        (),
        description="use only these: ids, names, published-10, random-20, random-30 (drawn: no such list is published)",
    )
    held_out: tuple[str, ...] = Field(
        (), description="test on these subjects, concepts or sessions in one fold; default: each in turn"
    )
    groups: int | None = Field(
        None, ge=2, le=10_000, description="number of folds; default: one per subject, 5 of concepts or clips"
    )
    group_size: int | None = Field(
        None, ge=1, le=10_000, description="subjects or concepts tested together, at most; 5 of 20 subjects: 15/5"
    )
    test_block: tuple[str, ...] = Field((), description="fixed, leave-subjects-out: blocks tested; default: the last")
    validation_block: tuple[str, ...] = Field(
        (), description="fixed, leave-subjects-out: blocks that validate; default: the one before the test block"
    )
    cross_clips: Literal["disjoint", "shared"] = Field(
        "disjoint",
        description="leave-subjects-out: held-out people are tested on blocks that no one trains on; or every clip "
        "of everyone (a leak of clips)",
    )
    table: str | None = Field(
        None,
        min_length=1,
        description="table: TSV or CSV with fold, part (train, validation, test, unused) and any of event, clip, run, "
        "block, session, subject, concept, recording; a row takes all events that match; relative to the workspace",
        validate_default=True,
    )
    seed: int = Field(0, ge=0, description="of what is drawn: groups of concepts and clips, random-20")
    allow_leak: tuple[LeakKind, ...] = Field(
        (), description="force a split that leaks, and stamp what is made from it: runs, clips, films, recordings"
    )

    @field_validator(*_OF_SCHEMES)
    @classmethod
    def _belongs_to_scheme(cls, value: Any, info: ValidationInfo) -> Any:
        scheme, name = info.data.get("scheme"), str(info.field_name)
        if scheme is not None and scheme not in _OF_SCHEMES[name] and value != cls.model_fields[name].default:
            raise ValueError(f"it is for the scheme {' or '.join(_OF_SCHEMES[name])}; the scheme here is {scheme}")
        if name == "table" and scheme == "table" and value is None:
            raise ValueError("the scheme 'table' needs a file: --table FILE.tsv")
        return value

    @field_validator("group_size")
    @classmethod
    def _one_measure(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("groups") is not None:
            raise ValueError("give the number of groups or their size, not both")
        return value

    @field_validator("group_size", "groups")
    @classmethod
    def _named_or_counted(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("held_out"):
            raise ValueError("what is held out is named by held_out already; leave one of the two out")
        return value


class SplitAttributes(Attributes):
    """How the folds were made."""

    scheme: str = Field(description="'leave-one-block-out', ..")
    concepts: tuple[int, ...] = Field((), description="ids of the concepts in use; empty: all")
    seed: int | None = Field(None, description="what was drawn by chance was drawn with it; None: nothing was")
    leaks: tuple[LeakKind, ...] = Field((), description="leaks that were forced and occur")


FOLDS = Schema(
    name="folds",
    version=1,
    doc="Per fold, the part each event belongs to. No run, clip, film or EEG is in two parts, or a stamp says so.",
    arrays={
        "assignment": ArraySpec(
            dims=("fold", "event"), dtypes=("int8",), unit="label", doc="0 unused, 1 train, 2 validation, 3 test"
        )
    },
    tables={"folds": Fold, "events": EventKey},
    index={"fold": "folds", "event": "events"},
    attributes=SplitAttributes,
)
