"""Version 2 of `scores`: the value of every event is a row of its own; no null distributions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Row

Kind = Literal["video", "classification", "value"]
ChanceKind = Literal["analytic", "pairing", "majority"]
Form = Literal["event", "pair", "set"]
Direction = Literal["higher", "lower"]


class Named(Row):
    """What every number is called."""

    target: str = Field("", description="what was decoded: the name of a target; empty: the clips themselves")
    metric: str
    variant: str = Field("", description="of the metric, e.g. which clips compete; empty: the metric as such")
    subset: str = Field("", description="which events; empty: all that were decoded")


class Score(Named):
    """One metric of one condition, or of the position vote."""

    subject: str
    condition: str
    kind: Kind = Field(description="video: of clips; classification: of a label; value: of a target with values")
    value: float
    low: float | None = Field(description="95 % interval, bootstrap over runs; None: fewer than two runs, no interval")
    high: float | None
    chance: float
    chance_kind: ChanceKind = Field(
        description="how the chance level was found: formula, wrong pairings, or the commonest training class"
    )
    p: float | None = Field(description="permutation of whole runs, one-sided; None where it has no meaning")
    note: str = Field("", description="what must be known to read p, e.g. that it is approximate; empty if nothing")
    n_events: int
    n_runs: int
    detail: str = Field("", description="how the value came about, e.g. the widths of the position vote's kernel")


class Contrast(Named):
    """A condition against one control on the same events."""

    subject: str
    condition: str = Field("full", description="what is held against the control")
    control: str
    difference: float = Field(description="condition minus control, whichever is the better")
    low: float | None = Field(description="95 % interval, bootstrap over runs; None: fewer than two runs, no interval")
    high: float | None
    p: float = Field(description="sign flips over runs, two-sided")


class EventScore(Named):
    """One metric of one decoded video."""

    event: str
    clip: str
    condition: str
    value: float


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


class Term(Row):
    """What else must be known to read the rows, e.g. how a target is cut from its scores."""

    term: str = Field(description="the name of a target or a condition")
    sentence: str


SCORES_V2 = Schema(
    name="scores",
    version=2,
    doc="The score table, the contrasts with the controls, the value of every event, and what the metrics are.",
    tables={"scores": Score, "contrasts": Contrast, "events": EventScore, "definitions": Definition, "terms": Term},
)
