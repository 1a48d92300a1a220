"""What the decoders in closed form have in common: all inputs as one vector per event, and a few fitted arrays."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.networks import LdaSettings, RidgeSettings, TrainingSettings
from eeg2vid.stages.networks.decoder import Context, Decoder, Examples, FitReport, State, take_arrays
from eeg2vid.stages.training.inputs import Inputs, Vectors


class VectorDecoder(Decoder):
    """A decoder of `(event, dimension)` vectors, solved at once: nothing to watch, to stop or to keep.

    What is fitted is stored as float32 in `arrays`, and predictions are made from what is stored.
    """

    settings: LdaSettings | RidgeSettings

    def __init__(self, settings: LdaSettings | RidgeSettings, context: Context, training: TrainingSettings) -> None:
        super().__init__(settings, context, training)
        self.vectors = Vectors(settings.epoch_bins)
        self.arrays: State = {}

    @abstractmethod
    def solve(self, train: Examples, validation: Examples | None) -> FitReport:
        """Fit `vectors` and `arrays`."""

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
        should_stop: Callable[[], bool] | None = None,
        keeper: Any = None,
    ) -> FitReport:
        """Fit in closed form; there is nothing random and no epoch."""
        self.check(train)
        return self.solve(train, validation)

    def seen(self, inputs: Inputs) -> NDArray[np.float64]:
        """Return the vectors `(event, dimension)` of events to predict; BadDataError before any fit."""
        if not self.arrays:
            raise BadDataError("This decoder has not been fitted.")
        inputs.require(self.context.inputs)
        return self.vectors.transform(inputs, own=self.training.scaling == "own")

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
        self.vectors.load(scaler, list(self.context.inputs))
        dimension = sum(one.mean.size for one in self.vectors.scalers.values())
        self.arrays = take_arrays(state, self.shapes(dimension, state))
