"""How long epochs are where nobody says it: as long as the events usually are."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ALIKE_S = 0.05  # events differ by so much, s, where films differ by a picture
_EQUAL_S = 0.001  # less is rounding
_FEW = 4  # at most one event in so many is brief


@dataclass(frozen=True)
class UsualLength:
    """The length of all epochs.

    Attributes
    ----------
    seconds
        Length, s.
    brief
        Which events end before: few, and shorter than is usual, bool ``(event,)``.
    said
        A sentence, where events differ; else empty.
    """

    seconds: float
    brief: NDArray[np.bool_]
    said: str


def usual_length(lasts: Sequence[float], what: str = "event") -> UsualLength:
    """Return the length of the shortest event, but for a few that are shorter than is usual.

    Usual is the median. Where at most a quarter of the events are shorter by more than 0.05 s (trials that were broken
    off), they set no length: their epochs would go on beyond them and are not to be trained on. Where more are, events
    differ by nature, and the shortest of all sets it.

    Parameters
    ----------
    lasts
        Length of each event, s.
    what
        What they are, for the sentence.
    """
    durations = np.asarray(lasts, dtype=np.float64)
    usual = statistics.median_low(lasts)
    brief = durations < usual - _ALIKE_S
    n = int(brief.sum())
    if 0 < n <= max(1, len(durations) // _FEW):
        said = (
            f"Warning: {n} of {len(durations)} {what}s end short of the usual {usual:.4g} s (after "
            f"{_span(durations[brief])}): epochs keep that length, and theirs are rejected (not trained on, still "
            "decoded); `tmax_s` sets another length"
        )
        return UsualLength(float(durations[~brief].min()), brief, said)
    least = float(durations.min())
    shorter = durations < usual - _EQUAL_S
    said = (
        f"epochs end with the shortest {what}, after {least:.4g} s: {shorter.sum()} of {len(durations)} are shorter "
        f"({_span(durations[shorter])}) than the usual {usual:.4g} s; `tmax_s` sets another end"
    )
    return UsualLength(least, np.zeros(len(durations), dtype=bool), said if shorter.any() else "")


def _span(durations: NDArray[np.float64]) -> str:
    least, most = (f"{edge:.4g}" for edge in (durations.min(initial=np.inf), durations.max(initial=0)))
    return f"{least} s" if least == most else f"{least} to {most} s"
