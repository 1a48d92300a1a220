"""Evoked responses as few numbers: spectra of epochs, whitened over electrodes, in a subspace of low rank.

An evoked response is short, slow and comes from few places: over frequencies and electrodes it has a low rank, which
the ongoing EEG around it has not. Spectra are whitened frequency by frequency with the training events'
cross-spectrum, so that noise is white with variance 1; regressed on what was shown, they give a tensor
`(design, coefficient, electrode)` whose singular values stand out of the edge of Marchenko and Pastur exactly where
there is a response.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import detrend

from eeg2vid.stages.signal.covariance import ledoit_wolf, whitener

Floats = NDArray[np.floating]

_NEIGHBOURS = 1  # frequencies on each side whose cross-spectra are pooled
_ITERATIONS = 4  # of the alternating subspaces; they no longer move after three
_MARGIN = 1.02  # over the edge of the noise's singular values
_EVENTS = 128  # transformed at a time


def spectra(epochs: Floats, sfreq: float, low: float, high: float) -> NDArray[np.float32]:
    """Return the Fourier coefficients of epochs between two frequencies.

    Parameters
    ----------
    epochs
        `(event, electrode, sample)`; a straight line is taken out of each before it is transformed.
    sfreq
        Hz.
    low, high
        Hz, both included; from 0 Hz on, the mean of each epoch comes first: a response may last as long as the clip.

    Returns
    -------
    float32 `(event, coefficient, electrode)`: the mean if asked for, then real and imaginary parts in turn.
    """
    frequencies = np.fft.rfftfreq(epochs.shape[-1], 1 / sfreq)
    kept = (frequencies >= max(low, 1e-9)) & (frequencies <= high)
    with_mean = int(low == 0)
    out = np.empty((len(epochs), with_mean + 2 * int(kept.sum()), epochs.shape[1]), np.float32)
    for first in range(0, len(epochs), _EVENTS):
        part, place = epochs[first : first + _EVENTS].astype(np.float32), out[first : first + _EVENTS]
        if with_mean:
            place[:, 0] = part.mean(axis=-1)
        found = np.fft.rfft(detrend(part, axis=-1), axis=-1)[..., kept].transpose(0, 2, 1)
        place[:, with_mean::2], place[:, with_mean + 1 :: 2] = found.real, found.imag
    return out


def _groups(count: int) -> list[slice]:
    """Return which coefficients are of one frequency: the mean by itself, then two by two."""
    first = count % 2
    return [slice(0, 1)] * first + [slice(k, k + 2) for k in range(first, count, 2)]


@dataclass(frozen=True)
class Whitening:
    """The noise of spectra.

    Attributes
    ----------
    mean
        `(coefficient, electrode)`.
    matrix
        `(frequency, electrode, electrode)`; whitened coefficients have variance 1.
    """

    mean: Floats
    matrix: Floats

    @classmethod
    def fit(cls, values: Floats, design: Floats | None = None) -> Whitening:
        """Take mean and, from neighbouring frequencies, real cross-spectrum of `(event, coefficient, electrode)`.

        Cross-spectra are drawn towards the identity by the share of Ledoit and Wolf's (2004) estimate, which matters
        where events are few.

        Parameters
        ----------
        values
            Of training events.
        design
            What was shown, `(event, column)`: noise is what it does not explain. Without one, and where it has more
            than half as many columns as there are events, all that varies is taken as noise.
        """
        mean = values.mean(axis=0, dtype=np.float64)
        residual = _unexplained(values - mean, design)
        parts = [residual[:, group].reshape(-1, values.shape[2]) for group in _groups(values.shape[1])]
        alone = values.shape[1] % 2  # the mean is larger than what follows, and by itself
        matrices = [whitener(ledoit_wolf(parts[0]))] if alone else []
        for k in range(alone, len(parts)):
            near = parts[max(alone, k - _NEIGHBOURS) : k + 1 + _NEIGHBOURS]
            matrices.append(whitener(ledoit_wolf(np.concatenate(near))))
        return cls(mean.astype(np.float32), np.stack(matrices).astype(np.float32))

    def apply(self, values: Floats, limit: float) -> NDArray[np.float32]:
        """Return whitened coefficients.

        Parameters
        ----------
        values
            `(event, coefficient, electrode)`.
        limit
            Largest rms over electrodes of an event at a frequency, in units of the noise's: what is larger (a blink) is
            scaled down to it.
        """
        out = np.empty(values.shape, np.float32)
        for group, matrix in zip(_groups(values.shape[1]), self.matrix, strict=True):
            white = (values[:, group] - self.mean[group]) @ matrix
            size = np.sqrt(np.square(white).mean(axis=(1, 2)))
            out[:, group] = white / np.maximum(size / limit, 1)[:, None, None]
        return out


def _unexplained(values: Floats, design: Floats | None) -> Floats:
    """Return what a design leaves of centred values `(event, ...)`, scaled to the variance that noise has."""
    if design is None:
        return values
    basis = orthonormal(design)
    events, columns = basis.shape
    if 2 * columns >= events:
        return values
    flat = values.reshape(events, -1)
    residual = (flat - basis @ (basis.T @ flat)) * np.sqrt(events / (events - columns - 1))
    return residual.reshape(values.shape)


def orthonormal(design: Floats) -> NDArray[np.float64]:
    """Return an orthonormal basis `(event, column)` of what the columns of a design say beyond their means."""
    centred = design - design.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    kept = values > 1e-6 * max(values[-1], np.finfo(np.float64).tiny)
    basis: NDArray[np.float64] = centred @ (vectors[:, kept] / np.sqrt(values[kept]))
    return basis


def edge(rows: int, columns: int) -> float:
    """Return the largest singular value of `(rows, columns)` white noise of variance 1 (Marchenko and Pastur, 1967)."""
    return float(np.sqrt(rows) + np.sqrt(columns))


def low_rank(white: Floats, design: Floats, most: int, least: int = 2) -> tuple[Floats, Floats]:
    """Find the subspaces of coefficients and electrodes that the response to a design lives in.

    The regression tensor of whitened spectra on the design is approximated by a core between bases of coefficients and
    of electrodes, in turns until they fit each other (higher-order orthogonal iteration: De Lathauwer, De Moor and
    Vandewalle, SIAM J. Matrix Anal. Appl. 21, 2000); their ranks are what stands out of unit noise.

    Parameters
    ----------
    white
        `(event, coefficient, electrode)`, noise of variance 1.
    design
        Orthonormal columns `(event, column)`.
    most, least
        Bounds of each rank.

    Returns
    -------
    `(coefficient, rank)` and `(electrode, rank)`.
    """
    tensor = np.tensordot(design.astype(np.float32), white, axes=(0, 0))
    times: Floats = _basis(tensor, 1, most, least)
    places: Floats = _basis(tensor, 2, most, least)
    for _ in range(_ITERATIONS):
        times = _basis(tensor @ places, 1, most, least)
        places = _basis(np.einsum("fts,tk->fks", tensor, times, optimize=True), 2, most, least)
    return times, places


def _basis(tensor: Floats, axis: int, most: int, least: int) -> NDArray[np.float32]:
    """Return the left singular vectors of an unfolding whose singular values noise does not reach."""
    unfolded = np.moveaxis(tensor, axis, 0).reshape(tensor.shape[axis], -1).astype(np.float64)
    values, vectors = np.linalg.eigh(unfolded @ unfolded.T)
    count = int(np.sum(values > (_MARGIN * edge(*unfolded.shape)) ** 2))
    count = min(max(count, least), most, len(values))
    basis: NDArray[np.float32] = vectors[:, ::-1][:, :count].astype(np.float32)
    return basis


def project(white: Floats, times: Floats, places: Floats) -> NDArray[np.float32]:
    """Return the events' coordinates in the subspaces, `(event, rank * rank)`."""
    found = times.T @ (white @ places)
    flat: NDArray[np.float32] = found.reshape(len(white), times.shape[1] * places.shape[1]).astype(np.float32)
    return flat
