"""Standardisation with statistics of the training events only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError

_CHUNK_VALUES = 2**22


@dataclass(frozen=True)
class StandardScaler:
    """Subtract a mean, divide by a standard deviation.

    Attributes
    ----------
    mean
        `(...)` with size 1 on every axis that the statistics run over; broadcasts over one event.
    scale
        Standard deviation, same shape; 1 where the training data did not vary.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def fit(cls, values: NDArray[np.floating], keep: tuple[int, ...]) -> StandardScaler:
        """Take the statistics of `(event, ...)` over all axes but `keep`.

        Raises
        ------
        BadDataError
            If there are no events or a value is not finite.
        """
        if not values.size:
            raise BadDataError(f"There is nothing to standardise by: an input has shape {values.shape}.")
        over = tuple(axis for axis in range(values.ndim) if axis not in keep)
        count = int(np.prod([values.shape[axis] for axis in over]))
        step = max(1, _CHUNK_VALUES // max(1, values[0].size))
        parts = [values[start : start + step] for start in range(0, len(values), step)]
        mean = sum(part.sum(axis=over, dtype=np.float64, keepdims=True) for part in parts) / count
        squares = sum(((part - mean) ** 2).sum(axis=over, keepdims=True) for part in parts)
        deviation = np.sqrt(squares / count)
        if not np.all(np.isfinite(deviation)):
            raise BadDataError("An input holds values that are not finite, so it cannot be standardised.")
        # a constant's variance is rounding noise, not exactly 0
        scale = np.where(deviation > 1e-12 * np.abs(mean), deviation, 1.0)
        return cls(np.asarray(mean)[0], scale[0])

    def transform(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return standardised `(event, ...)`."""
        result = np.empty(values.shape, dtype=np.float32)
        step = max(1, _CHUNK_VALUES // max(1, self._event_size(values)))
        for start in range(0, len(values), step):
            result[start : start + step] = (values[start : start + step] - self.mean) / self.scale
        return result

    @staticmethod
    def _event_size(values: NDArray[np.floating]) -> int:
        return int(np.prod(values.shape[1:]))

    def state(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Return the arrays to store, under a name."""
        return {f"{name}.mean": self.mean, f"{name}.scale": self.scale}

    @classmethod
    def from_state(cls, state: dict[str, NDArray[np.generic]], name: str) -> StandardScaler:
        """Return the scaler stored under a name; BadDataError if it is missing or malformed."""
        found = [state.get(f"{name}.{part}") for part in ("mean", "scale")]
        mean, scale = found
        if mean is None or scale is None or mean.shape != scale.shape:
            raise BadDataError(
                f"The stored scaler of input '{name}' is incomplete: found {', '.join(sorted(state)) or 'nothing'}.",
                "Train the model anew.",
            )
        return cls(mean.astype(np.float64), scale.astype(np.float64))
