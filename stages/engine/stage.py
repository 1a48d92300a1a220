"""What a stage is: one small class from which command, plan, validation and documentation derive."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.engine.protocol import Context

Arity = Literal["one", "optional", "many", "conditions"]
Per = Literal["study", "subject"]
Whose = Literal["own", "all"]
Upstream = Callable[[str], list[Any]]
"""From a role to the settings of all that a variant reads of it."""


@dataclass(frozen=True)
class Read:
    """A role that a stage reads.

    `one` and `optional` take one variant; `many` takes every variant the recipe plans, under the
    reader's own condition; `conditions` takes every condition of every variant. Only `one` must
    exist. Of a role that is written once per subject, `own` takes the unit's own subject's, in a study
    unit that of every subject asked for; `all` takes every subject's of the study, whoever was asked for.
    `variant` is the one that settings ask for, where nothing else is named; empty: the plan's.
    `eeg`: only a study with EEG has it; where clips alone were imported it is not read.
    """

    schema: Schema
    arity: Arity = "one"
    whose: Whose = "own"
    variant: str = ""
    eeg: bool = False


@dataclass(frozen=True)
class Write:
    """A role that a stage writes, once per study or once per subject."""

    schema: Schema
    per: Per


@dataclass(frozen=True)
class Printed:
    """The table that a stage's command prints when it is done; `--json` prints all of it.

    `lines` is a "module:function" from an artifact and its study to rows of its own for people; empty: the table's
    `columns`. `rest` is the command that shows what these leave out.
    """

    role: str
    table: str
    columns: tuple[str, ...]
    lines: str = ""
    rest: str = ""


@dataclass(frozen=True)
class Resources:
    """What one unit needs at full SEED-DV size; heads the SLURM script.

    The figures, measured or extrapolated, stand in `tests/benchmarks/RESULTS.md`, "What a stage needs".
    """

    gpus: int = 0
    cpus: int = 2
    memory_gb: int = 8
    minutes: int = 30


@dataclass(frozen=True)
class Needs:
    """What one kind of unit reads, writes and uses under its settings and condition.

    Where its settings leave nothing to write, `nothing` says why, in a sentence and a hint.
    """

    reads: Mapping[str, Read]
    writes: Mapping[str, Write]
    roles: tuple[str, ...] = ()
    resources: Resources = Resources()
    nothing: tuple[str, str] | None = None

    def reading(self, **reads: Read) -> Needs:
        """Return the same needs with some roles read otherwise."""
        return replace(self, reads={**self.reads, **reads})

    def using(self, roles: tuple[str, ...]) -> Needs:
        """Return the same needs with these model roles; without any model, no GPU."""
        resources = self.resources if roles else replace(self.resources, gpus=0)
        return replace(self, roles=roles, resources=resources)

    def without(self, *roles: str) -> Needs:
        """Return the same needs without some roles."""
        return replace(self, reads={role: read for role, read in self.reads.items() if role not in roles})


class Stage(ABC):
    """One step from artifacts to artifacts.

    Subclasses state the class attributes and `run`; their docstring is the command's help. Where what a unit
    needs depends on its settings or condition they say so in `needs`; `reads`, `writes`, `roles` and
    `resources` are then all there may be. No stage reads a role that it writes.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    Settings: ClassVar[type[Settings]]
    reads: ClassVar[dict[str, Read]]
    writes: ClassVar[dict[str, Write]]
    roles: ClassVar[tuple[str, ...]] = ()
    acts: ClassVar[str] = ""  # conditions declared to act at this place act here
    named_by: ClassVar[str] = ""  # setting whose choice a variant is called after: EYE
    named_after: ClassVar[str] = ""  # role whose variants stand before it: SYSTEM+EYE
    takes_source: ClassVar[bool] = False
    sources_are_data: ClassVar[bool] = True  # of the data set: once read, they stand when it is out of reach
    uses_torch: ClassVar[bool] = False
    trains: ClassVar[bool] = False  # may be saved and resumed inside a part
    panel: ClassVar[str] = "EEG"  # of the help
    divided: ClassVar[str] = ""  # what one part of the work is; empty: the whole unit is one part
    prints: ClassVar[Printed | None] = None
    resources: ClassVar[Resources] = Resources()
    cites: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def run(self, ctx: Context) -> None:
        """Read `ctx`'s inputs, compute, write its outputs."""

    def needs(self, settings: Any, condition: str, unit: Per) -> Needs:
        """Return what a unit with these settings needs under a condition that acts here ('full': none does).

        Asked once per variant and kind of unit. A kind of unit that writes nothing does not exist.
        """
        return Needs(self.reads, self.writes_per(unit), self.roles, self.resources)

    def needs_under(self, needs: Needs, condition: str, upstream: Upstream) -> Needs:
        """Return what is needed besides under a condition that acts here, where it follows from what is read."""
        return needs

    def refuses(self, settings: Any, condition: str, upstream: Upstream) -> str:
        """Say why a variant cannot be made under a condition that acts here; empty: it can.

        A clause that can stand after "for": "generator 'decode' reads no text".
        """
        return ""

    def upgraded_settings(self, settings: dict[str, Any], version: int) -> dict[str, Any] | None:
        """Bring the stored settings of an older artifact to today's form; None: it is made otherwise now.

        Only for changes that lose nothing: the artifact is then taken for what would be made today.
        """
        return settings if version == self.version else None

    def foreseen(self, ctx: Context) -> Eeg2VidError | None:
        """Return the error that `run` would end with, as far as small tables of its inputs tell; None: none is seen.

        Asked before anything is made, of units whose inputs are all there.
        """
        return None

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
    def only_pages(cls) -> bool:
        """Tell whether it writes pages to be opened, and nothing else."""
        schemas = [write.schema for write in cls.writes.values()]
        return all(schema.media and not schema.arrays and not schema.tables for schema in schemas)

    @classmethod
    def summary(cls) -> str:
        """Return the docstring's first sentence."""
        return (cls.__doc__ or "").strip().splitlines()[0]
