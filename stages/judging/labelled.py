"""What `score` holds label predictions against: the tasks' true labels, and what a clock alone makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.checkpoints import CHECKPOINTS
from eeg2vid.schemas.conditions import POSITION_VOTE
from eeg2vid.schemas.entities import Clip, Event
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.predictions import PredictionAttributes, PredictionKey
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.cohort.clips import clips_of, with_measured_motion
from eeg2vid.stages.cohort.folds import load_folds, used_events
from eeg2vid.stages.cohort.people import Cohort, gather, times_in_blocks
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.judging.refits import Refitted
from eeg2vid.stages.judging.shown import keyed
from eeg2vid.stages.store.reader import Artifact
from eeg2vid.stages.targets.labels import labels_of

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.metrics.metric import Given


@dataclass(frozen=True)
class Learned:
    """The events that one fold may learn one task from, training and validation.

    Attributes
    ----------
    times, blocks
        Time in the block, s, and number of the block `(event,)`; see `cohort.people.times_in_blocks`.
    labels
        Class `(event,)`.
    """

    times: np.ndarray
    blocks: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Task:
    """One task of some predictions: the test events that it asks about, and what their folds learned from.

    Attributes
    ----------
    name, classes
        The task and its number of classes.
    asked
        Places of the test events among the target's predictions `(asked,)`.
    events
        Their rows of the events table.
    folds, labels, majority, positions, times, blocks
        Fold, true class, the fold's commonest class in training, place in the run, time in the block (s) and number
        of the block, each `(asked,)`.
    learned
        By fold.
    """

    name: str
    classes: int
    asked: np.ndarray
    events: list[Event]
    folds: np.ndarray
    labels: np.ndarray
    majority: np.ndarray
    positions: np.ndarray
    times: np.ndarray
    blocks: np.ndarray
    learned: dict[str, Learned]


def tasks_of(ctx: Context, artifact: Artifact) -> list[Task]:
    """Join the predictions of one condition with the true labels, task by task.

    Raises
    ------
    UsageError
        If task 'fast' was learned from other motion scores than it would be scored by.
    """
    import numpy as np

    from eeg2vid.stages.datasets.labels import NOT_IN_TASK

    attributes: PredictionAttributes = artifact.attributes()
    cohort = gather(ctx)
    events = cohort.events
    place = {event.event: index for index, event in enumerate(events)}
    parts = {fold.fold: fold for fold in load_folds(ctx, cohort)}
    used = used_events(ctx, cohort)
    times, blocks = times_in_blocks(events)
    found = []
    for task, facts in attributes.labels().items():
        clips = _clips(ctx, artifact, facts, cohort)
        keys = artifact.table(task, PredictionKey)
        rows = np.array([place[key.event] for key in keys], dtype=np.int64)
        named = np.array([key.fold for key in keys])
        index = np.full(len(keys), NOT_IN_TASK)
        majority = np.zeros(len(keys), dtype=np.int64)
        learned = {}
        for fold in dict.fromkeys(named.tolist()):
            labels = labels_of(task, clips, used, facts.thresholds.get(fold)).index
            here = named == fold
            index[here] = labels[rows[here]]
            from_these = parts[fold].learned[labels[parts[fold].learned] != NOT_IN_TASK]
            majority[here] = np.bincount(labels[from_these]).argmax() if from_these.size else 0
            learned[fold] = Learned(times[from_these], blocks[from_these], labels[from_these])
        asked = np.flatnonzero(index != NOT_IN_TASK)
        shown = [events[row] for row in rows[asked]]
        found.append(
            Task(
                name=task,
                classes=len(facts.classes),
                asked=asked,
                events=shown,
                folds=named[asked],
                labels=index[asked],
                majority=majority[asked],
                positions=np.array([event.position for event in shown]),
                times=times[rows[asked]],
                blocks=blocks[rows[asked]],
                learned=learned,
            )
        )
    return found


def _clips(ctx: Context, artifact: Artifact, facts: TargetFacts, cohort: Cohort) -> list[Clip]:
    """Return each event's clip, with the motion scores that a label was learned from."""
    clips = clips_of(ctx, cohort.events)
    if not facts.attributes.get("motion_sha256"):
        return clips
    stimuli = ctx.read("stimuli")
    if stimuli.has("motion") and stimuli.entries["motion"].sha256 == facts.attributes["motion_sha256"]:
        return with_measured_motion(stimuli, clips)
    refs = [
        ref
        for one in ctx.ancestry(artifact)
        if one.manifest.schema_name == CHECKPOINTS.name
        for ref in one.manifest.inputs
    ]
    source = next((f"{ref.stage}/{ref.variant}" for ref in refs if ref.role == "stimuli"), "STAGE/VARIANT")
    raise UsageError(
        f"{artifact.address}: task 'fast' was learned from the motion scores of {source}; {stimuli.address} holds "
        f"{'others' if stimuli.has('motion') else 'none'}.",
        f"Score by what it learned from: --from stimuli={source}",
    )


def why_no_clock(task: Task) -> str:
    """Say why a clock cannot be asked about a task; empty if it can."""
    for fold in dict.fromkeys(task.folds.tolist()):
        learned = task.learned[fold]
        if not learned.times.size:
            return f"fold '{fold}' trains on none of this subject's events"
        if not learned.times.any():
            return "every clip begins its block (or recording), so there is no time in the block to go by"
    return ""


def vote_by_clock(task: Task) -> tuple[np.ndarray, str]:
    """Return the position vote `(asked, class)`, fold by fold, and the widths of its kernel in words."""
    import numpy as np

    from eeg2vid.stages.statistics.position_vote import position_vote

    probabilities, widths = np.zeros((len(task.labels), task.classes)), set()
    for fold in dict.fromkeys(task.folds.tolist()):
        learned, here = task.learned[fold], np.flatnonzero(task.folds == fold)
        n = len(learned.times)
        found = position_vote(
            np.concatenate([learned.times, task.times[here]]),
            np.concatenate([learned.labels, task.labels[here]]),
            np.concatenate([learned.blocks, task.blocks[here]]),
            np.arange(n),
            np.arange(n, n + len(here)),
            classes=task.classes,
        )
        probabilities[here] = found.probabilities
        widths.add(found.width_s)
    low, high = min(widths), max(widths)
    return probabilities, f"kernel {low:g} s" if low == high else f"kernels {low:g} to {high:g} s, by fold"


def label_terms(ctx: Context, artifact: Artifact) -> dict[str, str]:
    """Return what must be known about the label rows: how fast is defined, and why there is no position vote."""
    attributes: PredictionAttributes = artifact.attributes()
    terms = {}
    if "fast" in attributes.targets:
        facts = attributes.targets["fast"].attributes
        motion = facts.get("motion")
        measured = f"measured by eeg2vid: {motion}" if motion else "measured by eeg2vid"
        scores = measured if facts.get("motion_sha256") else "those that the data set brings"
        terms["fast"] = (
            "A clip is fast if its motion score reaches its fold's threshold, the median of the training clips unless "
            f"set otherwise. Motion scores: {scores}."
        )
    reasons: dict[str, list[str]] = {}
    for task in tasks_of(ctx, artifact):
        if reason := why_no_clock(task):
            reasons.setdefault(reason, []).append(task.name)
    if reasons:
        told = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
        terms[POSITION_VOTE] = f"What a clock alone gets, from the time in the block. Left out. {told}."
    return terms


def labels_against(
    ctx: Context, task: Task, condition: str, probabilities: np.ndarray, detail: str, refitted: Refitted
) -> Given:
    """Return the probabilities of one task `(asked, class)` beside the true labels."""
    from eeg2vid.stages.metrics.metric import Given, Labels

    keys = keyed(ctx, [event.event for event in task.events], task.folds.tolist())
    labels = Labels(probabilities, task.labels, task.majority)
    return Given(
        keys, condition, target=task.name, labels=labels, detail=detail, refitted=refitted, threads=ctx.threads
    )
