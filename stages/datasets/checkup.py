"""The data-set doctor: a table of every file of a data set and what is wrong with it, without stopping at the first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eeg2vid.schemas.entities import Check
from eeg2vid.stages.datasets.checkup_own import examine_own
from eeg2vid.stages.datasets.checkup_seed_dv import examine_seed_dv


def examine(root: Path, subjects: Sequence[str] | None = None) -> list[Check]:
    """Look at every file of a data set: shape, type, unit, order, counts, rates, lengths.

    Whatever is wrong becomes a row with the verdict `error`, and the next file is looked at; every sample of every
    recording is read once.

    Parameters
    ----------
    root
        The data folder, of any kind that `open_dataset` knows.
    subjects
        Whose recordings to look at; by default everyone's.

    Returns
    -------
    One row or more per file, then one per subject.
    """
    root = Path(root)
    if (root / "EEG").is_dir() and (root / "Video").is_dir():
        return examine_seed_dv(root, subjects)
    return examine_own(root, subjects)
