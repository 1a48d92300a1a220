"""Events with what is to be decoded from them, and how a fit to them went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.training.inputs import Inputs

if TYPE_CHECKING:
    from eeg2vid.stages.training.state import EpochRow

Targets = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Examples:
    """Events with what is to be decoded from them.

    Attributes
    ----------
    inputs
        Named arrays.
    targets
        By target: class indices `(event,)` or values `(event, ...)`, one row per event of `inputs`.
    groups
        Label of each event's block `(event,)`: what a choice inside the training events leaves out at once.
    runs
        Label of each event's run `(event,)`; used where there is one group only.
    known
        What is known of the clips of these events `(event, ...)`, to be learned by and never needed to decode:
        'concept', class index or -1; 'clips', what is measured on them.
    """

    inputs: Inputs
    targets: Targets
    groups: NDArray[Any] | None = None
    runs: NDArray[Any] | None = None
    known: Targets = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = [*self.targets.items(), *self.known.items(), ("groups", self.groups), ("runs", self.runs)]
        for what, values in columns:
            if values is not None and len(values) != len(self.inputs):
                raise BadDataError(f"There are {len(values)} {what} for {len(self.inputs)} events.")

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, events: NDArray[np.integer] | NDArray[np.bool_]) -> Examples:
        """Return some events, in the order given."""
        groups, runs = (None if labels is None else labels[events] for labels in (self.groups, self.runs))
        targets, known = ({name: values[events] for name, values in one.items()} for one in (self.targets, self.known))
        return Examples(self.inputs.take(events), targets, groups, runs, known)

    @staticmethod
    def join(parts: Sequence[Examples]) -> Examples:
        """Return the events of all parts, one part after the other."""

        def labels(name: str) -> NDArray[Any] | None:
            found = [getattr(part, name) for part in parts]
            return None if any(one is None for one in found) else np.concatenate(found)

        targets = {name: np.concatenate([part.targets[name] for part in parts]) for name in parts[0].targets}
        known = {name: np.concatenate([part.known[name] for part in parts]) for name in parts[0].known}
        return Examples(Inputs.join([part.inputs for part in parts]), targets, labels("groups"), labels("runs"), known)


@dataclass(frozen=True)
class FitReport:
    """How a fit went.

    Attributes
    ----------
    train_events, validation_events
        Events used.
    score
        On events not fitted to. Classifiers: accuracy on the validation events; mappers: 1 - squared error /
        squared error of the training mean, on the validation events (`ridge`: cross-validated).
    best_epoch, planned_epochs
        The epoch chosen, and how many there could have been (networks).
    history
        One row per epoch (networks).
    detail
        What was chosen, in words.
    """

    train_events: int
    validation_events: int = 0
    score: float | None = None
    best_epoch: int | None = None
    planned_epochs: int | None = None
    history: tuple[EpochRow, ...] = ()
    detail: str = ""
