"""What a generator is: built once per unit, then given the decoded values of some clips at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.generators import Generator as GeneratorSettings
from eeg2vid.schemas.targets import TargetFacts


@dataclass(frozen=True)
class Model:
    """A pretrained model of the profile: its name, what identifies its weights, its folder."""

    name: str
    identity: str
    folder: Path


def _nobody(done: int, total: int) -> None:
    """Tell nobody."""


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
    tuned
        By fold: the folder of what `finetune-video` made of the profile's network.
    mean
        From a target and a fold to the mean of its decoded values.
    progress
        Told how far the clips at hand are.
    """

    models: Mapping[str, Model]
    facts: Mapping[str, TargetFacts]
    shape: tuple[int, ...]
    device: str
    seed: Callable[..., int]
    where: str
    tuned: Mapping[str, Path] = field(default_factory=dict)
    mean: Callable[[str, str], NDArray[np.float32]] | None = None
    progress: Callable[[int, int], None] = _nobody

    def require_made_by(self, target: str, attribute: str, role: str) -> None:
        """Refuse values that another model made than the profile's.

        Raises
        ------
        UsageError
            Naming both.
        """
        facts = self.facts.get(target)
        model, made_by = self.models[role], facts.attributes.get(attribute) if facts else None
        if made_by and made_by != model.identity:
            raise UsageError(
                f"{self.where} holds {target} of another {_WORDS.get(role, role)} ({str(made_by)[:19]}) than"
                f" '{model.name}' of the model profile ({model.identity[:19]}); decoded they would be noise.",
                "Choose the profile that encoded the clips: `models`, for this run or in the [study] table of"
                " eeg2vid.toml.",
            )


_WORDS = {"vae": "VAE", "text_encoder": "text encoder"}


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

    def expected_bytes(self) -> int | None:
        """Return how much memory it will need on its device, None where nobody says."""
        return None

    @abstractmethod
    def make(
        self, clips: Sequence[str], values: Mapping[str, NDArray[np.float32]], *, fold: str = "", draw: int = 0
    ) -> NDArray[np.uint8]:
        """Return the videos of some clips, uint8 `(clip, frame, row, column, rgb)`.

        Parameters
        ----------
        clips
            Their ids: what noise may depend on.
        values
            By target, `(clip, ...)`; one that a condition takes away is not there (`without` of its settings).
        fold
            That tests these clips.
        draw
            Which of several videos of each clip, from 0: another draw has other noise.
        """
