"""What the score rows say, in plain sentences.

The sentences never say more than the rows do. A metric counts as evidence only if all of its tests pass: the
permutation of whole runs, and the comparison with what is decoded from the EEG of other runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from eeg2vid.schemas.conditions import POSITION_VOTE
from eeg2vid.schemas.scores import Contrast, Score
from eeg2vid.schemas.splits import LEAK
from eeg2vid.stages.reporting.charts import label, number, p_value
from eeg2vid.stages.reporting.evidence import (
    ALPHA,
    SHUFFLED,
    Evidence,
    at_least,
    difference_from,
    evidence_of,
    lower_is_better,
    survivors,
    with_interval,
)

Tone = Literal["yes", "no", "caution"]
Subject = tuple[str, Sequence[Score], Sequence[Contrast]]
_CONSTANTS = {"grey": "a grey video", "mean-video": "the mean training video"}
_NOT_CONTROLS = ("full", SHUFFLED, POSITION_VOTE, "class-true", "class-predicted", "no-seq2seq", "no-dana", "no-text")
_RULE = "A subject counts if a score passes all of its tests at p < .05 after Holm's correction."
_IDENTIFICATION = re.compile(r"identif|two-?way|top-?\d", re.IGNORECASE)


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
    """The headline, what it rests on, and the findings."""

    tone: Tone
    headline: str
    note: str
    sentences: list[Sentence]


def verdict(subjects: Sequence[Subject], stamps: Sequence[str] = ()) -> Verdict:
    """Say what the rows show, for one subject or over several.

    With videos the headline is about them, else about labels. Where the artifacts bear the stamp of a leak, nothing
    counts as evidence, whatever the tests say.
    """
    found = _verdict(subjects)
    leaks = [stamp.removeprefix(LEAK) for stamp in stamps if stamp.startswith(LEAK)]
    if not leaks:
        return found
    note = "The split was forced although it leaks (--allow-leak). Split along whole runs and clips to learn anything."
    tamed = [replace(one, tone="caution") if one.tone == "yes" else one for one in found.sentences]
    return Verdict("caution", f"The split leaks {' and '.join(leaks)}: no score here is evidence.", note, tamed)


def _verdict(subjects: Sequence[Subject]) -> Verdict:
    kind = "video" if any(evidence_of(rows, [], "video") for _, rows, _ in subjects) else "classification"
    things = "decoded videos carry information about the clips" if kind == "video" else "EEG tells the labels"
    every = [evidence_of(scores, contrasts, kind) for _, scores, contrasts in subjects]
    labels = [evidence_of(scores, contrasts, "classification") for _, scores, contrasts in subjects]
    say = _of_one if len(subjects) == 1 else _of_several
    sentences = say(every) + (say(labels) if kind == "video" else [])
    tested = [items for items in every if any(item.tests for item in items)]
    if not tested:
        return Verdict("no", "Nothing was tested, so nothing can be concluded.", "", sentences)
    headline = _headline_of_one(tested[0], things) if len(subjects) == 1 else _headline_of_several(tested, things)
    return _unless_by_clock(Verdict(*headline, sentences), every, labels)


def _unless_by_clock(found: Verdict, every: Sequence[list[Evidence]], labels: Sequence[list[Evidence]]) -> Verdict:
    """Take the headline back where the order of presentation explains it: a clock alone names the labels as well.

    Of videos that is so if the concept is among them, unless clips of one run are told apart: no clock does that.
    """
    named = _by_metric(labels)
    timed = [metric for metric, items in named.items() if _clock_does_as_well(items)]
    if any(item.score.kind == "video" for items in every for item in items):
        apart = any(_passes(items) for metric, items in _by_metric(every).items() if metric.endswith("within-run"))
        explained = not apart and any(metric.startswith("concept") for metric in timed)
    else:
        explained = bool(timed) and all(metric in timed for metric, items in named.items() if _passes(items))
    if found.tone != "yes" or not explained:
        return found
    names = _listed([label(metric) for metric in timed])
    note = f"{found.note} But the time in the block, without EEG, tells {names} as well."
    return Verdict("caution", "What is decoded may be the order of presentation, or drift.", note, found.sentences)


def _by_metric(every: Sequence[list[Evidence]]) -> dict[str, list[Evidence]]:
    """Gather each metric's evidence over subjects."""
    metrics: dict[str, list[Evidence]] = {}
    for item in (item for items in every for item in items):
        metrics.setdefault(item.score.metric, []).append(item)
    return metrics


def _passes(items: Sequence[Evidence]) -> bool:
    """Return whether a metric passes its tests, in one subject or in more of several than luck would have."""
    hits, n = sum(item.status == "yes" for item in items), sum(bool(item.tests) for item in items)
    return bool(hits) and (len(items) == 1 or at_least(hits, n) < ALPHA)


def _headline_of_one(evidence: list[Evidence], things: str) -> tuple[Tone, str, str]:
    """Return tone, headline and note of a single subject."""
    tested = [item for item in evidence if item.tests]
    good = survivors(tested)
    counted = f"{len(tested)} score{'s' * (len(tested) > 1)}"
    if good:
        names = ", ".join(label(item.score.metric) for item in good)
        note = f"Better than chance on {names} ({counted} tested; p < .05 after Holm's correction for their number)."
        return "yes", f"The {things}.", note
    if any(item.status in ("yes", "mixed") for item in tested):
        note = f"Some tests pass, but no score passes all of its tests after Holm's correction ({counted} tested)."
        return "caution", f"At best weak evidence that the {things}.", note
    return "no", f"No evidence that the {things}.", f"None of the {counted} tested is better than chance at p < .05."


def _headline_of_several(every: list[list[Evidence]], things: str) -> tuple[Tone, str, str]:
    """Return tone, headline and note over subjects, each judged by itself."""
    n = len(every)
    hits = sum(bool(survivors(items)) for items in every)
    if hits == 0:
        return "no", f"No evidence in any of {n} subjects that the {things}.", _RULE
    luck = at_least(hits, n)
    note = f"{_RULE} By chance alone, {hits} or more of {n} would pass with probability at most {_probability(luck)}."
    if luck >= ALPHA:
        return "caution", f"Weak evidence, in {hits} of {n} subjects, that the {things}.", note
    return "yes", f"In {hits} of {n} subjects the {things}.", note


def _probability(p: float) -> str:
    return ".001" if p < 0.001 else number(p)


def _of_one(every: list[list[Evidence]]) -> list[Sentence]:
    """Return the findings of a single subject."""
    return [sentence for item in every[0] for sentence in (_finding(item), *_cautions(item), *_clock([item]))]


def _clock_does_as_well(items: Sequence[Evidence]) -> bool:
    """Return whether a clock beats chance and does no worse than the decoder, for at least half of the subjects."""
    pairs = [(item.score, item.controls[POSITION_VOTE]) for item in items if POSITION_VOTE in item.controls]
    level = sum(vote.p is not None and vote.p < ALPHA and vote.value >= own.value for own, vote in pairs)
    return 2 * level >= len(pairs) > 0 and (len(pairs) == 1 or at_least(level, len(pairs)) < ALPHA)


def _finding(item: Evidence) -> Sentence:
    name = label(item.score.metric)
    if item.score.kind == "classification":
        claims = {
            "yes": f"{name} is better than chance", "mixed": f"{name}: the tests disagree",
            "worse": f"{name} is worse than with {SHUFFLED}", "no": f"{name} cannot be told from chance",
            "untested": f"{name} was not tested",
        }  # fmt: skip
    else:
        among = _foils(item.score)
        claims = {
            "yes": f"Decoded videos identify their own clip among {among} better than chance"
            if among
            else f"On {name} decoded videos fit their own clips better than by chance",
            "mixed": f"The tests disagree on {name}",
            "worse": f"On {name} decoded videos do worse than {SHUFFLED}",
            "no": f"No evidence that decoded videos identify their own clip among {among}"
            if among
            else f"On {name} decoded videos cannot be told from chance",
            "untested": f"{name} was not tested against chance",
        }
    claim, numbers = claims[item.status], item.numbers
    beaten = [_CONSTANTS.get(name, name) for name in _controls(item) if _beats(item, name)]
    if beaten and item.status == "yes":
        numbers += f"; better, too, than {_listed(beaten)} (p < .05)"
    tones: dict[str, Tone] = {"yes": "caution" if _clock_does_as_well([item]) else "yes", "mixed": "caution"}
    return Sentence(tones.get(item.status, "no"), claim[0].upper() + claim[1:], numbers)


def _foils(row: Score) -> str:
    """Return what an identification metric picks the clip from; empty for other metrics."""
    if row.kind != "video" or not _IDENTIFICATION.search(row.metric):
        return ""
    foils = {"within-run": "the clips of its run", "between-runs": "the clips of other runs"}
    return next((text for name, text in foils.items() if name in row.metric), "the test clips")


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _controls(item: Evidence) -> list[str]:
    """Return what decoded videos should beat: neither ceilings nor parts of the system left out."""
    return [name for name in item.controls if name not in _NOT_CONTROLS and not name.startswith("true-")]


def _beats(item: Evidence, control: str) -> bool:
    contrast = item.contrasts.get(control)
    return contrast is not None and contrast.p < ALPHA and item.gain(control) > 0


def _cautions(item: Evidence) -> list[Sentence]:
    """Say which simple controls the decoded videos do not beat."""
    found = []
    for name in _controls(item):
        control, contrast = item.controls[name], item.contrasts.get(name)
        trivial = control.chance_kind == "analytic" and abs(control.value - control.chance) < 1e-9
        if _beats(item, name) or (contrast is None and item.gain(name) > 0) or (trivial and item.status != "yes"):
            continue
        metric, video = label(item.score.metric), _CONSTANTS.get(name, f"the control {name}")
        if item.gain(name) < 0 and (contrast is None or contrast.p < ALPHA):
            claim = f"On {metric} {video} scores {_better(item)} than the decoded ones"
            claim += f", so {metric} says little here" if name in _CONSTANTS else ""
        else:
            claim = f"On {metric} decoded videos are not shown to be better than {video}"
        tested = "not tested" if contrast is None else difference_from(contrast)
        numbers = f"{name} {number(control.value)}, decoded {number(item.score.value)}; {tested}"
        found.append(Sentence("caution", claim, numbers))
    return found


def _clock(items: Sequence[Evidence]) -> list[Sentence]:
    """Say where a clock alone beats chance, for one metric of one subject or of several."""
    pairs = [(item.score, item.controls[POSITION_VOTE]) for item in items if POSITION_VOTE in item.controls]
    passed = [(own, vote) for own, vote in pairs if vote.p is not None and vote.p < ALPHA]
    if not passed or (len(pairs) > 1 and at_least(len(passed), len(pairs)) >= ALPHA):
        return []
    level = sum(vote.value >= own.value for own, vote in passed)
    claim = f"On {label(passed[0][0].metric)} a clock alone, without EEG, does better than chance"
    if len(items) == 1:
        own, vote = passed[0]
        claim += " and no worse than the decoder" if level else ""
        numbers = f"{POSITION_VOTE} {with_interval(vote.value, vote)}, p {p_value(vote.p)}; decoded {number(own.value)}"
    else:
        claim += f" in {len(passed)} of {len(pairs)} subjects"
        claim += f", in {level} no worse than the decoder" if level else ""
        theirs, ours = median(vote.value for _, vote in pairs), median(own.value for own, _ in pairs)
        numbers = f"medians: {POSITION_VOTE} {number(theirs)}, decoded {number(ours)}"
    return [Sentence("caution", f"{claim}: the order of presentation, or drift, can pass for decoding", numbers)]


def _better(item: Evidence) -> str:
    return "better" if lower_is_better(item.score.metric) else "higher"


def _of_several(every: list[list[Evidence]]) -> list[Sentence]:
    """Return the findings over subjects, metric by metric."""
    found = []
    for metric, items in _by_metric(every).items():
        values = [item.score.value for item in items]
        numbers = (
            f"median {number(median(values))}, range {number(min(values))} to {number(max(values))}, "
            f"median chance {number(median(item.score.chance for item in items))}"
        )
        hits, n = sum(item.status == "yes" for item in items), sum(bool(item.tests) for item in items)
        foils = _foils(items[0].score)
        what = label(metric) + (f" (own clip among {foils})" if foils else "")
        tone: Tone = "yes" if hits and at_least(hits, n) < ALPHA else "no"
        claim = f"{what} is better than chance in {hits} of {n} subjects (p < .05 in all its tests)"
        if n == 0:
            claim = f"{what} was not tested against chance"
        elif not hits:
            claim = f"No evidence on {what} in any of {n} subjects"
        elif tone == "no":
            claim += ", which luck alone can give"
        if tone == "yes" and _clock_does_as_well(items):
            tone = "caution"
        found.append(Sentence(tone, claim[0].upper() + claim[1:], numbers))
        found += [*_cautions_of_several(items), *_clock(items)]
    return found


def _cautions_of_several(items: list[Evidence]) -> list[Sentence]:
    """Say in how many subjects a simple control scores better than the decoded videos."""
    found = []
    for name in dict.fromkeys(name for item in items for name in _controls(item)):
        pairs = [item for item in items if name in item.controls]
        better = sum(item.gain(name) < 0 for item in pairs)
        analytic = items[0].score.chance_kind == "analytic"
        if better == 0 or (analytic and name in _CONSTANTS):
            continue
        theirs, ours = median(i.controls[name].value for i in pairs), median(i.score.value for i in pairs)
        metric, video = label(items[0].score.metric), _CONSTANTS.get(name, f"the control {name}")
        claim = (
            f"On {metric} {video} scores {_better(items[0])} than the decoded ones in {better} of {len(pairs)} subjects"
        )
        if name in _CONSTANTS and better > len(pairs) / 2:
            claim += f", so {metric} says little here"
        found.append(Sentence("caution", claim, f"medians: {name} {number(theirs)}, decoded {number(ours)}"))
    return found
