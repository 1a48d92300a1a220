"""Noise of a clip's frames, part of it shared: the dynamic-aware noise of EEG2Video (Liu et al., NeurIPS 2024)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def mixed_noise(
    seeds: Sequence[int], shape: tuple[int, ...], beta: float | NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return sqrt(beta) shared + sqrt(1 - beta) own noise, standard normal at every place.

    Any two frames of a clip correlate by beta. Both parts are drawn whatever beta is: at another beta the same clip has
    the same draws.

    Parameters
    ----------
    seeds
        One for each clip: its noise depends on nothing else.
    shape
        Of a clip, `(frame, ...)`.
    beta
        Shared part of the variance, 0 to 1: one for all, or one for each clip `(clip,)`.

    Returns
    -------
    float32 `(clip, *shape)`.
    """
    parts = np.broadcast_to(np.asarray(beta, dtype=np.float64), (len(seeds),))
    if not ((parts >= 0) & (parts <= 1)).all():
        raise ValueError(f"the shared part of the noise must be 0 to 1, not {parts.min():g} to {parts.max():g}")
    noise = np.empty((len(seeds), *shape), dtype=np.float32)
    for place, (seed, part) in enumerate(zip(seeds, parts, strict=True)):
        rng = np.random.default_rng(seed)
        shared = rng.standard_normal(shape[1:], dtype=np.float32)
        own = rng.standard_normal(shape, dtype=np.float32)
        noise[place] = np.float32(part**0.5) * shared + np.float32((1 - part) ** 0.5) * own
    return noise


def beta_of(
    fast: NDArray[np.floating] | None, *, slow_beta: float, fast_beta: float, number: int
) -> NDArray[np.float64]:
    """Return the shared part of each clip's noise: by the probability that it is fast, none where nothing is known.

    Parameters
    ----------
    fast
        Probability `(clip,)`; fast from one half on.
    slow_beta, fast_beta
        Of slow clips and of fast ones.
    number
        Of clips.
    """
    if fast is None:
        return np.zeros(number)
    return np.where(fast >= 0.5, fast_beta, slow_beta)
