"""What a division must not do: put a run, a clip, or one thing under two names, into two parts of a fold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from eeg2vid.schemas.entities import Clip, Event, Fold
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.splits import LeakKind, Part

UNKNOWN = ""  # no label is empty, so nothing matches it
_HINT = "Give each clip to one block only, or split along another line."
TWIN_HINTS: dict[LeakKind, str] = {
    "films": "Call one film by one clip id, or keep its clips in one block; or force it, and have it stamped: "
    "`allow_leak` films",
    "recordings": "Take the copy out of the data set, or force it, and have it stamped: `allow_leak` recordings",
}
"""What to do about one thing under two names, whatever the scheme."""


@dataclass(frozen=True)
class Leak:
    """One kind of leak: where it is first found, and how often."""

    kind: LeakKind
    name: str
    parts: tuple[Part, ...]
    fold: str
    count: int
    folds: int
    twins: tuple[str, str] | None = None

    @property
    def sentence(self) -> str:
        """Return what leaks, where, and why that matters."""
        noun = self.kind.removesuffix("s")
        nouns = noun if self.count == 1 else self.kind
        names = [part.name.lower() for part in self.parts]
        if self.twins is None:
            what, where = f"{noun} '{self.name}' is in", f"{', '.join(names[:-1])} and {names[-1]}"
        else:
            one, other = self.twins
            alike = "show one film" if self.kind == "films" else "hold the same EEG"
            what, where = f"{one} and {other} {alike}, in", f"{names[0]} and {names[1]}"
        more = self.folds - 1
        others = f"; {more} more {'fold leaks' if more == 1 else 'folds leak'}" if more else ""
        return (
            f"The split leaks: {what} {where} of fold '{self.fold}'"
            f" ({self.count} such {nouns}{others}). A decoder could recognise it instead of decoding."
        )


def find_leak(
    kind: LeakKind, names: np.ndarray, assignment: np.ndarray, folds: Sequence[Fold], called: np.ndarray | None = None
) -> Leak | None:
    """Return the first name that is in two parts of a fold, None if there is none.

    Parameters
    ----------
    kind
        What the names are.
    names
        Run, clip, or digest of film or EEG of each event, ``(event,)``; `UNKNOWN` where it is not known.
    assignment
        int8 ``(fold, event)`` with values of `Part`.
    folds
        What the first axis stands for.
    called
        What each event's film or EEG goes by, ``(event,)``: only what has two of these in two parts is found.
    """
    unique, index = np.unique(names, return_inverse=True)
    known = unique[index] != UNKNOWN
    torn_in: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for k, parts in enumerate(assignment):
        used = known & (parts != Part.UNUSED)
        seen = np.zeros((len(unique), len(Part)), dtype=bool)
        seen[index[used], parts[used]] = True
        torn = np.flatnonzero(seen.sum(axis=1) > 1)
        if called is not None:
            # in two parts and under two names: then two of the names are in two parts
            torn = np.array([one for one in torn if len(set(called[used & (index == one)].tolist())) > 1], dtype=int)
        if torn.size:
            torn_in[k] = torn, seen
    if not torn_in:
        return None
    first, (torn, seen) = next(iter(torn_in.items()))
    parts_of = tuple(part for part in Part if seen[torn[0], part])
    twins = None
    if called is not None:
        here = np.flatnonzero(known & (index == torn[0]) & (assignment[first] != Part.UNUSED))
        parts_of, twins = _apart(assignment[first, here], called[here])
    return Leak(kind, str(unique[torn[0]]), parts_of, folds[first].fold, len(torn), len(torn_in), twins)


def film_names(clips: Sequence[str], index: Sequence[Clip]) -> tuple[np.ndarray, np.ndarray]:
    """Return the film of each clip id that is shown, `UNKNOWN` where no other clip shows it, and what it goes by."""
    films = {clip.clip: clip.film_sha or UNKNOWN for clip in index}
    names = np.array([films.get(clip, UNKNOWN) for clip in clips], dtype=str)
    return names, np.array([f"clip '{clip}'" for clip in clips], dtype=str)


def eeg_place(recording: str, onset_s: float) -> str:
    """Return what an event's EEG goes by: where it was recorded."""
    return f"'{recording}' at {onset_s:g} s"


def _apart(parts: np.ndarray, called: np.ndarray) -> tuple[tuple[Part, ...], tuple[str, str]]:
    """Return two parts, and two of the names of one thing, one in each."""
    one, other = next(
        (one, other)
        for one in range(len(parts))
        for other in range(len(parts))
        if parts[one] < parts[other] and called[one] != called[other]
    )
    return (Part(parts[one]), Part(parts[other])), (str(called[one]), str(called[other]))


def refuse(leaks: Sequence[Leak], allowed: Collection[LeakKind], hint: str = _HINT) -> None:
    """Refuse leaks that are not allowed.

    Raises
    ------
    BadDataError
        Naming fold, run or clip or both twins, and count.
    """
    for leak in leaks:
        if leak.kind not in allowed:
            raise BadDataError(leak.sentence, TWIN_HINTS.get(leak.kind, hint))


def refuse_leaks(
    assignment: np.ndarray,
    events: Sequence[Event],
    folds: Sequence[Fold],
    allowed: Collection[LeakKind] = (),
    clips: Sequence[Clip] = (),
) -> tuple[Leak, ...]:
    """Refuse a division that puts a run, a clip, a film or EEG into two parts, and return the leaks that are allowed.

    Parameters
    ----------
    assignment
        int8 ``(fold, event)`` with values of `Part`.
    events, folds
        What the two axes stand for.
    allowed
        Leaks that are wanted.
    clips
        The clip index, which knows the films.

    Raises
    ------
    BadDataError
        Naming the fold and the run, the clip or both twins.
    """
    shown = [event.clip for event in events]
    eeg = np.array([event.eeg_sha or UNKNOWN for event in events], dtype=str)
    runs = np.array([f"{event.session}/{event.run}" for event in events], dtype=str)
    films, called = film_names(shown, clips)
    places = np.array([eeg_place(event.recording, event.onset_s) for event in events], dtype=str)
    found = (
        find_leak("runs", runs, assignment, folds),
        find_leak("clips", np.array(shown, dtype=str), assignment, folds),
        find_leak("films", films, assignment, folds, called),
        find_leak("recordings", eeg, assignment, folds, places),
    )
    leaks = tuple(leak for leak in found if leak)
    refuse(leaks, allowed)
    return leaks
