"""The report: one HTML page that stands by itself, from score rows and videos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from statistics import median
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from eeg2vid.schemas.conditions import POSITION_VOTE
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.scores import Contrast, Definition, Score
from eeg2vid.stages.reporting import charts
from eeg2vid.stages.reporting.charts import label, number
from eeg2vid.stages.reporting.conditions import CONDITIONS
from eeg2vid.stages.reporting.evidence import ALPHA, SHUFFLED, is_lenient
from eeg2vid.stages.reporting.sprites import MAX_FRAMES, Frames, SpriteSheet, clip_sections, geometry_of
from eeg2vid.stages.reporting.verdict import verdict

_CHANCE_KINDS = {"analytic": "formula", "pairing": "wrong pairings", "majority": "commonest class"}


@dataclass(frozen=True)
class ClipView:
    """One test clip of one subject.

    Attributes
    ----------
    event, clip, run, fold
        Labels.
    concept, caption
        What the clip shows; empty where it is not known.
    scores
        Metric -> value of the decoded video; values that are not finite are not shown.
    guess
        A line on what was decoded, e.g. "concept: guitar 31 % (true: cat 4 %)".
    """

    event: str
    clip: str
    run: str
    fold: str
    concept: str
    caption: str
    scores: dict[str, float]
    guess: str = ""


@dataclass(frozen=True)
class SubjectView:
    """One subject: score rows, and the test clips in the order of presentation.

    Attributes
    ----------
    truth
        uint8 `(clip, frame, height, width, 3)`, in memory or on disk; read clip by clip.
    decoded
        Condition -> videos of the same shape, `full` first.
    """

    subject: str
    scores: list[Score]
    contrasts: list[Contrast]
    clips: list[ClipView]
    truth: Frames
    decoded: dict[str, Frames]


@dataclass(frozen=True)
class ReportData:
    """All that the page tells.

    Attributes
    ----------
    stamps
        What must be said loudly, e.g. "simulated".
    protocol
        "corrected", "published", "mixed", or None.
    made
        Date of the page.
    provenance
        Pairs of stage/variant and its settings on a line.
    warnings
        What ingest found amiss.
    fps
        Frames per second of the clips.
    picture
        Height and width of the picture within a frame, px; the rest is padding. None: no padding.
    """

    title: str
    recipe_title: str
    recipe_about: str
    stamps: tuple[str, ...]
    protocol: str | None
    made: str
    subjects: list[SubjectView]
    definitions: list[Definition]
    provenance: list[tuple[str, str]]
    warnings: list[str]
    fps: float
    picture: tuple[int, int] | None = None


@dataclass(frozen=True)
class Line:
    """One line of a table, ready to print."""

    metric: str
    first: bool
    span: int
    name: str
    cells: tuple[str, ...]
    bar: Markup


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
    frames = shown[0].truth.shape[1] if shown else 0
    conditions = list(dict.fromkeys([*(row.condition for row in scores), *(c for v in shown for c in v.decoded)]))
    return template("report.html").render(
        data=data,
        facts=_facts(data, frames),
        verdict=verdict([(view.subject, view.scores, view.contrasts) for view in data.subjects], data.stamps),
        tables=_tables(data.subjects),
        summaries=_summaries(scores) if len(data.subjects) > 1 else [],
        conditions=[(name, CONDITIONS.get(name, "A condition of this recipe.")) for name in conditions],
        chance_kinds={(row.kind, row.chance_kind) for row in scores},
        kinds={row.kind for row in scores},
        lenient=sorted({label(row.metric) for row in scores if is_lenient(row)}),
        contrasted=bool(contrasts),
        shuffled=SHUFFLED if SHUFFLED in conditions else "",
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
        label=label,
    )


def template(name: str) -> Any:
    """Return one of the pages' templates. Everything printed is escaped unless it was drawn here (`Markup`)."""
    folder = files("eeg2vid.stages") / "reporting"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _shown_first(names: list[str]) -> list[str]:
    """Return the conditions shown before anybody chooses: the decoded videos and one control that varies."""
    return [name for name in names if name in ("full", SHUFFLED)] if SHUFFLED in names else names[:2]


def _facts(data: ReportData, frames: int) -> list[tuple[str, str]]:
    """Return the numbers under the title."""
    views, folds = data.subjects, _folds(data.subjects)
    facts = [("subject" if len(views) == 1 else "subjects", str(len(views)))]
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
    return list(dict.fromkeys(clip.fold for view in views for clip in view.clips))


def _tables(views: Sequence[SubjectView]) -> list[dict[str, Any]]:
    """Return the tables of every subject; drawings share one scale per metric."""
    scales = charts.metric_scales(row for view in views for row in view.scores)
    differences = charts.contrast_scales(row for view in views for row in view.contrasts)
    tables = []
    for view in views:
        videos = [row for row in view.scores if row.kind == "video"]
        labels = [row for row in view.scores if row.kind == "classification"]
        tables.append(
            {
                "subject": view.subject,
                "video": score_lines(videos, scales),
                "video_notes": notes(videos),
                "labels": score_lines(labels, scales),
                "label_notes": notes(labels),
                "clock": clock_note(labels),
                "contrasts": contrast_lines(view.contrasts, differences),
            }
        )
    return tables


def _summaries(scores: Iterable[Score]) -> list[tuple[str, list[Line]]]:
    rows = list(scores)
    kinds = (("Videos", "video"), ("Labels", "classification"))
    tables = [(title, summary_lines(row for row in rows if row.kind == kind)) for title, kind in kinds]
    return [(title, lines) for title, lines in tables if lines]


def _title(metric: str) -> str:
    return label(metric)[:1].upper() + label(metric)[1:]


def _full_first(rows: list[Score]) -> list[Score]:
    return sorted(rows, key=lambda row: {"full": 0, POSITION_VOTE: 1}.get(row.condition, 2))


def clock_note(scores: Iterable[Score]) -> str:
    """Return how the position votes of one table came about, kernel by kernel; empty if there are none."""
    tasks: dict[str, dict[str, None]] = {}
    for row in scores:
        if row.condition == POSITION_VOTE and row.detail:
            task = row.metric.removesuffix(" balanced accuracy").removesuffix(" accuracy").removesuffix(" top-5")
            tasks.setdefault(row.detail, {})[task] = None
    return "; ".join(f"{', '.join(names)}: {detail}" for detail, names in tasks.items())


def notes(scores: Sequence[Score]) -> list[str]:
    """Return what must be known about the p-values of one table, with the metrics where not all have the same note."""
    metrics: dict[str, dict[str, None]] = {}
    for row in scores:
        if row.p is not None:
            metrics.setdefault(row.note, {})[_title(row.metric)] = None
    if len(metrics) == 1:
        return [note for note in metrics if note]
    return [f"{', '.join(names)}: {note}" for note, names in metrics.items() if note]


def score_lines(scores: Iterable[Score], scales: dict[str, charts.Scale]) -> list[Line]:
    """Return the lines of one subject's score table: metric by metric, `full` before its controls.

    Cells: value, interval, chance, how chance was found, p (with an asterisk if there is a note on it), clips, runs.
    """
    lines = []
    for rows in charts.grouped(scores):
        for k, row in enumerate(_full_first(rows)):
            p = charts.p_value(row.p).removeprefix("= ") + "*" * bool(row.note)
            cells = (
                number(row.value), charts.interval(row), number(row.chance), _CHANCE_KINDS[row.chance_kind],
                p, str(row.n_events), str(row.n_runs),
            )  # fmt: skip
            bar = charts.interval_bar(scales[row.metric], row.value, row.low, row.high, row.chance)
            lines.append(Line(_title(row.metric), k == 0, len(rows), row.condition, cells, bar))
    return lines


def contrast_lines(contrasts: Iterable[Contrast], scales: dict[str, charts.Scale]) -> list[Line]:
    """Return the lines of one subject's table of differences. Cells: difference, interval, p."""
    lines = []
    for rows in charts.grouped(contrasts):
        for k, row in enumerate(rows):
            cells = (
                number(row.difference, signed=True),
                charts.interval(row),
                charts.p_value(row.p).removeprefix("= "),
            )
            bar = charts.interval_bar(scales[row.metric], row.difference, row.low, row.high, 0.0)
            lines.append(Line(_title(row.metric), k == 0, len(rows), row.control, cells, bar))
    return lines


def summary_lines(scores: Iterable[Score]) -> list[Line]:
    """Return the lines of the table over subjects.

    Cells: median, range, median chance, subjects with p < .05 among those that have a p-value.
    """
    rows = list(scores)
    scales = charts.metric_scales(rows, intervals=False)
    lines = []
    for group in charts.grouped(rows):
        conditions: dict[str, list[Score]] = {}
        for row in _full_first(group):
            conditions.setdefault(row.condition, []).append(row)
        for k, (name, members) in enumerate(conditions.items()):
            values, chance = [row.value for row in members], median(row.chance for row in members)
            tested = [row.p for row in members if row.p is not None]
            hits = f"{sum(p < ALPHA for p in tested)} of {len(tested)}" if tested else "–"
            cells = (number(median(values)), f"{number(min(values))} to {number(max(values))}", number(chance), hits)
            bar = charts.strip(scales[members[0].metric], values, chance)
            lines.append(Line(_title(members[0].metric), k == 0, len(conditions), name, cells, bar))
    return lines
