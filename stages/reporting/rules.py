"""What follows from the evidence, as typed findings; `words.py` says them.

Nothing follows that the rows do not show. A measure counts as evidence only if all of its tests pass: the permutation
of whole runs, and the comparison with what is decoded from the EEG of other runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from eeg2vid.schemas.scores import Contrast, Definition, Kind, Measure, Score
from eeg2vid.schemas.splits import LEAK
from eeg2vid.stages.metrics.people import Person
from eeg2vid.stages.reporting.evidence import ALPHA, Evidence, at_least, evidence_of, survivors
from eeg2vid.stages.reporting.findings import (
    Clocked,
    Counted,
    Finding,
    Headline,
    Joined,
    Judgement,
    Outdone,
    Still,
    Tested,
    Tone,
    Unbeaten,
    Whose,
)
from eeg2vid.stages.reporting.glossary import Glossary, constant
from eeg2vid.stages.reporting.over_people import (
    Joint,
    clocked_together,
    clocks_of,
    of_all,
    over_people,
    share_of,
    whose,
)
from eeg2vid.stages.statistics.adjust import holm

BALANCED = "balanced-accuracy"
FROZEN_FRAME = "frozen-frame"
RUNS_ARE = "concept"  # the target that tells the runs: whoever knows it knows which run a clip is of


class Subject(NamedTuple):
    """One subject's rows; `person` is what they rest on, where that was kept."""

    subject: str
    scores: Sequence[Score]
    contrasts: Sequence[Contrast]
    person: Person | None = None


def judge(subjects: Sequence[Subject], definitions: Iterable[Definition], stamps: Sequence[str] = ()) -> Judgement:
    """Judge the rows of one subject or of several; with videos the headline is about them, else about labels."""
    glossary = Glossary.of(definitions)
    kinds: tuple[Kind, ...] = ("video", "classification", "value")
    every = {
        one: [_led(evidence_of(s.scores, s.contrasts, one, glossary, s.person)) for s in subjects] for one in kinds
    }
    about: Kind = next((one for one in kinds if any(every[one])), "classification")
    joint = over_people([one.person for one in subjects], glossary)
    findings = [
        finding
        for one in kinds
        for finding in (_of_one(every[one]) if len(subjects) == 1 else _of_several(every[one], joint))
    ]
    findings += _still([evidence_of(s.scores, s.contrasts, "video", glossary, s.person) for s in subjects])
    headline = _headline(every[about], about, joint)
    timed = _timed(headline, every[about], every["classification"], joint)
    tone: Tone = "caution" if timed else headline.tone
    leaks = tuple(stamp.removeprefix(LEAK) for stamp in stamps if stamp.startswith(LEAK))
    headline = replace(headline, tone="caution" if leaks else tone, timed=timed, leaks=leaks)
    return Judgement(headline, tuple(findings))


def _headline(every: Sequence[list[Evidence]], kind: Kind, joint: Joint) -> Headline:
    tested = [items for items in every if any(item.tests for item in items)]
    if len(every) != 1:
        together_tested = [
            items for items in by_measure(_leading(items) for items in every).values() if of_all(items, joint)
        ]
        return _joined(together_tested, kind, joint, tested) if together_tested else _counted(tested, kind)
    own = _leading([item for item in every[0] if item.tests])
    good = tuple(survivors(own))
    some = any(item.status in ("yes", "mixed") for item in own)
    clips = any(item.tells_clips for item in good)
    return Headline(
        "yes" if good else "caution" if some else "no", kind, False, len(own), good, bool(good), clips=clips
    )


def _joined(measures: Sequence[list[Evidence]], kind: Kind, joint: Joint, tested: Sequence[list[Evidence]]) -> Headline:
    """Return the headline of people who were tested together, after correction for the number of measures."""
    over = [(items, found) for items in measures if (found := of_all(items, joint)) is not None]
    p = holm([one.joint.p for _, one in over if one.joint is not None])
    good = [
        (items, whose(one, items[0].lower_is_better))
        for (items, one), corrected in zip(over, p, strict=True)
        if corrected < ALPHA and whose(one, items[0].lower_is_better) in ("people", "somebody")
    ]
    shown: Whose = "people" if any(who == "people" for _, who in good) else "somebody" if good else "nobody"
    best = [items for items, who in good if who == shown]
    hits = sum(bool(survivors(_leading(items))) for items in tested)
    return Headline(
        {"people": "yes", "somebody": "caution", "nobody": "no"}[shown],  # type: ignore[arg-type]
        kind,
        True,
        len(tested),
        tuple(items[0] for items in best),
        hits,
        whose=shown,
        share=share_of(joint[best[0][0].score.measure, best[0][0].score.condition]) if best else "",
        clips=any(items[0].tells_clips for items in best),
    )


def _counted(tested: Sequence[list[Evidence]], kind: Kind) -> Headline:
    """Return the headline of people who were tested one by one."""
    passed = [survivors(_leading(items)) for items in tested]
    hits = sum(map(bool, passed))
    lucky = at_least(hits, len(tested)) >= ALPHA
    tone: Tone = "no" if not hits else "caution" if lucky else "yes"
    clips = sum(any(item.tells_clips for item in items) for items in passed)
    return Headline(tone, kind, True, len(tested), (), hits, clips=bool(clips) and at_least(clips, hits) < ALPHA)


def _led(items: Sequence[Evidence]) -> list[Evidence]:
    """Return the measures that a verdict rests on; all where none is marked."""
    return [item for item in items if item.definition.lead] or list(items)


def _leading(items: Sequence[Evidence]) -> list[Evidence]:
    """Return what a headline rests on: of labels balanced accuracies, which no prevalence helps, where there are."""
    balanced = [item for item in items if item.score.metric == BALANCED]
    return balanced or list(items)


def _timed(
    found: Headline, every: Sequence[list[Evidence]], labels: Sequence[list[Evidence]], joint: Joint
) -> tuple[Evidence, ...]:
    """Return what a clock tells as well, where the order of presentation explains the headline.

    Of videos that is so if the concept is among them, unless clips of one run are told apart: no clock does that.
    """
    if found.tone != "yes" and found.whose != "somebody":
        return ()
    named = by_measure(labels)
    timed = {measure: items[0] for measure, items in named.items() if clock_does_as_well(items, joint)}
    if found.kind == "video":
        apart = any(_passes(items, joint) for items in by_measure(every).values() if items[0].definition.apart)
        explained = not apart and any(measure.target == RUNS_ARE for measure in timed)
    elif found.kind == "classification":
        explained = bool(timed) and all(m in timed for m, items in named.items() if _passes(items, joint))
    else:
        explained = False
    return tuple(timed.values()) if explained else ()


def by_measure(every: Iterable[Sequence[Evidence]]) -> dict[Measure, list[Evidence]]:
    """Gather each measure's evidence over subjects."""
    found: dict[Measure, list[Evidence]] = {}
    for item in (item for items in every for item in items):
        found.setdefault(item.score.measure, []).append(item)
    return found


def _passes(items: Sequence[Evidence], joint: Joint) -> bool:
    """Return whether a measure passes its tests, in one subject or over several."""
    if (over := of_all(items, joint)) is not None:
        return whose(over, items[0].lower_is_better) in ("people", "somebody")
    hits, n = sum(item.status == "yes" for item in items), sum(bool(item.tests) for item in items)
    return bool(hits) and (len(items) == 1 or at_least(hits, n) < ALPHA)


def clock_does_as_well(items: Sequence[Evidence], joint: Joint | None = None) -> bool:
    """Return whether a clock beats chance and does no worse than the decoder, for at least half of the subjects.

    People who saw one order are one observation of it: tested together, the clock has one p-value.
    """
    if joint and of_all(items, joint) is not None:
        return any(one.level for one in clocked_together(items, joint))
    for clock in clocks_of(items):
        pairs = _pairs(items, clock)
        level = sum(_is_timed(vote) and item.reached_by(vote) for item, vote in pairs)
        if 2 * level >= len(pairs) > 0 and (len(pairs) == 1 or at_least(level, len(pairs)) < ALPHA):
            return True
    return False


def _pairs(items: Sequence[Evidence], clock: str) -> list[tuple[Evidence, Score]]:
    return [(item, item.others[clock]) for item in items if clock in item.others]


def _rows(pairs: Iterable[tuple[Evidence, Score]]) -> tuple[tuple[Score, Score], ...]:
    return tuple((item.score, vote) for item, vote in pairs)


def _is_timed(vote: Score) -> bool:
    return vote.p is not None and vote.p < ALPHA


def _of_one(every: Sequence[list[Evidence]]) -> list[Finding]:
    """Return the findings of a single subject."""
    return [finding for item in every[0] for finding in (_tested(item), *_unbeaten(item), *_clocked([item]))]


def _tested(item: Evidence) -> Tested:
    beaten = tuple(name for name in item.controls if item.beats(name)) if item.status == "yes" else ()
    tones: dict[str, Tone] = {"yes": "caution" if clock_does_as_well([item]) else "yes", "mixed": "caution"}
    return Tested(tones.get(item.status, "no"), item, beaten)


def _unbeaten(item: Evidence) -> list[Finding]:
    """Return the simple controls that the decoder does not beat."""
    found: list[Finding] = []
    for name in item.controls:
        control, contrast = item.others[name], item.contrasts.get(name)
        trivial = control.chance_kind == "analytic" and abs(control.value - control.chance) < 1e-9
        if item.beats(name) or (contrast is None and item.gain(name) > 0) or (trivial and item.status != "yes"):
            continue
        found.append(Unbeaten(item, name, item.gain(name) < 0 and (contrast is None or contrast.p < ALPHA)))
    return found


def _still(every: Sequence[list[Evidence]]) -> list[Finding]:
    """Return whether what moves adds nothing: after correction, no measure of anybody beats the first frame, held."""
    moving = [
        item
        for items in every
        for item in items
        if FROZEN_FRAME in item.contrasts and item.score.value != item.others[FROZEN_FRAME].value
    ]
    p = holm([item.contrasts[FROZEN_FRAME].p for item in moving])
    shown = any(one < ALPHA and item.gain(FROZEN_FRAME) > 0 for item, one in zip(moving, p, strict=True))
    worse = sum(item.gain(FROZEN_FRAME) < 0 for item in moving)
    return [Still(tuple(moving), worse)] if moving and not shown else []


def _clocked(items: Sequence[Evidence]) -> list[Finding]:
    """Return the clocks that beat chance, on one measure of one subject or of several."""
    found: list[Finding] = []
    for clock in clocks_of(items):
        pairs = _pairs(items, clock)
        passed = [(item, vote) for item, vote in pairs if _is_timed(vote)]
        if not passed or (len(pairs) > 1 and at_least(len(passed), len(pairs)) >= ALPHA):
            continue
        level = sum(item.reached_by(vote) for item, vote in passed)
        found.append(Clocked(tuple(items), clock, _rows(pairs), _rows(passed), level))
    return found


def _of_several(every: Sequence[list[Evidence]], joint: Joint) -> list[Finding]:
    """Return the findings over subjects, measure by measure."""
    found: list[Finding] = []
    for items in by_measure(every).values():
        hits, n = sum(item.status == "yes" for item in items), sum(bool(item.tests) for item in items)
        if (over := of_all(items, joint)) is not None:
            who = whose(over, items[0].lower_is_better)
            tones: dict[str, Tone] = {"people": "yes", "somebody": "caution", "nobody": "no"}
            timed = who != "nobody" and clock_does_as_well(items, joint)
            found.append(Joined("caution" if timed else tones[who], tuple(items), over, who, hits, n))
            found += [*_outdone(items), *clocked_together(items, joint)]
            continue
        tone: Tone = "yes" if hits and at_least(hits, n) < ALPHA else "no"
        if tone == "yes" and clock_does_as_well(items):
            tone = "caution"
        found += [Counted(tone, tuple(items), hits, n), *_outdone(items), *_clocked(items)]
    return found


def _outdone(items: Sequence[Evidence]) -> list[Finding]:
    """Return the controls that do better than the decoder in some subjects."""
    found: list[Finding] = []
    for name in dict.fromkeys(name for item in items for name in item.controls):
        pairs = tuple(item for item in items if name in item.others)
        better = sum(item.gain(name) < 0 for item in pairs)
        analytic = items[0].score.chance_kind == "analytic"
        if better and not (analytic and constant(name)):
            found.append(Outdone(pairs, name, better, bool(constant(name)) and better > len(pairs) / 2))
    return found
