"""`train-encoder`: EEG classifiers, one per fold and task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS, CheckpointAttributes, TrainedModel
from eeg2vid.schemas.entities import Electrode, Event
from eeg2vid.schemas.features import EPOCHS, FEATURES
from eeg2vid.schemas.networks import EncoderNetwork, GlmnetSettings, TrainingSettings
from eeg2vid.schemas.recordings import CLIPS, EVENTS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.stages import joins
from eeg2vid.stages.engine.context import Context
from eeg2vid.stages.engine.stage import Printed, Read, Resources, Stage, Write

if TYPE_CHECKING:
    from eeg2vid.stages.joins import FoldParts
    from eeg2vid.stages.training.inputs import Inputs

Task = Literal["concept", "group", "color", "fast", "number", "human", "face"]


class TrainEncoderSettings(Settings):
    """Settings of `train-encoder`."""

    network: EncoderNetwork = Field(GlmnetSettings(), description="classifier")
    tasks: tuple[Task, ...] = Field(("concept", "fast"), min_length=1, description="what to classify, repeated")
    inputs: tuple[Literal["epochs", "de", "psd"], ...] = Field(
        (), description="what the network reads, repeated; none: its default"
    )
    folds: str = Field("all", description="all, last, or fold names separated by commas")
    fast_threshold: float | None = Field(
        None, gt=0, description="optical-flow score from which a clip is fast; none: median of the training clips"
    )
    validation_in_training: bool = Field(
        False, description="also train on the validation block, as the published code does"
    )
    training: TrainingSettings = Field(TrainingSettings(), description="how to train")
    seed: int = Field(0, ge=0, lt=2**63, description="root of every random number")


class TrainEncoder(Stage):
    """Train classifiers of concept, motion and other labels on the training part of each fold.

    Scalers and the fast/slow threshold come from training events only; the validation block chooses
    epochs and is otherwise unseen until the final fit. Networks: GLMNet on band features or raw
    epochs (EEG2Video), shrinkage LDA.
    """

    name = "train-encoder"
    Settings = TrainEncoderSettings
    reads = {
        "epochs": Read(EPOCHS),
        "features": Read(FEATURES),
        "events": Read(EVENTS),
        "folds": Read(FOLDS),
        "clips": Read(CLIPS),
    }
    writes = {"encoders": Write(CHECKPOINTS, "subject")}
    published = {
        "fast_threshold": 1.799,
        "validation_in_training": True,
        "training": {"scaling": "own", "selection": "accuracy", "refit": False},
    }
    uses_torch = True
    prints = Printed("encoders", "models", ("fold", "task", "network", "train_events", "validation_score", "detail"))
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=30)
    cites = ("liu2024eeg2video", "ledoit2004wellconditioned")
    examples = (
        "eeg2vid train-encoder --subject 17 --variant glmnet",
        "eeg2vid train-encoder --variant lda --network lda --tasks concept --tasks human",
    )

    def run(self, ctx: Context) -> None:
        """Fit every task in every fold."""
        settings: TrainEncoderSettings = ctx.settings
        events = ctx.read("events").table("events", Event)
        names = settings.inputs or joins.DEFAULT_INPUTS[settings.network.name]
        inputs = joins.load_inputs(ctx, names, events)
        folds = joins.load_folds(ctx, events, settings.folds)
        jobs = [(fold, task) for fold in folds for task in settings.tasks]
        rows: list[TrainedModel] = []
        classes: dict[str, tuple[str, ...]] = {}
        for fold, task in ctx.track(f"{ctx.node}: {settings.network.name}", jobs, len(jobs)):
            row, names_of_classes = _fit(ctx, fold, task, inputs, events)
            rows.append(row)
            classes[task] = names_of_classes
        out = ctx.write("encoders")
        out.table("models", rows)
        out.attributes(CheckpointAttributes(kind="encoder", inputs=names, classes=classes))


def _fit(
    ctx: Context, fold: FoldParts, task: str, inputs: Inputs, events: list[Event]
) -> tuple[TrainedModel, tuple[str, ...]]:
    """Fit one task in one fold and store the model."""
    import numpy as np

    from eeg2vid.stages.datasets.labels import NOT_IN_TASK, fast_threshold, task_labels
    from eeg2vid.stages.networks.decoder import Context as DecoderContext
    from eeg2vid.stages.networks.table import build
    from eeg2vid.stages.training.checkpoint import save_decoder

    settings: TrainEncoderSettings = ctx.settings
    clips = joins.clips_of(ctx, events)
    threshold = None
    if task == "fast":
        threshold = settings.fast_threshold or fast_threshold([clips[index] for index in fold.train])
    labels = task_labels(task, clips, threshold=threshold)
    asked = labels.index != NOT_IN_TASK
    train = fold.learned if settings.validation_in_training else fold.train
    parts = [
        joins.examples(inputs, labels.index[part], events, part)
        for part in (part[asked[part]] for part in (train, fold.validation))
    ]
    electrodes = ctx.read("features").table("electrodes", Electrode)
    decoder = build(
        settings.network,
        context=DecoderContext(
            inputs=inputs.shapes(), classes=labels.classes, electrodes=tuple(row.electrode for row in electrodes)
        ),
        training=settings.training,
    )
    report = decoder.fit(
        parts[0], parts[1] if len(parts[1]) else None, seed=ctx.seed(fold.fold, task), device=ctx.device
    )
    path = f"{fold.fold}/{task}"
    save_decoder(ctx.write("encoders").model_folder(path), decoder)
    row = TrainedModel(
        fold=fold.fold,
        task=task,
        path=path,
        network=settings.network.name,
        parameters=decoder.parameters(),
        train_events=report.train_events,
        validation_events=report.validation_events,
        validation_score=None if report.score is None or not np.isfinite(report.score) else float(report.score),
        threshold=threshold,
        detail=report.detail,
    )
    return row, labels.classes
