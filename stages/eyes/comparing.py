"""What an eye is that compares decoded with true clips."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import Eye as EyeSettings
from eeg2vid.stages.eyes.eye import Build
from eeg2vid.stages.pretrained.pairs import Clips, PairNet, all_pairs


class Comparing:
    """Says how far apart decoded and true clips are.

    Parameters
    ----------
    settings, build
        As of every eye.
    net
        Compares pictures.
    """

    settings: Any  # a subclass names its own class of settings
    classes: Mapping[str, tuple[str, ...]] = {}  # as of every eye
    concept_of_class: tuple[int, ...] = ()

    def __init__(self, settings: EyeSettings, build: Build, net: PairNet) -> None:
        self.settings, self.build, self.net = settings, build, net

    def compare(self, decoded: NDArray[np.uint8], true: Clips) -> NDArray[np.float32]:
        """Return the distance of every decoded clip to every true clip, `(decoded clip, true clip)`, at least 0.

        Clips that are equal get equal distances, to the last bit.

        Parameters
        ----------
        decoded, true
            uint8 `(clip, frame, height, width, rgb)`, sRGB, without padding; the true ones may be read piece by piece.
        """
        first: dict[bytes, int] = {}  # of each clip that differs: a grey video is looked at once
        places = [first.setdefault(hashlib.sha256(clip.tobytes()).digest(), len(first)) for clip in decoded]
        found = all_pairs(
            self.net,
            decoded[[places.index(k) for k in range(len(first))]],
            true,
            shorter=self.settings.shorter,
            batch=self.build.batch,
            precision=self.build.precision,
            within=self.build.within,
        )
        return found[places]
