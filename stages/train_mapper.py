"""`train-mapper`: from EEG to latents, one model per fold."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS, CheckpointAttributes, TrainedModel
from eeg2vid.schemas.entities import Electrode, Event
from eeg2vid.schemas.features import EPOCHS, FEATURES
from eeg2vid.schemas.latents import LATENTS
from eeg2vid.schemas.networks import MapperNetwork, RidgeSettings, TrainingSettings
from eeg2vid.schemas.recordings import EVENTS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.stages import joins
from eeg2vid.stages.engine.context import Context
from eeg2vid.stages.engine.stage import Printed, Read, Resources, Stage, Write


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
    prints = Printed("mappers", "models", ("fold", "network", "train_events", "validation_score", "detail"))
    resources = Resources(gpus=1, cpus=4, memory_gb=24, minutes=30)
    examples = (
        "eeg2vid train-mapper --target latents --network ridge --subject 17",
        "eeg2vid train-mapper --variant latent-cnn --network latent-cnn --set network.components=128",
    )

    def run(self, ctx: Context) -> None:
        """Fit every fold."""
        from eeg2vid.stages.networks.decoder import Context as DecoderContext
        from eeg2vid.stages.networks.table import build
        from eeg2vid.stages.training.checkpoint import save_decoder

        settings: TrainMapperSettings = ctx.settings
        events = ctx.read("events").table("events", Event)
        names = settings.inputs or joins.DEFAULT_INPUTS[settings.network.name]
        inputs = joins.load_inputs(ctx, names, events)
        folds = joins.load_folds(ctx, events, settings.folds)
        latents = ctx.read("latents")
        rows_of = joins.rows_of_clips(latents, [event.clip for event in events])
        targets = latents.read("latents")[rows_of]
        electrodes = tuple(row.electrode for row in ctx.read("features").table("electrodes", Electrode))
        decoder_context = DecoderContext(inputs=inputs.shapes(), target=targets.shape[1:], electrodes=electrodes)
        out = ctx.write("mappers")
        rows = []
        for fold in ctx.track(f"{ctx.node}: {settings.network.name}", folds, len(folds)):
            train, validation = (
                joins.examples(inputs, targets[part], events, part) for part in (fold.train, fold.validation)
            )
            decoder = build(settings.network, context=decoder_context, training=settings.training)
            report = decoder.fit(
                train, validation if len(validation) else None, seed=ctx.seed(fold.fold), device=ctx.device
            )
            path = f"{fold.fold}/{settings.target}"
            save_decoder(out.model_folder(path), decoder)
            rows.append(
                TrainedModel(
                    fold=fold.fold,
                    task=settings.target,
                    path=path,
                    network=settings.network.name,
                    parameters=decoder.parameters(),
                    train_events=report.train_events,
                    validation_events=report.validation_events,
                    validation_score=report.score,
                    detail=report.detail,
                )
            )
        out.table("models", rows)
        out.attributes(
            CheckpointAttributes(
                kind="mapper",
                inputs=names,
                target=settings.target,
                target_attributes=latents.attributes().model_dump(),
            )
        )
