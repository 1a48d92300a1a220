"""Folds: which event is training, validation or test."""

from __future__ import annotations

from enum import IntEnum

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import EventKey, Fold


class Part(IntEnum):
    """Value of `assignment`."""

    UNUSED = 0
    TRAIN = 1
    VALIDATION = 2
    TEST = 3


class SplitAttributes(Attributes):
    """How the folds were made."""

    scheme: str = Field(description="'leave-one-block-out', ..")


FOLDS = Schema(
    name="folds",
    version=1,
    doc="Per fold, the part each event belongs to. No run and no clip is in two parts.",
    arrays={
        "assignment": ArraySpec(
            dims=("fold", "event"), dtypes=("int8",), unit="label", doc="0 unused, 1 train, 2 validation, 3 test"
        )
    },
    tables={"folds": Fold, "events": EventKey},
    index={"fold": "folds", "event": "events"},
    attributes=SplitAttributes,
)
