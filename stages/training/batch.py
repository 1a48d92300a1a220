"""What a training hands to a network: one batch, and who takes part."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Batch:
    """Samples of one step, on the training's device.

    Attributes
    ----------
    inputs
        Named, standardised, `(sample, ...)`.
    targets
        By target, `(sample, ...)`; empty in prediction.
    samples
        Index of each among all samples of the training.
    person
        Place of each sample's person in `Cohort.subjects`, which are those the network was built for; -1: none
        of them.
    """

    inputs: Tensors
    targets: Tensors
    samples: Tensor
    person: Tensor

    def __len__(self) -> int:
        return len(self.samples)


@dataclass(frozen=True)
class Cohort:
    """All samples of a training: what an epoch chooses from.

    Attributes
    ----------
    event
        Event of each sample, `(sample,)`: an event may be several samples (windows).
    person
        Place of each sample's person in `subjects`.
    subjects
        Labels of the people.
    targets
        By target, `(sample, ...)`.
    """

    event: Tensor
    person: Tensor
    subjects: tuple[str, ...]
    targets: Tensors

    def __len__(self) -> int:
        return len(self.event)
