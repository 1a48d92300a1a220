"""The one table of networks: name -> settings and what builds it. Nothing heavy is imported here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from eeg2vid.schemas.networks import (
    GlmnetRawSettings,
    GlmnetSettings,
    LatentCnnSettings,
    LdaSettings,
    NetworkSettings,
    RidgeSettings,
    TrainingSettings,
)

if TYPE_CHECKING:
    from eeg2vid.stages.networks.decoder import Context, Decoder

NETWORKS: dict[str, tuple[type[NetworkSettings], str]] = {
    "glmnet": (GlmnetSettings, "eeg2vid.stages.networks.glmnet:GlmnetDecoder"),
    "glmnet-raw": (GlmnetRawSettings, "eeg2vid.stages.networks.glmnet:GlmnetRawDecoder"),
    "lda": (LdaSettings, "eeg2vid.stages.networks.lda:LdaDecoder"),
    "ridge": (RidgeSettings, "eeg2vid.stages.networks.ridge:RidgeDecoder"),
    "latent-cnn": (LatentCnnSettings, "eeg2vid.stages.networks.latent_cnn:LatentCnnDecoder"),
}


def build(settings: NetworkSettings, *, context: Context, training: TrainingSettings | None = None) -> Decoder:
    """Return an unfitted decoder.

    Parameters
    ----------
    settings
        One of the settings models in `NETWORKS`.
    context
        Shapes of inputs and targets, classes, electrodes.
    training
        How to train it; the defaults where None.

    Raises
    ------
    UsageError, BadDataError
        If the network cannot read these inputs.
    """
    module, _, name = NETWORKS[settings.name][1].partition(":")
    decoder: Decoder = getattr(import_module(module), name)(settings, context, training or TrainingSettings())
    return decoder
