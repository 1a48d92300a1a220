"""`train-mapper`: from EEG to what clips have: latents, text states, embeddings; one model per fold and target."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS
from eeg2vid.schemas.decoding import DecodingSettings
from eeg2vid.schemas.networks import MapperNetwork, RidgeSettings
from eeg2vid.stages.decoding.needs import SIGNALS, TARGETS, training_needs
from eeg2vid.stages.decoding.training import train_folds
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Printed, Read, Resources, Stage, Write


class TrainMapperSettings(DecodingSettings):
    """Settings of `train-mapper`."""

    network: MapperNetwork = Field(RidgeSettings(), description="regression")
    targets: tuple[str, ...] = Field(
        ("latents",),
        min_length=1,
        description="what to predict, repeated: latents, text, pooled, image, percept:EYE; labels where the network "
        "learns both",
    )


class TrainMapper(Stage):
    """Train regressions from EEG to the clips' VAE latents, text states or embeddings on each fold's training part.

    `ridge` is closed-form; its penalty is chosen by leaving out one training block at a time.
    `latent-cnn` is a small convolution network, `seq2seq` EEG2Video's transformer over windows and frames; the
    validation block chooses their epochs. For text states and embeddings, `text-head` learns their principal
    components, and `semantic-mlp` is EEG2Video's wide network. `--pooled` trains one model on everybody.

    Condition `shuffled-training`, where named: trained anew after the clips of runs changed places within their blocks.
    """

    name = "train-mapper"
    version = 3  # models know their residuals
    Settings = TrainMapperSettings
    reads = {**SIGNALS, **TARGETS, "encoders": Read(CHECKPOINTS)}
    writes = {"mappers": Write(CHECKPOINTS, "subject")}
    acts = "train"
    uses_torch = True
    panel = "Decode"
    trains = True
    divided = "one target in one fold"
    prints = Printed(
        "mappers",
        "models",
        ("fold", "targets", "network", "train_events", "validation_scores", "best_epoch", "detail"),
        lines="eeg2vid.stages.services.training_lines:training_lines",
    )
    resources = Resources(gpus=1, cpus=4, memory_gb=24, minutes=30)
    examples = (
        "eeg2vid train-mapper --targets latents --network ridge --subject 17",
        "eeg2vid train-mapper --variant latent-cnn --new --network latent-cnn --set network.components=128",
        "eeg2vid train-mapper --variant seq2seq --new --network seq2seq --set training.batch_size=32",
        "eeg2vid train-mapper --variant text --new --network text-head --set network.readout=prototype --targets text",
        "eeg2vid train-mapper --variant from-glmnet --new --inputs encoder:glmnet --targets text",
    )

    def needs(self, settings: TrainMapperSettings, condition: str, unit: Per) -> Needs:
        """Read the inputs in use and what the targets come from."""
        return training_needs(super().needs(settings, condition, unit), "mappers", settings, unit)

    def run(self, ctx: Context) -> None:
        """Fit every target in every fold."""
        train_folds(ctx, "mappers")
