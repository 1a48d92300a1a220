"""`train-mapper`: from EEG to latents, one model per fold."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS, CheckpointAttributes
from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.features import EPOCHS, FEATURES
from eeg2vid.schemas.latents import LATENTS
from eeg2vid.schemas.networks import MapperNetwork, RidgeSettings, TrainingSettings
from eeg2vid.schemas.recordings import EVENTS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.stages import joins
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Printed, Read, Resources, Stage, Write
from eeg2vid.stages.fitting import Job, fit_and_store


class TrainMapperSettings(Settings):
    """Settings of `train-mapper`."""

    target: Literal["latents"] = Field("latents", description="what to predict")
    network: MapperNetwork = Field(RidgeSettings(), description="regression")
    inputs: tuple[Literal["epochs", "de", "psd"], ...] = Field(
        (), description="what the network reads, repeated; none: its default"
    )
    folds: str = Field("all", description="all, last, or fold names separated by commas")
    training: TrainingSettings = Field(TrainingSettings(), description="how to train")
    seed: int = Field(0, ge=0, lt=2**63, description="root of every random number")


class TrainMapper(Stage):
    """Train regressions from EEG to the clips' VAE latents on the training part of each fold.

    `ridge` is closed-form; its penalty is chosen by leaving out one training block at a time.
    `latent-cnn` is a small convolution network; the validation block chooses its epochs.
    """

    name = "train-mapper"
    Settings = TrainMapperSettings
    reads = {
        "epochs": Read(EPOCHS),
        "features": Read(FEATURES),
        "events": Read(EVENTS),
        "folds": Read(FOLDS),
        "latents": Read(LATENTS),
    }
    writes = {"mappers": Write(CHECKPOINTS, "subject")}
    uses_torch = True
    divided = "one fold"
    prints = Printed("mappers", "models", ("fold", "network", "train_events", "validation_score", "detail"))
    panel = "Decode"
    trains = True
    resources = Resources(gpus=1, cpus=4, memory_gb=24, minutes=30)
    examples = (
        "eeg2vid train-mapper --target latents --network ridge --subject 17",
        "eeg2vid train-mapper --variant latent-cnn --network latent-cnn --set network.components=128",
    )

    def run(self, ctx: Context) -> None:
        """Fit every fold."""
        settings: TrainMapperSettings = ctx.settings
        events = ctx.read("events").table("events", Event)
        names = settings.inputs or joins.DEFAULT_INPUTS[settings.network.name]
        inputs = joins.load_inputs(ctx, names, events)
        latents = ctx.read("latents")
        targets = latents.read("latents")[joins.rows_of_clips(latents, [event.clip for event in events])]
        folds = joins.load_folds(ctx, events, settings.folds, names)
        joins.require_training(ctx, folds)
        for part, [fold] in ctx.parts(settings.network.name, folds):
            fit_and_store(
                ctx,
                part,
                "mappers",
                Job(fold.fold, settings.target),
                train=joins.examples(inputs, targets[fold.train], events, fold.train),
                validation=joins.examples(inputs, targets[fold.validation], events, fold.validation),
            )
        ctx.write("mappers").attributes(
            CheckpointAttributes(
                kind="mapper",
                inputs=names,
                target=settings.target,
                target_attributes=latents.attributes().model_dump(),
            )
        )
