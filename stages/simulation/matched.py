"""What an EEG says about a clip, boiled down: matched-filter outputs and log band powers, whitened.

The noise is stationary and Gaussian with the known cross-spectrum S(f) of background, rhythms and sensors; there are no
artefacts. For the evoked part the outputs of the matched filters of all responses and of their derivatives in time
are sufficient up to the second order of the delay; their covariance is the Fisher matrix J. For the band power the
log amplitudes of all patches' rhythms are estimated with the covariance of the Fisher matrix of a modulated Gaussian
process (Whittle, 1953), to first order in the modulation, plus that of the rhythms' own waxing and waning. Both are
rotated and scaled so that the noise is N(0, I). What changes within a clip (`films.describe`'s course) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import CLIP_S, SFREQ
from eeg2vid.stages.simulation.brain import MAX_LN, SubjectBrain, courses
from eeg2vid.stages.simulation.noise import WAXING_LN, amplitude
from eeg2vid.stages.simulation.sources import SPAN_S, band_envelope, burst, ramp

Floats = NDArray[np.floating]

WINDOW = 1024  # samples; responses are zero outside the clip, so that padding costs nothing
# Four equally probable delays of the variance of a standard normal cut at +-2, in standard deviations.
_DELAYS = 0.959 * np.array([-1.3416, -0.4472, 0.4472, 1.3416])
_SMALLEST = 1e-7  # eigenvalues below this share of the largest are numerical noise


@dataclass(frozen=True)
class Matched:
    """The sufficient statistic of one person.

    Attributes
    ----------
    subject
        Whose.
    evoked
        `(delay, output, feature + common)`, for four equally probable delays: mean outputs for phi = 1 (common
        responses: always), gain 1, snr 1.
    power
        `(output, rhythm)`: mean outputs for a change of 1 of the ln amplitude of each patch's alpha, then gamma.
    """

    subject: SubjectBrain
    evoked: Floats
    power: Floats

    def signals(self, phi: Floats, snr: float) -> Floats:
        """Return the noise-free statistics of clips `(clip, feature)`, `(trial, clip, output)`.

        The trials are eight equally probable pairs of gain and delay, the same for every clip, with the variances
        that `brain.trial_jitter` has: what differs between clips is then due to the clips alone.
        """
        common = self.evoked.shape[2] - phi.shape[1]
        driven = np.concatenate([snr * phi, np.ones((len(phi), common))], axis=1)
        levels = snr * (phi @ np.concatenate([self.subject.alpha, self.subject.gamma], axis=1))
        trials = []
        for share in (-1.0, 1.0):
            gain = 1.0 + share * self.subject.gain_jitter
            power = np.clip(gain * levels, -MAX_LN, MAX_LN) @ self.power.T
            trials += [np.concatenate([gain * driven @ response.T, power], axis=1) for response in self.evoked]
        return np.stack(trials)


def cross_spectrum(subject: SubjectBrain, frequency: Floats, n_samples: int) -> Floats:
    """Return the mean of X X^H of the noise's Fourier transform over `n_samples`, `(frequency, electrode, electrode)`.

    `frequency` are the positive ones of a transform of that length; rhythms are as strong as during any clip, in
    the mean over their waxing: exp(2 w) with rms r of w has the mean exp(2 r^2).
    """
    whole = np.fft.rfftfreq(2**16, 1 / SFREQ)

    def density(kind: str) -> Floats:
        power = np.square(amplitude(kind, whole, subject.alpha_peak)[1:]).sum() / (len(whole) - 1)
        shape: Floats = n_samples * np.square(amplitude(kind, frequency, subject.alpha_peak)) / power
        return shape

    alpha = subject.leadfield * subject.alpha_moment * np.exp(subject.common_alpha + WAXING_LN**2)
    gamma = subject.leadfield * subject.gamma_moment * np.exp(subject.common_gamma + WAXING_LN**2)
    parts = (
        ("background", subject.background @ subject.background.T),
        ("alpha", alpha @ alpha.T),
        ("gamma", gamma @ gamma.T),
    )
    spectrum = sum((density(kind)[:, None, None] * covariance for kind, covariance in parts), start=np.zeros(()))
    white: Floats = n_samples * subject.sensor**2 * np.eye(len(subject.leadfield))
    return spectrum + white


def response_spectra(subject: SubjectBrain, delays: Floats) -> NDArray[np.complexfloating]:
    """Return the Fourier transforms of all responses, of features for phi = 1 and then of those to any clip.

    Parameters
    ----------
    delays
        `(delay,)` s.

    Returns
    -------
    complex `(delay, frequency, response)`, at the frequencies of a transform over `WINDOW` without its first and last.
    """
    times = np.arange(round(SPAN_S * SFREQ)) / SFREQ
    shifted = times - delays[:, None]
    any_clip = burst(shifted[:, None], *subject.common_course.T[:, :, None])
    course = np.concatenate([courses(subject, shifted), any_clip], axis=1) * ramp(times, -1.0, CLIP_S, 1.0)
    return np.fft.rfft(course, WINDOW, axis=-1)[..., 1:-1].transpose(0, 2, 1)


def whitening_of(information: Floats) -> Floats:
    """Return V with V^T J V = I on the space where J is not zero, `(dimension, output)`."""
    values, vectors = np.linalg.eigh(information)
    kept = values > _SMALLEST * values[-1]
    whitening: Floats = vectors[:, kept] / np.sqrt(values[kept])
    return whitening


def match(subject: SubjectBrain) -> Matched:
    """Work out what an observer who knows a person, but neither gain, delay nor noise of the trial, can use."""
    frequency = np.fft.rfftfreq(WINDOW, 1 / SFREQ)[1:-1]
    noise = cross_spectrum(subject, frequency, WINDOW)
    patterns = np.concatenate([subject.evoked, subject.common]).T
    responses = response_spectra(subject, np.concatenate([_DELAYS * subject.latency_jitter, [0.0, -1e-3, 1e-3]]))
    shapes = responses[:-3]
    derivative = (responses[-1] - responses[-2]) / 2e-3 * subject.latency_jitter
    filters = np.concatenate([responses[-3], derivative], axis=1)
    solved = np.linalg.solve(noise, np.broadcast_to(patterns, (len(frequency), *patterns.shape)))
    overlap = patterns.T @ solved  # (frequency, response, response)
    twice = np.concatenate([overlap, overlap], axis=1)
    through = filters.conj()[:, :, None] * twice
    outputs = 2 * np.real(np.einsum("kij,dkj->dij", through, shapes))
    tiled = np.concatenate([twice, twice], axis=2)
    information = 2 * np.real(np.einsum("ki,kij,kj->ij", filters.conj(), tiled, filters, optimize=True))
    whitening = whitening_of((information + information.T) / 2)
    return Matched(subject, whitening.T @ outputs, _power(subject, noise, frequency))


def _power(subject: SubjectBrain, noise: Floats, frequency: Floats) -> Floats:
    """Return the whitened response to changes of ln amplitude, `(output, rhythm)`."""
    seen = band_envelope(np.arange(round(SPAN_S * SFREQ)) / SFREQ)
    windows = np.square(seen).sum() / WINDOW
    spectrum = np.square(amplitude("waxing", slow := np.fft.rfftfreq(2**14, 1 / SFREQ), 0.0))
    weight = np.square(np.abs(np.fft.rfft(np.square(seen), 2 * (len(slow) - 1)))) / np.square(np.square(seen).sum())
    waxing = WAXING_LN**2 * float((spectrum * weight).sum() / spectrum.sum())  # what is left of it in a clip's mean
    whole = np.fft.rfftfreq(2**16, 1 / SFREQ)[1:]
    blocks = []
    for kind, moment, always in (
        ("alpha", subject.alpha_moment, subject.common_alpha),
        ("gamma", subject.gamma_moment, subject.common_gamma),
    ):
        shape = np.square(amplitude(kind, frequency, subject.alpha_peak))
        shape = WINDOW * shape / np.square(amplitude(kind, whole, subject.alpha_peak)).mean()
        inside = shape > 1e-6 * shape.max()
        fields = subject.leadfield * moment * np.exp(always + WAXING_LN**2)
        solved = np.linalg.solve(noise[inside], np.broadcast_to(fields, (int(inside.sum()), *fields.shape)))
        overlap = shape[inside][:, None, None] * (fields.T @ solved)
        information = 4 * windows * np.square(overlap).sum(axis=0)
        values, vectors = np.linalg.eigh(information)
        blocks.append(np.sqrt(np.maximum(values, 0) / (1 + waxing * np.maximum(values, 0)))[:, None] * vectors.T)
    alpha, gamma = blocks
    return np.block([[alpha, np.zeros((len(alpha), gamma.shape[1]))], [np.zeros((len(gamma), alpha.shape[1])), gamma]])
