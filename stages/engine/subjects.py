"""Whose artifacts: the forms of --subject (17, 1-15, 1-5,17, all, @array), and whom an artifact tells of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from eeg2vid.schemas.errors import BadDataError, MissingInputError, UsageError
from eeg2vid.stages.store.layout import Address, unit_subject
from eeg2vid.stages.store.reader import load_manifest

_LABEL = re.compile(r"[A-Za-z0-9]+")
_RANGE = re.compile(r"(\d+)-(\d+)")
_HINT = "Write --subject 17, 1-15, 1-5,17, all, or @array inside a SLURM job array."


class Anyone(list[str]):
    """A study in which every subject might be: nothing is ingested yet."""

    def __contains__(self, label: object) -> bool:
        return True


def parse_subjects(text: str, known: Sequence[str]) -> list[str]:
    """Return the subject labels that a --subject value names, in order, without repeats.

    Parameters
    ----------
    text
        '17', '1-15', '1-5,17', 'all' or '@array' (the label in SLURM_ARRAY_TASK_ID).
    known
        Labels of the study, what 'all' means.

    Raises
    ------
    UsageError
        If the text is malformed.
    BadDataError
        If a subject is not in the study.
    """
    labels: list[str] = []
    for part in text.split(","):
        labels += _expand(part.strip(), known)
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise BadDataError(
            f"Subject {unknown[0]} is not in this study; it has {_shorten(known)}.",
            "See `eeg2vid status`.",
        )
    return list(dict.fromkeys(labels))


def _expand(part: str, known: Sequence[str]) -> list[str]:
    if part == "all":
        return list(known)
    if part == "@array":
        task = os.environ.get("SLURM_ARRAY_TASK_ID", "")
        if not _LABEL.fullmatch(task):
            raise UsageError("--subject @array: SLURM_ARRAY_TASK_ID is not set.", "Submit with sbatch --array=1-20.")
        return [task]
    span = _RANGE.fullmatch(part)
    if span:
        first, last = int(span[1]), int(span[2])
        if first > last:
            raise UsageError(f"--subject {part}: the range runs backwards.", _HINT)
        if last - first > 9999:
            raise UsageError(f"--subject {part}: the range names more than 10000 subjects.", _HINT)
        return [str(number) for number in range(first, last + 1)]
    label = part.removeprefix("sub-")
    if not _LABEL.fullmatch(label):
        raise UsageError(f"--subject: '{part}' is no subject.", _HINT)
    return [label]


def people_of(workspace: Path, addresses: Iterable[Address]) -> set[str]:
    """Return the subjects whose artifacts some artifacts were made of; of those that are missing or damaged, nobody."""
    found: set[str | None] = set()
    for address in addresses:
        try:
            refs = load_manifest(address.folder(workspace)).inputs
        except (MissingInputError, BadDataError):
            continue
        found.update(unit_subject(ref.unit) for ref in refs)
    return {label for label in found if label is not None}


def _shorten(labels: Sequence[str]) -> str:
    return ", ".join(labels) if len(labels) <= 25 else f"{', '.join(labels[:22])} .. {labels[-1]} ({len(labels)})"
