"""What a division must not do: put a run, or a clip, into two parts of a fold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from eeg2vid.schemas.entities import Event, Fold
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.splits import LeakKind, Part
from eeg2vid.stages.datasets.splits.shown import UNKNOWN

KINDS: tuple[LeakKind, ...] = get_args(LeakKind)
_HINT = "Give each clip to one block only, or split along another line."


@dataclass(frozen=True)
class Leak:
    """One kind of leak: where it is first found, and how often."""

    kind: LeakKind
    name: str
    parts: tuple[Part, ...]
    fold: str
    count: int
    folds: int

    @property
    def sentence(self) -> str:
        """Return what leaks, where, and why that matters."""
        noun = self.kind.removesuffix("s")
        nouns = noun if self.count == 1 else self.kind
        *first, last = (part.name.lower() for part in self.parts)
        where = f"{', '.join(first)} and {last}"
        more = self.folds - 1
        others = f"; {more} more {'fold leaks' if more == 1 else 'folds leak'}" if more else ""
        return (
            f"The split leaks: {noun} '{self.name}' is in {where} of fold '{self.fold}'"
            f" ({self.count} such {nouns}{others}). A decoder could recognise it instead of decoding."
        )


def find_leak(kind: LeakKind, names: np.ndarray, assignment: np.ndarray, folds: Sequence[Fold]) -> Leak | None:
    """Return the first name that is in two parts of a fold, None if there is none.

    Parameters
    ----------
    kind
        What the names are.
    names
        Run or clip of each event, ``(event,)``; `UNKNOWN` where it is not known.
    assignment
        int8 ``(fold, event)`` with values of `Part`.
    folds
        What the first axis stands for.
    """
    unique, index = np.unique(names, return_inverse=True)
    known = unique[index] != UNKNOWN
    torn_in: dict[int, np.ndarray] = {}
    for k, parts in enumerate(assignment):
        used = known & (parts != Part.UNUSED)
        seen = np.zeros((len(unique), len(Part)), dtype=bool)
        seen[index[used], parts[used]] = True
        if (seen.sum(axis=1) > 1).any():
            torn_in[k] = seen
    if not torn_in:
        return None
    first, seen = next(iter(torn_in.items()))
    torn = np.flatnonzero(seen.sum(axis=1) > 1)
    parts_of = tuple(part for part in Part if seen[torn[0], part])
    return Leak(kind, str(unique[torn[0]]), parts_of, folds[first].fold, len(torn), len(torn_in))


def refuse(leaks: Sequence[Leak], allowed: Collection[LeakKind], hint: str = _HINT) -> None:
    """Refuse leaks that are not allowed.

    Raises
    ------
    BadDataError
        Naming fold, run or clip, and count.
    """
    for leak in leaks:
        if leak.kind not in allowed:
            raise BadDataError(leak.sentence, hint)


def refuse_leaks(
    assignment: np.ndarray, events: Sequence[Event], folds: Sequence[Fold], allowed: Collection[LeakKind] = ()
) -> tuple[Leak, ...]:
    """Refuse a division that puts a run, or a clip, into two parts, and return the leaks that are allowed.

    Parameters
    ----------
    assignment
        int8 ``(fold, event)`` with values of `Part`.
    events, folds
        What the two axes stand for.
    allowed
        Leaks that are wanted.

    Raises
    ------
    BadDataError
        Naming the fold and the run or clip.
    """
    names: dict[LeakKind, np.ndarray] = {
        "runs": np.array([f"{event.session}/{event.run}" for event in events], dtype=str),
        "clips": np.array([event.clip for event in events], dtype=str),
    }
    leaks = tuple(leak for kind in KINDS if (leak := find_leak(kind, names[kind], assignment, folds)))
    refuse(leaks, allowed)
    return leaks
