"""The kinds of findings: what `rules.py` finds and `words.py` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eeg2vid.schemas.scores import Kind, Score
from eeg2vid.stages.metrics.people import Together
from eeg2vid.stages.reporting.evidence import Evidence

Tone = Literal["yes", "no", "caution"]
Whose = Literal["people", "somebody", "nobody", ""]
"""Of whom something is shown: of people, of at least one of them, of nobody; empty: each person was tested alone."""


@dataclass(frozen=True)
class Tested:
    """One measure of one subject; `beaten` are the controls that it is better than, besides."""

    tone: Tone
    item: Evidence
    beaten: tuple[str, ...]


@dataclass(frozen=True)
class Unbeaten:
    """A control that one subject's decoder is not shown to beat; `outdone`: the control is better."""

    item: Evidence
    control: str
    outdone: bool
    tone: Tone = "caution"


@dataclass(frozen=True)
class Counted:
    """One measure over subjects: in how many of those tested it passes."""

    tone: Tone
    items: tuple[Evidence, ...]
    hits: int
    tested: int


@dataclass(frozen=True)
class Joined:
    """One measure over people, in one test of all; in `hits` of those tested alone it passes."""

    tone: Tone
    items: tuple[Evidence, ...]
    over: Together
    whose: Whose
    hits: int
    tested: int


@dataclass(frozen=True)
class Outdone:
    """A control that does better in some subjects; `says_little`: it is constant, and better in most."""

    items: tuple[Evidence, ...]
    control: str
    better: int
    says_little: bool
    tone: Tone = "caution"


@dataclass(frozen=True)
class Clocked:
    """A clock alone beats chance on one measure: in `passed` of the pairs (decoded, clock), in `level` no worse."""

    items: tuple[Evidence, ...]
    clock: str
    pairs: tuple[tuple[Score, Score], ...]
    passed: tuple[tuple[Score, Score], ...]
    level: int
    tone: Tone = "caution"


@dataclass(frozen=True)
class ClockedTogether:
    """A clock alone beats chance over people, in one test; `level`: it is no worse than the decoder."""

    name: str
    clock: str
    own: Together
    vote: Together
    level: bool
    tone: Tone = "caution"


@dataclass(frozen=True)
class Still:
    """The first decoded frame, held, is not shown to do worse on any measure; on `better` of them it does better."""

    items: tuple[Evidence, ...]
    better: int
    tone: Tone = "caution"


Finding = Tested | Unbeaten | Counted | Joined | Outdone | Clocked | ClockedTogether | Still


@dataclass(frozen=True)
class Headline:
    """What all of it comes to.

    Attributes
    ----------
    kind
        What it is about: the decoded videos if there are any, else the labels, else the values.
    tested
        Measures tested, of a single subject; subjects with a test, of several.
    passed
        Of a single subject, what survives correction.
    hits
        Of several subjects, those in which something survives correction.
    whose, share
        Of several subjects that were tested together, of whom it is shown, and in what share of people, in words.
    clips
        Something that passes tells clips of one run apart; else what is told may be the concept, or what a run shares.
    timed
        Measures that a clock tells as well, where that explains the result.
    leaks
        What the split leaks: then nothing counts.
    """

    tone: Tone
    kind: Kind
    several: bool
    tested: int
    passed: tuple[Evidence, ...]
    hits: int
    whose: Whose = ""
    share: str = ""
    clips: bool = False
    timed: tuple[Evidence, ...] = ()
    leaks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """The headline, and the findings that it rests on."""

    headline: Headline
    findings: tuple[Finding, ...]
