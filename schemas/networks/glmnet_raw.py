"""Settings of GLMNet on epochs."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from eeg2vid.schemas.electrodes import electrode_sets
from eeg2vid.schemas.networks.network import LocalElectrodes, Network


class GlmnetRawSettings(Network):
    """GLMNet on epochs: a ShallowNet on all electrodes, one on the occipital ones, joined (EEG2Video)."""

    builds: ClassVar[str] = "eeg2vid.stages.networks.glmnet:GlmnetRawDecoder"
    inputs: ClassVar[tuple[str, ...]] = ("epochs",)
    learns: ClassVar[frozenset[str]] = frozenset({"label"})
    cites: ClassVar[tuple[str, ...]] = ("liu2024eeg2video",)

    name: Literal["glmnet-raw"] = "glmnet-raw"
    windows: int = Field(
        default=2,
        ge=1,
        le=100,
        description="equal windows an epoch is cut into, each a training sample; published: 2 of 1 s",
    )
    filters: int = Field(default=40, ge=1, le=512, description="temporal and spatial filters")
    kernel: int = Field(default=25, ge=1, le=1000, description="length of the temporal filters, samples")
    pool: int = Field(default=51, ge=1, le=1000, description="length of the mean pooling, samples")
    pool_step: int = Field(default=5, ge=1, le=1000, description="step of the mean pooling, samples")
    embedding: int = Field(default=256, ge=1, le=4096, description="units each branch ends in")
    dropout: float = Field(default=0.5, ge=0, lt=1, description="dropped share before each branch's last layer")
    local_electrodes: LocalElectrodes = electrode_sets()["glmnet-local"]

    def methods(self) -> str:
        """Return the layers."""
        return (
            f"GLMNet on epochs cut into {self.windows} equal windows: a ShallowNet on all electrodes and one on "
            f"{', '.join(self.local_electrodes)}, each of {self.filters} filters of {self.kernel} samples, mean "
            f"pooling over {self.pool} samples in steps of {self.pool_step}, ending in {self.embedding} units, joined "
            f"(dropout {self.dropout:g})"
        )
