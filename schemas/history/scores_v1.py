"""Version 1 of `scores`: target, metric and variant glued into one name, `concept balanced accuracy`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Row


class Score(Row):
    """One metric of one condition, or of the position vote."""

    subject: str
    condition: str
    metric: str
    kind: Literal["video", "classification"]
    value: float
    low: float | None = Field(description="95 % interval, bootstrap over runs; None: fewer than two runs, no interval")
    high: float | None
    chance: float
    chance_kind: Literal["analytic", "pairing", "majority"] = Field(
        description="how the chance level was found: formula, wrong pairings, or the commonest training class"
    )
    p: float | None = Field(description="permutation of whole runs, one-sided; None where it has no meaning")
    note: str = Field("", description="what must be known to read p, e.g. that it is approximate; empty if nothing")
    n_events: int
    n_runs: int
    detail: str = Field("", description="how the value came about, e.g. the widths of the position vote's kernel")


class Contrast(Row):
    """The full condition against one control on the same events."""

    subject: str
    metric: str
    control: str
    difference: float
    low: float | None = Field(description="95 % interval, bootstrap over runs; None: fewer than two runs, no interval")
    high: float | None
    p: float = Field(description="sign flips over runs, two-sided")


class EventScore(Row):
    """One metric of one decoded video."""

    event: str
    clip: str
    condition: str
    metric: str
    value: float


class Definition(Row):
    """What a metric is, in a sentence."""

    metric: str
    definition: str


SCORES_V1 = Schema(
    name="scores",
    version=1,
    doc="The score table, the contrasts with the controls, and the value of every event.",
    tables={"scores": Score, "contrasts": Contrast, "events": EventScore, "definitions": Definition},
)
