"""What the stages that train decoders have in common."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.networks import TrainingSettings
from eeg2vid.schemas.settings import Settings

InputName = Literal["epochs", "de", "psd"]


class DecodingSettings(Settings):
    """Settings of a stage that trains decoders; a stage adds its networks."""

    renamed = {"tasks": "targets", "target": "targets"}

    targets: tuple[str, ...] = Field(
        (),
        min_length=1,
        description="what to decode, repeated",
    )
    inputs: tuple[InputName, ...] = Field((), description="what the network reads, repeated; none: its default")
    folds: str = Field("all", description="all, last, or fold names separated by commas")
    pooled: bool = Field(False, description="train one model on everybody's EEG instead of one for each person")
    fast_scores: Literal["data-set", "flow"] = Field(
        "data-set",
        description="motion scores behind target fast: the data set's own, or what split-videos --motion found",
    )
    fast_threshold: float | None = Field(
        None, gt=0, description="motion score from which a clip is fast; none: median of the training clips"
    )
    validation_in_training: bool = Field(
        False, description="also train on the validation block, as the published code does"
    )
    training: TrainingSettings = Field(TrainingSettings(), description="how to train")
    seed: int = Field(0, ge=0, lt=2**63, description="root of every random number")
