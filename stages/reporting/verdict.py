"""What the score rows say, in plain sentences.

The sentences never say more than the rows do. A metric counts as evidence only if all of its tests pass: the
permutation of whole runs, and the comparison with what is decoded from the EEG of other runs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from eeg2vid.schemas.scores import Contrast, Score
from eeg2vid.schemas.splits import LEAK
from eeg2vid.stages.reporting.charts import grouped, interval, label, number, p_value

ALPHA = 0.05
SHUFFLED = "shuffled-runs"
Tone = Literal["yes", "no", "caution"]
Subject = tuple[str, Sequence[Score], Sequence[Contrast]]
_CONSTANTS = {"grey": "a grey video", "mean-video": "the mean training video"}
_NOT_CONTROLS = ("full", SHUFFLED, "class-true", "class-predicted", "no-seq2seq", "no-dana", "no-text")
_RULE = "A subject counts if a score passes all of its tests at p < .05 after Holm's correction."
_IDENTIFICATION = re.compile(r"identif|two-?way|top-?\d", re.IGNORECASE)
_LOWER_IS_BETTER = ("mse", "rmse", "mae", "lpips", "fvd", "fid")


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


@dataclass(frozen=True)
class Evidence:
    """The tests of one metric of one subject, and the other conditions."""

    score: Score
    contrasts: dict[str, Contrast]
    controls: dict[str, Score]

    def gain(self, control: str) -> float:
        """Return how much better `full` is than a control, positive where it is better."""
        contrast = self.contrasts.get(control)
        difference = self.score.value - self.controls[control].value if contrast is None else contrast.difference
        return -difference if lower_is_better(self.score.metric) else difference

    @property
    def tests(self) -> list[float]:
        """The p-values for being better than chance and than shuffled runs; 1 where the control is better."""
        contrast = self.contrasts.get(SHUFFLED)
        against = [] if contrast is None else [contrast.p if self.gain(SHUFFLED) > 0 else 1.0]
        return [*([] if self.score.p is None else [self.score.p]), *against]

    @property
    def status(self) -> str:
        """Return "yes" (all tests pass), "mixed" (some), "worse", "no", or "untested"."""
        passed = [p < ALPHA for p in self.tests]
        if not passed:
            return "untested"
        if any(passed):
            return "yes" if all(passed) else "mixed"
        contrast = self.contrasts.get(SHUFFLED)
        return "worse" if contrast is not None and contrast.p < ALPHA and self.gain(SHUFFLED) < 0 else "no"

    @property
    def numbers(self) -> str:
        """Return value, chance and tests in one clause."""
        row, contrast = self.score, self.contrasts.get(SHUFFLED)
        text = f"{label(row.metric)} {_with_interval(row.value, row)}, chance {number(row.chance)}"
        text += "" if row.p is None else f", p {p_value(row.p)}"
        return text if contrast is None else f"{text}; {_difference(contrast)}"


def _difference(row: Contrast) -> str:
    return f"difference from {row.control} {_with_interval(row.difference, row, signed=True)}, p {p_value(row.p)}"


def _with_interval(value: float, row: Score | Contrast, signed: bool = False) -> str:
    return number(value, signed) if row.low is None else f"{number(value, signed)} {interval(row)}"


def lower_is_better(metric: str) -> bool:
    """Return whether a small value of the metric is a good one."""
    return re.split(r"[-_ ]", metric)[0].lower() in _LOWER_IS_BETTER


def is_lenient(row: Score) -> bool:
    """Return whether a row is an N-way score that takes any of three labels for right: its chance is 3 / (N + 2)."""
    ways = re.search(r"(\d+)-way", row.metric)
    return ways is not None and abs(row.chance - 3 / (int(ways[1]) + 2)) < 1e-6


def evidence_of(scores: Sequence[Score], contrasts: Sequence[Contrast], kind: str) -> list[Evidence]:
    """Gather the rows of every metric of one subject that has a `full` row of this kind."""
    found = []
    for rows in grouped(row for row in scores if row.kind == kind):
        conditions = {row.condition: row for row in rows}
        if "full" in conditions:
            against = {row.control: row for row in contrasts if row.metric == rows[0].metric}
            found.append(Evidence(conditions.pop("full"), against, conditions))
    return found


def _survivors(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the metrics that pass after Holm's correction for the number of metrics tested."""
    ordered = sorted((max(item.tests), k) for k, item in enumerate(evidence) if item.tests)
    kept = set()
    for rank, (p, k) in enumerate(ordered):
        if p * (len(ordered) - rank) >= ALPHA:
            break
        kept.add(k)
    return [item for k, item in enumerate(evidence) if k in kept]


def _at_least(hits: int, n: int) -> float:
    """Return the chance that `hits` or more of `n` tests pass by chance alone."""
    return sum(math.comb(n, k) * ALPHA**k * (1 - ALPHA) ** (n - k) for k in range(hits, n + 1))


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
    if len(subjects) == 1:
        return Verdict(*_headline_of_one(tested[0], things), sentences)
    return Verdict(*_headline_of_several(tested, things), sentences)


def _headline_of_one(evidence: list[Evidence], things: str) -> tuple[Tone, str, str]:
    """Return tone, headline and note of a single subject."""
    tested = [item for item in evidence if item.tests]
    good = _survivors(tested)
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
    hits = sum(bool(_survivors(items)) for items in every)
    if hits == 0:
        return "no", f"No evidence in any of {n} subjects that the {things}.", _RULE
    luck = _at_least(hits, n)
    note = f"{_RULE} By chance alone, {hits} or more of {n} would pass with probability at most {_probability(luck)}."
    if luck >= ALPHA:
        return "caution", f"Weak evidence, in {hits} of {n} subjects, that the {things}.", note
    return "yes", f"In {hits} of {n} subjects the {things}.", note


def _probability(p: float) -> str:
    return ".001" if p < 0.001 else number(p)


def _of_one(every: list[list[Evidence]]) -> list[Sentence]:
    """Return the findings of a single subject."""
    return [sentence for item in every[0] for sentence in (_finding(item), *_cautions(item))]


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
    tones: dict[str, Tone] = {"yes": "yes", "mixed": "caution"}
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
        tested = "not tested" if contrast is None else _difference(contrast)
        numbers = f"{name} {number(control.value)}, decoded {number(item.score.value)}; {tested}"
        found.append(Sentence("caution", claim, numbers))
    return found


def _better(item: Evidence) -> str:
    return "better" if lower_is_better(item.score.metric) else "higher"


def _of_several(every: list[list[Evidence]]) -> list[Sentence]:
    """Return the findings over subjects, metric by metric."""
    metrics: dict[str, list[Evidence]] = {}
    for item in (item for items in every for item in items):
        metrics.setdefault(item.score.metric, []).append(item)
    found = []
    for metric, items in metrics.items():
        values = [item.score.value for item in items]
        numbers = (
            f"median {number(median(values))}, range {number(min(values))} to {number(max(values))}, "
            f"median chance {number(median(item.score.chance for item in items))}"
        )
        hits, n = sum(item.status == "yes" for item in items), sum(bool(item.tests) for item in items)
        foils = _foils(items[0].score)
        what = label(metric) + (f" (own clip among {foils})" if foils else "")
        tone: Tone = "yes" if hits and _at_least(hits, n) < ALPHA else "no"
        claim = f"{what} is better than chance in {hits} of {n} subjects (p < .05 in all its tests)"
        if n == 0:
            claim = f"{what} was not tested against chance"
        elif not hits:
            claim = f"No evidence on {what} in any of {n} subjects"
        elif tone == "no":
            claim += ", which luck alone can give"
        found.append(Sentence(tone, claim[0].upper() + claim[1:], numbers))
        found += _cautions_of_several(items)
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
