"""Labels that the clip index brings: concept, group, colour, number, human, face."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.recordings import CLIPS
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.cohort.clips import clips_of
from eeg2vid.stages.cohort.folds import FoldParts, used_events
from eeg2vid.stages.cohort.people import Cohort
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read
from eeg2vid.stages.targets.target import Loaded, OfFold, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from eeg2vid.stages.datasets.labels import TaskLabels


@dataclass(frozen=True)
class Label(Target):
    """A label of the clip index."""

    kind: Literal["label", "value"] = field(default="label", init=False)

    def reads(self, settings: Any) -> dict[str, Read]:
        """Read the clip index."""
        return {"clips": Read(CLIPS)}

    def load(self, ctx: Context, cohort: Cohort) -> Loaded:
        """Take each event's clip; classes are counted among the events in use."""
        return LoadedLabel(self.name, clips_of(ctx, cohort.events), used_events(ctx, cohort))


@dataclass(frozen=True)
class LoadedLabel(Loaded):
    """A label of every event.

    Attributes
    ----------
    clips
        The clip of each event.
    used
        Places of the events that are in any part of any fold.
    """

    name: str
    clips: Sequence[Clip]
    used: np.ndarray

    def of_fold(self, fold: FoldParts) -> OfFold:
        """Return the classes: the same in every fold."""
        return as_classes(labels_of(self.name, self.clips, self.used))

    def facts(self) -> TargetFacts:
        """Return the classes."""
        return TargetFacts(kind="label", classes=labels_of(self.name, self.clips, self.used).classes)


def labels_of(task: str, clips: Sequence[Clip], used: np.ndarray, threshold: float | None = None) -> TaskLabels:
    """Return the class of each event's clip; events outside `used` and their classes are not in the task."""
    import numpy as np

    from eeg2vid.stages.datasets.labels import NOT_IN_TASK, TaskLabels, task_labels

    labels = task_labels(task, [clips[index] for index in used], threshold=threshold)
    index = np.full(len(clips), NOT_IN_TASK, dtype=np.int64)
    index[used] = labels.index
    return TaskLabels(index, labels.classes)


def as_classes(labels: TaskLabels, threshold: float | None = None) -> OfFold:
    """Return labels as a fold learns them."""
    from eeg2vid.stages.datasets.labels import NOT_IN_TASK
    from eeg2vid.stages.training.values import Values

    return OfFold(Values(labels.index), labels.index != NOT_IN_TASK, labels.classes, threshold=threshold)
