"""What an eye is: built once per unit, then shown some clips at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import Eye as EyeSettings
from eeg2vid.stages.pretrained.loading import Precision


@dataclass(frozen=True)
class Build:
    """All that an eye may ask when it is built.

    Attributes
    ----------
    folders
        Of the models of its roles.
    device
        Where it computes.
    batch
        Frames at a time.
    precision
        What its networks compute in.
    """

    folders: Mapping[str, Path]
    device: str
    batch: int
    precision: Precision


class Eye(ABC):
    """Looks at clips."""

    settings: Any  # a subclass names its own class of settings

    def __init__(self, settings: EyeSettings, build: Build) -> None:
        self.settings = settings
        self.build = build

    @abstractmethod
    def look(self, frames: NDArray[np.uint8]) -> dict[str, NDArray[np.floating]]:
        """Return what is seen, by name: arrays `(clip, ...)`.

        What is seen in a clip depends on no other clip beyond the last bits.

        Parameters
        ----------
        frames
            uint8 `(clip, frame, height, width, rgb)`, sRGB, without padding.
        """
