"""What a person's events look like to a linear decoder: evoked responses and rhythms, learned from training events.

Everything that is a person's own (noise at each frequency, what stands beside a band, the mean covariance) is taken per
person; the subspaces that responses live in are shared by all who are trained on together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import EvokedRhythmsSettings
from eeg2vid.stages.networks.decoder import State, take_arrays
from eeg2vid.stages.signal import evoked, rhythms
from eeg2vid.stages.signal.covariance import whitener
from eeg2vid.stages.training.scaler import Unseen

Floats = NDArray[np.floating]
POOLED = ""  # label of all people together


@dataclass(frozen=True)
class Seen:
    """Events before anything is learned: their spectra and the covariances of bands, `(event, ...)`.

    Attributes
    ----------
    spectra
        `(event, coefficient, electrode)`.
    bands, beside
        Of each band: covariances `(event, electrode, electrode)` in it and in its neighbours.
    people
        Label of each event's person `(event,)`.
    """

    spectra: Floats
    bands: tuple[Floats, ...]
    beside: tuple[Floats, ...]
    people: NDArray[np.str_]

    def take(self, events: NDArray[np.integer] | NDArray[np.bool_]) -> Seen:
        """Return some events."""
        bands, beside = (tuple(one[events] for one in many) for many in (self.bands, self.beside))
        return Seen(self.spectra[events], bands, beside, self.people[events])


def look(epochs: Floats, people: NDArray[np.str_], sfreq: float, settings: EvokedRhythmsSettings) -> Seen:
    """Return what is seen of epochs `(event, electrode, sample)`, µV.

    Raises
    ------
    UsageError
        If the epochs hold none of the frequencies of evoked responses.
    """
    spectra = evoked.spectra(epochs, sfreq, *settings.evoked_hz)
    if not spectra.shape[1]:
        low, high = settings.evoked_hz
        raise UsageError(
            f"Epochs of {epochs.shape[-1] / sfreq:g} s at {sfreq:g} Hz have no frequency from {low:g} to {high:g} Hz.",
            "Widen network.evoked_hz, or make longer epochs.",
        )
    bands = reached(settings.bands, sfreq)
    beside = [rhythms.flanks(band, sfreq / 2) for band in bands]
    every = (*bands, *(one for pair in beside for one in pair))
    found = dict(zip(every, rhythms.band_covariances(epochs, sfreq, every), strict=True))
    return Seen(
        spectra,
        tuple(found[band] for band in bands),
        tuple(sum(found[one] for one in pair) / len(pair) for pair in beside),
        people,
    )


def reached(bands: Sequence[rhythms.Band], sfreq: float) -> tuple[rhythms.Band, ...]:
    """Return the bands below the Nyquist frequency, cut at it."""
    return tuple((low, min(high, sfreq / 2)) for low, high in bands if low < 0.9 * sfreq / 2)


@dataclass(frozen=True)
class Person:
    """One person's noise: how spectra are whitened, how covariances of each band are seen."""

    whitening: evoked.Whitening
    tangents: tuple[rhythms.Tangent, ...]


@dataclass(frozen=True)
class Noise:
    """The noise of the people trained on, and of all of them together.

    Attributes
    ----------
    people
        By label; `POOLED` is everybody.
    components
        Of each band: `(electrode, component)`, the components sought in covariances whitened by what stands beside.
    """

    people: Mapping[str, Person]
    components: tuple[Floats, ...]

    @classmethod
    def fit(cls, seen: Seen, components: int, design: Floats | None = None) -> Noise:
        """Learn from training events; `design` `(event, column)` says what was shown."""
        labels = tuple(dict.fromkeys(seen.people.tolist()))
        whitened = [[_white(seen.take(seen.people == label), k) for label in labels] for k in range(len(seen.bands))]
        shared = tuple(rhythms.leading(np.mean(one, axis=0), components) for one in whitened)

        def noise_of(mine: NDArray[np.bool_]) -> Person:
            return person_of(seen.take(mine), shared, None if design is None else design[mine])

        people = {label: noise_of(seen.people == label) for label in labels}
        everybody = np.ones(len(seen.people), dtype=bool)
        pooled = next(iter(people.values())) if len(labels) == 1 else noise_of(everybody)
        return cls({POOLED: pooled, **people}, shared)

    def apply(
        self, seen: Seen, damp: float, *, unseen: Unseen = "pooled", own: Mapping[str, Person] | None = None
    ) -> Quiet:
        """Return events in units of their person's noise.

        Parameters
        ----------
        seen
            Events.
        damp
            See `evoked.Whitening.apply`.
        unseen
            What a person takes who was not trained on: everybody's noise, or that in `own`.
        own
            Noise that goes before all else, by label.

        Raises
        ------
        UsageError
            If an unseen person's own noise is asked for and not given.
        """
        white: Floats | None = None
        tangents: list[Floats] = []
        for label in dict.fromkeys(seen.people.tolist()):
            mine = seen.people == label
            person = self._of(label, unseen, own or {})
            part = seen.take(mine)
            found = person.whitening.apply(part.spectra, damp)
            vectors = [one.apply(band) for one, band in zip(person.tangents, part.bands, strict=True)]
            if white is None:
                white = np.empty((len(mine), *found.shape[1:]), np.float32)
                tangents = [np.empty((len(mine), one.shape[1]), np.float32) for one in vectors]
            white[mine] = found
            for whole, one in zip(tangents, vectors, strict=True):
                whole[mine] = one
        if white is None:
            raise BadDataError("There are no events to decode.")
        return Quiet(white, tuple(tangents))

    def _of(self, label: str, unseen: Unseen, own: Mapping[str, Person]) -> Person:
        if label in own:
            return own[label]
        if label in self.people:
            return self.people[label]
        if unseen == "pooled":
            return self.people[POOLED]
        raise UsageError(
            f"Nobody of label '{label}' was trained on, and no events of that person are given to whiten by.",
            "Give some, or take the pooled statistics.",
        )


@dataclass(frozen=True)
class Quiet:
    """Events in units of their noise: whitened spectra `(event, coefficient, electrode)`, tangent vectors by band."""

    white: Floats
    tangents: tuple[Floats, ...]

    def take(self, events: NDArray[np.integer] | NDArray[np.bool_]) -> Quiet:
        """Return some events."""
        return Quiet(self.white[events], tuple(one[events] for one in self.tangents))


def _white(seen: Seen, band: int) -> NDArray[np.float64]:
    """Return the mean covariance of a band, whitened by what stands beside it."""
    root = whitener(seen.beside[band].mean(axis=0, dtype=np.float64))
    found: NDArray[np.float64] = root @ seen.bands[band].mean(axis=0, dtype=np.float64) @ root
    return found


def person_of(seen: Seen, components: Sequence[Floats], design: Floats | None = None) -> Person:
    """Return the noise of events that are taken as one person's; `design` says what was shown, if that is known."""
    tangents = tuple(
        rhythms.Tangent.fit(band, beside.mean(axis=0, dtype=np.float64), shared)
        for band, beside, shared in zip(seen.bands, seen.beside, components, strict=True)
    )
    return Person(evoked.Whitening.fit(seen.spectra, design), tangents)


@dataclass(frozen=True)
class EvokedSpace:
    """The subspace of evoked responses: `(coefficient, rank)` and `(electrode, rank)`."""

    times: Floats
    places: Floats

    @classmethod
    def fit(cls, quiet: Quiet, design: Floats, most: int, *, means: bool) -> EvokedSpace:
        """Find it by a design `(event, column)` of training events, with or without the epochs' means.

        What lasts as long as the clip is in the mean alone, and so are drifts.
        """
        first = 0 if means else quiet.white.shape[1] % 2
        times, places = evoked.low_rank(quiet.white[:, first:], evoked.orthonormal(design), most)
        return cls(np.pad(times, ((first, 0), (0, 0))), places)

    def apply(self, quiet: Quiet) -> NDArray[np.float32]:
        """Return `(event, dimension)`."""
        return evoked.project(quiet.white, self.times, self.places)


@dataclass(frozen=True)
class RhythmSpace:
    """The directions of tangent vectors in which a design shows, `(dimension, rank)` by band."""

    directions: tuple[Floats, ...]

    @classmethod
    def fit(cls, quiet: Quiet, design: Floats) -> RhythmSpace:
        """Find them by a design `(event, column)` of training events."""
        basis = evoked.orthonormal(design)
        return cls(tuple(rhythms.supported(one, basis) for one in quiet.tangents))

    def apply(self, quiet: Quiet) -> NDArray[np.float32]:
        """Return `(event, dimension)`."""
        parts = [one @ directions for one, directions in zip(quiet.tangents, self.directions, strict=True)]
        return np.concatenate(parts, axis=1) if parts else np.zeros((len(quiet.white), 0), np.float32)


@dataclass(frozen=True)
class TangentSpace:
    """All tangent vectors as they are: nothing is learned."""

    def apply(self, quiet: Quiet) -> NDArray[np.float32]:
        """Return `(event, dimension)`."""
        return np.concatenate(quiet.tangents, axis=1) if quiet.tangents else np.zeros((len(quiet.white), 0), np.float32)


def noise_state(noise: Noise, people: Sequence[str]) -> State:
    """Return the arrays to store: everybody first, then the people in order where there are several."""
    order = [POOLED, *(people if len(people) > 1 else ())]
    chosen = [noise.people[label] for label in order]
    state: State = {
        "mean": np.stack([one.whitening.mean for one in chosen]),
        "whitening": np.stack([one.whitening.matrix for one in chosen]),
    }
    for k, shared in enumerate(noise.components):
        state[f"components_{k}"] = shared.astype(np.float32)
        for name in ("filters", "mean", "scale"):
            state[f"{name}_{k}"] = np.stack([getattr(one.tangents[k], name) for one in chosen])
    return state


def noise_from(state: State, people: Sequence[str], bands: int, electrodes: int) -> Noise:
    """Return what `noise_state` stored.

    Raises
    ------
    BadDataError
        If arrays are missing or do not belong to these people, bands and electrodes.
    """
    order = [POOLED, *(people if len(people) > 1 else ())]
    shapes: dict[str, tuple[int | None, ...]] = {
        "mean": (len(order), None, electrodes),
        "whitening": (len(order), None, electrodes, electrodes),
    }
    for k in range(bands):
        shapes[f"components_{k}"] = (electrodes, None)
        shapes[f"filters_{k}"] = (len(order), electrodes, None)
        shapes[f"mean_{k}"] = shapes[f"scale_{k}"] = (len(order), None)
    arrays = {name: values.astype(np.float32) for name, values in take_arrays(state, shapes).items()}
    _require_fitting(arrays, bands)
    found = {}
    for k, label in enumerate(order):
        tangents = (
            rhythms.Tangent(*(arrays[f"{name}_{band}"][k] for name in ("filters", "mean", "scale")))
            for band in range(bands)
        )
        found[label] = Person(evoked.Whitening(arrays["mean"][k], arrays["whitening"][k]), tuple(tangents))
    if len(people) == 1:
        found[people[0]] = found[POOLED]
    return Noise(found, tuple(arrays[f"components_{band}"] for band in range(bands)))


def _require_fitting(arrays: Mapping[str, Floats], bands: int) -> None:
    """Raise BadDataError unless the arrays' sizes agree with each other."""
    agree = arrays["whitening"].shape[1] == -(-arrays["mean"].shape[1] // 2)
    for k in range(bands):
        count = arrays[f"components_{k}"].shape[1]
        sizes = {arrays[f"{name}_{k}"].shape[-1] for name in ("mean", "scale")}
        agree &= arrays[f"filters_{k}"].shape[2] == count and sizes == {count * (count + 1) // 2}
    if not agree:
        raise BadDataError("The arrays of the stored noise do not fit each other.", "Train the model anew.")
