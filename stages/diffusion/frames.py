"""How many frames a batch holds: told to all parts of one network while it computes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint


class Frames:
    """The number of frames of a clip in the batch that is on its way through one network.

    A network of pictures sees clips as a batch of `clip * frame` pictures, and hands none of its parts the number.
    Each inflated network has a `Frames` of its own, which its parts hold; a copy of the network holds a copy.
    """

    def __init__(self) -> None:
        self._count: int | None = None

    @property
    def count(self) -> int:
        """Frames a clip.

        Raises
        ------
        RuntimeError
            If the network is called by another way than `InflatedUNet.forward`.
        """
        if self._count is None:
            raise RuntimeError("A part of an inflated UNet was called outside InflatedUNet.forward: no clip is known.")
        return self._count

    @contextlib.contextmanager
    def of(self, count: int) -> Iterator[None]:
        """Hold a number of frames inside the block."""
        before, self._count = self._count, count
        try:
            yield
        finally:
            self._count = before

    def checkpointed(self, module: torch.nn.Module, *given: Any) -> Any:
        """Call a module and keep none of its inner values: it is called again, with as many frames, backwards."""
        count = self.count

        def call(*again: Any) -> Any:
            with self.of(count):
                return module(*again)

        return checkpoint(call, *given, use_reentrant=False)
