"""Custom splits: a table says which events are in which part of which fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2vid.schemas.entities import Clip, Fold
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.datasets.splits.concepts import concept_names
from eeg2vid.stages.datasets.splits.division import Division
from eeg2vid.stages.datasets.splits.shown import Shown
from eeg2vid.stages.datasets.splits.words import listed, nearest
from eeg2vid.stages.datasets.tables import Table, TableRow, read_table

SELECTORS = ("event", "clip", "run", "block", "session", "subject", "concept", "recording")
REQUIRED = ("fold", "part")
_PARTS = {part.name.lower(): part for part in Part}


@dataclass(frozen=True)
class _Rule:
    """One row: what it selects, by column, and what becomes of it."""

    row: TableRow
    fold: str
    part: Part
    wanted: Mapping[str, str | int]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.wanted)


def by_table(path: Path, shown: Shown, clips: Sequence[Clip], subjects: Sequence[str], own: int) -> Division:
    """Return the folds of a table; a row takes every presentation that matches all it names.

    What no row matches is unused.

    Parameters
    ----------
    path
        TSV or CSV with `fold`, `part` and any of `event`, `clip`, `run`, `block`, `session`, `subject`,
        `concept` (id or name), `recording`; an empty field matches all.
    shown
        Presentations: first the subject's own, then those of others.
    clips
        The clip index.
    subjects
        All subjects of the study.
    own
        How many presentations are the subject's own.

    Raises
    ------
    BadDataError
        If the table is malformed, names something that is not there, or puts an event into two parts of a fold.
    """
    table = read_table(path, required=REQUIRED, known=(*REQUIRED, *SELECTORS))
    _check_columns(table)
    rules = _rules(table, clips, subjects)
    names = list(dict.fromkeys(rule.fold for rule in rules))
    for name in names:
        lost = {Part.TRAIN, Part.TEST} - {rule.part for rule in rules if rule.fold == name}
        if lost:
            raise BadDataError(
                f"{path}: fold '{name}' has no row for {min(lost).name.lower()}.",
                "Each fold trains and tests on something.",
            )
    columns = {name: getattr(shown, name) for name in SELECTORS}
    assignment = np.zeros((len(names), len(shown)), dtype=np.int8)
    matched = np.zeros(len(rules), dtype=bool)
    for k, name in enumerate(names):
        chosen_by = _match(rules, name, columns, matched, own)
        parts = np.array([rule.part for rule in rules], dtype=np.int8)
        assignment[k] = np.where(chosen_by < 0, Part.UNUSED, parts[chosen_by])
    folds = [_fold(name, [rule for rule in rules if rule.fold == name]) for name in names]
    people = "subject" in table.columns
    return Division(folds, assignment, partial=people, remarks=_idle(rules, matched, str(shown.subject[0])))


def names_subjects(path: Path) -> bool:
    """Tell whether a table divides subjects: then a clip may leak from one to another."""
    return "subject" in read_table(path, required=REQUIRED, known=(*REQUIRED, *SELECTORS)).columns


def _check_columns(table: Table) -> None:
    for name in table.columns:
        if name not in (*REQUIRED, *SELECTORS):
            raise BadDataError(f"{table.path}: the column {name!r} means nothing here.", nearest(name, SELECTORS))
    if not set(table.columns) & set(SELECTORS):
        raise BadDataError(
            f"{table.path} says of no row which events it is about.", f"Add any of the columns {', '.join(SELECTORS)}."
        )


def _rules(table: Table, clips: Sequence[Clip], subjects: Sequence[str]) -> list[_Rule]:
    names = concept_names(clips)
    by_name = {name.casefold(): number for number, name in names.items()}
    index = {clip.clip for clip in clips}
    rules = []
    for row in table.rows:
        fold, part = row.label("fold"), (row.text("part") or "").casefold()
        if fold is None:
            row.fail("the field fold is empty.")
        if part not in _PARTS:
            row.fail(f"part {part!r}: expected train, validation, test or unused.", nearest(part, _PARTS))
        wanted: dict[str, str | int] = {}
        for column in SELECTORS:
            text = row.text(column)
            if text is None:
                continue
            if column == "subject":
                text = text.removeprefix("sub-")
                if text not in subjects:
                    row.fail(f"there is no subject {text!r} in this study.", nearest(text, subjects))
            if column == "clip" and text not in index:
                row.fail(f"the clip index has no clip {text!r}.", nearest(text, sorted(index)))
            if column == "concept":
                number = int(text) if text.isdecimal() and int(text) in names else by_name.get(text.casefold())
                if number is None:
                    row.fail(f"the clip index knows no concept {text!r}.", nearest(text, names.values()))
                wanted[column] = number
            else:
                wanted[column] = text
        if not wanted:
            row.fail("it names nothing, and would take every event.", "Give each row a block, run, clip, ...")
        rules.append(_Rule(row, fold, _PARTS[part], wanted))
    return rules


def _match(
    rules: Sequence[_Rule], fold: str, columns: Mapping[str, np.ndarray], matched: np.ndarray, own: int
) -> np.ndarray:
    """Return the rule that decides each presentation in one fold, -1 where none does.

    Rules that name the same columns are looked up together: one sorted search per combination of columns.
    """
    found = np.full(len(columns["event"]), -1)
    here = [k for k, rule in enumerate(rules) if rule.fold == fold]
    for pattern in dict.fromkeys(rules[k].columns for k in here):
        same = np.array([k for k in here if rules[k].columns == pattern])
        wanted = [np.array([rules[k].wanted[name] for k in same]) for name in pattern]
        keys, asked = _codes(wanted, [columns[name] for name in pattern])
        unique, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        for index in np.flatnonzero(first[inverse] != np.arange(len(same))):
            _agree(rules[same[first[inverse[index]]]], rules[same[index]], "the same events")
        place = np.minimum(np.searchsorted(unique, asked), len(unique) - 1)
        hit = unique[place] == asked
        deciding = same[first[place]]
        both = np.flatnonzero(hit & (found >= 0))
        parts = np.array([rule.part for rule in rules])
        torn = both[parts[found[both]] != parts[deciding[both]]]
        if torn.size:
            one, other = sorted((found[torn[0]], deciding[torn[0]]))
            what = columns["event"][torn[0]] or f"of subject {columns['subject'][torn[0]]}"
            _agree(rules[one], rules[other], f"event {what}, clip {columns['clip'][torn[0]]},")
        own_hits = np.unique(place[:own][hit[:own]])
        matched[same[np.isin(inverse, own_hits)]] = True
        found = np.where(hit, deciding, found)
    return found


def _codes(wanted: Sequence[np.ndarray], shown: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return one number per rule and per presentation, equal where all columns are."""
    n = len(wanted[0])
    codes = np.zeros(n + len(shown[0]), dtype=np.int64)
    for rule_values, values in zip(wanted, shown, strict=True):
        _, index = np.unique(np.concatenate([rule_values, values]), return_inverse=True)
        _, codes = np.unique(codes * (index.max() + 1) + index, return_inverse=True)
    return codes[:n], codes[n:]


def _agree(one: _Rule, other: _Rule, what: str) -> None:
    if one.part != other.part:
        other.row.fail(
            f"{what} {'are' if what.endswith('events') else 'is'} in part '{other.part.name.lower()}' of fold "
            f"'{other.fold}' here, and in '{one.part.name.lower()}' in row {one.row.number}.",
            "An event has one part in a fold.",
        )


def _fold(name: str, rules: Sequence[_Rule]) -> Fold:
    return Fold(fold=name, test=_described(rules, Part.TEST), validation=_described(rules, Part.VALIDATION))


def _described(rules: Sequence[_Rule], part: Part) -> str:
    """Return 'block 7' where rows name one column only, else how many rows there are."""
    here = [rule for rule in rules if rule.part == part]
    columns = {rule.columns for rule in here}
    if len(columns) == 1 and len(pattern := columns.pop()) == 1:
        values = dict.fromkeys(rule.row.text(pattern[0]) or "" for rule in here)
        return listed(pattern[0], list(values))
    return f"{len(here)} row{'s' if len(here) > 1 else ''} of {here[0].row.path.name}" if here else ""


def _idle(rules: Sequence[_Rule], matched: np.ndarray, subject: str) -> list[str]:
    """Return a remark about rows that are about this subject and match none of its events."""
    idle = [
        str(rule.row.number)
        for rule, hit in zip(rules, matched, strict=True)
        if not hit and rule.wanted.get("subject", subject) == subject
    ]
    if not idle:
        return []
    return [f"Subject {subject} has no event that {listed('row', idle)} of {rules[0].row.path.name} would match."]
