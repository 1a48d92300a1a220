"""All that a network may ask when it is built."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np

from eeg2vid.schemas.electrodes import places_of
from eeg2vid.schemas.errors import BadDataError, UsageError

T = TypeVar("T")

# of the inputs with a fixed meaning; any other is in arbitrary units
UNITS = {"epochs": "µV", "de": "1", "psd": "µV²/Hz"}


@dataclass(frozen=True)
class Sensor:
    """One electrode and its position in metres (head coordinates), where known."""

    name: str
    x: float | None = None
    y: float | None = None
    z: float | None = None


@dataclass(frozen=True)
class TargetForm:
    """One target: a class per event ('label') or an array per event ('value').

    Attributes
    ----------
    name
        'concept', 'latents', ...
    kind
        'label' or 'value'.
    classes
        Labels in the order of the probability columns.
    shape
        Shape of one event's value.

    Raises
    ------
    BadDataError
        If a label has fewer than two classes, or a value no known shape.
    """

    name: str
    kind: Literal["label", "value"]
    classes: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in ("label", "value"):
            raise BadDataError(f"Target '{self.name}' is of kind {self.kind!r}, expected 'label' or 'value'.")
        if self.kind == "label" and len(self.classes) < 2:
            raise BadDataError(
                f"A classifier needs at least 2 classes, found {len(self.classes)} of target '{self.name}'."
            )
        if self.kind == "value" and (not self.shape or min(self.shape) < 1):
            raise BadDataError(f"Target '{self.name}' needs values of a known shape, found {self.shape}.")

    def check(self, values: np.ndarray) -> None:
        """Raise BadDataError unless these are class indices, or values of this shape."""
        if self.kind == "label":
            if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
                raise BadDataError(f"Classes have shape {values.shape} and type {values.dtype}, expected indices.")
            if values.min() < 0 or values.max() >= len(self.classes):
                raise BadDataError(
                    f"Class indices run {values.min()} to {values.max()}, expected 0 to {len(self.classes) - 1}."
                )
        elif values.shape[1:] != self.shape:
            raise BadDataError(f"Targets have shape {values.shape[1:]} per event, expected {self.shape}.")
        elif not np.isfinite(values.sum(dtype=np.float64)):
            raise BadDataError("Targets hold values that are not finite.")


class Shared:
    """What the models of one unit have in common: made by the first that asks, the eldest forgotten beyond a number.

    It changes when a thing is made, never what is made: whoever has none makes it anew.
    """

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._made: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made under a key."""
        if key not in self._made:
            while len(self._made) >= self._most:
                del self._made[next(iter(self._made))]
            self._made[key] = make()
        found: T = self._made[key]
        return found


@dataclass(frozen=True)
class BuildContext:
    """What a network is built for.

    Attributes
    ----------
    inputs
        Shape of one event of each input, by name.
    targets
        What it learns.
    electrodes
        Along the electrode axis, in order.
    sfreq_hz
        Sampling rate of the epochs; None where unknown.
    units
        Unit of each input.
    subjects
        Labels of the people who are trained on, in the order of `Batch.person`.
    shared
        What the models of one unit make once for all of them; never stored.
    """

    inputs: Mapping[str, tuple[int, ...]]
    targets: tuple[TargetForm, ...]
    electrodes: tuple[Sensor, ...] = ()
    sfreq_hz: float | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()
    shared: Shared = field(default_factory=Shared, compare=False, repr=False)

    def __post_init__(self) -> None:
        names = [target.name for target in self.targets]
        if not names or len(set(names)) != len(names):
            raise BadDataError(f"A network learns at least one target, each once; found {', '.join(names) or 'none'}.")

    @property
    def names(self) -> tuple[str, ...]:
        """Names along the electrode axis."""
        return tuple(sensor.name for sensor in self.electrodes)

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON values."""
        return {
            "inputs": {name: list(shape) for name, shape in sorted(self.inputs.items())},
            "targets": [
                {"name": one.name, "kind": one.kind, "classes": list(one.classes), "shape": list(one.shape)}
                for one in self.targets
            ],
            "electrodes": [[one.name, one.x, one.y, one.z] for one in self.electrodes],
            "sfreq_hz": self.sfreq_hz,
            "units": dict(sorted(self.units.items())),
            "subjects": list(self.subjects),
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> BuildContext:
        """Return what `to_json` wrote; KeyError, TypeError or AttributeError if it is something else."""
        return cls(
            inputs={name: tuple(shape) for name, shape in found["inputs"].items()},
            targets=tuple(
                TargetForm(one["name"], one["kind"], tuple(one["classes"]), tuple(one["shape"]))
                for one in found["targets"]
            ),
            electrodes=tuple(Sensor(*one) for one in found["electrodes"]),
            sfreq_hz=found["sfreq_hz"],
            units=dict(found["units"]),
            subjects=tuple(found["subjects"]),
        )


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
            "Name others: `network.local_electrodes`, or choose a network without a local branch (lda).",
        )
    return tuple(places)
