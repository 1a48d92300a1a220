"""Strengths of the simulated response by what can be decoded; found by `examples/simulation/find_presets.py`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from eeg2vid.schemas.errors import UsageError

NONE = "none"


@dataclass(frozen=True)
class Preset:
    """A strength with a meaning: what it was chosen for (`definition`), what was measured with it (`outcome`), when."""

    name: str
    snr: float
    definition: str
    outcome: str
    date: str


@lru_cache(maxsize=1)
def presets() -> dict[str, Preset]:
    """Return the presets by name, `none` included."""
    text = (files("eeg2vid.stages") / "simulation" / "presets.toml").read_text(encoding="utf-8")
    found = {name: Preset(name=name, **row) for name, row in tomllib.loads(text).items()}
    none = Preset(NONE, 0.0, "Nothing about the clips is in the EEG.", "By construction.", "")
    return found | {NONE: none}


def find_preset(name: str) -> Preset:
    """Return a preset.

    Raises
    ------
    UsageError
        If there is none of this name.
    """
    known = presets()
    if name not in known:
        raise UsageError(f"preset: expected one of {', '.join(sorted(known))}, found {name!r}.")
    return known[name]


def choose_strength(preset: str | None, snr: float | None, *, trap: bool) -> tuple[str | None, float]:
    """Return the preset's name, if it is one, and the strength. A drift or gaze alone shows nothing but itself.

    Raises
    ------
    UsageError
        If there is no such preset.
    """
    if snr is not None:
        return None, snr
    chosen = find_preset(preset or ("none" if trap else "demo"))
    return chosen.name, chosen.snr
