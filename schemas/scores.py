"""Scores, each beside its chance level, its interval and its controls; and the report.

Names are data: what was judged (`target`), by what (`metric` and its `variant`), decoded from what (`condition`) and
on which events (`subset`) are columns. What a metric is stands in `definitions`, one row for each metric and variant.
What it rests on is kept: the value of every event (`values`, on the rows of `events`), and what the same numbers are
when runs change places (`null`), the same relabelings for every subject whose runs are alike.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import Row

Kind = Literal["video", "classification", "value"]
ChanceKind = Literal["analytic", "pairing", "majority"]
Form = Literal["event", "pair", "set"]
Direction = Literal["higher", "lower"]

SAME_FRAMES = "frames of the true clips"
"""The term under which it is said that imported clips hold frames of the true ones."""

RUNS_UNKNOWN = "which clips were shown in one run is not known: each counts as a run of its own"
"""Ends the note of a row that was scored without EEG: no run tells whether clips or their concepts were decoded."""


class Measure(NamedTuple):
    """What names a column of numbers: rows with one measure may be compared."""

    target: str
    metric: str
    variant: str
    subset: str


class Named(Row):
    """What every number is called."""

    target: str = Field("", description="what was decoded: the name of a target; empty: the clips themselves")
    metric: str
    variant: str = Field("", description="of the metric, e.g. which clips compete; empty: the metric as such")
    subset: str = Field("", description="which events; empty: all that were decoded")

    @property
    def measure(self) -> Measure:
        """The name of the number."""
        return Measure(self.target, self.metric, self.variant, self.subset)


class Score(Named):
    """One metric of one condition, or of the position vote."""

    system: str = Field("", description="variant that is scored; empty: not said")
    subject: str
    condition: str
    kind: Kind = Field(description="video: of clips; classification: of a label; value: of a target with values")
    value: float
    low: float | None = Field(description="95 % interval over runs; None: fewer than two runs, no interval")
    high: float | None
    interval: str = Field("", description="how the interval was found; empty: there is none, or it is not said")
    chance: float = Field(description="what knowing nothing scores")
    chance_kind: ChanceKind = Field(
        description="how the chance level was found: formula, wrong pairings, or the commonest training class"
    )
    empirical_chance: float | None = Field(
        None, description="beside a formula: what all pairs of clips of different runs score"
    )
    baseline: float | None = Field(None, description="what must be beaten where that is more than chance: the majority")
    above_chance: float | None = Field(
        None, description="share of the way from chance to the best possible value; None: there is no best value"
    )
    p: float | None = Field(description="permutation of whole runs, one-sided; None where it has no meaning")
    p_adjusted: float | None = Field(None, description="p after Holm's correction for the tests of this condition")
    note: str = Field("", description="what must be known to read p, e.g. that it is approximate; empty if nothing")
    n_events: int
    n_clips: int | None = Field(None, description="different clips among the events")
    n_runs: int
    n_subjects: int = 1
    exchange: str = Field(
        "", description="which runs changed places: rows with one exchange were relabeled alike; empty: no null is kept"
    )
    detail: str = Field("", description="how the value came about, e.g. the widths of the position vote's kernel")


class Look(Named):
    """How the clips of one condition look together, whatever was shown: never tested, never evidence."""

    system: str = ""
    subject: str
    condition: str
    value: float
    n_events: int
    detail: str = Field("", description="what it must be read beside, e.g. what true clips have")


class Contrast(Named):
    """A condition against one control on the same events."""

    subject: str
    condition: str = Field("full", description="what is held against the control")
    control: str
    difference: float = Field(description="condition minus control, whichever is the better")
    low: float | None = Field(description="95 % interval, t over runs; None: fewer than two runs, no interval")
    high: float | None
    p: float = Field(description="sign flips over runs, two-sided")


class ScoredEvent(Row):
    """One event that was scored, in one fold."""

    event: str
    clip: str
    run: str
    fold: str


class Values(Named):
    """What one metric of one condition gives each event; their mean is the score."""

    condition: str
    values: tuple[float | None, ...] = Field(description="by row of `events`; None: not asked")
    wrong: tuple[float | None, ...] = Field(
        (), description="what decoded clips of other runs score with this event's truth, mean; empty: not asked"
    )


class Definition(Row):
    """What one variant of a metric is."""

    metric: str
    variant: str = ""
    form: Form = Field(description="event: a value of each event; pair: of each pairing of events; set: of all at once")
    direction: Direction = Field(description="which values are the better ones")
    low: float | None = Field(description="least possible value; None: there is none")
    high: float | None = Field(description="greatest possible value; None: there is none")
    title: str = Field(description="its name as people write it")
    definition: str = Field(description="what it is, in a sentence")
    source: str = Field("", description="the paper that it comes from; empty: none")
    among: str = Field("", description="of identification: which clips the own one is picked from, in words")
    apart: bool = Field(False, description="it tells clips of one run apart, which no clock can do")
    lenient: bool = Field(False, description="takes any of three labels for right: its chance level is 3/(N + 2)")
    look: bool = Field(False, description="tells how clips look, whatever was shown: never evidence")
    lead: bool = Field(True, description="a verdict rests on it; else it is there to be looked up")


class Term(Row):
    """What else must be known to read the rows, e.g. how a target is cut from its scores."""

    term: str = Field(description="the name of a target or a condition")
    sentence: str


SCORES = Schema(
    name="scores",
    version=3,
    doc="The score table, the contrasts with the controls, the value of every event, and what the metrics are.",
    arrays={
        "null": ArraySpec(
            dims=("null", "permutation"),
            dtypes=("float32",),
            unit="1",
            doc="what the scores that have an exchange are under each relabeling of runs, in their order",
            optional=True,
        )
    },
    tables={
        "scores": Score,
        "looks": Look,
        "contrasts": Contrast,
        "events": ScoredEvent,
        "values": Values,
        "definitions": Definition,
        "terms": Term,
    },
)

REPORT = Schema(
    name="report", version=1, doc="HTML pages: an index, and one for each subject.", attributes=Attributes, media=True
)
