"""Settings of training, the same for every network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.settings import Settings


class TrainingSettings(Settings):
    """How networks are trained. Decoders in closed form use `refit` and `scaling` only."""

    epochs: int = Field(default=100, ge=1, le=100_000, description="passes over the training events, at most")
    batch_size: int = Field(default=256, ge=1, le=100_000, description="samples per step")
    learning_rate: float = Field(default=1e-3, gt=0, le=1, description="constant, unless the network has a schedule")
    weight_decay: float = Field(
        default=0.0, ge=0, le=10, description="of the optimizer: AdamW, unless the network says"
    )
    patience: int = Field(
        default=0, ge=0, le=100_000, description="stop after this many epochs without a better validation; 0: never"
    )
    selection: Literal["loss", "accuracy", "last"] = Field(
        default="loss", description="what picks the epoch on the validation events; 'last' picks none"
    )
    refit: bool = Field(
        default=True, description="after the choice, train anew on training and validation events for as many epochs"
    )
    class_weight: Literal["none", "balanced"] = Field(
        default="none", description="weigh classes alike in the loss of classifying networks"
    )
    scaling: Literal["train", "own"] = Field(
        default="train",
        description="standardise by the training events, or each part by its own mean and SD (the published code: "
        "test statistics enter, predictions depend on what is predicted together)",
    )
