"""What `score` holds decoded clips against: the true clips, what eyes saw in both, and what the clips show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.entities import Clip, Event
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.percepts import PerceptAttributes
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.cohort.clips import clips_of, places_of, rows_of_clips
from eeg2vid.stages.cohort.compared import DISTANCE, distances_among
from eeg2vid.stages.cohort.people import runs_within_folds
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.judging.folded import FoldedClips
from eeg2vid.stages.store.layout import STUDY, split_variant
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    from eeg2vid.stages.datasets.labels import TaskLabels
    from eeg2vid.stages.metrics.metric import Given, Judge, Keys, Sides


def by_condition(artifacts: Sequence[Artifact]) -> dict[str, Artifact]:
    """Return one artifact per condition, `full` first.

    Raises
    ------
    BadDataError
        If two systems are among them.
    """
    found = {split_variant(artifact.address.variant)[1]: artifact for artifact in artifacts}
    if len(found) != len(artifacts):
        names = ", ".join(str(artifact.address) for artifact in artifacts)
        raise BadDataError(f"Two systems under one score: {names}.", "Give each system its own [score.<variant>].")
    return dict(sorted(found.items(), key=lambda item: item[0] != FULL))


def keys_of(ctx: Context, videos: Mapping[str, Artifact]) -> Keys:
    """Return what the rows of the videos stand for: those of the condition with the fewest, which all must show."""
    rows = min((one.table("clips", VideoKey) for one in videos.values()), key=len)
    return keyed(ctx, [row.event for row in rows], [row.fold for row in rows])


def keyed(ctx: Context, names: Sequence[str], folds: Sequence[str]) -> Keys:
    """Return the keys of some events of the events table, each in a fold."""
    import numpy as np

    from eeg2vid.stages.metrics.metric import Keys

    if not ctx.read_many("events"):
        return _keyed_alone(ctx, names)
    by_event = {event.event: event for event in ctx.read("events").table("events", Event)}
    events = [by_event[name] for name in names]
    concepts = [clip.concept for clip in clips_of(ctx, events)]
    return Keys(
        subject=str(ctx.subject),
        events=list(names),
        clips=[event.clip for event in events],
        runs=runs_within_folds(events, folds),
        positions=np.array([event.position for event in events]),
        folds=np.array(folds),
        concepts=np.array([-1 if concept is None else concept for concept in concepts]),
    )


def _keyed_alone(ctx: Context, clips: Sequence[str]) -> Keys:
    """Return the keys of clips of which no event is known: each is a run of its own."""
    import numpy as np

    from eeg2vid.stages.metrics.metric import Keys

    n = len(clips)
    return Keys(
        subject=str(ctx.subject),
        events=list(clips),
        clips=list(clips),
        runs=np.array(clips),
        positions=np.ones(n, dtype=np.int64),
        folds=np.full(n, ""),
        concepts=np.full(n, -1),
    )


def clips_against(ctx: Context, condition: str, videos: Artifact, keys: Keys, apart: bool) -> Given:
    """Read truth and decoded videos of one condition in the same order, and what is known of them."""
    from eeg2vid.stages.metrics.metric import Given, Sides

    stimuli = ctx.read("stimuli")
    order = rows_of_clips(stimuli, keys.clips, VideoKey)
    places = places_of(videos, _rows_of(keys))
    percepts, judges = _percepts(ctx, condition, keys)
    truths = _truths(ctx, keys)
    return Given(
        keys,
        condition,
        frames=Sides(
            FoldedClips.of(videos, places, stimuli, keys.folds), FoldedClips.of(stimuli, order, stimuli, keys.folds)
        ),
        percepts=percepts,
        apart=apart,
        truths={task: one.index for task, one in truths.items()},
        truth_classes={task: one.classes for task, one in truths.items()},
        judges=judges,
        threads=ctx.threads,
    )


def _rows_of(keys: Keys) -> list[VideoKey]:
    named = zip(keys.clips, keys.events, keys.folds.tolist(), strict=True)
    return [VideoKey(clip=clip, event=event, fold=fold) for clip, event, fold in named]


def _truths(ctx: Context, keys: Keys) -> dict[str, TaskLabels]:
    """Return the true label of each event's clip, by label; those that the clip index cannot tell are left out.

    Where speed is asked of what an eye sees in a clip, nothing is trained: fast is above the median of all clips.
    """
    from eeg2vid.stages.datasets.labels import NOT_IN_TASK, TASKS, fast_threshold, task_labels

    index = {clip.clip: clip for clip in ctx.read("clips").table("clips", Clip)}
    clips, found = [index[name] for name in keys.clips], {}
    for task in TASKS:
        try:
            threshold = fast_threshold(list(index.values())) if task == "fast" else None
            labels = task_labels(task, clips, threshold=threshold)
        except BadDataError:
            continue
        found[task] = labels
    return {task: labels for task, labels in found.items() if (labels.index != NOT_IN_TASK).any()}


def _percepts(ctx: Context, condition: str, keys: Keys) -> tuple[dict[str, dict[str, Sides]], dict[str, Judge]]:
    """Return what each eye saw in the decoded and in the true clips, in one order, by eye and array; and who looked.

    Eyes that did not look at this condition are left out.
    """
    import numpy as np

    from eeg2vid.stages.metrics.metric import Judge, Sides

    looks = ctx.read_many("percepts")
    true = [one for one in looks if one.address.unit == STUDY]
    decoded = [one for one in looks if one not in true and split_variant(one.address.variant)[1] == condition]
    found: dict[str, dict[str, Sides]] = {}
    judges: dict[str, Judge] = {}
    for artifact in decoded:
        facts: PerceptAttributes = artifact.attributes()
        if DISTANCE in artifact.names and facts.eye not in found:  # it looked at both sides at once
            table = distances_among(artifact, ctx.read("stimuli"), _rows_of(keys))
            found[facts.eye] = {DISTANCE: Sides(table, np.empty(0))}
            judges[facts.eye] = Judge(facts.eye, facts.settings)
            continue
        same = [one for one in true if one.attributes() == facts]
        if len(same) != 1 or facts.eye in found:
            raise BadDataError(
                f"{artifact.address}: expected one look of eye '{facts.eye}' at the true clips with the same settings "
                f"and models, and one at each condition, found {len(same)} of {len(true)}.",
                f"Plan one: an [encode-clips.<variant>] table with eye = {{name = '{facts.eye}', ...}}.",
            )
        order, places = rows_of_clips(same[0], keys.clips, VideoKey), places_of(artifact, _rows_of(keys))
        found[facts.eye] = {
            name: Sides(artifact.read(name)[places], same[0].read(name)[order]) for name in sorted(artifact.names)
        }
        judges[facts.eye] = Judge(facts.eye, facts.settings, facts.classes, facts.concept_of_class)
    return found, judges
