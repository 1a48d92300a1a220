"""What the decoders in closed form have in common: all inputs as one vector per event, and a few fitted arrays."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.networks import LdaSettings, RidgeSettings, TextHeadSettings, TrainingSettings
from eeg2vid.stages.networks.context import BuildContext
from eeg2vid.stages.networks.decoder import Decoder, Predictions, State, take_arrays
from eeg2vid.stages.networks.examples import Examples, FitReport
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.scaler import Unseen
from eeg2vid.stages.training.vectors import Vectors

Solved = LdaSettings | RidgeSettings | TextHeadSettings


class ClosedForm(Decoder):
    """A decoder of `(event, dimension)` vectors, solved at once: nothing to watch, to stop or to keep.

    What is fitted is stored as float32 in `arrays`, and predictions are made from what is stored.
    """

    settings: Solved

    def __init__(
        self,
        settings: Solved,
        context: BuildContext,
        training: TrainingSettings,
    ) -> None:
        super().__init__(settings, context, training)
        self.vectors = Vectors(settings.epoch_bins)
        self.arrays: State = {}

    @abstractmethod
    def solve(self, train: Examples, validation: Examples | None) -> FitReport:
        """Fit `vectors` and `arrays`."""

    @abstractmethod
    def decode(self, vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the predictions of some vectors."""

    @abstractmethod
    def project(self, vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return what another network may learn from some vectors, `(event, dimension)`."""

    @abstractmethod
    def shapes(self, dimension: int, state: State) -> dict[str, tuple[int | None, ...]]:
        """Return the shapes of the fitted arrays for vectors of a dimension (None: any size)."""

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int = 0,
        device: str = "cpu",
        report: Any = None,
        progress: Any = None,
        should_stop: Callable[[], bool] | None = None,
        keeper: Any = None,
    ) -> FitReport:
        """Fit in closed form; there is nothing random and no epoch."""
        self.check(train)
        report = self.solve(train, validation)
        self.people = tuple(self.vectors.scalers.people)
        return report

    def predict(
        self, inputs: Inputs, *, device: str = "cpu", unseen: Unseen = "pooled", own: Inputs | None = None
    ) -> Predictions:
        """Return one prediction per event; BadDataError before any fit."""
        return {self.target.name: self.decode(self._vectors(inputs, unseen, own))}

    def embed(
        self, inputs: Inputs, *, device: str = "cpu", unseen: Unseen = "pooled", own: Inputs | None = None
    ) -> NDArray[np.float32]:
        """Return each event's projection."""
        return self.project(self._vectors(inputs, unseen, own))

    def _vectors(self, inputs: Inputs, unseen: Unseen, own: Inputs | None) -> NDArray[np.float64]:
        if not self.arrays:
            raise BadDataError("This decoder has not been fitted.")
        inputs.require(self.context.inputs)
        transductive = self.training.scaling == "own"
        return self.vectors.transform(inputs, own=transductive, unseen=unseen, given=own)

    def fitted(self, name: str) -> NDArray[np.float32]:
        """Return a fitted array as float32, however it was stored."""
        return self.arrays[name].astype(np.float32, copy=False)

    def state(self) -> State:
        """Return the fitted arrays."""
        return self.arrays

    def scaler_state(self) -> State:
        """Return the vectors' training statistics."""
        return self.vectors.state()

    def load(self, state: State, scaler: State) -> None:
        """Take fitted arrays and statistics."""
        self.vectors.load(scaler, self.context.inputs, self.people)
        dimension = sum(shape[0] for shape in self.vectors.shapes(self.context.inputs).values())
        self.arrays = take_arrays(state, self.shapes(dimension, state))
