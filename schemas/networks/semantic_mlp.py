"""Settings of the published network from EEG to text states."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from eeg2vid.schemas.networks.network import Network


class SemanticMlpSettings(Network):
    """A wide MLP from features to every value of the target (EEG2Video's semantic predictor).

    Published: 0.9 billion parameters at 77 x 768 text states, trained with epochs=200, batch_size=32,
    learning_rate=5e-4, selection='last'.
    """

    builds: ClassVar[str] = "eeg2vid.stages.networks.semantic_mlp:SemanticMlpDecoder"
    inputs: ClassVar[tuple[str, ...]] = ("de",)
    learns: ClassVar[frozenset[str]] = frozenset({"value"})
    cites: ClassVar[tuple[str, ...]] = ("liu2024eeg2video",)

    name: Literal["semantic-mlp"] = "semantic-mlp"
    width: int = Field(default=10_000, ge=1, le=100_000, description="units of each hidden layer")
    depth: int = Field(default=4, ge=1, le=16, description="hidden layers")
    schedule: Literal["cosine", "constant"] = Field(
        default="cosine", description="the learning rate falls to 0 over all steps of training.epochs, or stays"
    )
    label_like: bool = Field(
        default=False,
        description="learn for every clip of a run the target of the run's first one that is trained on; "
        "published: true",
    )
    pretrain_epochs: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="the first so many of training.epochs are on fake EEG: of each concept, ones times its number (in "
        "SD) for its mean target",
    )

    def also_reads(self) -> tuple[str, ...]:
        """Return the clip index where concepts are needed."""
        return ("clips",) if self.pretrain_epochs else ()

    def methods(self) -> str:
        """Return the layers and what was learned in place of the clips' own targets."""
        run = ", every clip of a run learned as its first" if self.label_like else ""
        fake = (
            f", the first {self.pretrain_epochs} epochs on made-up EEG of each concept" if self.pretrain_epochs else ""
        )
        return f"an MLP of {self.depth} hidden layers of {self.width} units, {self.schedule} learning rate{run}{fake}"
