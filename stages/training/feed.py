"""What feeds a network: samples gathered from the cohort's arrays and standardised, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eeg2vid.stages.training.batch import Batch, Cohort, Tensors
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.scaler import Scalers, StandardScaler

KEEP_BYTES = 512 * 2**20  # up to here one standardised copy is kept: gathering again every epoch is slower
_CHUNK_EVENTS = 256
Named = dict[str, NDArray[np.floating]]


@dataclass(frozen=True)
class Arrangement:
    """How a network reads events.

    Attributes
    ----------
    arrange
        From the inputs of some events, `(event, ...)` each, to what the network reads, `(sample, ...)` each.
    windows
        Samples per event, one after the other.
    kept
        Axes along which an arranged input has statistics of its own.
    """

    arrange: Callable[[Named], Named]
    windows: int
    kept: Callable[[str], tuple[int, ...]]

    def read(self, inputs: Inputs, events: NDArray[np.integer] | slice) -> Named:
        """Return what is read of some events."""
        return self.arrange({name: inputs.gather(name, events) for name in inputs.arrays})

    def shapes(self, inputs: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        """Return the shape of one sample of each arranged input."""
        arranged = self.arrange({name: np.zeros((1, *shape), dtype=np.float32) for name, shape in inputs.items()})
        return {name: values.shape[1:] for name, values in arranged.items()}

    def statistics_shapes(self, inputs: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        """Return the shape of each arranged input's statistics."""
        return {
            name: tuple(size if axis in self.kept(name) else 1 for axis, size in enumerate(shape, start=1))
            for name, shape in self.shapes(inputs).items()
        }

    def statistics(self, inputs: Inputs) -> Scalers:
        """Return the scalers of all events, read a stretch at a time."""

        def reader(name: str) -> Callable[[int, int], NDArray[np.floating]]:
            def read(start: int, stop: int) -> NDArray[np.floating]:
                first = start // self.windows
                last = min(-(-stop // self.windows), len(inputs))
                return self.read(inputs, slice(first, last))[name][start - first * self.windows :][: stop - start]

            return read

        return {
            name: StandardScaler.fit_read(reader(name), (len(inputs) * self.windows, *shape), self.kept(name))
            for name, shape in self.shapes(inputs.shapes()).items()
        }


class Feed:
    """The samples of some events with their targets.

    Parameters
    ----------
    inputs
        Events of one person or several.
    arrangement
        How the network reads them.
    scalers
        Scalers of each person in `inputs`, by label.
    targets
        By target, a row per sample.
    subjects
        People in the order of `Batch.person`; none: as in `inputs`.
    device
        Where batches lie.
    keep
        Keep a standardised copy on the device if it is small.
    """

    def __init__(
        self,
        inputs: Inputs,
        arrangement: Arrangement,
        scalers: Mapping[str, Scalers],
        *,
        targets: Tensors | None = None,
        subjects: tuple[str, ...] = (),
        device: str = "cpu",
        keep: bool = True,
    ) -> None:
        self.inputs = inputs
        self.arrangement = arrangement
        self.scalers = scalers
        self.device = device
        windows = arrangement.windows
        event = torch.arange(len(inputs)).repeat_interleave(windows)
        subjects = subjects or inputs.subjects
        places = np.array([subjects.index(one) if one in subjects else -1 for one in inputs.subjects])
        person = torch.from_numpy(places[inputs.people()]).repeat_interleave(windows)
        self.cohort = Cohort(event, person, subjects, targets or {})
        self._targets = {name: values.to(device) for name, values in (targets or {}).items()}
        self._kept = self._standardised() if keep and self._size() <= KEEP_BYTES else None

    def __len__(self) -> int:
        return len(self.cohort)

    def batch(self, samples: Tensor) -> Batch:
        """Return some samples."""
        there = samples.to(self.device)
        if self._kept is not None:
            inputs = {name: values[there] for name, values in self._kept.items()}
        else:
            windows, chosen = self.arrangement.windows, samples.cpu().numpy()
            events, place = np.unique(chosen // windows, return_inverse=True)
            places = place.reshape(-1) * windows + chosen % windows
            read = self._read(events)
            inputs = {name: torch.from_numpy(values[places]).to(self.device) for name, values in read.items()}
        targets = {name: values[there] for name, values in self._targets.items()}
        return Batch(inputs, targets, there, self.cohort.person[samples.cpu()].to(self.device))

    def _size(self) -> int:
        shapes = self.arrangement.shapes(self.inputs.shapes()).values()
        return 4 * len(self) * sum(int(np.prod(shape)) for shape in shapes)

    def _standardised(self) -> Tensors:
        shapes = self.arrangement.shapes(self.inputs.shapes())
        found = {name: np.empty((len(self), *shape), dtype=np.float32) for name, shape in shapes.items()}
        for first in range(0, len(self.inputs), _CHUNK_EVENTS):
            events = np.arange(first, min(first + _CHUNK_EVENTS, len(self.inputs)))
            for name, values in self._read(events).items():
                start = first * self.arrangement.windows
                found[name][start : start + len(values)] = values
        return {name: torch.from_numpy(values).to(self.device) for name, values in found.items()}

    def _read(self, events: NDArray[np.integer]) -> dict[str, NDArray[np.float32]]:
        """Return what the network reads of some events, each standardised by its person's scaler."""
        of_events = self.inputs.people()[events]
        people = np.repeat(of_events, self.arrangement.windows)
        subjects = [self.inputs.subjects[index] for index in np.unique(of_events)]
        arranged = self.arrangement.read(self.inputs, events)
        found = {}
        for name, values in arranged.items():
            if len(subjects) == 1:
                found[name] = self.scalers[subjects[0]][name].transform(values)
                continue
            found[name] = np.empty(values.shape, dtype=np.float32)
            for subject in subjects:
                mine = people == self.inputs.subjects.index(subject)
                found[name][mine] = self.scalers[subject][name].transform(values[mine])
        return found
