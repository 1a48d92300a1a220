"""The report: one HTML page that stands by itself, from score rows and videos."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from eeg2vid.schemas.conditions import FULL, SHUFFLED_RUNS
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.scores import SAME_FRAMES
from eeg2vid.stages.reporting.glossary import Glossary, about
from eeg2vid.stages.reporting.over_people import over_people
from eeg2vid.stages.reporting.page.clips import clip_sections
from eeg2vid.stages.reporting.page.curves import Training, draw_training
from eeg2vid.stages.reporting.page.sprites import MAX_FRAMES, SpriteSheet, geometry_of
from eeg2vid.stages.reporting.page.sweeps import draw_sweep
from eeg2vid.stages.reporting.page.tables import looks, summaries, tables
from eeg2vid.stages.reporting.page.template import template
from eeg2vid.stages.reporting.page.views import ReportData, SubjectView
from eeg2vid.stages.reporting.rules import Subject
from eeg2vid.stages.reporting.words import Verdict, verdict


def render_report(data: ReportData) -> str:
    """Return the whole page as HTML that needs nothing from outside.

    The same data give the same page. Videos are read one clip at a time.

    Raises
    ------
    BadDataError
        If there is no subject, or videos do not fit the clips (see `check_shapes`, `geometry_of`).
    """
    if not data.subjects:
        raise BadDataError("There is no subject to report on.", "Score at least one subject first.")
    shown = [view for view in data.subjects if view.clips and view.decoded]
    geometry = geometry_of(shown[0].truth.shape, data.picture) if shown else None
    sheet, sections = clip_sections(shown, geometry) if geometry else (SpriteSheet(0), [])
    slots = list(dict.fromkeys(slot for section in sections for slot in section.slots))
    scores = [row for view in data.subjects for row in view.scores]
    contrasts = [row for view in data.subjects for row in view.contrasts]
    systems: dict[str, list[SubjectView]] = {}
    for view in data.subjects:
        systems.setdefault(view.system, []).append(view)
    frames = shown[0].truth.shape[1] if shown else 0
    conditions = list(dict.fromkeys([*(row.condition for row in scores), *(c for v in shown for c in v.decoded)]))
    glossary = Glossary.of(data.definitions)
    return template("report.html").render(
        data=data,
        facts=_facts(data, frames),
        verdicts=[(system, _verdict(data, views)) for system, views in systems.items()],
        tables=tables(data.subjects, glossary),
        summaries=[
            (title, system, len(views), lines)
            for system, views in systems.items()
            if len(views) > 1
            for title, lines in summaries(
                [row for view in views for row in view.scores],
                glossary,
                over_people([view.person for view in views], glossary),
            )
        ],
        looks=[(system, lines) for system, views in systems.items() if (lines := looks(views, glossary))],
        conditions=[(name, about(name)) for name in conditions],
        chance_kinds={(row.kind, row.chance_kind) for row in scores},
        kinds={row.kind for row in scores},
        lenient=sorted({glossary.name(row) for row in scores if glossary.definition(row).lenient}),
        copied=[row.sentence for row in data.terms if row.term == SAME_FRAMES],
        contrasted=bool(contrasts),
        shuffled=SHUFFLED_RUNS if SHUFFLED_RUNS in conditions else "",
        without_interval=None in [*(row.low for row in scores), *(row.low for row in contrasts)],
        one_fold=len(_folds(data.subjects)) == 1,
        sections=sections,
        slots=slots,
        shown_first=_shown_first([name for _, name in slots]),
        metrics=list(dict.fromkeys(name for view in shown for clip in view.clips for name in clip.scores)),
        rules=sheet.rules,
        geometry=geometry,
        seconds=round(frames / data.fps, 4) if frames else 0,
        thinned=frames > MAX_FRAMES,
        trainings=_trainings(data.trainings),
        sweeps=[(one, [(s.name, draw_sweep(s, one.setting)) for s in one.series]) for one in data.sweeps],
    )


def _verdict(data: ReportData, views: Sequence[SubjectView]) -> Verdict:
    """Judge one system; several are never pooled, and none is picked."""
    rows = [Subject(view.subject, view.scores, view.contrasts, view.person) for view in views]
    return verdict(rows, data.definitions, data.stamps, imported=all(view.imported for view in views))


def _shown_first(names: list[str]) -> list[str]:
    """Return the conditions shown before anybody chooses: the decoded videos and one control that varies."""
    return [name for name in names if name in (FULL, SHUFFLED_RUNS)] if SHUFFLED_RUNS in names else names[:2]


def _facts(data: ReportData, frames: int) -> list[tuple[str, str]]:
    """Return the numbers under the title."""
    views, folds = data.subjects, _folds(data.subjects)
    people, systems = len({view.subject for view in views}), len({view.system for view in views})
    facts = [("subject" if people == 1 else "subjects", str(people))]
    if systems > 1:
        facts.append(("systems", str(systems)))
    each = "" if len(views) == 1 else " each"
    for name, counts in (
        ("test clips", [len(view.clips) or max((row.n_events for row in view.scores), default=0) for view in views]),
        (
            "runs",
            [len({c.run for c in view.clips}) or max((r.n_runs for r in view.scores), default=0) for view in views],
        ),
        ("folds", [len({clip.fold for clip in view.clips}) if len(folds) > 1 else 0 for view in views]),
    ):
        if not any(counts):
            continue
        low, high = min(counts), max(counts)
        word = name.removesuffix("s") if high == 1 else name
        facts.append((word + each, str(low) if low == high else f"{low} to {high}"))
    if len(folds) == 1:
        facts.append(("fold", f"only {folds[0]}"))
    if frames:
        facts.append(("frames a clip", f"{frames} at {data.fps:g}/s"))
    return facts


def _folds(views: Sequence[SubjectView]) -> list[str]:
    return list(dict.fromkeys(clip.fold for view in views for clip in view.clips if clip.fold))


def _trainings(trainings: Sequence[Training]) -> list[tuple[str, list[tuple[str, Markup]]]]:
    """Return the drawings of each subject's trainings, with their titles."""
    subjects: dict[str, list[tuple[str, Markup]]] = {}
    for one in trainings:
        subjects.setdefault(one.subject, []).append((one.title, draw_training(one)))
    return list(subjects.items())
