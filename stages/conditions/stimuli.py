"""What a condition that shows other videos may look at: the true clips, and which of them may be learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Stimuli:
    """The true clips.

    Attributes
    ----------
    shape
        Of a clip `(frame, row, column, rgb)`.
    learned
        By fold: places of the clips of its training and validation events.
    stream
        Yields all clips once, in order and in pieces: the place of the first, and uint8 `(clip, *shape)`.
    """

    shape: tuple[int, ...]
    learned: Mapping[str, NDArray[np.integer]]
    stream: Callable[[], Iterator[tuple[int, NDArray[np.uint8]]]]


Make = Callable[[Sequence[str]], NDArray[np.uint8]]
"""From the folds of some clips to their videos, uint8 `(clip, *shape)`."""
