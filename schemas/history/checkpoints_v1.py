"""Version 1 of `checkpoints`: one model per fold and task; encoders and mappers told apart by `kind`."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import Attributes, Schema
from eeg2vid.schemas.entities import Row


class TrainedModel(Row):
    """One trained model and how it did where it was tuned."""

    fold: str
    task: str
    path: str
    network: str
    parameters: int
    train_events: int
    validation_events: int
    validation_score: float | None = None
    threshold: float | None = None
    detail: str = ""


class CheckpointAttributes(Attributes):
    """What the models were trained for."""

    kind: str
    inputs: tuple[str, ...]
    classes: dict[str, tuple[str, ...]] = {}
    target: str = ""
    target_attributes: dict[str, float | str] = {}
    motion: str = Field("", description="what the scores behind task 'fast' measure; '': they are the data set's own")
    motion_sha256: str = Field("", description="hash of those scores; '' as above")


CHECKPOINTS_V1 = Schema(
    name="checkpoints",
    version=1,
    doc="Decoders trained on the training part of each fold: models/<fold>/<task>/.",
    tables={"models": TrainedModel},
    attributes=CheckpointAttributes,
    models=True,
)
