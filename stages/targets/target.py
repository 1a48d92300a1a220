"""What a target is: a row that says what it is and where it comes from, and a loader."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.cohort.folds import FoldParts
from eeg2vid.stages.cohort.people import Cohort
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.training.values import Values


@dataclass(frozen=True)
class OfFold:
    """A target as one fold learns it.

    Attributes
    ----------
    values
        A class index, or values of a fixed shape, of every event of the cohort; taken by row.
    asked
        Whether each event is in the target at all, bool `(event,)`.
    classes
        Names of the classes of a label.
    shape
        Shape of one value, `()` for a label.
    threshold
        Where a score is cut into a label.
    """

    values: Values
    asked: np.ndarray
    classes: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    threshold: float | None = None


class Loaded(ABC):
    """A target of one cohort, read from its artifacts."""

    @abstractmethod
    def of_fold(self, fold: FoldParts) -> OfFold:
        """Return the target as a fold learns it: nothing comes from its test events."""

    @abstractmethod
    def facts(self) -> TargetFacts:
        """Return what must be known of the target where it is stored; thresholds are added by fold."""


@dataclass(frozen=True)
class Target(ABC):
    """One target.

    Attributes
    ----------
    name
        As in `targets = ["concept", "latents"]`.
    kind
        label: a class of each clip; value: numbers of a fixed shape.
    doc
        A sentence.
    """

    name: str
    doc: str
    kind: Literal["label", "value"] = field(init=False)

    @property
    def key(self) -> str:
        """Its name as a file's: where it is stored."""
        return self.name.replace(":", "-")

    @abstractmethod
    def reads(self, settings: Any) -> dict[str, Read]:
        """Return the roles it is loaded from under a stage's settings."""

    @abstractmethod
    def load(self, ctx: Context, cohort: Cohort) -> Loaded:
        """Read it for the events of a cohort."""
