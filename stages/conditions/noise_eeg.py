"""`noise-eeg`: Gaussian noise with the mean cross-spectrum of the training EEG, the same for every event.

The mean matters: epochs with phases drawn anew keep each event's band powers, and are decoded like real ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal.windows import hann

from eeg2vid.stages.conditions.signals import Signals
from eeg2vid.stages.signal.interruptions import Marks
from eeg2vid.stages.signal.pipeline import Epochs, make_features

_CHUNK_EVENTS = 64
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeanSpectrum:
    """What many epochs `(electrode, sample)` have in common.

    Raw EEG drifts by more than it oscillates. A drift's spectrum is not that of anything stationary: taken for one, it
    would fill the high frequencies. So each electrode's straight line is described apart from what is left of it.

    Attributes
    ----------
    samples
        Of an epoch.
    lines
        Mean and slope (per half an epoch) of each electrode in each epoch, µV, `(epoch, 2 x electrode)`.
    factors
        L of the cross-spectrum L Lᴴ (µV² a sample) of what is left, complex `(frequency, electrode, electrode)`, at the
        frequencies of twice as many samples.
    """

    samples: int
    lines: Floats
    factors: NDArray[np.complex128]

    @classmethod
    def of(cls, chunks: Iterable[NDArray[np.floating]]) -> MeanSpectrum:
        """Describe all epochs of some chunks `(epoch, electrode, sample)`, µV."""
        lines: list[Floats] = []
        total: NDArray[np.complex128] | float = 0.0
        for chunk in chunks:
            line, rest = _straightened(chunk.astype(np.float64))
            n_samples = rest.shape[-1]
            taper = hann(n_samples, sym=False)
            spectra = np.fft.rfft(rest * taper, n=2 * n_samples, axis=-1) / np.sqrt(np.sum(taper**2))
            total = total + spectra.transpose(2, 1, 0) @ spectra.conj().transpose(2, 0, 1)
            lines.append(line)
        joined = np.concatenate(lines)
        values, vectors = np.linalg.eigh(total / len(joined))
        # a common reference leaves one direction without power
        return cls(n_samples, joined, vectors * np.sqrt(np.maximum(values, 0))[:, None, :])

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return independent epochs, µV `(epoch, electrode, sample)`.

        Noise that is periodic in twice the length is cut in half, so that no end meets its beginning.
        """
        n_frequencies, n_electrodes, _ = self.factors.shape
        drawn = np.empty((count, n_electrodes, self.samples), dtype=np.float32)
        time = _time(self.samples)
        for start in range(0, count, _CHUNK_EVENTS):
            here = min(_CHUNK_EVENTS, count - start)
            parts = rng.standard_normal((2, n_frequencies, n_electrodes, here))
            white = (parts[0] + 1j * parts[1]) / np.sqrt(2)
            white[[0, -1]] = parts[0, [0, -1]]  # their sine is 0
            spectra = np.sqrt(2 * self.samples) * (self.factors @ white)
            noise = np.fft.irfft(spectra.transpose(2, 1, 0), n=2 * self.samples, axis=-1)[..., : self.samples]
            weights = rng.standard_normal((here, len(self.lines))) / np.sqrt(len(self.lines))
            mean = self.lines.mean(axis=0)
            level, slope = np.split(mean + weights @ (self.lines - mean), 2, axis=1)
            drawn[start : start + here] = _straightened(noise)[1] + level[..., None] + slope[..., None] * time
        return drawn


def make(given: Signals, rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """Return noise for each tested event, and the features of that noise."""
    places = range(0, len(given.learned), _CHUNK_EVENTS)
    spectrum = MeanSpectrum.of(
        given.inputs.gather("epochs", given.learned[start : start + _CHUNK_EVENTS]) for start in places
    )
    found = {"epochs": spectrum.draw(len(given.tested), rng)}
    if {"de", "psd"} & set(given.names):
        known, count = given.described(), len(given.tested)
        noise = Epochs(
            found["epochs"],
            ["ok"] * count,
            known.electrodes,
            known.sfreq,
            (),
            Marks.none(count),
            (),
            np.zeros(count, dtype=bool),
        )
        found["de"], found["psd"] = make_features(noise, given.tested, known.settings, threads=given.threads)
    return {name: found[name] for name in given.names}


def _time(samples: int) -> Floats:
    """Return the time of each sample, from -1 to 1 `(sample,)`."""
    return np.linspace(-1, 1, samples) if samples > 1 else np.zeros(1)


def _straightened(epochs: Floats) -> tuple[Floats, Floats]:
    """Return mean and slope of each electrode `(epoch, 2 x electrode)`, and the epochs without that line."""
    time = _time(epochs.shape[-1])
    level = epochs.mean(axis=-1)
    slope = epochs @ time / max(float(time @ time), np.finfo(float).tiny)
    rest = epochs - level[..., None] - slope[..., None] * time
    return np.concatenate([level, slope], axis=1), rest
