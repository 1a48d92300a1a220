"""What is known of a decoded target, stored with the models that decode it and with what they decode."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TargetFacts(BaseModel):
    """One target as some models learned it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    kind: Literal["label", "value"] = Field(description="label: a class; value: numbers of a fixed shape")
    classes: tuple[str, ...] = Field((), description="of a label, in the order of its probabilities")
    attributes: dict[str, float | str] = Field({}, description="what is needed to use it: the VAE, its geometry ..")
    thresholds: dict[str, float] = Field({}, description="of a label cut from a score: the cut, by fold")
    residuals: dict[str, float] = Field(
        {},
        exclude_if=lambda found: not found,
        description="of a value: mean squared error of one number on the validation events, by fold; empty where no "
        "model had any, or what is decoded is not a model's own (made of a class)",
    )
