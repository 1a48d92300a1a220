"""What every decoder can do, trained or in closed form: fit, predict, give its state, take it back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import Network, TrainingSettings
from eeg2vid.schemas.plugins import reference_of
from eeg2vid.stages.networks.context import BuildContext, TargetForm
from eeg2vid.stages.networks.examples import Examples, FitReport
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.scaler import Unseen

if TYPE_CHECKING:
    from eeg2vid.stages.training.loop import Progress, Report
    from eeg2vid.stages.training.state import Keeper

State = dict[str, NDArray[np.generic]]
Predictions = dict[str, NDArray[np.float32]]


class Decoder(ABC):
    """A decoder of one target or several: of a label it returns probabilities, of a value values.

    Attributes
    ----------
    people
        Labels of the people it was fitted to.
    """

    settings: Any  # a subclass names its own class of settings
    people: tuple[str, ...] = ()

    def __init__(self, settings: Network, context: BuildContext, training: TrainingSettings) -> None:
        self.settings = settings
        self.context = context
        self.training = training
        for target in context.targets:
            if target.kind not in settings.learns:
                raise UsageError(
                    f"Network '{settings.name}' learns {' and '.join(sorted(settings.learns))}s, "
                    f"but target '{target.name}' is a {target.kind}.",
                    "Choose another network for it.",
                )
        if len(context.targets) > 1 and not settings.joint:
            raise UsageError(
                f"Network '{settings.name}' learns one target, not {', '.join(one.name for one in context.targets)}.",
                "Train it once per target, or choose a network that learns several at once.",
            )

    @property
    def target(self) -> TargetForm:
        """The target of a decoder that has one."""
        return self.context.targets[0]

    @abstractmethod
    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int = 0,
        device: str = "cpu",
        report: Report | None = None,
        progress: Progress | None = None,
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
            'cpu', 'cuda[:n]' or 'mps'; decoders in closed form stay on the CPU.
        report
            Called after each epoch with its row and the number planned.
        progress
            Called after each step with steps done, steps planned and where they stand, in words.
        should_stop
            Asked after each step; TrainingStopped is raised if it says so.
        keeper
            Saves the state of an unfinished training and gives it back.
        """

    @abstractmethod
    def predict(
        self, inputs: Inputs, *, device: str = "cpu", unseen: Unseen = "pooled", own: Inputs | None = None
    ) -> Predictions:
        """Return one prediction per event and target: probabilities `(event, class)` or values `(event, *shape)`.

        Parameters
        ----------
        inputs
            Events of one person or several.
        device
            As in `fit`.
        unseen
            How people are standardised who were not trained on: by the pooled training events, or by `own`.
        own
            Unlabelled events of such people, none of them to be decoded.

        Raises
        ------
        BadDataError
            If the inputs are not those fitted to.
        """

    def embed(
        self, inputs: Inputs, *, device: str = "cpu", unseen: Unseen = "pooled", own: Inputs | None = None
    ) -> NDArray[np.float32]:
        """Return what another network may learn from: one vector per event, `(event, dimension)`.

        Parameters as of `predict`.

        Raises
        ------
        UsageError
            If the network has no such vector.
        """
        raise UsageError(
            f"Network '{self.settings.name}' has no embedding that another network could read.",
            "Name an encoder whose network has one: lda, glmnet, glmnet-raw.",
        )

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
        plugin = reference_of(self.settings)
        brought = {} if plugin is None else {"plugin": plugin.model_dump(mode="json", exclude={"planned"})}
        return brought | {
            "network": self.settings.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json"),
            "context": self.context.to_json(),
            "people": list(self.people),
        }

    def check(self, examples: Examples) -> None:
        """Raise BadDataError unless the examples are of the shape this decoder was built for."""
        examples.inputs.require(self.context.inputs)
        if not len(examples):
            raise BadDataError("There are no events to fit to.")
        wanted = {target.name for target in self.context.targets}
        if set(examples.targets) != wanted:
            raise BadDataError(
                f"The decoder was made for {', '.join(sorted(wanted))}, "
                f"but the targets are {', '.join(sorted(examples.targets)) or 'none'}."
            )
        for target in self.context.targets:
            target.check(examples.targets[target.name])


def take_arrays(state: State, shapes: dict[str, tuple[int | None, ...]]) -> State:
    """Return the arrays named; BadDataError unless names, shapes and values are as expected (None: any size)."""
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
        if not np.all(np.isfinite(state[name])):
            raise BadDataError(
                f"Array '{name}' of the stored model holds values that are not finite.", "Train the model anew."
            )
    return state
