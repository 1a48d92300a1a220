"""Where artifacts meet arrays: inputs, labels and folds joined by event and clip id, never by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.checkpoints import TrainedModel
from eeg2vid.schemas.entities import Clip, ClipKey, Electrode, Event, EventKey, Fold
from eeg2vid.schemas.errors import BadDataError, MissingInputError, UsageError
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.engine.context import Context
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.networks.decoder import Examples
    from eeg2vid.stages.store.work import WorkPart
    from eeg2vid.stages.training.inputs import Inputs

# What a network reads where the settings name nothing.
DEFAULT_INPUTS = {
    "glmnet": ("de",),
    "glmnet-raw": ("epochs",),
    "lda": ("de", "epochs"),
    "ridge": ("de", "epochs"),
    "latent-cnn": ("de", "epochs"),
}


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
    found = [(row.event, row.clip) for row in artifact.table("events", EventKey)]
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
        artifact = ctx.read("epochs" if name == "epochs" else "features")
        require_same_events(artifact, events)
        if not artifact.has(name):
            raise MissingInputError(
                f"{artifact.address} holds no '{name}', only {', '.join(artifact.manifest.arrays)}.",
                f"Name other `inputs`, or import both: eeg2vid import PATH --as {artifact.schema.name} --also PATH",
            )
        arrays[name] = artifact.read(name)
    return Inputs(arrays)


def load_folds(ctx: Context, events: Sequence[Event], wanted: str) -> list[FoldParts]:
    """Return the folds in use.

    Parameters
    ----------
    ctx, events
        The unit at work and its events table.
    wanted
        'all', 'last', or fold names separated by commas.

    Raises
    ------
    UsageError
        If a fold does not exist.
    """
    import numpy as np

    artifact = ctx.read("folds")
    require_same_events(artifact, events)
    names = [row.fold for row in artifact.table("folds", Fold)]
    chosen = {"all": names, "last": names[-1:]}.get(wanted, [part.strip() for part in wanted.split(",")])
    for name in chosen:
        if name not in names:
            raise UsageError(f"There is no fold '{name}'.{did_you_mean(name, ['all', 'last', *names])}")
    assignment = artifact.read("assignment")
    parts = {name: assignment[names.index(name)] for name in chosen}
    return [
        FoldParts(name, *(np.flatnonzero(part == which) for which in (Part.TRAIN, Part.VALIDATION, Part.TEST)))
        for name, part in parts.items()
    ]


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


def examples(inputs: Inputs, targets: np.ndarray, events: Sequence[Event], chosen: np.ndarray) -> Examples:
    """Return some events with their targets, blocks and runs; `targets` has one row per chosen event."""
    import numpy as np

    from eeg2vid.stages.networks.decoder import Examples

    blocks = np.array([events[index].block for index in chosen])
    runs = np.array([run_of(events[index]) for index in chosen])
    return Examples(inputs.take(chosen), targets, groups=blocks, runs=runs)


def run_of(event: Event) -> str:
    """Return a run label that is unique in the subject."""
    return f"{event.session}/{event.run}"


@dataclass(frozen=True)
class Job:
    """What one model is trained for."""

    fold: str
    task: str
    threshold: float | None = None


def fit_and_store(
    ctx: Context,
    part: WorkPart,
    role: str,
    job: Job,
    *,
    train: Examples,
    validation: Examples,
    classes: tuple[str, ...] = (),
) -> None:
    """Train the settings' network on one fold and keep model and table row in a part.

    A stopped training leaves its state beside the part and goes on from there.
    """
    from eeg2vid.stages.networks.decoder import Context as DecoderContext
    from eeg2vid.stages.networks.table import build
    from eeg2vid.stages.training.checkpoint import save_decoder
    from eeg2vid.stages.training.loop import FolderKeeper

    settings = ctx.settings
    electrodes = ctx.read("features").table("electrodes", Electrode)
    decoder = build(
        settings.network,
        context=DecoderContext(
            inputs=train.inputs.shapes(),
            classes=classes,
            target=() if classes else train.targets.shape[1:],
            electrodes=tuple(row.electrode for row in electrodes),
        ),
        training=settings.training,
    )
    report = decoder.fit(
        train,
        validation if len(validation) else None,
        seed=ctx.seed(job.fold, job.task),
        device=ctx.device,
        should_stop=ctx.should_stop,
        keeper=FolderKeeper(part.state),
    )
    path = f"{job.fold}/{job.task}"
    save_decoder(part.model_folder(role, path), decoder)
    row = TrainedModel(
        fold=job.fold,
        task=job.task,
        path=path,
        network=settings.network.name,
        parameters=decoder.parameters(),
        train_events=report.train_events,
        validation_events=report.validation_events,
        validation_score=report.score,
        threshold=job.threshold,
        detail=report.detail,
    )
    part.rows(role, "models", [row])
