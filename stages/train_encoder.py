"""`train-encoder`: EEG classifiers, one per fold and task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS, CheckpointAttributes
from eeg2vid.schemas.entities import Event
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
    from eeg2vid.stages.store.work import WorkPart
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
    divided = "one task in one fold"
    prints = Printed("encoders", "models", ("fold", "task", "network", "train_events", "validation_score", "detail"))
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=30)
    cites = ("liu2024eeg2video", "ledoit2004wellconditioned")
    examples = (
        "eeg2vid train-encoder --subject 17 --variant glmnet",
        "eeg2vid train-encoder --variant lda --network lda --tasks concept --tasks human",
    )

    def run(self, ctx: Context) -> None:
        """Fit every task in every fold."""
        from eeg2vid.stages.datasets.labels import fast_threshold, task_labels

        settings: TrainEncoderSettings = ctx.settings
        events = ctx.read("events").table("events", Event)
        names = settings.inputs or joins.DEFAULT_INPUTS[settings.network.name]
        inputs = joins.load_inputs(ctx, names, events)
        folds = joins.load_folds(ctx, events, settings.folds)
        jobs = [(fold, task) for fold in folds for task in settings.tasks]
        for part, [(fold, task)] in ctx.parts(settings.network.name, jobs):
            _fit(ctx, part, fold, task, inputs, events)
        clips = joins.clips_of(ctx, events)
        names_only = fast_threshold(clips) if "fast" in settings.tasks else None
        classes = {task: task_labels(task, clips, threshold=names_only).classes for task in settings.tasks}
        ctx.write("encoders").attributes(CheckpointAttributes(kind="encoder", inputs=names, classes=classes))


def _fit(ctx: Context, part: WorkPart, fold: FoldParts, task: str, inputs: Inputs, events: list[Event]) -> None:
    """Fit one task in one fold; thresholds come from the training events."""
    from eeg2vid.stages.datasets.labels import NOT_IN_TASK, fast_threshold, task_labels

    settings: TrainEncoderSettings = ctx.settings
    clips = joins.clips_of(ctx, events)
    threshold = None
    if task == "fast":
        threshold = settings.fast_threshold or fast_threshold([clips[index] for index in fold.train])
    labels = task_labels(task, clips, threshold=threshold)
    train = fold.learned if settings.validation_in_training else fold.train
    asked = [chosen[labels.index[chosen] != NOT_IN_TASK] for chosen in (train, fold.validation)]
    joins.fit_and_store(
        ctx,
        part,
        "encoders",
        joins.Job(fold.fold, task, threshold),
        train=joins.examples(inputs, labels.index[asked[0]], events, asked[0]),
        validation=joins.examples(inputs, labels.index[asked[1]], events, asked[1]),
        classes=labels.classes,
    )
