"""What a scheme returns: folds, and the part of every presentation in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from eeg2vid.schemas.entities import Fold


@dataclass(frozen=True)
class Division:
    """Folds, and the part of every presentation in them.

    Attributes
    ----------
    folds
        One row per fold.
    assignment
        int8 ``(fold, presentation)`` with values of `Part`.
    drawn
        Whether chance had a hand in it.
    partial
        Whether a subject's folds may lack parts by nature.
    remarks
        What to tell the user.
    hint
        What to do about a leak.
    """

    folds: list[Fold]
    assignment: np.ndarray
    drawn: bool = False
    partial: bool = False
    remarks: list[str] = field(default_factory=list)
    hint: str = ""


def shown_in(labels: np.ndarray, group: Sequence[str]) -> np.ndarray:
    """Return where a column holds one of some labels."""
    return np.isin(labels, np.array(group, dtype=str))
