"""Eyes that follow what moves: a trap, since what they tell of a clip comes from no brain.

The eye is a battery, its front positive: who looks to the right makes F8 positive and F7 negative, some 5 uV each per
degree of gaze (electro-oculogram; Young and Sheena, 1975).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from eeg2vid.stages.datasets.protocol import CLIP_S

Floats = NDArray[np.floating]

WIDTH_DEG = 28.0  # of the picture
LATENCY_S = 0.12
RETURN_S = 1.0  # in which the eyes drift back
PURSUIT = 1.0  # speed of the eyes, share of the picture's
FARTHEST_DEG = 8.0


def eye_course(flow: Floats, onsets: NDArray[np.intp], n_samples: int, sfreq: float) -> NDArray[np.float32]:
    """Return where the eyes look while they follow the motion to the right, `(sample,)`, degrees to the right.

    Parameters
    ----------
    flow
        Mean flow to the right over each clip, `(clip, time)`, px per frame at 512 px and 24 frames/s.
    onsets
        When each clip starts, samples.
    n_samples, sfreq
        Length in samples, sampling rate in Hz.
    """
    course = np.zeros(n_samples)
    length, keep = round(CLIP_S * sfreq), np.exp(-1 / (RETURN_S * sfreq))
    step = np.minimum(np.arange(length) * flow.shape[1] // length, flow.shape[1] - 1)
    for row, onset in zip(flow, onsets.tolist(), strict=True):
        start = onset + round(LATENCY_S * sfreq)
        if start >= n_samples:
            continue
        speed = np.zeros(min(4 * length, n_samples - start))  # after that they are back
        speed[:length] = (PURSUIT * row[step] * 24 / 512 * WIDTH_DEG)[: len(speed)]
        course[start:] = 0.0  # a cut takes the eyes back to the middle
        course[start : start + len(speed)] = lfilter([1 / sfreq], [1.0, -keep], speed)
    return (FARTHEST_DEG * np.tanh(course / FARTHEST_DEG)).astype(np.float32)
