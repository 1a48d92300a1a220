"""Settings of the convolution network from EEG to values."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from eeg2vid.schemas.networks.network import Network


class LatentCnnSettings(Network):
    """A temporal convolution network from epochs and features to latents or any other target."""

    builds: ClassVar[str] = "eeg2vid.stages.networks.latent_cnn:LatentCnnDecoder"
    learns: ClassVar[frozenset[str]] = frozenset({"value"})

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

    def methods(self) -> str:
        """Return the layers, the noise of training, the head."""
        head = f"the first {self.components} principal components of" if self.head == "pca" else "every value of"
        return (
            f"a temporal convolution network ({self.width} channels, {self.depth} residual blocks, filters of "
            f"{self.kernel} samples, {self.tokens} stretches of time kept apart, dropout {self.dropout:g}) that "
            f"predicts {head} the training targets; in training {self.electrode_dropout:g} of the electrodes were "
            f"silenced and noise of {self.noise:g} SD was added"
        )
