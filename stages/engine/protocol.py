"""What a stage's `run` may ask of the unit it works on, and where progress goes; nothing here is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from eeg2vid.schemas.entities import Row
from eeg2vid.stages.store.part import WorkPart
from eeg2vid.stages.store.reader import Artifact
from eeg2vid.stages.store.writer import ArtifactWriter

T = TypeVar("T")
R = TypeVar("R", bound=Row)


class Reporter(Protocol):
    """Where progress and remarks go."""

    def start(self, what: str, total: int) -> None:
        """Begin a countable piece of work."""

    def advance(self, steps: int = 1) -> None:
        """Count some of it as done."""

    def within(self, what: str, done: int, total: int) -> None:
        """Show how far a piece is that counts as one: the epochs and steps of one training."""

    def remark(self, text: str) -> None:
        """Tell the user something worth a line."""


class Context(Protocol):
    """One unit at work, as its stage sees it. `eeg2vid.stages.engine.context.UnitContext` is the real one.

    Attributes
    ----------
    settings
        The stage's own Settings.
    device, threads
        How it computes; both are recorded, since last digits may follow them.
    """

    settings: Any
    device: str
    threads: int
    reporter: Reporter

    @property
    def study(self) -> Any:
        """The study the unit belongs to."""

    @property
    def node(self) -> Any:
        """The unit: stage, variant, unit."""

    @property
    def subject(self) -> str | None:
        """The subject's label, None in the study unit."""

    @property
    def condition(self) -> str:
        """The condition that acts at this stage; 'full' also where one acted upstream."""

    @property
    def source(self) -> Path:
        """The data-set folder given on the command line or configured."""

    @property
    def work(self) -> Any:
        """The unit's unfinished work, None outside the runner."""

    @property
    def memory_gb(self) -> float:
        """Above this much, what is read goes to a scratch file."""

    @property
    def save_every_s(self) -> float:
        """Seconds between saves inside a training; 0: after every step."""

    def model(self, role: str) -> Any:
        """Return where the profile's model for a role lies."""

    def read(self, role: str) -> Artifact:
        """Open the one artifact of a role."""

    def read_optional(self, role: str) -> Artifact | None:
        """Open the artifact of an optional role, None if it is not read."""

    def read_each(self, role: str) -> dict[str, Artifact]:
        """Open the artifact of every subject, by subject."""

    def read_many(self, role: str) -> list[Artifact]:
        """Open every artifact of a role, in planned order."""

    def ancestry(self, artifact: Artifact) -> list[Artifact]:
        """Return an artifact and everything behind it."""

    def write(self, role: str) -> ArtifactWriter:
        """Return the writer of a role; the runner commits it."""

    def stamp(self, warning: str) -> None:
        """Mark this artifact and all its descendants."""

    def seed(self, *parts: str | int) -> int:
        """Return a seed for a piece of work; it does not depend on the condition."""

    def track(self, what: str, items: Iterable[T], total: int) -> Iterator[T]:
        """Iterate with progress; stops when asked to."""

    def parts(self, what: str, items: Sequence[T], size: int = 1) -> Iterator[tuple[WorkPart, Sequence[T]]]:
        """Divide the work: yield each part that is still to be made here, with its items."""

    def gathered(self, role: str, table: str, row: type[R]) -> list[R] | None:
        """Return the rows that the parts hold of a table; None while parts are left to other processes."""

    def gathered_media(self, role: str) -> dict[str, Path] | None:
        """Return the media files that the parts hold, by name; None while parts are left to other processes."""

    def scratch(self, name: str) -> Path:
        """Return a file of this process for what does not fit into memory; gone when the unit is done."""

    def should_stop(self) -> bool:
        """Tell whether the process was asked to stop: for loops inside a part, which save their state."""
