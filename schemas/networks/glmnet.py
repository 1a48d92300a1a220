"""Settings of GLMNet on band features."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from eeg2vid.schemas.electrodes import electrode_sets
from eeg2vid.schemas.networks.network import LocalElectrodes, Network


class GlmnetSettings(Network):
    """GLMNet on band features: an MLP on all electrodes, one on the occipital ones, joined (EEG2Video)."""

    builds: ClassVar[str] = "eeg2vid.stages.networks.glmnet:GlmnetDecoder"
    inputs: ClassVar[tuple[str, ...]] = ("de",)
    learns: ClassVar[frozenset[str]] = frozenset({"label"})
    cites: ClassVar[tuple[str, ...]] = ("liu2024eeg2video",)

    name: Literal["glmnet"] = "glmnet"
    hidden: tuple[int, ...] = Field(
        default=(512, 256), min_length=1, max_length=8, description="units of each branch's hidden layers, each >= 1"
    )
    embedding: int = Field(default=64, ge=1, le=4096, description="units each branch ends in")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="dropped share after each hidden layer; published: 0")
    local_electrodes: LocalElectrodes = electrode_sets()["glmnet-local"]

    @model_validator(mode="after")
    def _hidden_positive(self) -> GlmnetSettings:
        if min(self.hidden) < 1:
            raise ValueError("every hidden layer needs at least 1 unit")
        return self

    def methods(self) -> str:
        """Return the layers."""
        return (
            f"GLMNet on band features: an MLP on all electrodes and one on {', '.join(self.local_electrodes)}, "
            f"each with hidden layers of {', '.join(map(str, self.hidden))} units ending in {self.embedding}, joined "
            f"(dropout {self.dropout:g})"
        )
