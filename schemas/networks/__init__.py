"""Settings of the networks, one file each; `table.py` lists them, `training.py` says how they are trained."""

from eeg2vid.schemas.networks.evoked_rhythms import EvokedRhythmsSettings
from eeg2vid.schemas.networks.glmnet import GlmnetSettings
from eeg2vid.schemas.networks.glmnet_raw import GlmnetRawSettings
from eeg2vid.schemas.networks.latent_cnn import LatentCnnSettings
from eeg2vid.schemas.networks.lda import LdaSettings
from eeg2vid.schemas.networks.network import Network
from eeg2vid.schemas.networks.ridge import RidgeSettings
from eeg2vid.schemas.networks.semantic_mlp import SemanticMlpSettings
from eeg2vid.schemas.networks.seq2seq import Seq2SeqSettings
from eeg2vid.schemas.networks.table import NETWORKS, EncoderNetwork, MapperNetwork
from eeg2vid.schemas.networks.text_head import TextHeadSettings
from eeg2vid.schemas.networks.training import TrainingSettings

__all__ = [
    "NETWORKS",
    "EncoderNetwork",
    "EvokedRhythmsSettings",
    "GlmnetRawSettings",
    "GlmnetSettings",
    "LatentCnnSettings",
    "LdaSettings",
    "MapperNetwork",
    "Network",
    "RidgeSettings",
    "SemanticMlpSettings",
    "Seq2SeqSettings",
    "TextHeadSettings",
    "TrainingSettings",
]
