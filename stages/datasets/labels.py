"""The classification tasks of SEED-DV: what each asks, of which clips, with which classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.errors import BadDataError

TASKS = ("concept", "group", "color", "fast", "number", "human", "face")
NOT_IN_TASK = -1

_COLORS = ("red", "green", "blue", "yellow", "white", "grey")


@dataclass(frozen=True)
class TaskLabels:
    """Class index of every clip (`NOT_IN_TASK` where the task does not ask) and the classes' names."""

    index: np.ndarray
    classes: tuple[str, ...]


def fast_threshold(clips: Sequence[Clip]) -> float:
    """Return the median motion score of some clips: of the training clips, never of all.

    Raises
    ------
    BadDataError
        If none of them has one.
    """
    scores = [clip.optical_flow for clip in clips if clip.optical_flow is not None]
    if not scores:
        raise BadDataError(
            "Task 'fast' needs motion scores, and the clip index has none.",
            "Let the stage split-videos measure them (its `motion`) and say `fast_scores` flow; or drop the task.",
        )
    return float(np.median(scores))


def task_labels(task: str, clips: Sequence[Clip], *, threshold: float | None = None) -> TaskLabels:
    """Return the labels of one task.

    Tasks: `concept` (all clips), `group` (nine coarse groups), `color` (six colours, of the clips that
    have one), `fast` (score at or above the threshold), `number` (1, 2, many), `human`, `face` (of the
    clips with a human: SEED-DV's own definition of the task).

    Parameters
    ----------
    task
        One of the names above.
    clips
        Rows of the clip index.
    threshold
        For `fast`.

    Raises
    ------
    BadDataError
        If the clip index lacks the attribute, or the task has fewer than two classes.
    """
    values = [_value(task, clip, threshold) for clip in clips]
    known = [value for value in values if value is not None]
    names = list(dict.fromkeys(sorted(known)))
    if len(names) < 2:
        found = f"only '{names[0][1]}'" if names else "none"
        raise BadDataError(
            f"Task '{task}' needs at least two classes among the clips; the clip index has {found}.",
            "Choose other tasks.",
        )
    place = {name: index for index, name in enumerate(names)}
    index = np.array([NOT_IN_TASK if value is None else place[value] for value in values], dtype=np.int64)
    return TaskLabels(index, tuple(name for _, name in names))


def _value(task: str, clip: Clip, threshold: float | None) -> tuple[int, str] | None:
    """Return (order, class name) of one clip, None where the task does not ask."""
    if task == "concept":
        if clip.concept is None:
            return None if clip.concept_name is None else (0, clip.concept_name)
        return clip.concept, clip.concept_name or str(clip.concept)
    if task == "group":
        return None if clip.group is None else (0, clip.group)
    if task == "fast":
        if clip.optical_flow is None or threshold is None:
            return None
        return (1, "fast") if clip.optical_flow >= threshold else (0, "slow")
    if task == "color":
        return None if not clip.color else (clip.color, _COLORS[clip.color - 1])
    if task == "face" and clip.human == 0:
        return None
    attribute: int | None = getattr(clip, task)
    return None if attribute is None else (attribute, str(attribute))
