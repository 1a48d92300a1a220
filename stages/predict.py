"""`predict`: what the trained decoders make of held-out EEG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS, CheckpointAttributes, TrainedModel
from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.schemas.features import EPOCHS, FEATURES
from eeg2vid.schemas.predictions import PREDICTIONS, PredictionAttributes, PredictionKey
from eeg2vid.schemas.recordings import EVENTS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.stages import joins
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.store.work import WorkPart


class PredictSettings(Settings):
    """Settings of `predict`."""

    seed: int = Field(0, ge=0, lt=2**63, description="root of every random number (which run takes whose EEG)")


class Predict(Stage):
    """Decode the test events of every fold that was trained: latents and class probabilities.

    Condition `shuffled-runs`: each run is decoded from the EEG of another run of the same fold; all
    else stays the same. Whatever scores as well as `full` there is not decoded from the EEG.
    """

    name = "predict"
    Settings = PredictSettings
    reads = {
        "epochs": Read(EPOCHS),
        "features": Read(FEATURES),
        "events": Read(EVENTS),
        "folds": Read(FOLDS),
        "encoders": Read(CHECKPOINTS, "many"),
        "mappers": Read(CHECKPOINTS, "many"),
    }
    writes = {"predictions": Write(PREDICTIONS, "subject")}
    acts = "predict"
    uses_torch = True
    divided = "one fold"
    panel = "Decode"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=10)
    examples = ("eeg2vid predict --subject 17", "eeg2vid predict --from mappers=train-mapper/latent-cnn --variant mine")

    def run(self, ctx: Context) -> None:
        """Predict fold by fold with every model."""
        events = ctx.read("events").table("events", Event)
        encoders, mappers = ctx.read_many("encoders"), ctx.read_many("mappers")
        if not encoders and not mappers:
            raise MissingInputError(
                "The recipe plans no encoder and no mapper; there is nothing to predict with.",
                "Name some: --from mappers=train-mapper/VARIANT, or a [train-mapper.VARIANT] table in eeg2vid.toml.",
            )
        kinds = {"events": _by_fold(encoders), "decoded": _by_fold(mappers)}
        jobs = [(table, fold) for table, folds in kinds.items() for fold in folds]
        for artifact in (*encoders, *mappers):
            _require_same_signals(ctx, artifact)
        for part, [(table, fold)] in ctx.parts("folds", jobs):
            _predict_fold(ctx, part, table, kinds[table][fold], events)
        for table, folds in kinds.items():
            if not folds:
                ctx.write("predictions").table(table, [])
        ctx.write("predictions").attributes(_attributes(encoders, mappers))


def _require_same_signals(ctx: Context, model: Artifact) -> None:
    """Refuse to decode other epochs or features than the model learned from: another variant, silently read."""
    attributes: CheckpointAttributes = model.attributes()
    for role in {"epochs" if name == "epochs" else "features" for name in attributes.inputs}:
        given = ctx.read(role).address
        for ref in model.manifest.inputs:
            if ref.role == role and (ref.stage, ref.variant) != (given.stage, given.variant):
                raise UsageError(
                    f"{model.address} learned from {ref.stage}/{ref.variant}, but would decode {given}.",
                    f"Name what it learned from: --from {role}={ref.stage}/{ref.variant}",
                )


def _by_fold(checkpoints: list[Artifact]) -> dict[str, list[tuple[Artifact, TrainedModel]]]:
    """Return the models of each fold; all tasks must be trained on the same folds, each task once."""
    found: dict[str, list[tuple[Artifact, TrainedModel]]] = {}
    for artifact in checkpoints:
        for row in artifact.table("models", TrainedModel):
            if row.task in [other.task for _, other in found.setdefault(row.fold, [])]:
                raise UsageError(
                    f"Task '{row.task}' is trained twice, the second time in {artifact.address}.",
                    "Choose one with --from, or name the variants apart by recipe.",
                )
            found[row.fold].append((artifact, row))
    tasks = {fold: sorted(row.task for _, row in models) for fold, models in found.items()}
    if len({tuple(names) for names in tasks.values()}) > 1:
        listed = "; ".join(f"{fold}: {', '.join(names)}" for fold, names in tasks.items())
        raise UsageError(f"The models are trained on different folds ({listed}).", "Train all with the same --folds.")
    return found


def _predict_fold(
    ctx: Context, part: WorkPart, table: str, models: list[tuple[Artifact, TrainedModel]], events: list[Event]
) -> None:
    """Predict the test events of one fold with each of its models."""
    inputs = sorted({name for artifact, _ in models for name in artifact.attributes().inputs})
    (fold,) = joins.load_folds(ctx, events, models[0][1].fold, inputs)
    sources = _sources(ctx, events, fold.test, fold.fold)
    for artifact, row in models:
        name = "latents" if row.task == "latents" else f"probability_{row.task}"
        part.array("predictions", name, _predict(ctx, artifact, row, events, sources))
    keys = [_key(events, target, source, fold.fold) for target, source in zip(fold.test, sources, strict=True)]
    part.rows("predictions", table, keys)


def _sources(ctx: Context, events: list[Event], test: np.ndarray, fold: str) -> np.ndarray:
    """Return the event whose EEG is used for each test event: itself, or one of another run."""
    if ctx.condition != "shuffled-runs":
        return test
    import numpy as np

    from eeg2vid.stages.statistics.permutation import run_permutations

    runs = np.array([joins.run_of(events[index]) for index in test])
    positions = np.array([events[index].position for index in test])
    rng = np.random.default_rng(ctx.seed(fold))
    return test[run_permutations(runs, positions, 1, rng, derangement=True)[0]]


def _key(events: list[Event], target: int, source: int, fold: str) -> PredictionKey:
    event = events[target]
    return PredictionKey(
        event=event.event, clip=event.clip, run=joins.run_of(event), fold=fold, source_event=events[source].event
    )


def _predict(
    ctx: Context, artifact: Artifact, row: TrainedModel, events: list[Event], chosen: np.ndarray
) -> np.ndarray:
    """Return one model's predictions for some events."""
    from eeg2vid.stages.training.checkpoint import load_decoder

    attributes: CheckpointAttributes = artifact.attributes()
    inputs = joins.load_inputs(ctx, attributes.inputs, events).take(chosen)
    decoder = load_decoder(artifact.model(row.path))
    predicted: np.ndarray = decoder.predict(inputs, device=ctx.device)
    return predicted


def _attributes(encoders: list[Artifact], mappers: list[Artifact]) -> PredictionAttributes:
    classes: dict[str, tuple[str, ...]] = {}
    geometry: dict[str, Any] = {}
    thresholds: dict[str, float] = {}
    motion, motion_sha256 = _motion(encoders)
    for artifact in [*encoders, *mappers]:
        attributes: CheckpointAttributes = artifact.attributes()
        classes |= attributes.classes
        geometry |= attributes.target_attributes
        rows = artifact.table("models", TrainedModel)
        thresholds |= {row.fold: row.threshold for row in rows if row.threshold is not None}
    return PredictionAttributes(
        classes=classes,
        latents=geometry,
        fast_thresholds=thresholds,
        motion=motion,
        motion_sha256=motion_sha256,
    )


def _motion(encoders: list[Artifact]) -> tuple[str, str]:
    """Return definition and hash of the motion scores behind task 'fast', the same in every encoder that has it."""
    having = [artifact for artifact in encoders if "fast" in artifact.attributes().classes]
    found = {(one.motion, one.motion_sha256): None for one in (artifact.attributes() for artifact in having)}
    if len(found) > 1:
        raise UsageError(
            f"Task 'fast' is learned from different motion scores in {' and '.join(str(a.address) for a in having)}.",
            "Train all with the same --fast-scores, on the same stimuli.",
        )
    return next(iter(found), ("", ""))
