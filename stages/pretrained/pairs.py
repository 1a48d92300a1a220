"""Networks that say how far apart two pictures are, and all pairs of two sets of clips in bounded memory."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.pretrained.loading import Precision, computing

HELD_BYTES = 2 * 2**30  # of features of decoded pictures, held while true ones pass by
PASSING_BYTES = 2**29  # of features of those seen at a time
LEAST = 32  # px: below, the networks' last layers have no place left


class Clips(Protocol):
    """Clips that may lie on a disk: uint8 `(clip, frame, height, width, rgb)`, read by slices of clips."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all of them."""

    def __getitem__(self, some: slice, /) -> NDArray[np.uint8]:
        """Return some of them."""


class PairNet(nn.Module):
    """Sees pictures one by one, then compares what it saw."""

    @abstractmethod
    def see(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Return features of pictures `(n, 3, height, width)` in [0, 1], `(n, ...)` a layer, float32."""

    @abstractmethod
    def between(self, one: list[torch.Tensor], other: list[torch.Tensor]) -> torch.Tensor:
        """Return the distance `(one, other)` of every picture to every other, by their features."""


def all_pairs(
    net: PairNet,
    decoded: NDArray[np.uint8],
    true: Clips,
    *,
    shorter: int | None = None,
    batch: int = 32,
    precision: Precision = "float32",
    within: Callable[[str, int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Return the distance of every decoded clip to every true clip: the mean over frames of that of the pictures.

    At most 2 GiB of features of decoded pictures are held; true ones pass by in batches of at most 512 MiB, once for
    each block of decoded clips so held. At 288 x 512 px LPIPS on AlexNet has 6 MB a picture, so 364 clips are one
    block; DISTS at 256 px 58 MB, so 36. Beside them stand the clips, and what the network holds of a batch.

    Parameters
    ----------
    net
        Compares pictures.
    decoded
        uint8 `(clip, frame, height, width, rgb)`, sRGB.
    true
        As many frames of the same size.
    shorter
        Larger pictures are resized so that the shorter side has so many pixels (bilinear, smoothed); None: none are.
    batch
        Pictures at a time, at most.
    precision
        What the network computes in; distances are always float32.
    within
        Is told what is counted, how many are done, and of how many.

    Returns
    -------
    float32 `(decoded clip, true clip)`.

    Raises
    ------
    BadDataError
        If the sides differ in frames or size, or pictures have a side of fewer than 32 px.
    """
    if decoded.shape[1:] != true.shape[1:]:
        raise BadDataError(
            f"The decoded clips have the shape {decoded.shape[1:]}, the true ones {true.shape[1:]}: expected one."
        )
    if min(decoded.shape[2:4]) < LEAST:
        raise BadDataError(
            f"Pictures of {decoded.shape[3]}x{decoded.shape[2]} px: expected sides of at least {LEAST} px to compare."
        )
    device = next(net.parameters()).device

    def seen(pictures: NDArray[np.uint8]) -> list[torch.Tensor]:
        pixels = torch.from_numpy(np.ascontiguousarray(pictures)).to(device).permute(0, 3, 1, 2).float() / 255
        with computing(str(device), precision):
            return net.see(_resized(pixels, shorter))

    layers = [layer[0] for layer in seen(decoded[:1, 0])]
    size = 4 * sum(layer.numel() for layer in layers)
    held, batch = max(1, HELD_BYTES // size), max(1, min(batch, PASSING_BYTES // size))
    total = np.zeros((len(decoded), true.shape[0]), np.float64)
    for start in range(0, len(decoded), held):
        block = decoded[start : start + held]
        kept = [torch.empty(len(block), *layer.shape, device=device) for layer in layers]
        for frame in range(decoded.shape[1]):
            for k in range(0, len(block), batch):
                for layer, values in zip(kept, seen(block[k : k + batch, frame]), strict=True):
                    layer[k : k + batch] = values
            for k in range(0, true.shape[0], batch):
                other = seen(true[k : k + batch][:, frame])
                with torch.inference_mode():
                    total[start : start + held, k : k + batch] += net.between(kept, other).cpu().numpy()
            if within:
                done = (start // held) * decoded.shape[1] + frame + 1
                within("frames of all pairs", done, -(-len(decoded) // held) * decoded.shape[1])
    return (total / decoded.shape[1]).astype(np.float32)


def _resized(pictures: torch.Tensor, shorter: int | None) -> torch.Tensor:
    height, width = pictures.shape[-2:]
    if shorter is None or min(height, width) <= shorter:
        return pictures
    scale = shorter / min(height, width)
    size = round(height * scale), round(width * scale)
    return F.interpolate(pictures, size=size, mode="bilinear", antialias=True)
