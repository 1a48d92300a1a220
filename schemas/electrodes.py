"""Electrodes are told apart by name: one key for all spellings of a name, and named sets as data."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Annotated, Any

from pydantic import BeforeValidator

_OLD_NAMES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}  # 10-20 as of 1958 -> 10-10


def electrode_key(name: str) -> str:
    """Return what two spellings of one electrode share: `FP1` and `Fp1`, `T3` and `T7` are the same."""
    key = name.strip().casefold()
    return _OLD_NAMES.get(key, key)


@cache
def electrode_sets() -> dict[str, tuple[str, ...]]:
    """Return the named sets of `electrode_sets.toml`."""
    text = (resources.files("eeg2vid.schemas") / "electrode_sets.toml").read_text(encoding="utf-8")
    return {name: tuple(members) for name, members in tomllib.loads(text).items()}


def expand_sets(names: Any) -> Any:
    """Replace each set's name by its electrodes; other names stay, repetitions go.

    Settings hold what this returns, so a fingerprint sees electrodes, not names of sets.
    """
    if isinstance(names, str):
        names = (names,)
    if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
        return names  # pydantic says what is wrong
    found: dict[str, str] = {}
    for name in names:
        for member in electrode_sets().get(name, (name,)):
            found.setdefault(electrode_key(member), member)
    return tuple(found.values())


ElectrodeNames = Annotated[tuple[str, ...], BeforeValidator(expand_sets)]


def places_of(names: Sequence[str], electrodes: Sequence[str]) -> tuple[list[int], list[str]]:
    """Find electrodes by name.

    Parameters
    ----------
    names
        Wanted, in any spelling.
    electrodes
        Names along an electrode axis.

    Returns
    -------
    Indices on the axis, in the order wanted; the names that are not there.
    """
    index = {electrode_key(electrode): place for place, electrode in enumerate(electrodes)}
    missing = [name for name in names if electrode_key(name) not in index]
    return [index[electrode_key(name)] for name in names if electrode_key(name) in index], missing
