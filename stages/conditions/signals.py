"""What a condition that replaces all that decoders read may look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.entities import Electrode, Event
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.stages.training.inputs import Inputs


@dataclass(frozen=True)
class Described:
    """How features follow from epochs.

    Attributes
    ----------
    sfreq
        Of the epochs, Hz.
    electrodes
        Rows along the electrode axis.
    settings
        What was done; of it, what makes features.
    """

    sfreq: float
    electrodes: list[Electrode]
    settings: PreprocessSettings


@dataclass(frozen=True)
class Signals:
    """One person's EEG, and what is to be made in its place.

    Attributes
    ----------
    inputs
        Of all the person's events.
    learned
        Places of the events that may be looked at `(event,)`; never empty.
    tested
        Rows of the events to be decoded, in order.
    names
        The inputs that are wanted.
    described
        Asked only by what computes features; it may refuse.
    threads
        For features; they do not depend on it.
    """

    inputs: Inputs
    learned: NDArray[np.integer]
    tested: Sequence[Event]
    names: tuple[str, ...]
    described: Callable[[], Described]
    threads: int = 1


Make = Callable[[Signals, np.random.Generator], dict[str, NDArray[np.float32]]]
"""Returns the inputs that are wanted, float32 `(tested event, ...)`."""
