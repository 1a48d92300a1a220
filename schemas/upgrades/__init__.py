"""From one version of a schema to the next, losing nothing: an older artifact is read as if it were written today."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

Tables = dict[str, list[dict[str, Any]]]
Facts = dict[str, Any]


@dataclass(frozen=True)
class Upgrade:
    """One step.

    Attributes
    ----------
    content
        From tables, attributes and the names of the arrays of the older version to tables and attributes of the
        next.
    array
        From an array's older name to its next one.
    """

    content: Callable[[Tables, Facts, Collection[str]], tuple[Tables, Facts]]
    array: Callable[[str], str] = lambda name: name
