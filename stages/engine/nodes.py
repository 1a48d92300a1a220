"""What is made (one unit of one variant of one stage), and what the command line decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eeg2vid.schemas.settings import Protocol


@dataclass(frozen=True, order=True)
class Node:
    """One unit of one variant of one stage: what is run, judged, locked and committed."""

    stage: str
    variant: str
    unit: str

    def __str__(self) -> str:
        return f"{self.stage}/{self.variant}/{self.unit}"


@dataclass(frozen=True)
class Choices:
    """What the command line decided."""

    recipe: str | None = None
    models: str | None = None
    protocol: Protocol | None = None
    conditions: tuple[str, ...] = ()  # beside those of eeg2vid.toml or the recipe
    source: Path | None = None
    stage: str | None = None
    variant: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
