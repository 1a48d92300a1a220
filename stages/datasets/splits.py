"""Dividing events into training, validation and test; refusing divisions that leak."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2vid.schemas.entities import Event, Fold
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.splits import Part


def leave_one_block_out(blocks: Sequence[str], *, validation: bool = True) -> tuple[list[Fold], np.ndarray]:
    """Make one fold per block: that block tests, the one before it validates, the rest trains.

    Parameters
    ----------
    blocks
        Block label of each event, in order of presentation.
    validation
        Keep the block before the test block (the last one before the first) out of training.

    Returns
    -------
    folds, assignment
        One row per fold; int8 ``(fold, event)`` with values of `Part`.

    Raises
    ------
    UsageError
        If there are too few blocks.
    """
    labels = list(dict.fromkeys(blocks))
    needed = 3 if validation else 2
    if len(labels) < needed:
        also = " to train, to validate and to test" if validation else " to train and to test"
        hint = "With two blocks: --validation none." if len(labels) == 2 else "Record more blocks."
        raise UsageError(f"Leave-one-block-out needs {needed} blocks{also}; this subject has {len(labels)}.", hint)
    block = np.array([labels.index(label) for label in blocks])
    assignment = np.full((len(labels), len(blocks)), Part.TRAIN, dtype=np.int8)
    folds = []
    for k, label in enumerate(labels):
        assignment[k, block == k] = Part.TEST
        before = (k - 1) % len(labels)
        if validation:
            assignment[k, block == before] = Part.VALIDATION
        chosen_on = f"block {labels[before]}" if validation else ""
        folds.append(Fold(fold=f"block-{label}", test=f"block {label}", validation=chosen_on))
    return folds, assignment


def refuse_leaks(assignment: np.ndarray, events: Sequence[Event], folds: Sequence[Fold]) -> None:
    """Refuse a division that puts a run, or a clip, into two parts.

    Parameters
    ----------
    assignment
        int8 ``(fold, event)`` with values of `Part`.
    events, folds
        What the two axes stand for.

    Raises
    ------
    BadDataError
        Naming the fold and the run or clip.
    """
    for kind, names in (
        ("run", [f"{event.session}/{event.run}" for event in events]),
        ("clip", [event.clip for event in events]),
    ):
        unique, index = np.unique(names, return_inverse=True)
        for fold, parts in zip(folds, assignment, strict=True):
            used = parts != Part.UNUSED
            seen = np.zeros((len(unique), len(Part)), dtype=bool)
            seen[index[used], parts[used]] = True
            torn = np.flatnonzero(seen.sum(axis=1) > 1)
            if torn.size:
                where = " and ".join(part.name.lower() for part in Part if seen[torn[0], part])
                raise BadDataError(
                    f"The split leaks: {kind} '{unique[torn[0]]}' is in {where} of fold '{fold.fold}'"
                    f" ({torn.size} such {kind}s). A decoder could recognise it instead of decoding.",
                    "Give each clip to one block only, or split along another line.",
                )
