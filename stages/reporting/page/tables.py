"""The page's tables of scores: of each subject, and over subjects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from eeg2vid.schemas.conditions import FULL, POSITION_VOTE
from eeg2vid.schemas.scores import Contrast, Kind, Measure, Score
from eeg2vid.stages.reporting.evidence import ALPHA, Evidence, evidence_of
from eeg2vid.stages.reporting.glossary import Glossary, capital, full_first, grouped
from eeg2vid.stages.reporting.numbers import bounds, interval, level_kind, level_of, number, plain_p
from eeg2vid.stages.reporting.over_people import Joint
from eeg2vid.stages.reporting.page import bars
from eeg2vid.stages.reporting.page.views import Line, SubjectView
from eeg2vid.stages.reporting.rules import by_measure

_CHANCE_KINDS = {"analytic": "formula", "pairing": "wrong pairings", "majority": "commonest class"}
TITLES: dict[Kind, str] = {"video": "Videos", "classification": "Labels", "value": "Values"}


def tables(views: Sequence[SubjectView], glossary: Glossary) -> list[dict[str, Any]]:
    """Return the tables of every subject; drawings share one scale per measure."""
    scales = bars.metric_scales(row for view in views for row in view.scores)
    differences = bars.contrast_scales(row for view in views for row in view.contrasts)
    return [
        {
            "subject": view.label,
            "scores": {kind: _scored(view.scores, kind, scales, glossary) for kind in TITLES},
            "contrasts": contrast_lines(
                [row for row in view.contrasts if glossary.definition(row).lead], differences, glossary
            ),
        }
        for view in views
    ]


def _scored(
    scores: Iterable[Score], kind: Kind, scales: dict[Measure, bars.Scale], glossary: Glossary
) -> dict[str, Any]:
    rows = [row for row in scores if row.kind == kind]
    lead, others = ([row for row in rows if glossary.definition(row).lead == wanted] for wanted in (True, False))
    return {
        "title": TITLES[kind],
        "lines": score_lines(lead, scales, glossary),
        "rest": score_lines(others, scales, glossary),
        "notes": notes(rows, glossary),
        "clock": clock_note(rows),
    }


def summaries(views: Sequence[SubjectView], glossary: Glossary, joint: Joint) -> list[tuple[str, list[Line]]]:
    """Return the tables over subjects, with their titles: the measures that a verdict rests on."""
    found = []
    for kind, title in TITLES.items():
        evidence = [evidence_of(view.scores, view.contrasts, kind, glossary) for view in views]
        rows = [row for view in views for row in view.scores if row.kind == kind and glossary.definition(row).lead]
        if rows:
            found.append((title, summary_lines(rows, len(views), by_measure(evidence), glossary, joint)))
    return found


def clock_note(scores: Iterable[Score]) -> str:
    """Return how the position votes of one table came about, kernel by kernel; empty if there are none."""
    targets: dict[str, dict[str, None]] = {}
    for row in scores:
        if row.condition == POSITION_VOTE and row.detail:
            targets.setdefault(row.detail, {})[row.target] = None
    return "; ".join(f"{', '.join(names)}: {detail}" for detail, names in targets.items())


def notes(scores: Sequence[Score], glossary: Glossary) -> list[str]:
    """Return what must be known about the p-values of one table, with the metrics where not all have the same note."""
    metrics: dict[str, dict[str, None]] = {}
    for row in scores:
        if row.p is not None:
            metrics.setdefault(row.note, {})[glossary.title(row)] = None
    if len(metrics) == 1:
        return [note for note in metrics if note]
    return [f"{', '.join(names)}: {note}" for note, names in metrics.items() if note]


def score_lines(scores: Iterable[Score], scales: dict[Measure, bars.Scale], glossary: Glossary) -> list[Line]:
    """Return the lines of one subject's score table: metric by metric, `full` before its controls.

    Cells: value, interval, chance, how chance was found, p (with an asterisk if there is a note on it), clips, runs.
    """
    lines = []
    for rows in grouped(scores):
        for k, row in enumerate(full_first(rows)):
            p = plain_p(row.p) + "*" * (row.p is not None and bool(row.note))
            cells = (
                number(row.value), interval(row), number(level_of(row)), _CHANCE_KINDS[level_kind(row)],
                p, str(row.n_events), str(row.n_runs),
            )  # fmt: skip
            bar = bars.interval_bar(scales[row.measure], row.value, row.low, row.high, level_of(row))
            lines.append(Line(glossary.title(row), k == 0, len(rows), row.condition, cells, bar))
    return lines


def contrast_lines(contrasts: Iterable[Contrast], scales: dict[Measure, bars.Scale], glossary: Glossary) -> list[Line]:
    """Return the lines of one subject's table of differences. Cells: difference, interval, p."""
    lines = []
    for rows in grouped(contrasts):
        for k, row in enumerate(rows):
            cells = (
                number(row.difference, signed=True),
                interval(row),
                plain_p(row.p),
            )
            bar = bars.interval_bar(scales[row.measure], row.difference, row.low, row.high, 0.0)
            lines.append(Line(glossary.title(row), k == 0, len(rows), row.control, cells, bar))
    return lines


def summary_lines(
    scores: Iterable[Score], people: int, evidence: Mapping[Measure, list[Evidence]], glossary: Glossary, joint: Joint
) -> list[Line]:
    """Return the lines of the table over subjects.

    Cells: mean, its interval over people and runs, mean chance, p of the one test of all, subjects in whom the score
    passes all of its tests (the verdict counts the same) among those in whom it has any, and how many of the `people`
    the row rests on: some conditions may not have been scored in everybody.
    """
    rows = list(scores)
    scales = bars.metric_scales(rows, intervals=False)
    lines = []
    for group in grouped(rows):
        conditions: dict[str, list[Score]] = {}
        for row in full_first(group):
            conditions.setdefault(row.condition, []).append(row)
        for k, (name, members) in enumerate(conditions.items()):
            over = joint.get((members[0].measure, name))
            values, chance = [row.value for row in members], fmean(level_of(row) for row in members)
            p = plain_p(over.joint.p) if over is not None and over.joint is not None else "–"
            around = "–" if over is None else bounds(over.interval.low, over.interval.high)
            hits = _alone(members, evidence.get(members[0].measure, []) if name == FULL else [])
            there = str(people) if len(members) == people else f"{len(members)} of {people}"
            cells = (number(fmean(values)), around, number(chance), p, hits, there)
            bar = bars.strip(scales[members[0].measure], values, chance)
            lines.append(Line(glossary.title(members[0]), k == 0, len(conditions), name, cells, bar))
    return lines


def _alone(rows: Sequence[Score], evidence: Sequence[Evidence]) -> str:
    """Return in how many subjects a score passes alone: of the decoded, in all of its tests; of others, in its own."""
    passed = [item.status == "yes" for item in evidence if item.tests]
    passed = passed or [row.p < ALPHA for row in rows if row.p is not None]
    return f"{sum(passed)} of {len(passed)}" if passed else "–"


def looks(views: Sequence[SubjectView], glossary: Glossary) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Return how the clips look together: name of the measure, what it is, and by condition value and remark.

    Over subjects the value is their mean.
    """
    rows = [row for view in views for row in view.looks]
    found = []
    for measure in dict.fromkeys(row.measure for row in rows):
        mine = [row for row in rows if row.measure == measure]
        lines = []
        for condition in dict.fromkeys(row.condition for row in mine):
            some = [row for row in mine if row.condition == condition]
            lines.append((condition, number(fmean(row.value for row in some)), some[0].detail))
        found.append((capital(glossary.name(mine[0])), glossary.definition(mine[0]).definition, lines))
    return found
