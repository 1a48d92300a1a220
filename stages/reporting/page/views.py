"""What the page shows: rows shared by the parts that gather, draw and print."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from markupsafe import Markup

from eeg2vid.schemas.scores import Contrast, Definition, Look, Score, Term
from eeg2vid.stages.metrics.people import Person
from eeg2vid.stages.reporting.page.curves import Training
from eeg2vid.stages.reporting.page.sweeps import SweepPlot


class Frames(Protocol):
    """Clips in memory or on disk, uint8 `(clip, frame, height, width, 3)`, read one at a time."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis."""

    def __getitem__(self, index: int, /) -> Any:
        """Return one clip."""


TRUE = ""
"""Stands for the true clips among a subject's films; every condition has a name."""


class Shown(NamedTuple):
    """One test clip of one subject: the event that was decoded, the clip, its run and the fold that tests it."""

    event: str
    clip: str
    run: str
    fold: str


@dataclass(frozen=True)
class ClipView:
    """One test clip of one subject.

    Attributes
    ----------
    shown
        Its labels.
    concept, caption
        What the clip shows; empty where it is not known.
    scores
        Name of the measure -> value of the decoded video; values that are not finite are not shown.
    guess
        A line on what was decoded, e.g. "concept: guitar 31 % (true: cat 4 %)".
    """

    shown: Shown
    concept: str
    caption: str
    scores: dict[str, float]
    guess: str = ""


@dataclass(frozen=True)
class SubjectView:
    """One subject: score rows, and the test clips in the order of presentation.

    Attributes
    ----------
    shown
        The test clips.
    films
        `TRUE`, then the conditions, `full` first -> videos uint8 `(clip, frame, height, width, 3)` on the rows of
        `shown`, in memory or on disk; opened when asked for, and read clip by clip. Empty: no videos were decoded.
    told
        Returns what is known of each clip; asked when the subject's page is written, so that nobody holds all.
    system
        What decoded, where the page shows several systems (the points of a sweep); empty: there is one.
    person
        What the scores rest on, for tests over people; None: it was not kept.
    looks
        How the clips look together, which is no evidence.
    variant
        What decoded, always.
    imported
        The decoded clips were made elsewhere.
    """

    subject: str
    scores: list[Score]
    contrasts: list[Contrast]
    shown: Sequence[Shown] = ()
    films: Mapping[str, Frames] = field(default_factory=dict)
    told: Callable[[], list[ClipView]] = list
    system: str = ""
    person: Person | None = None
    looks: Sequence[Look] = ()
    variant: str = ""
    imported: bool = False

    @property
    def label(self) -> str:
        """What tells the view from others of the page."""
        return f"{self.subject}, {self.system}" if self.system else self.subject

    @property
    def file(self) -> str:
        """What the view's page and the folders of its clips are called."""
        return file_name(f"sub-{self.subject}_{self.system}" if self.system else f"sub-{self.subject}")

    @property
    def page(self) -> str:
        """The file of the view's page."""
        return f"{self.file}.html"

    @property
    def conditions(self) -> list[str]:
        """The conditions that have videos."""
        return [name for name in self.films if name != TRUE]


def file_name(words: str) -> str:
    """Return words as the name of a file that every file system takes."""
    return re.sub(r"[^A-Za-z0-9._+-]", "_", words)


@dataclass(frozen=True)
class ReportData:
    """All that the page tells.

    Attributes
    ----------
    stamps
        What must be said loudly, e.g. "simulated".
    protocol
        "corrected", "published", "mixed", or None.
    made
        Date of the page.
    provenance
        Pairs of stage/variant and its settings on a line.
    warnings
        What ingest found amiss.
    terms
        What else must be known, e.g. how a target is cut from its scores.
    fps
        Frames per second of the clips.
    trainings
        How the trained models came about.
    sweeps
        Points of the recipe's sweeps.
    left_out
        Conditions that were asked for and could not be made, and why; sentences.
    inline
        Bytes of clips that the pages hold themselves; what is more lies in files beside them.
    """

    title: str
    recipe_title: str
    recipe_about: str
    stamps: tuple[str, ...]
    protocol: str | None
    made: str
    subjects: list[SubjectView]
    definitions: list[Definition]
    provenance: list[tuple[str, str]]
    warnings: list[str]
    fps: float
    terms: tuple[Term, ...] = ()
    trainings: tuple[Training, ...] = ()
    sweeps: tuple[SweepPlot, ...] = ()
    left_out: tuple[str, ...] = ()
    inline: int = 0


@dataclass(frozen=True)
class Line:
    """One line of a table, ready to print."""

    metric: str
    first: bool
    span: int
    name: str
    cells: tuple[str, ...]
    bar: Markup


class Slot(NamedTuple):
    """Where a clip is: the number of its sheet, and its column there."""

    sheet: int
    column: int


@dataclass(frozen=True)
class Filmed:
    """Where the clips of some rows are: the true ones, those of each condition that varies, and the others.

    Attributes
    ----------
    decoded
        Condition -> place of each row.
    constants
        Condition, fold (empty where it is the same in all), place: what a fold shows to all its clips alike.
    """

    truth: Sequence[Slot] = ()
    decoded: Mapping[str, Sequence[Slot]] = field(default_factory=dict)
    constants: Sequence[tuple[str, str, Slot]] = ()


@dataclass(frozen=True)
class ClipRow:
    """One clip as a page shows it; `heading` where its run begins, `mark` why it was taken into a sample."""

    view: ClipView
    heading: str
    mark: str
    truth: Slot
    decoded: list[tuple[int, Slot]]
    scores: list[tuple[str, str]]
    values: str


@dataclass(frozen=True)
class ClipSection:
    """Clips of one subject.

    Attributes
    ----------
    slots
        Number and name of the conditions that vary.
    constants
        Condition, fold or "" for the only one, place.
    shown, scored
        How many clips the subject has here, and how many were scored.
    note
        By which rule these clips were taken; empty: they are all.
    href
        The page that holds all of them; empty: this one.
    """

    subject: str
    slots: list[tuple[int, str]]
    rows: Iterable[ClipRow]
    constants: Sequence[tuple[str, str, Slot]]
    shown: int
    scored: int
    note: str = ""
    href: str = ""

    @property
    def complete(self) -> bool:
        """Whether every clip that was scored is shown."""
        return self.shown == self.scored
