"""Rows of the data-set doctor: what was found, or the sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import ParamSpec

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.stages.datasets.source import natural_order

P = ParamSpec("P")


def attempt(
    item: str, expected: str, look: Callable[P, Iterable[Check]], *args: P.args, **more: P.kwargs
) -> list[Check]:
    """Return the rows of one look, or one row that says why there are none."""
    try:
        return list(look(*args, **more))
    except (Eeg2VidError, OSError) as error:
        return [Check(item=item, found=str(error), expected=expected, verdict="error")]


def row(item: str, found: str, expected: str, ok: bool = True) -> Check:
    """Return a row that is fine, or a warning."""
    return Check(item=item, found=found, expected=expected, verdict="ok" if ok else "warning")


def unknown_subjects(subjects: Sequence[str] | None, known: Sequence[str], root: Path) -> list[Check]:
    """Return an error row if subjects are asked for that the data set has not."""
    names = [subject for subject in subjects or () if subject not in known]
    found = f"{root} has no subject {', '.join(names)}; it has {', '.join(natural_order(known))}."
    return [Check(item="subjects", found=found, expected="those asked for", verdict="error")] if names else []


def name_of(root: Path, path: Path) -> str:
    """Return a file's name in the data folder."""
    return path.relative_to(root).as_posix()
