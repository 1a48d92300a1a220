"""Standardisation with statistics of the training events only, person by person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError

_CHUNK_VALUES = 2**22
Arrays = dict[str, NDArray[np.generic]]
Unseen = Literal["pooled", "own"]


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
        return cls.fit_read(lambda start, stop: values[start:stop], values.shape, keep)

    @classmethod
    def fit_read(
        cls, read: Callable[[int, int], NDArray[np.floating]], shape: tuple[int, ...], keep: tuple[int, ...]
    ) -> StandardScaler:
        """Take the statistics of values that are read a stretch at a time: `read(start, stop)` of `shape`."""
        if not np.prod(shape):
            raise BadDataError(f"There is nothing to standardise by: an input has shape {shape}.")
        over = tuple(axis for axis in range(len(shape)) if axis not in keep)
        count = int(np.prod([shape[axis] for axis in over]))
        step = max(1, _CHUNK_VALUES // max(1, int(np.prod(shape[1:]))))
        starts = range(0, shape[0], step)
        parts = (read(start, start + step) for start in starts)
        mean = sum(part.sum(axis=over, dtype=np.float64, keepdims=True) for part in parts) / count
        parts = (read(start, start + step) for start in starts)
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
        step = max(1, _CHUNK_VALUES // max(1, int(np.prod(values.shape[1:]))))
        for start in range(0, len(values), step):
            result[start : start + step] = (values[start : start + step] - self.mean) / self.scale
        return result

    def state(self, name: str) -> Arrays:
        """Return the arrays to store, under a name."""
        return {f"{name}.mean": self.mean, f"{name}.scale": self.scale}

    @classmethod
    def from_state(cls, state: Arrays, name: str) -> StandardScaler:
        """Return the scaler stored under a name; BadDataError if it is missing or malformed."""
        mean, scale = (state.get(f"{name}.{part}") for part in ("mean", "scale"))
        if mean is None or scale is None or mean.shape != scale.shape:
            raise BadDataError(
                f"The stored scaler of input '{name}' is incomplete: found {', '.join(sorted(state)) or 'nothing'}.",
                "Train the model anew.",
            )
        scaler = cls(mean.astype(np.float64), scale.astype(np.float64))
        if not (np.all(np.isfinite(scaler.mean)) and np.all(np.isfinite(scaler.scale)) and np.all(scaler.scale > 0)):
            raise BadDataError(
                f"The stored scaler of input '{name}' holds a mean or a standard deviation that cannot be.",
                "Train the model anew.",
            )
        return scaler


Scalers = dict[str, StandardScaler]


@dataclass(frozen=True)
class PersonScalers:
    """Scalers of every input, of each person who was trained on and of all of them together.

    Attributes
    ----------
    pooled
        Statistics of all training events; with one person, that person's.
    people
        Statistics of each person's training events, by label.
    """

    pooled: Scalers = field(default_factory=dict)
    people: dict[str, Scalers] = field(default_factory=dict)

    @classmethod
    def fit(cls, subjects: Sequence[str], statistics: Callable[[str | None], Scalers]) -> PersonScalers:
        """Take the statistics of all events (`statistics(None)`), and of each person if there are several."""
        pooled = statistics(None)
        if len(subjects) == 1:
            return cls(pooled, {subjects[0]: pooled})
        return cls(pooled, {subject: statistics(subject) for subject in subjects})

    def of(self, subject: str, own: Mapping[str, Scalers], unseen: Unseen) -> Scalers:
        """Return one person's scalers.

        Parameters
        ----------
        subject
            Label of the person whose events are decoded.
        own
            Statistics of unlabelled events of people who were not trained on.
        unseen
            What such a person takes: the pooled statistics or those in `own`.

        Raises
        ------
        UsageError
            If the statistics of an unseen person are asked for and not given.
        """
        if subject in self.people:
            return self.people[subject]
        if unseen == "pooled":
            return self.pooled
        if subject not in own:
            raise UsageError(
                f"Nobody of label '{subject}' was trained on ({', '.join(self.people) or 'nobody'}), and no events "
                "of that person are given to standardise by.",
                "Give some, or take the pooled statistics.",
            )
        return own[subject]

    def state(self) -> Arrays:
        """Return the arrays to store; people apart only if there are several."""
        found = {key: value for name, one in self.pooled.items() for key, value in one.state(name).items()}
        if len(self.people) < 2:
            return found
        for subject, scalers in self.people.items():
            for name, one in scalers.items():
                found |= one.state(f"{name}/{subject}")
        return found

    @classmethod
    def from_state(cls, state: Arrays, shapes: Mapping[str, tuple[int, ...]], subjects: Sequence[str]) -> PersonScalers:
        """Return the scalers stored; BadDataError unless they are of these inputs, shapes and people."""
        names = list(shapes)
        if len(subjects) > 1:
            names += [f"{name}/{subject}" for subject in subjects for name in shapes]
        foreign = sorted(set(state) - {f"{name}.{part}" for name in names for part in ("mean", "scale")})
        scalers = {name: StandardScaler.from_state(state, name) for name in names}
        if foreign:
            raise BadDataError(
                f"The stored scalers hold foreign arrays: {', '.join(foreign)}.", "Train the model anew."
            )
        for name, scaler in scalers.items():
            expected = tuple(shapes[name if name in shapes else name.partition("/")[0]])
            if scaler.mean.shape != expected:
                raise BadDataError(
                    f"The stored scaler of input '{name}' has shape {scaler.mean.shape}, expected {expected}.",
                    "Train the model anew.",
                )
        pooled = {name: scalers[name] for name in shapes}
        if len(subjects) < 2:
            return cls(pooled, dict.fromkeys(subjects, pooled))
        people = {subject: {name: scalers[f"{name}/{subject}"] for name in shapes} for subject in subjects}
        return cls(pooled, people)
