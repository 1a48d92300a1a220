"""What the page shows: rows shared by the parts that gather, draw and print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

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


@dataclass(frozen=True)
class ClipView:
    """One test clip of one subject.

    Attributes
    ----------
    event, clip, run, fold
        Labels.
    concept, caption
        What the clip shows; empty where it is not known.
    scores
        Name of the measure -> value of the decoded video; values that are not finite are not shown.
    guess
        A line on what was decoded, e.g. "concept: guitar 31 % (true: cat 4 %)".
    """

    event: str
    clip: str
    run: str
    fold: str
    concept: str
    caption: str
    scores: dict[str, float]
    guess: str = ""


@dataclass(frozen=True)
class SubjectView:
    """One subject: score rows, and the test clips in the order of presentation.

    Attributes
    ----------
    truth
        uint8 `(clip, frame, height, width, 3)`, in memory or on disk; read clip by clip.
    decoded
        Condition -> videos of the same shape, `full` first.
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
    clips: list[ClipView]
    truth: Frames
    decoded: dict[str, Frames]
    system: str = ""
    person: Person | None = None
    looks: Sequence[Look] = ()
    variant: str = ""
    imported: bool = False

    @property
    def label(self) -> str:
        """What tells the view from others of the page."""
        return f"{self.subject}, {self.system}" if self.system else self.subject


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
    picture
        Height and width of the picture within a frame, px; the rest is padding. None: no padding.
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
    picture: tuple[int, int] | None = None
    terms: tuple[Term, ...] = ()
    trainings: tuple[Training, ...] = ()
    sweeps: tuple[SweepPlot, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One line of a table, ready to print."""

    metric: str
    first: bool
    span: int
    name: str
    cells: tuple[str, ...]
    bar: Markup


@dataclass(frozen=True)
class ClipRow:
    """One clip as the page shows it; `heading` where its run begins."""

    view: ClipView
    heading: str
    truth: str
    decoded: list[tuple[int, str]]
    scores: list[tuple[str, str]]
    values: str


@dataclass(frozen=True)
class ClipSection:
    """The clips of one subject; `constants` are (condition, fold or "" for the only one, sprite class)."""

    subject: str
    slots: list[tuple[int, str]]
    rows: list[ClipRow]
    constants: list[tuple[str, str, str]]
    complete: bool
    scored: int
