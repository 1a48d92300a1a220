"""What can be set, and what is built from it. Only this file is imported for help and planning."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from eeg2vid.schemas.generators import Generator
from eeg2vid.schemas.networks import Network


class GruSettings(Network):
    """A recurrent network over stretches of the epoch, for labels and for values."""

    builds: ClassVar[str] = "eeg2vid_gru.network:GruDecoder"
    inputs: ClassVar[tuple[str, ...]] = ("epochs",)
    learns: ClassVar[frozenset[str]] = frozenset({"label", "value"})
    cites: ClassVar[tuple[str, ...]] = ("cho2014gru",)
    bibtex: ClassVar[str] = """
@inproceedings{cho2014gru,
  title = {Learning Phrase Representations using {RNN} Encoder-Decoder for Statistical Machine Translation},
  author = {Cho, Kyunghyun and van Merrienboer, Bart and Gulcehre, Caglar and Bahdanau, Dzmitry and
            Bougares, Fethi and Schwenk, Holger and Bengio, Yoshua},
  booktitle = {Proceedings of EMNLP},
  year = {2014},
}
"""

    name: Literal["gru"] = "gru"
    width: int = Field(default=32, ge=2, le=1024, description="units of the recurrent layer")
    stretches: int = Field(default=10, ge=1, le=1000, description="stretches of time an epoch is averaged into")


class SteadySettings(Generator):
    """One picture per clip, shown all the time: the mean of its decoded latents through the VAE's decoder."""

    builds: ClassVar[str] = "eeg2vid_gru.generator:Steady"
    roles: ClassVar[tuple[str, ...]] = ("vae",)
    targets: ClassVar[tuple[str, ...]] = ("latents",)

    name: Literal["steady"] = "steady"
