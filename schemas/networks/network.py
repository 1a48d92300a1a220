"""What the settings of every network have in common."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

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

    def also_reads(self) -> tuple[str, ...]:
        """Return the roles it learns by beside inputs and targets: 'clips' for concepts, 'stimuli' for measures."""
        return ()
