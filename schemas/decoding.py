"""What the stages that train decoders have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from eeg2vid.schemas.networks import TrainingSettings
from eeg2vid.schemas.settings import Settings

SIGNALS = ("epochs", "de", "psd")
ENCODER = "encoder:"
"""Begins the name of an input that another network makes: `encoder:VARIANT`, of the same fold."""


def encoders_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return the variants of `train-encoder` among some inputs."""
    return tuple(name.removeprefix(ENCODER) for name in names if name.startswith(ENCODER))


def _known(name: str) -> str:
    if name not in SIGNALS and not re.fullmatch(f"{ENCODER}[a-z0-9-]+", name):
        raise ValueError(f"it must be {', '.join(SIGNALS)} or {ENCODER}VARIANT")
    return name


InputName = Annotated[str, AfterValidator(_known)]


class DecodingSettings(Settings):
    """Settings of a stage that trains decoders; a stage adds its networks."""

    renamed = {"tasks": "targets", "target": "targets"}

    targets: tuple[str, ...] = Field(
        (),
        min_length=1,
        description="what to decode, repeated",
    )
    inputs: tuple[InputName, ...] = Field(
        (),
        description="what the network reads, repeated: epochs, de, psd, or encoder:VARIANT, what that encoder of the "
        "same fold makes of the EEG; none: its default",
    )
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
