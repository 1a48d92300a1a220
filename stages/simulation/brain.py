"""A simulated brain that watches clips: evoked responses and band power that depend on the clip, in real-looking noise.

Volts at the scalp are, per block, with a gain g and a delay d drawn for every clip anew::

    x(t) = background(t) + sensors(t) + line(t) + artefacts(t)
           + g [common(t - d) + snr sum_f A_f (phi_f h_f(t - d) + c sum_k course_kf h_kf(t - d))]    (evoked)
           + L alpha(t) exp(w_a(t) + common_a env(t) + snr g sum_f phi_f P_f env(t) + drift_a(t))    (about 10 Hz)
           + L gamma(t) exp(w_g(t) + common_g env(t) + snr g sum_f phi_f Q_f env(t) + drift_g(t))    (about 35-78 Hz)
           + L drift_0(t)

with a scalp pattern A and a course h per feature f, responses h_k to what differs in the k-th third of a second, the
leadfield L of the cortical patches and changes P, Q of the ln amplitude of their rhythms, which also wax and wane (w)
of themselves. `snr` multiplies the clip-dependent part only; noise, gains and delays are drawn alike whatever the clips
and whatever `snr`: two runs that differ in `snr` alone are paired. At `snr=0` nothing about the clips can be decoded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import CLIP_S, HINT_S
from eeg2vid.stages.simulation.films import COURSE_RATE_HZ, COURSE_STEPS, FEATURE_NAMES
from eeg2vid.stages.simulation.gaze import eye_course
from eeg2vid.stages.simulation.noise import WAXING_LN, add_artefacts, coloured
from eeg2vid.stages.simulation.sources import SPAN_S, TAIL_S, band_envelope, burst, ramp
from eeg2vid.stages.simulation.subjects import SubjectBrain, make_subject
from eeg2vid.stages.simulation.worlds import BlockDrift

__all__ = ["SubjectBrain", "changes", "courses", "make_subject", "simulate_block", "trial_jitter"]

Floats = NDArray[np.floating]
Singles = NDArray[np.float32]
Marks = NDArray[np.intp]

MAX_LN = 1.0  # most that a clip changes a ln amplitude
CHANGE_GAIN = 3.0  # the eye adapts to what stays: what changes within a clip counts more


def courses(subject: SubjectBrain, times: Floats, motion: Floats | None = None) -> Floats:
    """Return the time course of every feature's response.

    Parameters
    ----------
    times
        Since the clip's onset, less the trial's delay, `(..., sample)` s.
    motion
        Motion energy relative to its mean, broadcastable to `times`: the plateau of the motion features follows it.

    Returns
    -------
    `(..., feature, sample)`.
    """
    times = times[..., None, :]
    column = {name: getattr(subject, name)[:, None] for name in ("latency", "width", "wave", "sustained")}
    held = column["sustained"] * ramp(times, column["latency"] - 0.03, CLIP_S, 0.12)
    if motion is not None:
        moving = np.array([name.startswith("motion") for name in FEATURE_NAMES])[:, None]
        held = held * np.where(moving, motion[..., None, :], 1.0)
    out: Floats = held + burst(times, column["latency"], column["width"], column["wave"])
    return out


def changes(subject: SubjectBrain, times: Floats, which: NDArray[np.intp]) -> Floats:
    """Return the responses to features that differ in one third of a second of the clip alone.

    A feature that steps up evokes its brief response, one that steps down the opposite, and the plateau follows. All
    steps alike give what `courses` gives.

    Parameters
    ----------
    times
        Since the clip's onset, less the trial's delay, `(..., sample)` s.
    which
        Features, `(feature,)`.

    Returns
    -------
    `(..., step, feature, sample)`.
    """
    times = times[..., None, None, :]
    column = {name: getattr(subject, name)[which, None] for name in ("latency", "width", "wave", "sustained")}
    starts = np.arange(COURSE_STEPS)[:, None, None] / COURSE_RATE_HZ
    brief = burst(times, column["latency"] + starts, column["width"], column["wave"])
    held = column["sustained"] * ramp(times, column["latency"] - 0.03 + starts, CLIP_S, 0.12)
    from_here: Floats = brief + held
    from_here[..., :-1, :, :] -= from_here[..., 1:, :, :].copy()
    return from_here


def trial_jitter(subject: SubjectBrain, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw gain (at least 0.1) and delay (s) of `count` trials, delays within two standard deviations."""
    gain = np.maximum(rng.normal(1.0, subject.gain_jitter, count), 0.1)
    delay = np.clip(rng.standard_normal(count), -2, 2) * subject.latency_jitter
    return gain, delay


def _place(target: Singles, responses: Singles, onsets: Marks) -> None:
    """Add `(event, row, sample)` into `(row, sample)` at the onsets; the end may cut one."""
    for response, onset in zip(responses, onsets.tolist(), strict=True):
        stop = min(onset + response.shape[-1], target.shape[-1])
        target[:, onset:stop] += response[:, : stop - onset]


def _evoked(
    phi: Floats, subject: SubjectBrain, snr: float, gain: Floats, delay: Floats, sfreq: float, motion: Floats | None,
    course: Floats | None,
) -> Singles:  # fmt: skip
    """Return the evoked responses `(clip, electrode, sample)`, V."""
    times = np.arange(round(SPAN_S * sfreq)) / sfreq
    shifted = times - delay[:, None]
    relative = None
    if motion is not None:
        grid = (np.arange(motion.shape[1]) + 0.5) / motion.shape[1] * CLIP_S
        relative = np.stack([np.interp(times, grid, row) for row in motion])
    moving = np.flatnonzero([] if course is None else np.any(course != 0, axis=(0, 1)))
    fade = ramp(times, -1.0, CLIP_S, 1.0)
    out = np.empty((len(phi), subject.evoked.shape[1], len(times)), np.float32)
    step = 20  # clips at a time, so that the courses stay small
    for k in range(0, len(phi), step):
        part = slice(k, k + step)
        driven = phi[part, :, None] * courses(subject, shifted[part], None if relative is None else relative[part])
        if course is not None and len(moving):
            change = changes(subject, shifted[part], moving)
            driven[:, moving] += CHANGE_GAIN * np.einsum("ckf,ckfs->cfs", course[part][..., moving], change)
        any_clip = burst(shifted[part, None, :], *subject.common_course.T[:, :, None])
        response = (snr * subject.evoked.T) @ driven + subject.common.T @ any_clip
        out[part] = response * (gain[part, None, None] * fade)
    return out


def _reading(subject: SubjectBrain, sfreq: float, expected: Floats, snr: float) -> Singles:
    """Return the responses to the hints `(hint, electrode, sample)`; `expected` is `(hint, feature)`."""
    times = np.arange(round(HINT_S * sfreq)) / sfreq
    held = ramp(times, 0.3, HINT_S - TAIL_S, 0.3)
    shape = burst(times, *subject.hint_course.T[:, :, None]) + 0.3 * held
    imagined = (snr * expected @ (subject.sustained[:, None] * subject.evoked))[:, :, None] * held
    return (subject.hint.T @ shape + imagined).astype(np.float32)


def _rhythms(
    phi: Floats, expected: Floats, subject: SubjectBrain, snr: float, gain: Floats, onsets: Marks, hints: Marks,
    n_samples: int, sfreq: float, drift: BlockDrift | None, rngs: Sequence[np.random.Generator],
) -> Singles:  # fmt: skip
    """Return alpha and gamma at the scalp `(electrode, sample)`, V."""
    envelope = band_envelope(np.arange(round(SPAN_S * sfreq)) / sfreq)
    reading = ramp(np.arange(round(HINT_S * sfreq)) / sfreq, 0.3, HINT_S - TAIL_S, 0.3)
    total = np.zeros((len(subject.leadfield), n_samples), np.float32)
    for k, (kind, moment, change, always) in enumerate(
        (
            ("alpha", subject.alpha_moment, subject.alpha, subject.common_alpha),
            ("gamma", subject.gamma_moment, subject.gamma, subject.common_gamma),
        )
    ):
        sources = coloured(kind, len(moment), n_samples, sfreq, rngs[k], peak=subject.alpha_peak)
        level = np.float32(WAXING_LN) * coloured("waxing", len(moment), n_samples, sfreq, rngs[k])
        clips = np.clip(snr * gain[:, None] * (phi @ change), -MAX_LN, MAX_LN) + always
        _place(level, (clips[:, :, None] * envelope).astype(np.float32), onsets)
        if expected.any():
            said = np.clip(snr * (expected @ change), -MAX_LN, MAX_LN)
            _place(level, (said[:, :, None] * reading).astype(np.float32), hints)
        if drift is not None:
            level += drift.course(1 + k, hints, n_samples, round(HINT_S * sfreq))
        sources *= np.exp(level, out=level)
        total += (subject.leadfield * moment).astype(np.float32) @ sources
    return total


def simulate_block(
    phi: Floats,
    onsets_samples: Sequence[int] | NDArray[np.integer],
    *,
    n_samples: int,
    sfreq: float = 200.0,
    subject: SubjectBrain,
    snr: float,
    rng: np.random.Generator,
    hints_samples: Sequence[int] | NDArray[np.integer] = (),
    motion: Floats | None = None,
    course: Floats | None = None,
    expected: Floats | None = None,
    drift: BlockDrift | None = None,
    gaze: Floats | None = None,
    artefacts: bool = True,
) -> Singles:
    """Simulate the EEG of one block.

    Parameters
    ----------
    phi
        What the clips are, `(clip, feature)`, from `films.feature_vector`.
    onsets_samples
        When each clip starts, samples since the block's start.
    n_samples, sfreq
        Length of the block, sampling rate in Hz (above 160, or gamma would not fit).
    subject
        From `make_subject`.
    snr
        Factor on the clip-dependent part, in amplitude; 0 leaves nothing.
    rng
        Draws everything: always the same noise, whatever `phi` and `snr`.
    hints_samples
        When each hint starts; it evokes a response that does not depend on what it announces.
    motion
        Motion energy over each clip relative to its mean, `(clip, time)`; constant where None.
    course
        How what is seen differs from `phi` in each third of a second, `(clip, step, feature)`; not at all where None.
    expected
        What each hint makes one expect, `(hint, feature)`; nothing where None.
    drift
        See `worlds`.
    gaze
        Flow to the right that the eyes follow, `(clip, time)`, see `gaze.eye_course`; none where None.
    artefacts
        Whether there are blinks, muscle bursts, pops, slow drift and mains.

    Returns
    -------
    float32 `(electrode, sample)`, V, electrodes as in `protocol.ELECTRODES`.

    Raises
    ------
    ValueError
        If `phi` or `course` does not have one row per onset and one column per feature, or onsets lie outside.
    """
    onsets, hints = np.asarray(onsets_samples, np.intp), np.asarray(hints_samples, np.intp)
    if phi.shape != (len(onsets), len(FEATURE_NAMES)):
        raise ValueError(f"phi: expected {(len(onsets), len(FEATURE_NAMES))}, found {phi.shape}")
    if course is not None and course.shape != (expects := (len(onsets), COURSE_STEPS, len(FEATURE_NAMES))):
        raise ValueError(f"course: expected {expects}, found {course.shape}")
    marks = np.concatenate([onsets, hints])
    if len(marks) and (marks.min() < 0 or marks.max() >= n_samples):
        raise ValueError(f"onsets: expected 0..{n_samples - 1}, found {marks.min()}..{marks.max()}")
    if sfreq <= 160:
        raise ValueError(f"sfreq: expected more than 160 Hz, found {sfreq}")
    if expected is None:
        expected = np.zeros((len(hints), len(FEATURE_NAMES)))
    # a stream of its own for each part: none of them shifts another
    background, sensors, mains, trials, other, alpha, gamma = (
        np.random.default_rng(seed) for seed in rng.integers(2**63, size=7).tolist()
    )
    electrodes = len(subject.leadfield)
    eeg = coloured("background", electrodes, n_samples, sfreq, background, mixing=subject.background)
    eeg += np.float32(subject.sensor) * sensors.standard_normal(eeg.shape, dtype=np.float32)
    if artefacts:
        clock, phase = np.arange(n_samples) / sfreq, mains.uniform(0, 2 * np.pi, (electrodes, 1))
        wave = np.exp(2j * np.pi * 50 * clock).astype(np.complex64)
        eeg += ((np.sqrt(2) * subject.line[:, None] * np.exp(1j * phase)).astype(np.complex64) * wave).imag
        add_artefacts(eeg, subject.artefacts, sfreq, other)
    if gaze is not None:
        eeg += subject.artefacts.gaze.astype(np.float32)[:, None] * eye_course(gaze, onsets, n_samples, sfreq)
    gain, delay = trial_jitter(subject, len(onsets), trials)
    _place(eeg, _evoked(phi, subject, snr, gain, delay, sfreq, motion, course), onsets)
    _place(eeg, _reading(subject, sfreq, expected, snr), hints)
    if drift is not None:
        eeg += subject.leadfield.astype(np.float32) @ drift.course(0, hints, n_samples, round(HINT_S * sfreq))
    eeg += _rhythms(
        phi, expected, subject, snr, gain, onsets, hints, n_samples, sfreq, drift, (alpha, gamma)
    )  # fmt: skip
    return eeg
