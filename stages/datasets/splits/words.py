"""How folds are called, and how a name that nobody knows is refused."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.datasets.tables import to_label

_NAMED, _FOLD_NAME = 8, 40  # how many labels a sentence lists; how many characters a list may have in a fold's name


def listed(noun: str, labels: Sequence[str]) -> str:
    """Return `block 7`, `subjects 3, 8`, at most eight labels."""
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return f"{noun}{'s' if len(labels) > 1 else ''} {', '.join(labels[:_NAMED])}{more}"


def fold_name(noun: str, labels: Sequence[str], number: int) -> str:
    """Return `block-7`, `subjects-3+8`, or `subjects-group-2` where the list would be long."""
    if len(labels) == 1:
        return to_label(f"{noun}-{labels[0]}")
    joined = "+".join(labels)
    return to_label(f"{noun}s-{joined if len(joined) <= _FOLD_NAME else f'group-{number}'}")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint: the nearest of the known words, else all of them."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    more = f", and {len(words) - 40} more" if len(words) > 40 else ""
    return f"Known: {', '.join(words[:40])}{more}." if words else ""


def require_known(noun: str, wanted: Iterable[str], known: Sequence[str], where: str) -> list[str]:
    """Return the wanted labels in the order of the known ones.

    Raises
    ------
    UsageError
        If one is unknown.
    """
    asked = set(wanted)
    for label in sorted(asked):
        if label not in known:
            raise UsageError(f"There is no {noun} '{label}' {where}.", nearest(label, known))
    return [label for label in known if label in asked]


def without_validation(reason: str) -> str:
    """Return the hint to do without validation: on the command line, and for `run`."""
    return (
        f"{reason} do without: `validation` none"
        ' (for `eeg2vid run`: in eeg2vid.toml, [split.default] with validation = "none").'
    )
