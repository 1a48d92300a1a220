"""Mean and deviation of latents by channel: kept clip by clip, pooled over the clips that one may learn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def channel_statistics(latents: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of each clip's channels, `(clip, channel)` each.

    Parameters
    ----------
    latents
        `(clip, frame, channel, row, column)`.
    """
    mean, std = (np.empty((len(latents), latents.shape[2]), np.float32) for _ in range(2))
    for k, clip in enumerate(latents):  # one by one: the same bytes however many come together
        wide = clip.astype(np.float64)
        mean[k], std[k] = wide.mean(axis=(0, 2, 3)), wide.std(axis=(0, 2, 3))
    return mean, std


def pooled_statistics(
    mean: NDArray[np.float32], std: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation per channel over clips of equal size, from those of each clip.

    Kept by clip, they give what a fold's training clips alone look like: nothing of the test clips is in it.

    Parameters
    ----------
    mean, std
        `(clip, channel)`, as `channel_statistics` returns them, of the clips wanted.

    Returns
    -------
    tuple
        `(channel,)` each; the variance is that within clips plus that of their means.
    """
    wide = mean.astype(np.float64)
    return wide.mean(axis=0), np.sqrt((std.astype(np.float64) ** 2).mean(axis=0) + wide.var(axis=0))
