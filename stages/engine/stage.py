"""What a stage is: one small class from which command, plan, validation and documentation derive."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.settings import Settings

if TYPE_CHECKING:
    from eeg2vid.stages.engine.context import Context

Arity = Literal["one", "optional", "many", "conditions"]
Per = Literal["study", "subject"]


@dataclass(frozen=True)
class Read:
    """A role that a stage reads.

    `one` and `optional` take one variant; `many` takes every variant the recipe plans, under the
    reader's own condition; `conditions` takes every condition of every variant. Only `one` must
    exist. A study unit that reads a per-subject role gets every subject's.
    """

    schema: Schema
    arity: Arity = "one"


@dataclass(frozen=True)
class Write:
    """A role that a stage writes, once per study or once per subject."""

    schema: Schema
    per: Per


@dataclass(frozen=True)
class Printed:
    """The table that a stage's command prints when it is done."""

    role: str
    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Resources:
    """What one unit needs at full SEED-DV size; heads the SLURM script."""

    gpus: int = 0
    cpus: int = 2
    memory_gb: int = 8
    minutes: int = 30


class Stage(ABC):
    """One step from artifacts to artifacts.

    Subclasses state the class attributes and `run`; their docstring is the command's help.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    Settings: ClassVar[type[Settings]]
    reads: ClassVar[dict[str, Read]]
    writes: ClassVar[dict[str, Write]]
    roles: ClassVar[tuple[str, ...]] = ()
    conditions: ClassVar[tuple[str, ...]] = ()
    published: ClassVar[dict[str, object]] = {}
    takes_source: ClassVar[bool] = False
    sources_are_data: ClassVar[bool] = True  # of the data set: once read, they stand when it is out of reach
    uses_torch: ClassVar[bool] = False
    divided: ClassVar[str] = ""  # what one part of the work is; empty: the whole unit is one part
    prints: ClassVar[Printed | None] = None
    resources: ClassVar[Resources] = Resources()
    cites: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def run(self, ctx: Context) -> None:
        """Read `ctx`'s inputs, compute, write its outputs."""

    def reads_for(self, settings: Any) -> dict[str, Read]:
        """Return the roles that a unit with these settings reads: all, unless a stage says otherwise."""
        return self.reads

    def sources(self, ctx: Context) -> list[Path]:
        """Return the files outside the workspace that this unit reads."""
        return []

    def subjects_of(self, source: Path) -> tuple[str, ...]:
        """Return the subjects of a data set; for the stage that takes a source."""
        return ()

    def examine(self, source: Path, subjects: Sequence[str] | None) -> list[Check]:
        """Look at every file of a source and say what is wrong; for the stage that takes one."""
        return []

    @classmethod
    def writes_per(cls, per: Per) -> dict[str, Write]:
        """Return the roles written once per study, or once per subject."""
        return {role: write for role, write in cls.writes.items() if write.per == per}

    @classmethod
    def summary(cls) -> str:
        """Return the docstring's first sentence."""
        return (cls.__doc__ or "").strip().splitlines()[0]
