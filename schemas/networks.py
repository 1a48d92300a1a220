"""Settings of the decoders: classifiers (encoders), mappers to targets, and how they are trained.

One model per network, told apart by `name`; what builds each is in `eeg2vid.stages.networks.table`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from eeg2vid.schemas.electrodes import ElectrodeNames, electrode_sets
from eeg2vid.schemas.settings import Settings

EpochBins = Annotated[
    int,
    Field(ge=1, le=2000, description="time bins an epoch is averaged into before it enters a vector, per electrode"),
]
LocalElectrodes = Annotated[
    ElectrodeNames, Field(min_length=1, description="electrodes of the local branch: names or sets (glmnet-local)")
]


class GlmnetSettings(Settings):
    """GLMNet on band features: an MLP on all electrodes, one on the occipital ones, joined (EEG2Video)."""

    name: Literal["glmnet"] = "glmnet"
    hidden: tuple[int, ...] = Field(
        default=(512, 256), min_length=1, max_length=8, description="units of each branch's hidden layers, each >= 1"
    )
    embedding: int = Field(default=64, ge=1, le=4096, description="units each branch ends in")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="dropped share after each hidden layer; published: 0")
    local_electrodes: LocalElectrodes = electrode_sets()["glmnet-local"]

    @model_validator(mode="after")
    def _hidden_positive(self) -> GlmnetSettings:
        if min(self.hidden) < 1:
            raise ValueError("every hidden layer needs at least 1 unit")
        return self


class GlmnetRawSettings(Settings):
    """GLMNet on epochs: a ShallowNet on all electrodes, one on the occipital ones, joined (EEG2Video)."""

    name: Literal["glmnet-raw"] = "glmnet-raw"
    windows: int = Field(
        default=2,
        ge=1,
        le=100,
        description="equal windows an epoch is cut into, each a training sample; published: 2 of 1 s",
    )
    filters: int = Field(default=40, ge=1, le=512, description="temporal and spatial filters")
    kernel: int = Field(default=25, ge=1, le=1000, description="length of the temporal filters, samples")
    pool: int = Field(default=51, ge=1, le=1000, description="length of the mean pooling, samples")
    pool_step: int = Field(default=5, ge=1, le=1000, description="step of the mean pooling, samples")
    embedding: int = Field(default=256, ge=1, le=4096, description="units each branch ends in")
    dropout: float = Field(default=0.5, ge=0, lt=1, description="dropped share before each branch's last layer")
    local_electrodes: LocalElectrodes = electrode_sets()["glmnet-local"]


class LdaSettings(Settings):
    """Linear discriminant analysis with a Ledoit-Wolf covariance, in closed form."""

    name: Literal["lda"] = "lda"
    covariance: Literal["pooled", "per-class"] = Field(
        default="pooled",
        description="shrink the pooled within-class covariance, or each class's before pooling (as scikit-learn does)",
    )
    priors: Literal["empirical", "equal"] = Field(
        default="empirical", description="class priors: the training shares, or all equal"
    )
    epoch_bins: EpochBins = 10


class RidgeSettings(Settings):
    """Ridge regression to any target, in closed form; its penalty is chosen by leave-one-group-out."""

    name: Literal["ridge"] = "ridge"
    log10_low: float = Field(
        default=-3, ge=-12, le=12, description="log10 of the smallest penalty / mean eigenvalue of the kernel"
    )
    log10_high: float = Field(
        default=4, ge=-12, le=12, description="log10 of the largest penalty / mean eigenvalue of the kernel"
    )
    penalties: int = Field(default=29, ge=1, le=1000, description="penalties on the grid, evenly spaced in log10")
    run_folds: int = Field(
        default=5, ge=2, le=100, description="folds over runs where the training events are of one group only"
    )
    fitted_share: float = Field(
        default=0.9999,
        gt=0,
        le=1,
        description="share of the fitted values' variance that the stored low-rank map keeps; 1: all",
    )
    epoch_bins: EpochBins = 10

    @model_validator(mode="after")
    def _grid_ordered(self) -> RidgeSettings:
        if self.log10_low > self.log10_high:
            raise ValueError(f"log10_low ({self.log10_low:g}) must not exceed log10_high ({self.log10_high:g})")
        return self


class LatentCnnSettings(Settings):
    """A temporal convolution network from epochs and features to latents or any other target."""

    name: Literal["latent-cnn"] = "latent-cnn"
    width: int = Field(default=64, ge=8, le=2048, description="channels of the convolutions")
    depth: int = Field(default=3, ge=1, le=8, description="residual blocks, each halving the time axis")
    kernel: int = Field(default=9, ge=3, le=99, description="length of the temporal filters, samples; odd")
    tokens: int = Field(default=6, ge=1, le=64, description="stretches of time that are kept apart, in order")
    dropout: float = Field(default=0.3, ge=0, lt=1, description="dropped share of hidden units")
    electrode_dropout: float = Field(default=0.1, ge=0, lt=1, description="share of electrodes silenced in training")
    noise: float = Field(default=0.1, ge=0, le=10, description="training noise added to standardised inputs, SD")
    head: Literal["pca", "full"] = Field(
        default="pca",
        description="predict scores on the training targets' principal components, or every value per frame "
        "(the target's first axis)",
    )
    components: int = Field(default=64, ge=1, le=4096, description="principal components of head 'pca', at most")

    @model_validator(mode="after")
    def _kernel_odd(self) -> LatentCnnSettings:
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, not {self.kernel}")
        return self


EncoderNetwork = Annotated[GlmnetSettings | GlmnetRawSettings | LdaSettings, Field(discriminator="name")]
MapperNetwork = Annotated[RidgeSettings | LatentCnnSettings, Field(discriminator="name")]
NetworkSettings = GlmnetSettings | GlmnetRawSettings | LdaSettings | RidgeSettings | LatentCnnSettings


class TrainingSettings(Settings):
    """How networks are trained. Closed-form decoders use `refit` and `scaling` only."""

    epochs: int = Field(default=100, ge=1, le=100_000, description="passes over the training events, at most")
    batch_size: int = Field(default=256, ge=1, le=100_000, description="samples per step")
    learning_rate: float = Field(default=1e-3, gt=0, le=1, description="of AdamW, constant")
    weight_decay: float = Field(default=0.0, ge=0, le=10, description="of AdamW")
    patience: int = Field(
        default=0, ge=0, le=100_000, description="stop after this many epochs without a better validation; 0: never"
    )
    selection: Literal["loss", "accuracy", "last"] = Field(
        default="loss", description="what picks the epoch on the validation events; 'last' picks none"
    )
    refit: bool = Field(
        default=True, description="after the choice, train anew on training and validation events for as many epochs"
    )
    class_weight: Literal["none", "balanced"] = Field(
        default="none", description="weigh classes alike in the loss of classifying networks"
    )
    scaling: Literal["train", "own"] = Field(
        default="train",
        description="standardise by the training events, or each part by its own mean and SD (the published code: "
        "test statistics enter, predictions depend on what is predicted together)",
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="root of every random number in training")
