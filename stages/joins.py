"""Where artifacts meet arrays: inputs, labels and folds joined by event and clip id, never by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.entities import Clip, ClipKey, EpochKey, Event, Fold
from eeg2vid.schemas.errors import BadDataError, MissingInputError, UsageError
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.datasets.labels import TaskLabels
    from eeg2vid.stages.networks.examples import Examples
    from eeg2vid.stages.training.inputs import Inputs


@dataclass(frozen=True)
class FoldParts:
    """Indices of one fold's events, by part."""

    fold: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def learned(self) -> np.ndarray:
        """Training and validation events: all that may be learned from."""
        import numpy as np

        return np.sort(np.concatenate([self.train, self.validation]))


def require_same_events(artifact: Artifact, events: Sequence[Event]) -> None:
    """Refuse an artifact whose event axis is not that of the events table.

    Raises
    ------
    BadDataError
        Naming the first event that differs.
    """
    rows: list[Any] = artifact.table("events", artifact.schema.tables["events"])
    found = [(row.event, row.clip) for row in rows]
    wanted = [(event.event, event.clip) for event in events]
    if found == wanted:
        return
    first = next((k for k, pair in enumerate(zip(found, wanted, strict=False)) if pair[0] != pair[1]), None)
    where = f"{len(found)} events against {len(wanted)}" if first is None else f"index {first}: {found[first]}"
    raise BadDataError(f"{artifact.address} is of other events than {events[0].subject}'s events table ({where}).")


def load_inputs(ctx: Context, names: Sequence[str], events: Sequence[Event]) -> Inputs:
    """Return the named inputs of all events: `epochs` in µV, `de`, `psd`.

    Raises
    ------
    MissingInputError
        If the artifact lacks one: imported features may hold only DE or only PSD.
    """
    from eeg2vid.stages.training.inputs import Inputs

    arrays = {}
    for name in names:
        artifact = _source(ctx, name)
        require_same_events(artifact, events)
        if not artifact.has(name):
            raise MissingInputError(
                f"{artifact.address} holds no '{name}', only {', '.join(artifact.manifest.arrays)}.",
                f"Name other `inputs`, or import both: eeg2vid import PATH --as {artifact.schema.name} --also PATH",
            )
        arrays[name] = artifact.read(name)
    return Inputs(arrays)


def _source(ctx: Context, name: str) -> Artifact:
    """Return the artifact that holds an input."""
    return ctx.read("epochs" if name == "epochs" else "features")


def load_folds(ctx: Context, events: Sequence[Event], wanted: str, inputs: Sequence[str] = ()) -> list[FoldParts]:
    """Return the folds in use.

    Parameters
    ----------
    ctx, events
        The unit at work and its events table.
    wanted
        'all', 'last', or fold names separated by commas.
    inputs
        Names of the inputs in use: events whose EEG they reject are not trained on, those whose EEG they
        lack are in no part.

    Raises
    ------
    UsageError
        If a fold does not exist, or an input was cleaned by what another fold trains on.
    """
    import numpy as np

    artifact = ctx.read("folds")
    require_same_events(artifact, events)
    names = [row.fold for row in artifact.table("folds", Fold)]
    chosen = {"all": names, "last": names[-1:]}.get(wanted, [part.strip() for part in wanted.split(",")])
    for name in chosen:
        if name not in names:
            raise UsageError(f"There is no fold '{name}'.{did_you_mean(name, ['all', 'last', *names])}")
    ok, there = np.ones(len(events), dtype=bool), np.ones(len(events), dtype=bool)
    for source in {_source(ctx, name).address: _source(ctx, name) for name in inputs}.values():
        _require_own_fold(source, artifact, chosen)
        states = np.array([row.state for row in source.table("events", EpochKey)])
        ok &= states == "ok"
        there &= states != "outside"
    assignment = artifact.read("assignment")
    usable = ((Part.TRAIN, ok), (Part.VALIDATION, ok), (Part.TEST, there))
    parts = {name: assignment[names.index(name)] for name in chosen}
    return [
        FoldParts(name, *(np.flatnonzero((part == which) & allowed) for which, allowed in usable))
        for name, part in parts.items()
    ]


def require_training(ctx: Context, folds: Sequence[FoldParts]) -> None:
    """Refuse folds that train on nothing.

    Raises
    ------
    UsageError
        Naming the first: folds that hold the whole subject out need other people's EEG.
    """
    for fold in folds:
        if not fold.train.size:
            raise UsageError(
                f"Fold '{fold.fold}' trains on no usable event of subject {ctx.subject}.",
                "A fold that holds a whole subject out needs other people's EEG, and one subject is trained at a time; "
                "name other --folds, or divide this subject's own: eeg2vid split --scheme leave-one-block-out",
            )


def _require_own_fold(source: Artifact, folds: Artifact, chosen: Sequence[str]) -> None:
    """Refuse inputs that learned from one fold's training events where another fold is asked for."""
    fold = source.attributes().fold
    if fold is None:
        return
    other = next((name for name in chosen if name != fold), None)
    if other is not None:
        raise UsageError(
            f"{source.address} was cleaned by what the training events of fold '{fold}' show; "
            f"the test events of fold '{other}' are among them.",
            f"Use --folds {fold}, or make a variant for the other: eeg2vid preprocess --fold {other} --variant ...",
        )
    learned = [ref.digest for ref in source.manifest.inputs if ref.role == "folds"]
    if learned and folds.digest not in learned:
        raise UsageError(
            f"{source.address} was cleaned by fold '{fold}' of another split than {folds.address}.",
            "Preprocess again with --from folds=split/VARIANT, or train with the split it learned from.",
        )


def used_events(ctx: Context) -> np.ndarray:
    """Return the events that are in any part of any fold: classes are counted among them."""
    import numpy as np

    return np.flatnonzero((ctx.read("folds").read("assignment") != Part.UNUSED).any(axis=0))


def labels_of(task: str, clips: Sequence[Clip], used: np.ndarray, threshold: float | None = None) -> TaskLabels:
    """Return the class of each event's clip; events outside `used` and their classes are not in the task."""
    import numpy as np

    from eeg2vid.stages.datasets.labels import NOT_IN_TASK, TaskLabels, task_labels

    labels = task_labels(task, [clips[index] for index in used], threshold=threshold)
    index = np.full(len(clips), NOT_IN_TASK, dtype=np.int64)
    index[used] = labels.index
    return TaskLabels(index, labels.classes)


def clips_of(ctx: Context, events: Sequence[Event]) -> list[Clip]:
    """Return the clip of each event."""
    index = {clip.clip: clip for clip in ctx.read("clips").table("clips", Clip)}
    missing = [event.clip for event in events if event.clip not in index]
    if missing:
        raise BadDataError(f"Clip '{missing[0]}' of the events table is not in the clip index.")
    return [index[event.clip] for event in events]


def rows_of_clips(artifact: Artifact, clips: Sequence[str], row_type: type[Any] = ClipKey) -> np.ndarray:
    """Return the place of each clip on an artifact's clip axis.

    Raises
    ------
    BadDataError
        If a clip is not there.
    """
    import numpy as np

    place = {row.clip: index for index, row in enumerate(artifact.table("clips", row_type))}
    missing = [clip for clip in clips if clip not in place]
    if missing:
        raise BadDataError(f"{artifact.address} has no clip '{missing[0]}'.")
    return np.array([place[clip] for clip in clips], dtype=np.int64)


def motion_of(stimuli: Artifact, clips: Sequence[str]) -> np.ndarray:
    """Return the motion score that `split-videos --motion` measured of each clip, float32 `(clip,)`.

    What it measures is in the artifact's attribute `motion`; a data set's own scores, in the clip index, are
    measured otherwise and must not stand beside these in one task.

    Raises
    ------
    MissingInputError
        If none were measured.
    """
    from eeg2vid.schemas.videos import VideoKey

    if not stimuli.has("motion"):
        raise MissingInputError(
            f"{stimuli.address} holds no motion scores.", "Run first:\n  eeg2vid split-videos --motion"
        )
    scores: np.ndarray = stimuli.read("motion")[rows_of_clips(stimuli, clips, VideoKey)]
    return scores


def with_measured_motion(stimuli: Artifact | None, clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with the scores of `motion_of` in place of the data set's own: one definition for all.

    Raises
    ------
    MissingInputError
        If none were measured, or there are no stimuli.
    """
    if stimuli is None:
        raise MissingInputError(
            "Measured motion scores were asked for, but role 'stimuli' is 'none'.",
            "Leave out --from stimuli=none, or take the data set's own scores: --fast-scores data-set",
        )
    scores = motion_of(stimuli, [clip.clip for clip in clips])
    return [clip.model_copy(update={"optical_flow": float(score)}) for clip, score in zip(clips, scores, strict=True)]


def examples(inputs: Inputs, targets: dict[str, np.ndarray], events: Sequence[Event], chosen: np.ndarray) -> Examples:
    """Return some events with their targets, blocks and runs; each target has one row per chosen event."""
    import numpy as np

    from eeg2vid.stages.networks.examples import Examples

    blocks = np.array([events[index].block for index in chosen])
    runs = np.array([run_of(events[index]) for index in chosen])
    return Examples(inputs.take(chosen), targets, groups=blocks, runs=runs)


def run_of(event: Event) -> str:
    """Return a run label that is unique in the subject."""
    return f"{event.session}/{event.run}"


def runs_within_folds(events: Sequence[Event], folds: Sequence[str]) -> np.ndarray:
    """Return each event's run; what a forced split tears apart counts as one run in each fold."""
    import numpy as np

    runs = [run_of(event) for event in events]
    if len(set(zip(runs, folds, strict=True))) > len(set(runs)):
        runs = [f"{run} in {fold}" for run, fold in zip(runs, folds, strict=True)]
    return np.array(runs)


def times_in_blocks(events: Sequence[Event]) -> tuple[np.ndarray, np.ndarray]:
    """Return when each event begins, s since the first clip of its block, and the number of its block.

    A block that goes on in another recording counts as another one: nothing tells the time between them.
    """
    import numpy as np

    names = [(event.session, event.recording, event.block) for event in events]
    number = {name: index for index, name in enumerate(dict.fromkeys(names))}
    blocks = np.array([number[name] for name in names], dtype=np.int64)
    onsets = np.array([event.onset_s for event in events], dtype=np.float64)
    first = np.full(len(number), np.inf)
    np.minimum.at(first, blocks, onsets)
    return onsets - first[blocks], blocks
