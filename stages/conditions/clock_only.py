"""`clock-only`: epochs that tell the time since the start of the block, and nothing else."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_FUNCTIONS = 64  # of the time, at least: one in 8 s of a block of SEED-DV, whose runs begin every 13 s
_SHORTEST = 16  # samples of a part of an epoch
_HORIZON_S = 60.0  # blocks are as long as a whole number of these: people whose blocks end a little apart agree
_SEED = 0  # one clock for everybody
_LEVEL_UV, _FLOOR = 10.0, 0.1  # never silent: a constant electrode has no spectrum


def tell_time(times: NDArray[np.floating], electrodes: int, samples: int) -> NDArray[np.float32]:
    """Return epochs `(event, electrode, sample)` in µV that depend on nothing but the time.

    Each electrode plays a broadband waveform of its own, the same for every event. How loud says how near the time is
    to a moment of its own: a Gaussian as wide as such moments are apart. Where electrodes are few, an epoch falls into
    parts with moments of their own.

    Parameters
    ----------
    times
        Since the start of the block, s `(event,)`.
    electrodes, samples
        Of an epoch.
    """
    parts = max(1, min(-(-_FUNCTIONS // electrodes), samples // _SHORTEST))
    moments = _HORIZON_S * max(1, math.ceil(float(times.max(initial=0)) / _HORIZON_S))
    centres, width = np.linspace(0, moments, electrodes * parts, retstep=True)
    near = np.exp(-0.5 * ((times[:, None] - centres) / (width or moments)) ** 2)
    loud = _LEVEL_UV * (_FLOOR + near.reshape(len(times), parts, electrodes)).astype(np.float32)
    waves = np.random.default_rng(_SEED).standard_normal((electrodes, samples)).astype(np.float32)
    part = np.arange(samples) * parts // samples
    epochs = np.empty((len(times), electrodes, samples), dtype=np.float32)
    for event in range(len(times)):  # as large as the data: no second copy
        np.multiply(waves, loud[event].T[:, part], out=epochs[event])
    return epochs
