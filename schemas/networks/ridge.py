"""Settings of ridge regression."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from eeg2vid.schemas.networks.network import EpochBins, PenaltyGrid


class RidgeSettings(PenaltyGrid):
    """Ridge regression to any target, in closed form; its penalty is chosen by leave-one-group-out."""

    builds: ClassVar[str] = "eeg2vid.stages.networks.ridge:RidgeDecoder"
    learns: ClassVar[frozenset[str]] = frozenset({"value"})

    name: Literal["ridge"] = "ridge"
    fitted_share: float = Field(
        default=0.9999,
        gt=0,
        le=1,
        description="share of the fitted values' variance that the stored low-rank map keeps; 1: all",
    )
    epoch_bins: EpochBins = 10

    def methods(self) -> str:
        """Return the grid of penalties and the bins of epochs."""
        return (
            f"ridge regression in closed form, {self.grid()}; epochs, where read, averaged into {self.epoch_bins} bins"
        )
