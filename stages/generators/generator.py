"""What a generator is: built once per unit, then given the decoded values of some clips at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.generators import Generator as GeneratorSettings
from eeg2vid.schemas.targets import TargetFacts


@dataclass(frozen=True)
class Model:
    """A pretrained model of the profile: its name, what identifies its weights, its folder."""

    name: str
    identity: str
    folder: Path


@dataclass(frozen=True)
class Build:
    """All that a generator may ask when it is built.

    Attributes
    ----------
    models
        Of its roles.
    facts
        What is known of each target it reads: the VAE that made the latents ..
    shape
        Of a clip of the stimuli `(frame, row, column, rgb)`.
    device
        Where it computes.
    seed
        From words and numbers to a seed: a clip's noise depends on nothing but the clip.
    where
        What the values are read from, for messages.
    """

    models: Mapping[str, Model]
    facts: Mapping[str, TargetFacts]
    shape: tuple[int, ...]
    device: str
    seed: Callable[..., int]
    where: str


class Generator(ABC):
    """Makes videos.

    Raises
    ------
    UsageError
        When built: if values were made by another model than the profile's.
    """

    settings: Any  # a subclass names its own class of settings

    def __init__(self, settings: GeneratorSettings, build: Build) -> None:
        self.settings = settings
        self.build = build

    @abstractmethod
    def make(self, clips: Sequence[str], values: Mapping[str, NDArray[np.float32]]) -> NDArray[np.uint8]:
        """Return the videos of some clips, uint8 `(clip, frame, row, column, rgb)`.

        Parameters
        ----------
        clips
            Their ids: what noise may depend on.
        values
            By target, `(clip, ...)`; one that a condition takes away is not there (`without` of its settings).
        """
