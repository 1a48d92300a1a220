"""Trained decoders: one folder of safetensors per model, and how its training went."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.targets import TargetFacts


class TrainedModel(Row):
    """One trained model and how it did where it was tuned."""

    fold: str
    targets: tuple[str, ...] = Field(description="what it decodes")
    path: str
    network: str
    parameters: int
    subjects: tuple[str, ...] = Field((), description="people trained on; empty: the unit's own subject")
    train_events: int
    validation_events: int
    validation_scores: dict[str, float] = Field({}, description="by target; accuracy, or share of variance explained")
    residuals: dict[str, float] = Field(
        {},
        exclude_if=lambda found: not found,
        description="by value target: mean squared error of one value on the validation events, in the target's unit "
        "squared; (1 - score) x variance of the training targets about their mean",
    )
    best_epoch: int | None = Field(None, description="the epoch chosen on the validation events; none: closed form")
    detail: str = ""


class TrainedEpoch(Row):
    """One epoch of one training."""

    path: str = Field(description="the model's")
    phase: str = Field(description="choose: on the training events; refit: on these and the validation events")
    epoch: int
    train_loss: float
    validation_loss: float | None = None
    validation_score: float | None = None
    losses: dict[str, float] = Field({}, description="the parts of the training loss, by name")


class CheckpointAttributes(Attributes):
    """What the models read and decode."""

    inputs: tuple[str, ...]
    signals: tuple[str, ...] = Field((), description="what encoders among the inputs read; empty: there are none")
    targets: dict[str, TargetFacts]


_LABELED = ("model", "labeling", "class")


def _of_labelings(doc: str) -> ArraySpec:
    return ArraySpec(dims=_LABELED, dtypes=("float32",), unit="1", doc=doc, optional=True)


CHECKPOINTS = Schema(
    name="checkpoints",
    version=2,
    doc="Decoders trained on the training part of each fold: models/<fold>/<target>/.",
    arrays={
        "relabeled_events": _of_labelings("test events that have a class under a relabeling of runs, training and all"),
        "relabeled_top1": _of_labelings("how many of them are hit by the model fitted anew to that labeling"),
        "relabeled_top5": _of_labelings("how many have their class among its five most probable ones"),
    },
    index={"model": "models"},
    tables={"models": TrainedModel, "history": TrainedEpoch},
    attributes=CheckpointAttributes,
    models=True,
)
