"""What every decoder can do, closed-form or network: fit, predict, give its state, take it back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.electrodes import places_of
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import NetworkSettings, TrainingSettings
from eeg2vid.stages.training.inputs import Inputs

if TYPE_CHECKING:
    from eeg2vid.stages.training.loop import EpochRow, Keeper, Report

State = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Context:
    """What a decoder must know to be built.

    Attributes
    ----------
    inputs
        Shape of one event of each input, by name.
    classes
        Labels in the order of the probability columns (classifiers).
    target
        Shape of one event's target (mappers).
    electrodes
        Names along the electrode axis.
    """

    inputs: dict[str, tuple[int, ...]]
    classes: tuple[str, ...] = ()
    target: tuple[int, ...] = ()
    electrodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examples:
    """Events with what is to be decoded from them.

    Attributes
    ----------
    inputs
        Named arrays.
    targets
        Class indices `(event,)` into `Context.classes`, or values `(event, *target)`.
    groups
        Label of each event's block `(event,)`: what a choice inside the training events leaves out at once.
    runs
        Label of each event's run `(event,)`; used where there is one group only.
    """

    inputs: Inputs
    targets: NDArray[Any]
    groups: NDArray[Any] | None = None
    runs: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        for what, values in (("targets", self.targets), ("groups", self.groups), ("runs", self.runs)):
            if values is not None and len(values) != len(self.inputs):
                raise BadDataError(f"There are {len(values)} {what} for {len(self.inputs)} events.")

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, events: NDArray[np.integer] | NDArray[np.bool_]) -> Examples:
        """Return some events, in the order given."""
        groups, runs = (None if labels is None else labels[events] for labels in (self.groups, self.runs))
        return Examples(self.inputs.take(events), self.targets[events], groups, runs)

    @staticmethod
    def join(parts: Sequence[Examples]) -> Examples:
        """Return the events of all parts, one part after the other."""

        def labels(name: str) -> NDArray[Any] | None:
            found = [getattr(part, name) for part in parts]
            return None if any(one is None for one in found) else np.concatenate(found)

        targets = np.concatenate([part.targets for part in parts])
        return Examples(Inputs.join([part.inputs for part in parts]), targets, labels("groups"), labels("runs"))


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
    best_epoch
        The epoch chosen (networks).
    history
        One row per epoch (networks).
    detail
        What was chosen, in words.
    """

    train_events: int
    validation_events: int = 0
    score: float | None = None
    best_epoch: int | None = None
    history: tuple[EpochRow, ...] = ()
    detail: str = ""


class Decoder(ABC):
    """A decoder: classifiers return probabilities `(event, class)`, mappers values `(event, *target)`."""

    kind: str = ""

    def __init__(self, settings: NetworkSettings, context: Context, training: TrainingSettings) -> None:
        self.settings = settings
        self.context = context
        self.training = training
        if self.kind == "encoder" and len(context.classes) < 2:
            raise BadDataError(f"A classifier needs at least 2 classes, found {len(context.classes)}.")
        if self.kind == "mapper" and (not context.target or min(context.target) < 1):
            raise BadDataError(f"A mapper needs targets of a known shape, found {context.target}.")

    @abstractmethod
    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int = 0,
        device: str = "cpu",
        report: Report | None = None,
        should_stop: Callable[[], bool] | None = None,
        keeper: Keeper | None = None,
    ) -> FitReport:
        """Fit to the training events; choose, where there is a choice, on the validation events.

        With `training.refit` the final fit is to both. Test events never enter.

        Parameters
        ----------
        train, validation
            Events, neither overlapping the test events.
        seed
            Root of every random number.
        device
            'cpu', 'cuda[:n]' or 'mps'; closed-form decoders stay on the CPU.
        report
            Called after each epoch.
        should_stop
            Asked after each epoch; TrainingStopped is raised if it says so.
        keeper
            Saves the state of an unfinished training and gives it back.
        """

    @abstractmethod
    def predict(self, inputs: Inputs, *, device: str = "cpu") -> NDArray[np.float32]:
        """Return one prediction per event; BadDataError if the inputs are not those fitted to."""

    @abstractmethod
    def state(self) -> State:
        """Return the fitted arrays."""

    @abstractmethod
    def scaler_state(self) -> State:
        """Return the inputs' training statistics."""

    @abstractmethod
    def load(self, state: State, scaler: State) -> None:
        """Take fitted arrays and statistics; BadDataError if they do not fit the settings."""

    def parameters(self) -> int:
        """Return how many numbers were fitted."""
        return sum(int(values.size) for values in self.state().values())

    def config(self) -> dict[str, Any]:
        """Return everything but arrays that is needed to build this decoder again."""
        return {
            "network": self.settings.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json"),
            "inputs": {name: list(shape) for name, shape in sorted(self.context.inputs.items())},
            "classes": list(self.context.classes),
            "target": list(self.context.target),
            "electrodes": list(self.context.electrodes),
        }

    def check(self, examples: Examples) -> None:
        """Raise BadDataError unless the examples are of the shape this decoder was built for."""
        examples.inputs.require(self.context.inputs)
        if not len(examples):
            raise BadDataError("There are no events to fit to.")
        targets = examples.targets
        if self.kind == "encoder":
            n_classes = len(self.context.classes)
            if targets.ndim != 1 or not np.issubdtype(targets.dtype, np.integer):
                raise BadDataError(f"Classes have shape {targets.shape} and type {targets.dtype}, expected indices.")
            if targets.min() < 0 or targets.max() >= n_classes:
                raise BadDataError(
                    f"Class indices run {targets.min()} to {targets.max()}, expected 0 to {n_classes - 1}."
                )
        elif targets.shape[1:] != self.context.target:
            raise BadDataError(f"Targets have shape {targets.shape[1:]} per event, expected {self.context.target}.")
        elif not np.isfinite(targets.sum(dtype=np.float64)):
            raise BadDataError("Targets hold values that are not finite.")


def take_arrays(state: State, shapes: dict[str, tuple[int | None, ...]]) -> State:
    """Return the arrays named; BadDataError unless names and shapes are as expected (None: any size)."""
    if set(state) != set(shapes):
        raise BadDataError(
            f"The stored model holds {', '.join(sorted(state)) or 'nothing'}, expected {', '.join(sorted(shapes))}.",
            "Train the model anew.",
        )
    for name, shape in shapes.items():
        found = state[name].shape
        if len(found) != len(shape) or any(want not in (None, size) for want, size in zip(shape, found, strict=True)):
            raise BadDataError(
                f"Array '{name}' of the stored model has shape {found}, expected "
                f"({', '.join('any' if size is None else str(size) for size in shape)}).",
                "Train the model anew.",
            )
    return state


def find_electrodes(names: Sequence[str], electrodes: Sequence[str]) -> tuple[int, ...]:
    """Return the places of named electrodes on the electrode axis.

    Raises
    ------
    UsageError
        If one of them was not recorded.
    """
    places, missing = places_of(names, electrodes)
    if missing:
        raise UsageError(
            f"Electrodes {', '.join(missing)} of the local branch are not among the {len(electrodes)} recorded.",
            "Name others with --set network.local_electrodes, or choose a network without a local branch (lda).",
        )
    return tuple(places)
