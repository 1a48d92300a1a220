"""Settings of the small head from EEG to text states."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from eeg2vid.schemas.networks.network import EpochBins, PenaltyGrid


class TextHeadSettings(PenaltyGrid):
    """A small head to the principal components of text states or embeddings, without tokens that never change.

    Kind 'mlp' needs slow training: learning_rate=3e-4, weight_decay=0.1, batch_size=128.
    """

    builds: ClassVar[str] = "eeg2vid.stages.networks.text_head:text_head"
    learns: ClassVar[frozenset[str]] = frozenset({"value"})
    cites: ClassVar[tuple[str, ...]] = ("oord2018cpc", "khosla2020supervised")

    name: Literal["text-head"] = "text-head"
    kind: Literal["ridge", "mlp"] = Field(
        default="ridge", description="ridge regression, its penalty chosen inside the training events, or a small MLP"
    )
    components: int = Field(default=64, ge=1, le=4096, description="principal components of the targets, at most")
    constant_share: float = Field(
        default=1e-4,
        ge=0,
        lt=1,
        description="a token that varies at most by this share of the mean token's variance is not learned: it stays",
    )
    readout: Literal["mean", "prototype", "nearest"] = Field(
        default="mean",
        description="decode the regression itself, the mean training target of the nearest concept, or the target of "
        "the nearest training clip (retrieval; stamped)",
    )
    epoch_bins: EpochBins = 10
    hidden: int = Field(default=256, ge=1, le=8192, description="units of the hidden layer of kind 'mlp'")
    dropout: float = Field(default=0.5, ge=0, lt=1, description="dropped share of inputs' and hidden units, kind 'mlp'")
    contrastive: float = Field(
        default=0.1, ge=0, le=100, description="weight of InfoNCE beside the squared error, kind 'mlp'; 0: none"
    )
    temperature: float = Field(default=0.1, gt=0, le=10, description="of InfoNCE, kind 'mlp'")

    def also_reads(self) -> tuple[str, ...]:
        """Return the clip index where concepts are needed."""
        return ("clips",) if self.readout == "prototype" else ()

    def stamps(self) -> tuple[str, ...]:
        """Say that what is decoded was there before."""
        return ("retrieval: what is decoded is a training clip's",) if self.readout == "nearest" else ()

    def methods(self) -> str:
        """Return the regression, the components and what is read out."""
        readout = {
            "mean": "the regression itself",
            "prototype": "the mean training target of the nearest concept",
            "nearest": "the target of the nearest training clip",
        }[self.readout]
        way = f"ridge regression, {self.grid()}; epochs, where read, averaged into {self.epoch_bins} bins"
        if self.kind == "mlp":
            way = f"an MLP of {self.hidden} hidden units (dropout {self.dropout:g})"
            contrast = (
                f", InfoNCE of weight {self.contrastive:g} at temperature {self.temperature:g} beside the squared error"
            )
            way += contrast if self.contrastive else ""
        return (
            f"a head to at most {self.components} principal components of the training targets (tokens below "
            f"{self.constant_share:g} of the mean token's variance kept constant) by {way}; decoded was {readout}"
        )
