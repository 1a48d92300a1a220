"""Settings of ridge regression."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from eeg2vid.schemas.networks.network import EpochBins, Network


class RidgeSettings(Network):
    """Ridge regression to any target, in closed form; its penalty is chosen by leave-one-group-out."""

    builds: ClassVar[str] = "eeg2vid.stages.networks.ridge:RidgeDecoder"
    learns: ClassVar[frozenset[str]] = frozenset({"value"})

    name: Literal["ridge"] = "ridge"
    log10_low: float = Field(
        default=-3, ge=-12, le=12, description="log10 of the smallest penalty / mean eigenvalue of the kernel"
    )
    log10_high: float = Field(
        default=4, ge=-12, le=12, description="log10 of the largest penalty / mean eigenvalue of the kernel"
    )
    penalties: int = Field(default=29, ge=1, le=1000, description="penalties on the grid, evenly spaced in log10")
    run_folds: int = Field(
        default=5, ge=2, le=100, description="folds over runs where the training events are of one group only"
    )
    fitted_share: float = Field(
        default=0.9999,
        gt=0,
        le=1,
        description="share of the fitted values' variance that the stored low-rank map keeps; 1: all",
    )
    epoch_bins: EpochBins = 10

    @model_validator(mode="after")
    def _grid_ordered(self) -> RidgeSettings:
        if self.log10_low > self.log10_high:
            raise ValueError(f"log10_low ({self.log10_low:g}) must not exceed log10_high ({self.log10_high:g})")
        return self
