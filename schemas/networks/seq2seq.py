"""Settings of the sequence-to-sequence network."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from eeg2vid.schemas.electrodes import electrode_sets
from eeg2vid.schemas.networks.network import LocalElectrodes, Network


class Seq2SeqSettings(Network):
    """A transformer from windows of an epoch to latents, frame by frame (EEG2Video).

    Published: batches of 32, 200 epochs at a rate of 5e-4, the last one kept (`training`), beside what the fields say.
    """

    builds: ClassVar[str] = "eeg2vid.stages.networks.seq2seq:Seq2SeqDecoder"
    inputs: ClassVar[tuple[str, ...]] = ("epochs",)
    learns: ClassVar[frozenset[str]] = frozenset({"value"})
    cites: ClassVar[tuple[str, ...]] = ("liu2024eeg2video", "vaswani2017attention", "lawhern2018eegnet")

    name: Literal["seq2seq"] = "seq2seq"
    window_s: float = Field(default=0.5, gt=0, le=60, description="length of the windows an epoch is cut into, s")
    step_s: float = Field(default=0.25, gt=0, le=60, description="from the start of one window to the next, s")
    scaler: Literal["electrode", "sample"] = Field(
        default="electrode",
        description="standardise each electrode, or each sample of each electrode (published), by the training events",
    )
    embedder: Literal["eegnet", "glmnet"] = Field(
        default="eegnet", description="what makes a vector of a window: eegnet (released) or glmnet (the paper)"
    )
    embedder_dropout: float = Field(default=0.5, ge=0, lt=1, description="dropped share in the embedder")
    local_electrodes: LocalElectrodes = electrode_sets()["glmnet-local"]
    width: int = Field(default=512, ge=8, le=8192, description="size of the transformer's vectors; a multiple of heads")
    heads: int = Field(default=4, ge=1, le=128, description="attention heads")
    feed_forward: int = Field(default=2048, ge=1, le=65536, description="hidden units of its feed-forward layers")
    encoder_layers: int = Field(default=2, ge=1, le=48, description="layers over the windows")
    decoder_layers: int = Field(default=4, ge=1, le=48, description="layers over the frames")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="dropped share in the transformer")
    noise: float = Field(
        default=0.3, ge=0, le=10, description="training noise added to standardised epochs, SD; published: 0"
    )
    electrode_dropout: float = Field(
        default=0.1, ge=0, lt=1, description="share of electrodes silenced in training; published: 0"
    )
    decoding: Literal["queries", "shifted"] = Field(
        default="queries",
        description="frames asked for by learned queries, all at once; or, as published, the decoder fed with its own "
        "outputs from an empty token, whose frames come one late: the first is the same whatever the EEG",
    )
    standardise: bool = Field(
        default=True,
        description="learn deviations from the mean training target, in SDs of their channel; published: raw values",
    )
    optimizer: Literal["adamw", "adam"] = Field(
        default="adamw", description="weight decay apart from the gradient, or (published) in it"
    )
    schedule: Literal["cosine", "constant"] = Field(
        default="cosine", description="learning rate over all steps of `training.epochs`: to 0 by a cosine, or constant"
    )

    @model_validator(mode="after")
    def _heads_divide(self) -> Seq2SeqSettings:
        if self.width % self.heads or self.width % 2:
            raise ValueError(f"width ({self.width}) must be even and a multiple of heads ({self.heads})")
        return self

    def methods(self) -> str:
        """Return windows, layers, the noise of training and the known differences from the release."""
        decoding = {"queries": "all frames asked for at once", "shifted": "fed with its own outputs, one frame late"}
        return (
            f"a transformer from windows of {self.window_s:g} s every {self.step_s:g} s, embedded by "
            f"{self.embedder} (dropout {self.embedder_dropout:g}), to frames ({self.encoder_layers} encoder and "
            f"{self.decoder_layers} decoder layers of width {self.width} with {self.heads} heads and "
            f"{self.feed_forward} hidden units, dropout {self.dropout:g}; {decoding[self.decoding]}), each "
            f"{self.scaler} standardised, targets {'standardised' if self.standardise else 'as they are'}; in training "
            f"{self.electrode_dropout:g} of the electrodes were silenced and noise of {self.noise:g} SD was added; "
            f"optimizer {self.optimizer}, {self.schedule} learning rate"
        )
