"""A simulated brain that watches clips: evoked responses and band power that depend on the clip, in real-looking noise.

Volts at the scalp are, per block::

    x(t) = noise(t) + line(t) + common(t) + snr * sum_f phi_f A_f h_f(t)          (evoked)
           + alpha(t) exp(common_a(t) + snr * sum_f phi_f P_f env(t))             (8-13 Hz)
           + gamma(t) exp(common_g(t) + snr * sum_f phi_f Q_f env(t))             (35-80 Hz)

with a scalp pattern A, P, Q and a time course h per feature f. `snr` multiplies the clip-dependent part only; the
noise is drawn first and alike whatever the clips and whatever `snr`, so two runs that differ in `snr` alone are
paired. At `snr=0` every clip evokes the same response: nothing about it can be decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from eeg2vid.stages.datasets.montage import electrode_positions
from eeg2vid.stages.datasets.protocol import CLIP_S, ELECTRODES, HINT_S
from eeg2vid.stages.simulation.films import FEATURE_NAMES

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

ALPHA = (8.0, 13.0)  # Hz
GAMMA = (35.0, 80.0)  # Hz
_SHARED_SEED = 19_290_427  # of what all brains have in common
_SHARED, _INDIVIDUAL = 0.8, 0.6  # weights of the common and the own part of a scalp pattern, squares add to 1
_EVOKED_V = 0.9e-6  # rms over electrodes of one feature's response at its plateau or peak, phi = 1, snr = 1
_ALPHA_LN = 0.05  # rms over electrodes of one feature's change of ln amplitude, phi = 1, snr = 1
_GAMMA_LN = 0.05
_BACKGROUND_V, _SENSOR_V = 9e-6, 0.5e-6  # rms
_ALPHA_V, _GAMMA_V = 5e-6, 1.5e-6  # rms at the strongest electrodes
_LINE_V = 0.4e-6
_TAIL_S = 0.25  # responses fade out after the clip
# centres of activity, m (right, front, up), right hemisphere; mirrored at will
_OCCIPITAL, _TEMPOROPARIETAL = (0.025, -0.100, 0.030), (0.060, -0.065, 0.050)
_TEMPORAL, _FRONTAL = (0.078, -0.020, 0.005), (0.035, 0.070, 0.055)


@dataclass(frozen=True)
class SubjectBrain:
    """One simulated person.

    Attributes
    ----------
    seed
        What it was made from.
    evoked
        Scalp patterns `(feature, electrode)`, V per unit feature.
    alpha, gamma
        Change of the ln amplitude of the two rhythms, `(feature, electrode)` per unit feature.
    latency, width, wave, sustained
        Time course of each feature's response `(feature,)`: s, s, Hz, share.
    common, common_latency
        The response to any clip, `(component, electrode)` V and `(component,)` s.
    hint
        The response to the hint, `(component, electrode)` V.
    mixing, rhythm_mixing
        Spatial factors of the noise, `(electrode, electrode)`, rows of unit norm.
    alpha_rms, gamma_rms, line_rms
        Of the ongoing rhythms and the mains, `(electrode,)` V.
    alpha_peak
        Hz.
    noise
        Factor on the background noise.
    """

    seed: int
    evoked: Floats
    alpha: Floats
    gamma: Floats
    latency: Floats
    width: Floats
    wave: Floats
    sustained: Floats
    common: Floats
    common_latency: Floats
    hint: Floats
    mixing: Floats
    rhythm_mixing: Floats
    alpha_rms: Floats
    gamma_rms: Floats
    line_rms: Floats
    alpha_peak: float
    noise: float


@lru_cache(maxsize=1)
def _positions() -> Floats:
    positions: Floats = np.asarray(electrode_positions(ELECTRODES), np.float64)
    return positions


def _bumps(centres: Floats, width: float, rng: np.random.Generator) -> Floats:
    """Return smooth scalp patterns `(pattern, electrode)` of unit rms: two Gaussian bumps each, near a centre."""
    centres = centres[:, None, :] * np.where(rng.random((len(centres), 2, 1)) < 0.5, [-1.0, 1.0, 1.0], 1.0)
    centres = centres + rng.normal(0, 0.015, centres.shape)
    squared = ((centres[:, :, None, :] - _positions()) ** 2).sum(axis=-1)
    weights = rng.normal(0, 1, (*squared.shape[:2], 1)) + np.array([1.0, -0.5])[None, :, None]
    patterns = (weights * np.exp(-squared / (2 * width**2))).sum(axis=1)
    unit: Floats = patterns / np.sqrt((patterns**2).mean(axis=1, keepdims=True))
    return unit


def _feature_centres() -> Floats:
    """Return where each feature is processed: layout at the back, motion at the side, meaning in front."""
    centres = []
    for name in FEATURE_NAMES:
        kind = name.partition("-")[0]
        if kind in ("luminance", "red", "blue"):
            centres.append(_OCCIPITAL)
        elif kind == "motion":
            centres.append(_TEMPOROPARIETAL)
        elif kind in ("human", "face", "number"):
            centres.append(_TEMPORAL)
        else:
            centres.append(_TEMPORAL if name[-1] in "135" else _FRONTAL)
    return np.array(centres)


def _patterns(shared: np.random.Generator, own: np.random.Generator, centres: Floats, width: float = 0.03) -> Floats:
    return _SHARED * _bumps(centres, width, shared) + _INDIVIDUAL * _bumps(centres, width, own)


def _spatial_factor(reach: float, independent: float) -> Floats:
    """Return the Cholesky factor of a correlation that falls off with distance, plus an independent share."""
    squared = ((_positions()[:, None] - _positions()) ** 2).sum(axis=-1)
    kernel = (1 - independent) * np.exp(-np.sqrt(squared) / reach) + independent * np.eye(len(squared))
    factor: Floats = np.linalg.cholesky(kernel)
    return factor


def make_subject(seed: int) -> SubjectBrain:
    """Make a person: scalp patterns partly shared by all, partly their own; the same seed, the same person."""
    shared, own = np.random.default_rng(_SHARED_SEED), np.random.default_rng([_SHARED_SEED, seed])
    centres, count = _feature_centres(), len(FEATURE_NAMES)
    early = np.array([name.partition("-")[0] in ("luminance", "red", "blue") for name in FEATURE_NAMES])
    latency = np.where(early, shared.uniform(0.10, 0.30, count), shared.uniform(0.25, 0.80, count))
    back, front = np.array([_OCCIPITAL]), np.array([_FRONTAL])
    distance = np.sqrt(((_positions() - np.array([0.0, -0.1, 0.03])) ** 2).sum(axis=-1))
    near = np.exp(-((distance / 0.09) ** 2))
    return SubjectBrain(
        seed=seed,
        evoked=_EVOKED_V * _patterns(shared, own, centres),
        alpha=_ALPHA_LN * _patterns(shared, own, centres),
        gamma=_GAMMA_LN * _patterns(shared, own, centres),
        latency=latency + own.normal(0, 0.01, count),
        width=shared.uniform(0.05, 0.11, count),
        wave=shared.uniform(2.0, 5.0, count),
        sustained=shared.uniform(0.25, 0.75, count),
        common=np.array([[2.5e-6], [3.5e-6], [2.5e-6]]) * _patterns(shared, own, np.concatenate([back, back, front])),
        common_latency=np.array([0.11, 0.18, 0.36]) + own.normal(0, 0.008, 3),
        hint=np.array([[3.0e-6], [2.5e-6]]) * _patterns(shared, own, np.concatenate([back, front])),
        mixing=_spatial_factor(0.08, 0.05),
        rhythm_mixing=_spatial_factor(0.12, 0.05),
        alpha_rms=_ALPHA_V * own.uniform(0.6, 1.3) * (0.25 + 0.75 * near),
        gamma_rms=np.full(len(ELECTRODES), _GAMMA_V) * own.uniform(0.8, 1.25),
        line_rms=_LINE_V * own.uniform(0.3, 1.7, len(ELECTRODES)),
        alpha_peak=float(own.uniform(9.2, 11.3)),
        noise=float(own.uniform(0.85, 1.2)),
    )


def _noise(
    mixing: Floats, band: tuple[float, float], exponent: float, peak: float | None, n_samples: int, sfreq: float,
    rng: np.random.Generator,
) -> Singles:  # fmt: skip
    """Return Gaussian noise `(electrode, sample)` of unit rms, made in the frequency domain.

    Its amplitude falls as frequency to the minus `exponent` (flat below 0.5 Hz) inside `band`, or is a hump around
    `peak`.
    """
    length = scipy.fft.next_fast_len(n_samples, real=True)
    frequency = np.fft.rfftfreq(length, 1 / sfreq)
    bins = np.flatnonzero((frequency >= band[0]) & (frequency < band[1]) & (frequency > 0))
    if peak is None:
        weight = np.maximum(frequency[bins], 0.5) ** -exponent
    else:
        weight = np.exp(-0.5 * ((frequency[bins] - peak) / 0.9) ** 2)
    drawn = rng.standard_normal((len(mixing), len(bins), 2), dtype=np.float32).view(np.complex64)[..., 0]
    spectrum = np.zeros((len(mixing), len(frequency)), np.complex64)
    scale = length / (2 * np.sqrt((weight**2).sum()))
    spectrum[:, bins] = (mixing.astype(np.float32) @ drawn) * (weight * scale).astype(np.float32)
    out: Singles = scipy.fft.irfft(spectrum, length, axis=-1, overwrite_x=True, workers=1)[:, :n_samples]
    return out


def _ramp(times: Floats, start: float, stop: float, rise: float) -> Floats:
    """Return 0 before `start`, 1 until `stop`, 0 after, with smooth flanks."""
    up, down = np.clip((times - start) / rise, 0, 1), np.clip((times - stop) / _TAIL_S, 0, 1)
    held: Floats = (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 + 0.5 * np.cos(np.pi * down))
    return held


def _gabor(times: Floats, latency: Floats, width: Floats, wave: Floats) -> Floats:
    """Return brief oscillating responses `(component, sample)`, 1 at their latency."""
    since = times - latency[:, None]
    bursts: Floats = np.exp(-0.5 * (since / width[:, None]) ** 2) * np.cos(2 * np.pi * wave[:, None] * since)
    return bursts


def _courses(subject: SubjectBrain, times: Floats) -> Floats:
    """Return the time course of every feature's response, `(feature, sample)`."""
    held = np.stack([_ramp(times, latency - 0.05, CLIP_S, 0.15) for latency in subject.latency])
    brief = _gabor(times, subject.latency, subject.width, subject.wave)
    courses: Floats = subject.sustained[:, None] * held + brief
    return courses


def _place(target: Singles, responses: Singles, onsets: NDArray[np.intp]) -> None:
    """Add `(event, electrode, sample)` responses into `(electrode, sample)` at their onsets; the end may cut one."""
    for response, onset in zip(responses, onsets.tolist(), strict=True):
        stop = min(onset + response.shape[-1], target.shape[-1])
        target[:, onset:stop] += response[:, : stop - onset]


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
        Factor on the clip-dependent part, in amplitude. 1 is comfortable: from 7 blocks of 10 concepts a linear
        decoder predicts held-out layouts at a correlation of 0.75 and names 60 % of the concepts. At 0.1 and full
        size it names 4 % of the 40, as re-runs of published decoders do on SEED-DV. 0 leaves nothing.
    rng
        Draws the noise: always the same amount, whatever `phi` and `snr`.
    hints_samples
        When each hint starts; it evokes a response that does not depend on what it announces.

    Returns
    -------
    float32 `(electrode, sample)`, V, electrodes as in `protocol.ELECTRODES`.

    Raises
    ------
    ValueError
        If `phi` does not have one row per onset and one column per feature, or onsets lie outside the block.
    """
    onsets, hints = np.asarray(onsets_samples, np.intp), np.asarray(hints_samples, np.intp)
    if phi.shape != (len(onsets), len(FEATURE_NAMES)):
        raise ValueError(f"phi: expected {(len(onsets), len(FEATURE_NAMES))}, found {phi.shape}")
    marks = np.concatenate([onsets, hints])
    if len(marks) and (marks.min() < 0 or marks.max() >= n_samples):
        raise ValueError(f"onsets: expected 0..{n_samples - 1}, found {marks.min()}..{marks.max()}")
    background = _noise(subject.mixing, (0.02, sfreq / 2), 0.75, None, n_samples, sfreq, rng)
    alpha = _noise(subject.rhythm_mixing, ALPHA, 0.0, subject.alpha_peak, n_samples, sfreq, rng)
    gamma = _noise(subject.rhythm_mixing, GAMMA, 0.0, None, n_samples, sfreq, rng)
    sensors = rng.standard_normal(background.shape, dtype=np.float32)
    phase = rng.uniform(0, 2 * np.pi, (2, len(ELECTRODES), 1))

    times = np.arange(round((CLIP_S + _TAIL_S) * sfreq)) / sfreq
    bumps = _gabor(times, subject.common_latency, np.array([0.03, 0.04, 0.1]), np.array([5.0, 4.0, 1.5]))
    common = subject.common.T @ bumps
    evoked = (snr * phi[:, None, :] * subject.evoked.T) @ _courses(subject, times) + common
    eeg = np.float32(_BACKGROUND_V * subject.noise) * background + np.float32(_SENSOR_V) * sensors
    clock = np.arange(n_samples) / sfreq
    eeg += (np.sqrt(2) * subject.line_rms[:, None] * np.sin(2 * np.pi * 50 * clock + phase[0])).astype(np.float32)
    _place(eeg, evoked.astype(np.float32), onsets)
    held = _ramp(times, 0.1, CLIP_S, 0.3)
    near = subject.alpha_rms / subject.alpha_rms.max()
    for rhythm, rms, change, always in (
        (alpha, subject.alpha_rms, subject.alpha, -0.45 * near),
        (gamma, subject.gamma_rms, subject.gamma, 0.15 * near),
    ):
        gain = np.zeros_like(eeg)
        levels = np.clip(snr * (phi @ change), -1.0, 1.0) + always
        _place(gain, (levels[:, :, None] * held).astype(np.float32), onsets)
        np.exp(gain, out=gain)
        gain *= rms[:, None].astype(np.float32)
        eeg += rhythm * gain
    times = np.arange(round(HINT_S * sfreq)) / sfreq
    reading = subject.hint.T @ (_gabor(times, np.array([0.2, 0.4]), np.array([0.06, 0.12]), np.array([3.0, 1.0]))
                                + 0.3 * _ramp(times, 0.3, HINT_S - _TAIL_S, 0.3))  # fmt: skip
    _place(eeg, np.broadcast_to(reading.astype(np.float32), (len(hints), *reading.shape)), hints)
    return eeg
