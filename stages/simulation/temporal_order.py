"""Whether the EEG tells that a clip ran forward and not backward: the temporal order that is attainable.

Asked is one who knows person, filters and clip: the matched filter of the difference between the response to the
course of a clip (layout and direction of motion, a value for every third of a second) and that to the same course
backward, in the protocol, artefacts and neighbours included. What is the same both ways, the clip's mean among it,
tells nothing and is taken off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import CLIP_S, SFREQ
from eeg2vid.stages.simulation.attainable import EvokedFilters, error_of, whitened_noise
from eeg2vid.stages.simulation.brain import CHANGE_GAIN, changes, courses
from eeg2vid.stages.simulation.matched import WINDOW
from eeg2vid.stages.simulation.observers import Observation
from eeg2vid.stages.simulation.sources import SPAN_S, burst, ramp
from eeg2vid.stages.simulation.subjects import SubjectBrain

Floats = NDArray[np.floating]

TASK = "temporal-order"


def attain_order(
    subject: SubjectBrain,
    blocks: Sequence[NDArray[np.floating]],
    onsets: NDArray[np.intp],
    phi: Sequence[Floats],
    course: Sequence[Floats],
    snr: float,
) -> Observation | None:
    """Tell forward from backward, clip by clip.

    Parameters
    ----------
    blocks
        EEG `(electrode, sample)`, V.
    onsets
        When each clip of a block starts, samples.
    phi, course
        Of every block, `(clip, feature)` and `(clip, step, feature)`, see `films.describe`.
    snr
        As of the study.

    Returns
    -------
    The share of clips told right, chance one half; None where nothing changes within any clip.
    """
    moving = np.flatnonzero(np.any([np.any(part != 0, axis=(0, 1)) for part in course], axis=0))
    if not len(moving) or not snr:
        return None
    frequency, inverse = whitened_noise(subject)
    times = np.arange(round(SPAN_S * SFREQ)) / SFREQ
    fade = ramp(times, -1.0, CLIP_S, 1.0)
    steps = changes(subject, times, moving) * fade  # (step, feature, sample)
    spectra = np.fft.rfft(steps, WINDOW, axis=-1)[..., 1 : len(frequency) + 1]
    signals = np.einsum("fe,kfw->wekf", subject.evoked[moving], spectra).reshape(len(frequency), -1, steps[..., 0].size)
    filters = EvokedFilters(inverse @ signals)
    any_clip = burst(times, *subject.common_course.T[:, :, None])
    # what each elementary response, of a feature, of a step of a feature, of any clip, gives in every filter
    still = _seen(filters, subject.evoked, courses(subject, times) * fade)
    stepped = _seen(filters, np.tile(subject.evoked[moving], (len(steps), 1)), steps.reshape(-1, len(times)))
    always = _seen(filters, subject.common, any_clip * fade).sum(axis=0)
    right, where = [], []
    for block, (eeg, numbers, change) in enumerate(zip(blocks, phi, course, strict=True)):
        forward = change[:, :, moving]
        backward = forward[:, ::-1]
        same, difference = ((forward + s * backward).reshape(len(change), -1) / 2 for s in (1, -1))
        expected = snr * (numbers @ still + CHANGE_GAIN * same @ stepped) + always
        score = ((filters.outputs(eeg, onsets) - expected) * difference).sum(axis=1)
        right.append(score > 0)
        where.append(np.full(len(score), block))
    told, which = np.concatenate(right), np.concatenate(where)
    return Observation(TASK, float(told.mean()), error_of(told, which), 2, None)


def _seen(filters: EvokedFilters, patterns: Floats, shapes: Floats) -> Floats:
    """Return what filters give for patterns `(response, electrode)` times courses `(response, sample)`."""
    silence = np.zeros((len(patterns), patterns.shape[1], WINDOW))
    silence[:, :, : shapes.shape[1]] = patterns[:, :, None] * shapes[:, None]
    onsets = np.arange(len(patterns), dtype=np.intp) * WINDOW
    return filters.outputs(silence.transpose(1, 0, 2).reshape(patterns.shape[1], -1), onsets)
