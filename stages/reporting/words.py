"""The findings in plain sentences. What is found, and whether it is evidence, was decided before (`rules.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from eeg2vid.schemas.conditions import SHUFFLED_RUNS
from eeg2vid.schemas.scores import Contrast, Definition, Score, Term
from eeg2vid.schemas.words import counted
from eeg2vid.stages.metrics.people import Together
from eeg2vid.stages.reporting.evidence import Evidence
from eeg2vid.stages.reporting.findings import (
    Clocked,
    ClockedTogether,
    Counted,
    Finding,
    Joined,
    Outdone,
    Still,
    Tested,
    Tone,
    Unbeaten,
)
from eeg2vid.stages.reporting.glossary import capital, constant, listed
from eeg2vid.stages.reporting.headline import say_headline
from eeg2vid.stages.reporting.numbers import level, level_of, number, p_value, with_interval
from eeg2vid.stages.reporting.over_people import share_of
from eeg2vid.stages.reporting.rules import FROZEN_FRAME, Subject, judge
from eeg2vid.stages.statistics.power import power_sentence

Terms = Sequence[Term]
Rows = tuple[str, Sequence[Score], Sequence[Contrast]]


@dataclass(frozen=True)
class Sentence:
    """One finding, the numbers behind it, and whether it is evidence, none, or a reason for care."""

    tone: Tone
    claim: str
    numbers: str

    @property
    def text(self) -> str:
        """The finding as one sentence."""
        return f"{self.claim}: {self.numbers}."


@dataclass(frozen=True)
class Verdict:
    """The headline, what it rests on, what must be said before all findings, and the findings."""

    tone: Tone
    headline: str
    note: str
    warning: str
    sentences: list[Sentence]


def verdict(
    subjects: Sequence[Subject | Rows],
    definitions: Iterable[Definition],
    stamps: Sequence[str] = (),
    *,
    imported: bool = False,
    terms: Iterable[Term] = (),
) -> Verdict:
    """Judge the rows of one subject or of several, and say it.

    Where the artifacts bear the stamp of a leak, nothing counts as evidence, whatever the tests say. Of `imported`
    videos the headline says so. A term that tells what `mean-video` is changes what the control is called.
    """
    judgement = judge([Subject(*one) for one in subjects], definitions, stamps)
    headline, note = say_headline(judgement.headline, imported=imported)
    leaks = judgement.headline.leaks
    ordered = sorted(judgement.findings, key=_weight)
    lead = next((one for one in ordered if one.tone == judgement.headline.tone), None)  # says what the headline says
    findings = sorted(ordered, key=lambda one: one is not lead)
    told = tuple(terms)
    sentences = [_sentence(finding, told, tamed=bool(leaks)) for finding in findings]
    return Verdict(judgement.headline.tone, headline, note, _warning(findings, told), sentences)


def _warning(findings: Iterable[Finding], terms: Terms) -> str:
    """Return what must not stand folded: where a video that is the same for every clip does better; vain motion."""
    outdone: dict[str, list[str]] = {}
    found = list(findings)
    for one in found:
        if isinstance(one, Outdone) and one.says_little:
            outdone.setdefault(one.control, []).append(one.items[0].name)
        elif isinstance(one, Unbeaten) and one.outdone and constant(one.control):
            outdone.setdefault(one.control, []).append(one.item.name)
    constants = [
        f"On {listed(names)} {constant(control, terms)} does better than what was decoded: "
        f"{'it says' if len(names) == 1 else 'they say'} little here."
        for control, names in outdone.items()
    ]
    return " ".join([*constants, *(f"{_still(one)[0]}." for one in found if isinstance(one, Still))])


def _weight(finding: Finding) -> int:
    """Return how late a finding is read: what a clock explains, then evidence, then what is none, then controls."""
    if isinstance(finding, Clocked | ClockedTogether):
        return 0
    if isinstance(finding, Unbeaten | Outdone | Still):
        return 3
    return 1 if finding.tone != "no" else 2


def _sentence(finding: Finding, terms: Terms, *, tamed: bool) -> Sentence:
    match finding:
        case Tested():
            claim, numbers = _tested(finding, terms)
        case Unbeaten():
            claim, numbers = _unbeaten(finding, terms)
        case Counted():
            claim, numbers = _counted(finding)
        case Joined():
            claim, numbers = _joined(finding)
        case ClockedTogether():
            claim, numbers = _clocked_together(finding)
        case Outdone():
            claim, numbers = _outdone(finding, terms)
        case Clocked():
            claim, numbers = _clocked(finding)
        case Still():
            claim, numbers = _still(finding)
    return Sentence("caution" if tamed and finding.tone == "yes" else finding.tone, claim, numbers)


def _tested(finding: Tested, terms: Terms) -> tuple[str, str]:
    item = finding.item
    name, among = item.name, item.definition.among
    if item.score.kind != "video":
        claims = {
            "yes": f"{name} is better than chance", "mixed": f"{name}: the tests disagree",
            "worse": f"{name} is worse than with {SHUFFLED_RUNS}", "no": f"{name} cannot be told from chance",
            "untested": f"{name} was not tested",
        }  # fmt: skip
    else:
        claims = {
            "yes": f"Decoded videos identify their own clip among {among} better than chance"
            if among
            else f"On {name} decoded videos fit their own clips better than by chance",
            "mixed": f"The tests disagree on {name}",
            "worse": f"On {name} decoded videos do worse than {SHUFFLED_RUNS}",
            "no": f"No evidence that decoded videos identify their own clip among {among}"
            if among
            else f"On {name} decoded videos cannot be told from chance",
            "untested": f"{name} was not tested against chance",
        }
    numbers = _numbers(item)
    if item.status == "no" and item.spread and item.score.n_runs > 1:
        numbers += "; " + _power(item.score.chance, item.spread, item.score.n_runs, item)
    if finding.beaten:
        numbers += f"; better, too, than {listed([constant(one, terms) or one for one in finding.beaten])} (p < .05)"
    return capital(claims[item.status]), numbers


def _power(chance: float, spread: float, n_runs: int, item: Evidence) -> str:
    """Return what could have been found, to go on a line."""
    told = item.definition
    best = told.low if item.lower_is_better else told.high
    sentence = power_sentence(chance, spread, n_runs, best, item.name, number)
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _numbers(item: Evidence) -> str:
    """Return value, chance and tests in one clause."""
    row, contrast = item.score, item.contrasts.get(SHUFFLED_RUNS)
    text = f"{item.name} {with_interval(row.value, row)}, chance {number(level_of(row))}"
    text += "" if row.p is None else f", p {p_value(row.p)}"
    return text if contrast is None else f"{text}; {_difference_from(contrast)}"


def _difference_from(row: Contrast) -> str:
    return f"difference from {row.control} {with_interval(row.difference, row, signed=True)}, p {p_value(row.p)}"


def _video(control: str, terms: Terms) -> str:
    return constant(control, terms) or f"the control {control}"


def _better(item: Evidence) -> str:
    return "better" if item.lower_is_better else "higher"


def _unbeaten(finding: Unbeaten, terms: Terms) -> tuple[str, str]:
    item, name = finding.item, finding.control
    contrast = item.contrasts.get(name)
    if finding.outdone:
        claim = f"On {item.name} {_video(name, terms)} scores {_better(item)} than the decoded ones"
        claim += f", so {item.name} says little here" if constant(name) else ""
    else:
        claim = f"On {item.name} decoded videos are not shown to be better than {_video(name, terms)}"
    tested = "not tested" if contrast is None else _difference_from(contrast)
    return claim, f"{name} {number(item.others[name].value)}, decoded {number(item.score.value)}; {tested}"


def _counted(finding: Counted) -> tuple[str, str]:
    items = finding.items
    values = [item.score.value for item in items]
    numbers = (
        f"median {number(median(values))}, range {number(min(values))} to {number(max(values))}, "
        f"median chance {number(median(level_of(item.score) for item in items))}"
    )
    among = items[0].definition.among
    what = items[0].name + (f" (own clip among {among})" if among else "")
    if not finding.tested:
        return capital(f"{what} was not tested against chance"), numbers
    if not finding.hits:
        return f"No evidence on {what} in any of {counted(finding.tested, 'subject')}", numbers
    people = counted(finding.tested, "subject")
    claim = f"{what} is better than chance in {finding.hits} of {people} (p < .05 in all its tests)"
    claim += ", which luck alone can give" if finding.tone == "no" else ""
    return capital(claim), numbers


def _joined(finding: Joined) -> tuple[str, str]:
    items, over, joint = finding.items, finding.over, finding.over.joint
    assert joint is not None
    people, among = len(items), items[0].definition.among
    what = items[0].name + (f" (own clip among {among})" if among else "")
    claims = {
        "people": f"{what} is better than chance over {counted(people, 'person')}, and not in the strongest alone",
        "somebody": f"{what} is better than chance in at least one of {counted(people, 'person')}; that "
        f"people are, is not shown",
        "nobody": f"{what} cannot be told from chance over {counted(people, 'person')}",
    }
    numbers = f"mean {number(over.interval.value)}{_bounds(over)}, chance {number(level(over.chance, over.baseline))}"
    numbers += f", p {p_value(joint.p)} in one test of all"
    if joint.p_without_strongest is not None:
        numbers += f", {p_value(joint.p_without_strongest).removeprefix('= ')} without the strongest"
    if (share := share_of(over)) and finding.whose == "people":
        numbers += f"; in {share}"
    numbers += f"; {finding.hits} of {finding.tested} pass alone"
    if finding.whose == "nobody" and joint.spread and over.interval.n_runs > 1:
        numbers += "; " + _power(over.chance, joint.spread, over.interval.n_runs, items[0])
    return capital(claims[finding.whose]), numbers + ("" if over.alike else "; their runs differ")


def _bounds(over: Together) -> str:
    found = over.interval
    return "" if found.low != found.low else f" [{number(found.low)}, {number(found.high)}]"


def _clocked_together(finding: ClockedTogether) -> tuple[str, str]:
    claim = f"On {finding.name} a clock alone, without EEG, does better than chance"
    claim += " and no worse than the decoder" if finding.level else ""
    assert finding.vote.joint is not None
    vote, own = finding.vote.interval.value, finding.own.interval.value
    numbers = f"{finding.clock} {number(vote)}, p {p_value(finding.vote.joint.p)}; decoded {number(own)}"
    return f"{claim}: the order of presentation, or drift, can pass for decoding", numbers


def _outdone(finding: Outdone, terms: Terms) -> tuple[str, str]:
    items, name = finding.items, finding.control
    theirs, ours = median(i.others[name].value for i in items), median(i.score.value for i in items)
    metric = items[0].name
    claim = (
        f"On {metric} {_video(name, terms)} scores {_better(items[0])} than the decoded ones in {finding.better} of "
        f"{counted(len(items), 'subject')}"
    )
    claim += f", so {metric} says little here" if finding.says_little else ""
    return claim, f"medians: {name} {number(theirs)}, decoded {number(ours)}"


def _clocked(finding: Clocked) -> tuple[str, str]:
    name, level = finding.clock, finding.level
    claim = f"On {finding.items[0].name} a clock alone, without EEG, does better than chance"
    if len(finding.items) == 1:
        own, vote = finding.passed[0]
        claim += " and no worse than the decoder" if level else ""
        numbers = f"{name} {with_interval(vote.value, vote)}, p {p_value(vote.p)}; decoded {number(own.value)}"
    else:
        claim += f" in {len(finding.passed)} of {counted(len(finding.pairs), 'subject')}"
        claim += f", in {level} no worse than the decoder" if level else ""
        theirs, ours = median(vote.value for _, vote in finding.pairs), median(own.value for own, _ in finding.pairs)
        numbers = f"medians: {name} {number(theirs)}, decoded {number(ours)}"
    return f"{claim}: the order of presentation, or drift, can pass for decoding", numbers


def _still(finding: Still) -> tuple[str, str]:
    items = finding.items
    claim = "What moves in the decoded videos is not worth its cost: the first frame, held, does nowhere clearly worse"
    most = max(items, key=lambda item: item.gain(FROZEN_FRAME) / (abs(item.score.value) or 1))
    held = most.others[FROZEN_FRAME]
    return claim, (
        f"of {counted(len(items), 'measure')} it does better on {finding.better}; it loses most on {most.name}, "
        f"{number(held.value)} held, {number(most.score.value)} moving"
    )
