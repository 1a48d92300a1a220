"""From which time decoded latents are denoised, and what the solver is given there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.diffusion.schedule import Schedule


def start_time(schedule: Schedule, residual: float, share: float) -> int:
    """Return the smallest time at which the decoder's error is a share of the noise: abar r <= share (1 - abar).

    Parameters
    ----------
    residual
        Mean squared error of one decoded latent on validation clips (their own unit).
    share
        What the error may be of the noise's variance.
    """
    abar = schedule.abar
    low = np.flatnonzero(abar * residual <= share * (1 - abar))
    return int(low[0]) if len(low) else len(abar) - 1


def released_start(
    latents: NDArray[np.float32], noise: NDArray[np.float32], seeds: Sequence[int]
) -> NDArray[np.float32]:
    """Return latents as EEG2Video's released code adds noise: a schedule of its own, a random time for each clip.

    Linear betas from 1e-4 to 2e-2 over 500 steps; the time is drawn from 0 to 499. The result enters the solver as if
    it were of its first time, whatever noise it holds.
    """
    abar = np.cumprod(1 - np.linspace(1e-4, 2e-2, 500))
    times = np.array([np.random.default_rng([seed, 1]).integers(500) for seed in seeds], dtype=np.int64)
    kept = abar[times].reshape(-1, *(1,) * (latents.ndim - 1))
    found: NDArray[np.float32] = (np.sqrt(kept) * latents + np.sqrt(1 - kept) * noise).astype(np.float32)
    return found
