"""What an eye is: built once per unit, then shown some clips at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import Eye as EyeSettings
from eeg2vid.stages.pretrained.loading import Precision

Arrays = dict[str, NDArray[np.floating]]
Network = Callable[[NDArray[np.uint8], Precision], Arrays]


def _silent(*_: Any) -> None:
    """Tell nobody."""


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
    say
        Where it tells what the user must know of how it looks.
    within
        Is told what is counted, how much of the clips is seen, and of how much.
    """

    folders: Mapping[str, Path]
    device: str
    batch: int
    precision: Precision
    say: Callable[[str], None] = _silent
    within: Callable[[str, int, int], None] = _silent


class Eye(ABC):
    """Looks at clips.

    Attributes
    ----------
    classes
        Names of the classes of its arrays of logits, by array; absent where unknown.
    concept_of_class
        Of `logits`: the concept that each class belongs to, 0 for none; empty where unknown.
    """

    settings: Any  # a subclass names its own class of settings
    classes: Mapping[str, tuple[str, ...]] = {}
    concept_of_class: tuple[int, ...] = ()

    def __init__(self, settings: EyeSettings, build: Build) -> None:
        self.settings = settings
        self.build = build

    @abstractmethod
    def look(self, frames: NDArray[np.uint8]) -> Arrays:
        """Return what is seen, by name: arrays `(clip, ...)`.

        What is seen in a clip depends on no other clip beyond the last bits.

        Parameters
        ----------
        frames
            uint8 `(clip, frame, height, width, rgb)`, sRGB, without padding.
        """

    def show(self, network: Network, shown: NDArray[np.uint8], what: str, pictures: int = 1) -> Arrays:
        """Show pictures or clips to a network, as many at a time as the batch holds, and tell how far it is.

        Parameters
        ----------
        network
            From some of what is shown, and the precision, to arrays with one row each.
        shown
            uint8 `(n, ...)`.
        what
            What they are called.
        pictures
            How many of them the network sees in each: a batch is counted in pictures.
        """
        step, parts = max(1, self.build.batch // pictures), list[Arrays]()
        for start in range(0, max(1, len(shown)), step):
            parts.append(network(shown[start : start + step], self.build.precision))
            self.build.within(what, min(start + step, len(shown)), len(shown))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
