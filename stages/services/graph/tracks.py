"""Tracks between two layers: at which height each line runs sideways, so that no two lie on each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_APART = 4.0  # px between lines that run side by side


@dataclass(frozen=True)
class Run:
    """A line from above, at `source`, to places below."""

    source: float
    targets: tuple[float, ...]

    @property
    def span(self) -> tuple[float, float]:
        """From its leftmost to its rightmost place."""
        return min(self.source, *self.targets), max(self.source, *self.targets)

    def lies_over(self, other: Run) -> bool:
        """Tell whether it must run above another: it comes down where the other goes down."""
        return any(abs(self.source - x) < _APART for x in other.targets)


def tracks_of(runs: Sequence[Run]) -> list[int]:
    """Return each line's track, from 0 at the top.

    Two lines that share a track are apart; one that comes down where another goes down runs above it, unless the
    other must run above it too.
    """
    left = sorted(range(len(runs)), key=lambda k: (runs[k].span, k))
    tracks = [-1] * len(runs)
    taken: list[list[tuple[float, float]]] = []
    while left:
        free = [k for k in left if not any(runs[other].lies_over(runs[k]) for other in left if other != k)]
        chosen = (free or left)[0]
        left.remove(chosen)
        low, high = runs[chosen].span
        above = [tracks[k] for k in range(len(runs)) if tracks[k] >= 0 and runs[k].lies_over(runs[chosen])]
        track = max(above, default=-1) + 1
        while track < len(taken) and any(low < b + _APART and a < high + _APART for a, b in taken[track]):
            track += 1
        while len(taken) <= track:
            taken.append([])
        taken[track].append((low, high))
        tracks[chosen] = track
    return tracks
