"""Band power as few numbers: covariances of a band where it stands out of its neighbours, in the tangent space.

What an event does to a rhythm shows in the covariance of its band. Covariances are seen through the spatio-spectral
decomposition (Nikulin, Nolte and Curio, NeuroImage 55, 2011): the components with the most power in the band over that
beside it. There they are logarithms around the training events' mean (Barachant, Bonnet, Congedo and Jutten, IEEE
Trans. Biomed. Eng. 59, 2012), where distances are of ratios of power, and linear decoders fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.signal.covariance import whitener
from eeg2vid.stages.signal.evoked import edge

Floats = NDArray[np.floating]
Band = tuple[float, float]

_LEAST = 1e-3  # eigenvalue of an event's covariance, relative to the mean's, below which it says nothing
_SOLID = 1e-3  # power of a component, relative to the largest, below which there is nothing in it
_EVENTS = 64
_BELOW, _ABOVE = (0.72, 0.9), (1.1, 1.3)  # the neighbouring bands, as shares of a band's lower and upper edge


def flanks(band: Band, nyquist: float) -> tuple[Band, ...]:
    """Return the bands below and above a band that say what it would be without its rhythm, Hz."""
    below = (band[0] * _BELOW[0], band[0] * _BELOW[1])
    above = (band[1] * _ABOVE[0], min(band[1] * _ABOVE[1], nyquist))
    return (below, above) if above[0] < above[1] else (below,)


def band_covariances(epochs: Floats, sfreq: float, bands: tuple[Band, ...]) -> NDArray[np.float32]:
    """Return real cross-spectra in bands, through a Hann window: `(band, event, electrode, electrode)`.

    Parameters
    ----------
    epochs
        `(event, electrode, sample)`.
    sfreq
        Hz.
    bands
        Edges, Hz; a band that holds no frequency of the epoch takes the nearest one.
    """
    events, electrodes, samples = epochs.shape
    frequencies = np.fft.rfftfreq(samples, 1 / sfreq)
    window = np.hanning(samples).astype(np.float32)
    out = np.empty((len(bands), events, electrodes, electrodes), np.float32)
    chosen = [_inside(frequencies, band) for band in bands]
    for first in range(0, events, _EVENTS):
        part = epochs[first : first + _EVENTS].astype(np.float32)
        found = np.fft.rfft((part - part.mean(axis=-1, keepdims=True)) * window, axis=-1).astype(np.complex64)
        for k, inside in enumerate(chosen):
            z = found[..., inside]
            both = np.concatenate([z.real, z.imag], axis=-1)
            out[k, first : first + _EVENTS] = both @ both.transpose(0, 2, 1) / inside.sum()
    return out


def _inside(frequencies: Floats, band: Band) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (frequencies >= band[0]) & (frequencies <= band[1])
    if not inside.any():
        inside[1 + np.argmin(np.abs(frequencies[1:] - sum(band) / 2))] = True
    return inside


@dataclass(frozen=True)
class Tangent:
    """The tangent space of a band's covariances.

    Attributes
    ----------
    filters
        `(electrode, component)`: spatio-spectral components, then the inverse root of their mean covariance.
    mean, scale
        Of the tangent vectors of the training events, `(component * (component + 1) / 2,)`.
    """

    filters: Floats
    mean: Floats
    scale: Floats

    @classmethod
    def fit(cls, band: Floats, beside: Floats, components: Floats) -> Tangent:
        """Fit to events.

        Parameters
        ----------
        band
            Covariances `(event, electrode, electrode)`.
        beside
            Mean covariance of the neighbouring bands `(electrode, electrode)`.
        components
            `(electrode, component)` in what is whitened by `beside`, from `leading`.
        """
        filters = whitener(beside) @ components
        filters = filters @ whitener(filters.T @ band.mean(axis=0, dtype=np.float64) @ filters)
        logs = _logarithms(band, filters)
        centre, spread = logs.mean(axis=0), logs.std(axis=0)
        spread[spread <= 1e-12] = 1.0
        return cls(filters.astype(np.float32), centre.astype(np.float32), spread.astype(np.float32))

    def apply(self, band: Floats) -> NDArray[np.float32]:
        """Return the tangent vectors of covariances, standardised by the training events."""
        found: NDArray[np.float32] = ((_logarithms(band, self.filters) - self.mean) / self.scale).astype(np.float32)
        return found


def leading(white: Floats, components: int) -> NDArray[np.float64]:
    """Return the components `(electrode, component)` with the most power in a covariance whitened by its neighbours."""
    values, vectors = np.linalg.eigh(white)
    solid = int(np.sum(values > _SOLID * max(values[-1], np.finfo(np.float64).tiny)))
    found: NDArray[np.float64] = vectors[:, ::-1][:, : max(1, min(components, solid))]
    return found


def _logarithms(band: Floats, filters: Floats) -> NDArray[np.float64]:
    """Return the upper triangle of the logarithms of covariances seen through filters."""
    upper = np.triu_indices(filters.shape[1])
    weight = np.where(upper[0] == upper[1], 1.0, np.sqrt(2.0))
    out = np.empty((len(band), len(weight)))
    seen = filters.astype(np.float32)
    for first in range(0, len(band), _EVENTS):
        part = seen.T @ (band[first : first + _EVENTS] @ seen)
        values, vectors = np.linalg.eigh(part.astype(np.float64))
        logs = (vectors * np.log(np.maximum(values, _LEAST))[:, None]) @ vectors.transpose(0, 2, 1)
        out[first : first + _EVENTS] = logs[:, upper[0], upper[1]] * weight
    return out


def supported(vectors: Floats, design: Floats, least: int = 2) -> NDArray[np.float32]:
    """Return the directions `(dimension, rank)` of unit-variance vectors in which a design shows beyond chance.

    Parameters
    ----------
    vectors
        `(event, dimension)` of variance 1.
    design
        Orthonormal columns `(event, column)`.
    least
        Directions that are kept in any case.
    """
    response = design.T @ vectors
    _, sizes, directions = np.linalg.svd(response, full_matrices=False)
    rank = max(int(np.sum(sizes > edge(*response.shape))), min(least, len(sizes)))
    found: NDArray[np.float32] = directions[:rank].T.astype(np.float32)
    return found
