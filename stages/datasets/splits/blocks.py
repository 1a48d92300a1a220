"""Schemes that hold blocks out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2vid.schemas.entities import Clip, Fold
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.splits import Part, SplitSettings
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.splits.division import Division, shown_in
from eeg2vid.stages.datasets.splits.shown import Shown, blocks_in_order
from eeg2vid.stages.datasets.splits.words import fold_name, listed, require_known, without_validation

_PARTS = {True: " to train, to validate and to test", False: " to train and to test"}


def leave_one_block_out(shown: Shown, clips: Sequence[Clip], settings: SplitSettings) -> Division:
    """Make one fold per block: that block tests, the one before it validates (wrapping round), the rest trains.

    Raises
    ------
    UsageError
        If there are too few blocks.
    """
    blocks = blocks_in_order(shown, clips)
    validates = settings.validation != "none"
    _enough(blocks, "Leave-one-block-out", validates)
    pairs = [([block], [blocks[k - 1]] if validates else []) for k, block in enumerate(blocks)]
    return _by_block(shown, pairs)


def fixed(shown: Shown, clips: Sequence[Clip], settings: SplitSettings) -> Division:
    """Make one fold: some blocks test (the last), some validate (the one before), the rest trains.

    With SEED-DV's seven blocks this is the published split of generation, 1 to 6 against 7, its last
    training block kept to choose epochs on.

    Raises
    ------
    UsageError
        If there are too few blocks, one is unknown, or one is to do two things.
    """
    blocks = blocks_in_order(shown, clips)
    _enough(blocks, "The fixed split", settings.validation != "none")
    test, validation = choose_blocks(blocks, settings, f"among those of subject {shown.subject[0]}")
    return _by_block(shown, [(test, validation)])


def choose_blocks(blocks: Sequence[str], settings: SplitSettings, where: str) -> tuple[list[str], list[str]]:
    """Return the blocks that test and those that validate, by name or by default.

    Raises
    ------
    UsageError
        If one is unknown, one is to do two things, or none is left to train on.
    """
    test = require_known("block", settings.test_block, blocks, where) or [blocks[-1]]
    validation = require_known("block", settings.validation_block, blocks, where)
    twice = next((block for block in validation if block in test), None)
    if twice is not None:
        raise UsageError(f"Block '{twice}' is to validate and to test.", "Name another `validation_block`.")
    validates = settings.validation != "none"
    if validation and not validates:
        raise UsageError(
            f"`validation_block` {validation[0]} and `validation` none contradict each other.", "Leave one of them out."
        )
    rest = [block for block in blocks if block not in test]
    if validates and not validation and rest:
        first = blocks.index(test[0])
        validation = [next(blocks[k] for k in range(first - 1, first - 1 - len(blocks), -1) if blocks[k] in rest)]
    if len(rest) <= len(validation):
        hint = without_validation("Name fewer blocks, or") if validation else "Name fewer blocks."
        raise UsageError(
            f"No block is left to train on: {listed('block', [*test, *validation])} test or validate.", hint
        )
    return test, validation


def _enough(blocks: Sequence[str], what: str, validates: bool) -> None:
    needed = 3 if validates else 2
    if len(blocks) < needed:
        hint = without_validation("Record more blocks, or with two") if len(blocks) == 2 else "Record more blocks."
        raise UsageError(
            f"{what} needs {counted(needed, 'block')}{_PARTS[validates]}; this subject has {len(blocks)}.", hint
        )


def _by_block(shown: Shown, pairs: Sequence[tuple[list[str], list[str]]]) -> Division:
    """Make one fold per pair of blocks that test and blocks that validate."""
    assignment = np.full((len(pairs), len(shown)), Part.TRAIN, dtype=np.int8)
    folds = []
    for k, (test, validation) in enumerate(pairs):
        assignment[k, shown_in(shown.block, validation)] = Part.VALIDATION
        assignment[k, shown_in(shown.block, test)] = Part.TEST
        chosen_on = listed("block", validation) if validation else ""
        folds.append(Fold(fold=fold_name("block", test, k + 1), test=listed("block", test), validation=chosen_on))
    return Division(folds, assignment)
