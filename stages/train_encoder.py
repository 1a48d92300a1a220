"""`train-encoder`: EEG classifiers, one per fold and task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS, CheckpointAttributes
from eeg2vid.schemas.entities import Clip, Event
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.features import EPOCHS, FEATURES
from eeg2vid.schemas.networks import EncoderNetwork, GlmnetSettings, TrainingSettings
from eeg2vid.schemas.recordings import CLIPS, EVENTS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.schemas.videos import VIDEOS
from eeg2vid.stages import joins
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Printed, Read, Resources, Stage, Write
from eeg2vid.stages.fitting import Job, fit_and_store

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.datasets.labels import TaskLabels
    from eeg2vid.stages.joins import FoldParts
    from eeg2vid.stages.store.work import WorkPart
    from eeg2vid.stages.training.inputs import Inputs

PUBLISHED_THRESHOLD = 1.799  # of EEG2Video, on the motion scores that come with SEED-DV

Task = Literal["concept", "group", "color", "fast", "number", "human", "face"]


class TrainEncoderSettings(Settings):
    """Settings of `train-encoder`."""

    network: EncoderNetwork = Field(GlmnetSettings(), description="classifier")
    tasks: tuple[Task, ...] = Field(("concept", "fast"), min_length=1, description="what to classify, repeated")
    inputs: tuple[Literal["epochs", "de", "psd"], ...] = Field(
        (), description="what the network reads, repeated; none: its default"
    )
    folds: str = Field("all", description="all, last, or fold names separated by commas")
    fast_scores: Literal["data-set", "flow"] = Field(
        "data-set",
        description="motion scores behind task fast: the data set's own, or what split-videos --motion found",
    )
    fast_threshold: float | None = Field(
        None, gt=0, description="motion score from which a clip is fast; none: median of the training clips"
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
    epochs (EEG2Video), shrinkage LDA. Where a data set brings no motion scores, `--fast-scores flow` takes
    those of `split-videos --motion`; only then are the stimuli read.
    """

    name = "train-encoder"
    Settings = TrainEncoderSettings
    reads = {
        "epochs": Read(EPOCHS),
        "features": Read(FEATURES),
        "events": Read(EVENTS),
        "folds": Read(FOLDS),
        "clips": Read(CLIPS),
        "stimuli": Read(VIDEOS, "optional"),
    }
    writes = {"encoders": Write(CHECKPOINTS, "subject")}
    uses_torch = True
    divided = "one task in one fold"
    prints = Printed("encoders", "models", ("fold", "task", "network", "train_events", "validation_score", "detail"))
    panel = "Decode"
    trains = True
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=30)
    cites = ("liu2024eeg2video", "ledoit2004wellconditioned")
    examples = (
        "eeg2vid train-encoder --subject 17 --variant glmnet",
        "eeg2vid train-encoder --variant lda --network lda --tasks concept --tasks human",
        "eeg2vid train-encoder --tasks fast --fast-scores flow",
    )

    def needs(self, settings: TrainEncoderSettings, condition: str, unit: Per) -> Needs:
        """Read the stimuli only for the motion scores that were measured on them."""
        needs = super().needs(settings, condition, unit)
        return needs if _by_flow(settings) else needs.without("stimuli")

    def run(self, ctx: Context) -> None:
        """Fit every task in every fold."""
        from eeg2vid.stages.datasets.labels import fast_threshold

        settings: TrainEncoderSettings = ctx.settings
        _require_own_units(settings)
        events = ctx.read("events").table("events", Event)
        names = settings.inputs or joins.DEFAULT_INPUTS[settings.network.name]
        inputs = joins.load_inputs(ctx, names, events)
        folds = joins.load_folds(ctx, events, settings.folds, names)
        joins.require_training(ctx, folds)
        jobs = [(fold, task) for fold in folds for task in settings.tasks]
        clips = joins.clips_of(ctx, events)
        stimuli = ctx.read_optional("stimuli") if _by_flow(settings) else None
        if _by_flow(settings):
            clips = joins.with_measured_motion(stimuli, clips)
        used = joins.used_events(ctx)
        for fold, task in jobs:
            _require_test_classes(fold, task, *_labels(settings, fold, task, clips, used))
        for part, [(fold, task)] in ctx.parts(settings.network.name, jobs):
            labels, threshold = _labels(settings, fold, task, clips, used)
            _fit(ctx, part, Job(fold.fold, task, threshold), fold, labels, inputs, events)
        names_only = fast_threshold([clips[index] for index in used]) if "fast" in settings.tasks else None
        classes = {task: joins.labels_of(task, clips, used, names_only).classes for task in settings.tasks}
        ctx.write("encoders").attributes(
            CheckpointAttributes(
                kind="encoder",
                inputs=names,
                classes=classes,
                motion=stimuli.attributes().motion if stimuli else "",
                motion_sha256=stimuli.manifest.arrays["motion"].sha256 if stimuli else "",
            )
        )


def _by_flow(settings: TrainEncoderSettings) -> bool:
    return settings.fast_scores == "flow" and "fast" in settings.tasks


def _require_own_units(settings: TrainEncoderSettings) -> None:
    """Refuse the published threshold on scores that it was not made for."""
    if _by_flow(settings) and settings.fast_threshold == PUBLISHED_THRESHOLD:
        raise UsageError(
            f"The published threshold {settings.fast_threshold:g} is of SEED-DV's own motion scores; "
            "flow scores are measured otherwise.",
            "Use --fast-scores data-set, or --protocol corrected: the median of the training clips.",
        )


def _labels(
    settings: TrainEncoderSettings, fold: FoldParts, task: str, clips: list[Clip], used: np.ndarray
) -> tuple[TaskLabels, float | None]:
    """Return the classes of one task in one fold, and the threshold of fast, which comes from the training events."""
    from eeg2vid.stages.datasets.labels import fast_threshold

    threshold = None
    if task == "fast":
        threshold = settings.fast_threshold or fast_threshold([clips[index] for index in fold.train])
    return joins.labels_of(task, clips, used, threshold), threshold


def _require_test_classes(fold: FoldParts, task: str, labels: TaskLabels, _: float | None) -> None:
    """Refuse a task whose test classes are all unknown to the training: its accuracy is 0 by construction."""
    learned, tested = set(labels.index[fold.learned]), set(labels.index[fold.test])
    if tested and not tested & learned:
        raise UsageError(
            f"Task '{task}' cannot be tested in fold '{fold.fold}': none of its test classes is trained on.",
            "Concepts that are left out can be decoded through latents or text; drop the task with --tasks.",
        )


def _fit(
    ctx: Context,
    part: WorkPart,
    job: Job,
    fold: FoldParts,
    labels: TaskLabels,
    inputs: Inputs,
    events: list[Event],
) -> None:
    """Fit one task in one fold on the events that it asks about."""
    from eeg2vid.stages.datasets.labels import NOT_IN_TASK

    settings: TrainEncoderSettings = ctx.settings
    train = fold.learned if settings.validation_in_training else fold.train
    asked = [chosen[labels.index[chosen] != NOT_IN_TASK] for chosen in (train, fold.validation)]
    fit_and_store(
        ctx,
        part,
        "encoders",
        job,
        train=joins.examples(inputs, labels.index[asked[0]], events, asked[0]),
        validation=joins.examples(inputs, labels.index[asked[1]], events, asked[1]),
        classes=labels.classes,
    )
