"""The verdict at the end of a command: the headline of the report, and the first measures beside chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.conditions import CONDITIONS, FULL
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.scores import Contrast, Definition, Measure, Score, Term
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.reporting.numbers import bounds, level_of, number, plain_p
from eeg2vid.stages.reporting.titles import CHANCE, CONTROL, DECODED, P
from eeg2vid.stages.services.score_lines import in_columns
from eeg2vid.stages.store.layout import Address, split_variant, unit_subject
from eeg2vid.stages.store.reader import Artifact, load_manifest, open_artifact

if TYPE_CHECKING:
    from eeg2vid.stages.reporting.glossary import Glossary
    from eeg2vid.stages.reporting.over_people import Joint

_SCORES = "scores"
_SHOWN = 3
_COLUMNS = 80
_LEAST_NAME = 12


@dataclass(frozen=True)
class Leading:
    """One measure of what was decoded; over several people their mean, and the one test of all.

    Attributes
    ----------
    chance
        What knowing nothing scores; of labels what always naming the commonest scores, where that is more.
    control, control_value
        The control that knows less and scores best; empty: there is none.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    chance: float
    p: float | None
    control: str
    control_value: float | None


@dataclass(frozen=True)
class SystemVerdict:
    """What the report says first of one system.

    Attributes
    ----------
    tone
        'yes', 'no' or 'caution'.
    headline, note, warning
        Word for word those of the page.
    stamps
        What must be said with every number: simulated, a leak, ...
    """

    system: str
    subjects: tuple[str, ...]
    tone: str
    headline: str
    note: str
    warning: str
    stamps: tuple[str, ...]
    measures: tuple[Leading, ...]

    def as_row(self) -> dict[str, Any]:
        """Return it for programs."""
        row = asdict(self)
        return row | {"subjects": list(self.subjects), "stamps": list(self.stamps), "measures": list(row["measures"])}


def verdicts_of(study: Study, nodes: Sequence[Node]) -> list[SystemVerdict]:
    """Return the verdict on each system that units scored or reported, over all people of whom they tell.

    Where a report is among the units it is judged by the scores that its pages show. Nothing where nothing was scored.
    """
    scores = list(_scores(study, nodes))
    stamps = tuple(sorted({stamp for one in scores for stamp in one.manifest.stamps}))
    definitions = {(row.metric, row.variant): row for one in scores for row in one.table("definitions", Definition)}
    systems: dict[str, list[Artifact]] = {}
    for one in scores:
        systems.setdefault(one.address.variant, []).append(one)
    return [_verdict(study, name, some, list(definitions.values()), stamps) for name, some in systems.items()]


def _scores(study: Study, nodes: Sequence[Node]) -> Iterator[Artifact]:
    """Yield the scores behind the reports among some units; else those that the units themselves hold."""
    shown: dict[Address, None] = {}
    for node in nodes:
        if _SCORES in study.stages[node.stage].reads:
            for role in study.stages[node.stage].writes:
                shown.update(dict.fromkeys(_refs(study, Address(node.stage, node.variant, node.unit, role), _SCORES)))
    own = [
        Address(node.stage, node.variant, node.unit, _SCORES)
        for node in nodes
        if _SCORES in study.stages[node.stage].writes
    ]
    for address in shown or own:
        try:
            yield open_artifact(study.root, address)
        except MissingInputError:  # left alone, or not planned for this person
            continue


def _refs(study: Study, address: Address, role: str) -> list[Address]:
    """Return the inputs of a role that an artifact was made of."""
    try:
        manifest = load_manifest(address.folder(study.root))
    except MissingInputError:
        return []
    return [Address(ref.stage, ref.variant, ref.unit, ref.role) for ref in manifest.inputs if ref.role == role]


def _verdict(
    study: Study, system: str, scores: Sequence[Artifact], definitions: Sequence[Definition], stamps: tuple[str, ...]
) -> SystemVerdict:
    from eeg2vid.stages.judging.people import person_of
    from eeg2vid.stages.reporting.glossary import Glossary
    from eeg2vid.stages.reporting.over_people import over_people
    from eeg2vid.stages.reporting.rules import Subject
    from eeg2vid.stages.reporting.words import verdict

    glossary = Glossary.of(definitions)
    subjects = [
        Subject(
            unit_subject(one.address.unit) or one.address.unit,
            one.table("scores", Score),
            one.table("contrasts", Contrast),
            person_of(one, leading=True),
        )
        for one in scores
    ]
    terms = [row for one in scores for row in one.table("terms", Term)]
    found = verdict(subjects, definitions, stamps, imported=all(_imported(study, one) for one in scores), terms=terms)
    rows = [list(one.scores) for one in subjects]
    joint = over_people([one.person for one in subjects], glossary)
    return SystemVerdict(
        system,
        tuple(one.subject for one in subjects),
        found.tone,
        found.headline,
        found.note,
        found.warning,
        stamps,
        tuple(_leading(measure, rows, glossary, joint) for measure in _chosen(rows, glossary)),
    )


def _imported(study: Study, scores: Artifact) -> bool:
    """Tell whether the videos that were scored were made elsewhere."""
    node = Node(scores.address.stage, scores.address.variant, scores.address.unit)
    videos = _refs(study, scores.address, "videos")
    if not scores.manifest.inputs:  # imported themselves
        person = unit_subject(node.unit)
        videos = study.inputs(node, [person] if person else []).get("videos", [])
    by_condition = {split_variant(one.variant)[1]: one for one in videos if one.unit == node.unit}
    first = by_condition.get(FULL, next(iter(by_condition.values()), None))
    return first is not None and load_manifest(first.folder(study.root)).provenance == "imported"


def _chosen(rows: Sequence[Sequence[Score]], glossary: Glossary) -> list[Measure]:
    """Return the measures that stand for a system: those of the report's first table, then the next that lead."""
    from eeg2vid.stages.reporting.page.people import headline_measures
    from eeg2vid.stages.reporting.rules import BALANCED

    every = [row for some in rows for row in some if row.condition == FULL and glossary.definition(row).lead]
    first = headline_measures(every, glossary)
    kind = first[0].kind if first else ""
    others = sorted((row for row in every if row.kind == kind), key=lambda row: row.metric != BALANCED)
    return list({row.measure: None for row in (*first, *others)})[:_SHOWN]


def _leading(measure: Measure, people: Sequence[Sequence[Score]], glossary: Glossary, joint: Joint) -> Leading:
    conditions: dict[str, list[Score]] = {}
    for row in (row for rows in people for row in rows if row.measure == measure):
        conditions.setdefault(row.condition, []).append(row)
    full = conditions[FULL]
    told = glossary.definition(full[0])
    over = joint.get((measure, FULL))
    controls = {
        name: fmean(row.value for row in rows)
        for name, rows in conditions.items()
        if name in CONDITIONS and CONDITIONS[name].kind in ("control", "clock")
    }
    best = (min if told.direction == "lower" else max)(controls, key=controls.__getitem__, default="")
    low, high, p = full[0].low, full[0].high, full[0].p
    if len(people) > 1:
        low, high = (None, None) if over is None else (_known(over.interval.low), _known(over.interval.high))
        p = None if over is None or over.joint is None else over.joint.p
    return Leading(
        glossary.name(full[0]),
        fmean(row.value for row in full),
        low,
        high,
        fmean(level_of(row) for row in full),
        p,
        best,
        controls.get(best),
    )


def _known(value: float) -> float | None:
    return None if value != value else float(value)


def measure_lines(measures: Sequence[Leading]) -> list[str]:
    """Return a heading and a line for each measure, of at most 80 columns: the name gives way, never a control's."""
    if not measures:
        return []
    rows = [
        {
            DECODED: number(one.value) + ("" if one.low is None else f" {bounds(one.low, one.high)}"),
            CHANCE: number(one.chance),
            P: plain_p(one.p),
            CONTROL: "–" if one.control_value is None else f"{one.control} {number(one.control_value)}",
        }
        for one in measures
    ]
    told: list[Mapping[str, str]] = [{name: name for name in rows[0]}, *in_columns(rows, (CHANCE, P))] if rows else []
    wide = {name: max(len(row[name]) for row in told) for name in (told[0] if told else ())}
    room = max(_LEAST_NAME, _COLUMNS - sum(wide.values()) - 2 * len(wide))
    names = ["", *(_shortened(one.name, room) for one in measures)]
    longest = max(map(len, names))
    return [
        "  ".join([name.ljust(longest), *(_placed(row[key], wide[key], key) for key in wide)]).rstrip()
        for name, row in zip(names, told, strict=True)
    ]


def _placed(text: str, wide: int, column: str) -> str:
    return text.rjust(wide) if column in (CHANCE, P) else text.ljust(wide)


def _shortened(name: str, room: int) -> str:
    return name if len(name) <= room else f"{name[: room - 1]}…"
