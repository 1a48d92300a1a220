"""The table of networks: one line each. What a network is and what builds it stand in its settings."""

from __future__ import annotations

from typing import Annotated

from eeg2vid.schemas.choice import Choice, ChoiceOf
from eeg2vid.schemas.networks.evoked_rhythms import EvokedRhythmsSettings
from eeg2vid.schemas.networks.glmnet import GlmnetSettings
from eeg2vid.schemas.networks.glmnet_raw import GlmnetRawSettings
from eeg2vid.schemas.networks.latent_cnn import LatentCnnSettings
from eeg2vid.schemas.networks.lda import LdaSettings
from eeg2vid.schemas.networks.network import Network
from eeg2vid.schemas.networks.ridge import RidgeSettings
from eeg2vid.schemas.networks.semantic_mlp import SemanticMlpSettings
from eeg2vid.schemas.networks.seq2seq import Seq2SeqSettings
from eeg2vid.schemas.networks.text_head import TextHeadSettings
from eeg2vid.schemas.plugins import ChoiceTable

_OURS: dict[str, type[Network]] = {
    "glmnet": GlmnetSettings,
    "glmnet-raw": GlmnetRawSettings,
    "lda": LdaSettings,
    "evoked-rhythms": EvokedRhythmsSettings,
    "ridge": RidgeSettings,
    "latent-cnn": LatentCnnSettings,
    "seq2seq": Seq2SeqSettings,
    "semantic-mlp": SemanticMlpSettings,
    "text-head": TextHeadSettings,
}
NETWORKS: ChoiceTable[Network] = ChoiceTable(
    "network", "eeg2vid.networks", Network, _OURS, says="learns", known=("label", "value")
)


def learns_labels(choice: type[Choice]) -> bool:
    """Tell whether a network can learn labels."""
    return issubclass(choice, Network) and "label" in choice.learns


def learns_values(choice: type[Choice]) -> bool:
    """Tell whether a network can learn values."""
    return issubclass(choice, Network) and "value" in choice.learns


EncoderNetwork = Annotated[Network, ChoiceOf(NETWORKS, learns_labels)]
MapperNetwork = Annotated[Network, ChoiceOf(NETWORKS, learns_values)]
