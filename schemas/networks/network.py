"""What the settings of every network have in common."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from eeg2vid.schemas.choice import Choice
from eeg2vid.schemas.electrodes import ElectrodeNames

EpochBins = Annotated[
    int,
    Field(ge=1, le=2000, description="time bins an epoch is averaged into before it enters a vector, per electrode"),
]
LocalElectrodes = Annotated[
    ElectrodeNames, Field(min_length=1, description="electrodes of the local branch: names or sets (glmnet-local)")
]


class Network(Choice):
    """Settings of a network, or of a decoder in closed form.

    Attributes
    ----------
    inputs
        What it reads where the stage's settings name nothing.
    learns
        Kinds of targets: 'label' (a class per event), 'value' (an array per event).
    joint
        It learns all its targets at once; any other network learns exactly one.
    refits
        It can be fitted anew to thousands of relabelings (`train-encoder --permutations`).
    """

    inputs: ClassVar[tuple[str, ...]] = ("de", "epochs")
    learns: ClassVar[frozenset[str]] = frozenset()
    joint: ClassVar[bool] = False
    refits: ClassVar[bool] = False
    planned: ClassVar[tuple[str, ...]] = ("roles", "inputs", "learns", "joint", "refits", "also_reads", "stamps")

    def also_reads(self) -> tuple[str, ...]:
        """Return the roles it learns by beside inputs and targets: 'clips' for concepts, 'stimuli' for measures."""
        return ()

    def stamps(self) -> tuple[str, ...]:
        """Return what must be said of all that it decodes, and of all that is made of it."""
        return ()


class PenaltyGrid(Network):
    """A network whose ridge penalty is chosen from a grid, inside the training events."""

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

    def grid(self) -> str:
        """Return in words from where the penalty is chosen."""
        return (
            f"its penalty chosen by leave-one-group-out among {self.penalties} from 10^{self.log10_low:g} to "
            f"10^{self.log10_high:g} times the kernel's mean eigenvalue (by {self.run_folds} folds over runs where "
            "training events are of one group)"
        )

    @model_validator(mode="after")
    def _grid_ordered(self) -> PenaltyGrid:
        if self.log10_low > self.log10_high:
            raise ValueError(f"log10_low ({self.log10_low:g}) must not exceed log10_high ({self.log10_high:g})")
        return self
