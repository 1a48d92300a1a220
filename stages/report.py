"""`report`: one HTML page with every test clip and every score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS, TrainedEpoch, TrainedModel
from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.entities import Caption, Check, Clip
from eeg2vid.schemas.predictions import PREDICTIONS, PredictionAttributes, PredictionKey
from eeg2vid.schemas.recordings import CAPTIONS, CHECKS, CLIPS
from eeg2vid.schemas.scores import REPORT, SCORES, Contrast, Definition, Look, Score, ScoredEvent, Term, Values
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.cohort.clips import places_of, rows_of_clips
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write
from eeg2vid.stages.judging.people import person_of
from eeg2vid.stages.store.layout import split_variant, unit_subject
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    from eeg2vid.stages.reporting.page.curves import Training
    from eeg2vid.stages.reporting.page.sweeps import SweepPlot
    from eeg2vid.stages.reporting.page.views import ClipView, SubjectView


class ReportSettings(Settings):
    """Settings of `report`."""

    title: str = Field("", max_length=200, description="heading of the page; none: the recipe's name")


class Report(Stage):
    """Write one self-contained HTML page: truth and decoded videos side by side, scores, how to read them.

    Every test clip is shown, none picked.
    """

    name = "report"
    version = 3
    Settings = ReportSettings
    reads = {
        "scores": Read(SCORES, "many"),
        "videos": Read(VIDEOS, "conditions"),
        "predictions": Read(PREDICTIONS, "many", eeg=True),
        "stimuli": Read(VIDEOS),
        "clips": Read(CLIPS),
        "captions": Read(CAPTIONS, eeg=True),
        "checks": Read(CHECKS, eeg=True),
        "eeg-checks": Read(CHECKS, "many", eeg=True),
    }
    writes = {"report": Write(REPORT, "study")}
    panel = "Judge"
    resources = Resources(cpus=2, memory_gb=16, minutes=10)
    examples = ("eeg2vid report", "eeg2vid report --subject 1-3 --title 'Pilot'")

    def run(self, ctx: Context) -> None:
        """Gather every subject's scores and videos into one page."""
        from eeg2vid.stages.reporting.page.render import render_report
        from eeg2vid.stages.reporting.page.views import ReportData

        header = ctx.study.recipe.header
        stimuli = ctx.read("stimuli")
        geometry: VideoAttributes = stimuli.attributes()
        scores = ctx.read_many("scores")
        systems = {artifact.address.variant for artifact in scores}
        what = "Videos" if ctx.read_many("videos") else "Labels"
        definitions = {(row.metric, row.variant): row for s in scores for row in s.table("definitions", Definition)}
        inputs = [*scores, *ctx.read_many("videos"), *ctx.read_many("predictions"), stimuli]
        subjects = [_subject(ctx, one, stimuli, geometry, len(systems) > 1) for one in scores]
        data = ReportData(
            title=ctx.settings.title or _title(subjects, what, header.name),
            recipe_title=header.title,
            recipe_about=header.about,
            stamps=tuple(sorted({stamp for artifact in inputs for stamp in artifact.manifest.stamps})),
            protocol=_protocol(inputs),
            made=max(artifact.manifest.created for artifact in inputs)[:10],
            subjects=subjects,
            definitions=list(definitions.values()),
            terms=tuple({row.term: row for s in scores for row in s.table("terms", Term)}.values()),
            provenance=_provenance(ctx),
            warnings=_warnings([*ctx.read_many("checks"), *ctx.read_many("eeg-checks")]),
            fps=geometry.fps,
            trainings=_trainings(ctx, scores),
            sweeps=_sweeps(ctx, scores, definitions.values()),
            left_out=tuple(ctx.study.left_out()),
        )
        page: Path = ctx.write("report").media("index.html")
        page.write_text(render_report(data), encoding="utf-8")


def _title(subjects: Sequence[SubjectView], what: str, recipe: str) -> str:
    """Return the heading of the page; clips that others decoded are not said to be decoded here."""
    if all(view.imported for view in subjects):
        return f"{what} decoded elsewhere, imported: {', '.join(dict.fromkeys(view.variant for view in subjects))}"
    return f"{what} decoded from EEG: {recipe}"


def _warnings(artifacts: Sequence[Artifact]) -> list[str]:
    """Return what ingest found amiss, in the study's files and in each subject's EEG."""
    if not artifacts:
        return ["Nothing was ingested: clips alone were imported, so there was nothing to check."]
    checks = [check for artifact in artifacts for check in artifact.table("checks", Check)]
    return [f"{c.item}: found {c.found}, expected {c.expected}" for c in checks if c.verdict == "warning"]


def _protocol(artifacts: Sequence[Artifact]) -> str | None:
    kinds = {artifact.manifest.protocol for artifact in artifacts} - {None}
    return next(iter(kinds), None) if len(kinds) < 2 else "mixed"


def _trainings(ctx: Context, scores: Sequence[Artifact]) -> tuple[Training, ...]:
    """Return how the models behind the scores came about, each once."""
    from eeg2vid.stages.reporting.page.curves import trainings

    behind = {one.address: one for artifact in scores for one in ctx.ancestry(artifact)}
    trained = [one for one in behind.values() if one.manifest.schema_name == CHECKPOINTS.name]
    return tuple(
        training
        for one in sorted(trained, key=lambda one: one.address)
        for training in trainings(
            unit_subject(one.address.unit) or "all",
            one.table("models", TrainedModel),
            one.table("history", TrainedEpoch),
        )
    )


def _sweeps(ctx: Context, scores: Sequence[Artifact], definitions: Iterable[Definition]) -> tuple[SweepPlot, ...]:
    """Return the recipe's sweep, where several of its points were scored."""
    from eeg2vid.stages.reporting.glossary import Glossary
    from eeg2vid.stages.reporting.page.sweeps import sweep_plot

    sweep = ctx.study.recipe.sweep
    if sweep is None:
        return ()
    rows: dict[str, list[Score]] = {}
    for artifact in scores:
        rows.setdefault(artifact.address.variant, []).extend(artifact.table("scores", Score))
    found = [(point.values, rows[point.name]) for point in sweep.points if point.name in rows]
    return (sweep_plot(sweep.settings, found, Glossary.of(definitions)),) if len(found) > 1 else ()


def _behind(ctx: Context, scores: Artifact, role: str) -> list[Artifact]:
    """Return the artifacts of a role that some scores were made from; of imported ones, those of the same unit."""
    refs = {(ref.stage, ref.variant, ref.unit) for ref in scores.manifest.inputs if ref.role == role}
    found = [one for one in ctx.read_many(role) if one.address.unit == scores.address.unit]
    if not scores.manifest.inputs:
        return found
    return [one for one in found if (one.address.stage, one.address.variant, one.address.unit) in refs]


def _subject(
    ctx: Context, scores: Artifact, stimuli: Artifact, geometry: VideoAttributes, several: bool
) -> SubjectView:
    """Return what the page shows of one subject; videos stay on disk until they are drawn."""
    import numpy as np

    from eeg2vid.stages.reporting.page.views import SubjectView

    unit = scores.address.unit
    videos = {split_variant(a.address.variant)[1]: a for a in _behind(ctx, scores, "videos")}
    first = next(iter(videos.values()), None)
    keys = first.table("clips", VideoKey) if first else []
    picture = (slice(None), slice(None), slice(geometry.height), slice(geometry.width))
    order = rows_of_clips(stimuli, [key.clip for key in keys], VideoKey)
    truth = stimuli.read("frames")[order.astype(np.int64)][picture]
    return SubjectView(
        subject=unit.removeprefix("sub-"),
        scores=scores.table("scores", Score),
        contrasts=scores.table("contrasts", Contrast),
        clips=_clips(ctx, scores, keys),
        truth=truth,
        decoded={name: one.read("frames")[places_of(one, keys)][picture] for name, one in videos.items()},
        system=scores.address.variant if several else "",
        person=person_of(scores),
        looks=scores.table("looks", Look),
        variant=scores.address.variant,
        imported=first is not None and videos.get(FULL, first).manifest.provenance == "imported",
    )


def _clips(ctx: Context, scores: Artifact, keys: list[VideoKey]) -> list[ClipView]:
    from eeg2vid.stages.reporting.glossary import Glossary
    from eeg2vid.stages.reporting.page.views import ClipView

    glossary = Glossary.of(scores.table("definitions", Definition))
    index = {clip.clip: clip for clip in ctx.read("clips").table("clips", Clip)}
    captions = {row.clip: row.caption for one in ctx.read_many("captions") for row in one.table("captions", Caption)}
    values: dict[str, dict[str, float]] = {}
    events = scores.table("events", ScoredEvent)
    for row in scores.table("values", Values):
        if (row.condition, row.target, row.variant, row.subset) == (FULL, "", "", ""):
            for event, value in zip(events, row.values, strict=True):
                if value is not None:
                    values.setdefault(event.event, {})[glossary.name(row)] = value
    predictions = [a for a in _behind(ctx, scores, "predictions") if split_variant(a.address.variant)[1] == FULL]
    guesses = {event: text for artifact in predictions for event, text in _guesses(artifact).items()}
    runs = {event.event: event.run for event in events}
    return [
        ClipView(
            event=key.event,
            clip=key.clip,
            run=runs.get(key.event, key.fold),
            fold=key.fold,
            concept=index[key.clip].concept_name or "",
            caption=captions.get(key.clip, ""),
            scores=values.get(key.event, {}),
            guess=guesses.get(key.event, ""),
        )
        for key in keys
    ]


def _guesses(predictions: Artifact) -> dict[str, str]:
    """Return, per event, the most probable class of each task in words."""
    attributes: PredictionAttributes = predictions.attributes()
    parts: dict[str, list[str]] = {}
    for task, facts in attributes.labels().items():
        probabilities: Any = predictions.read(task)
        for key, row in zip(predictions.table(task, PredictionKey), probabilities, strict=True):
            parts.setdefault(key.event, []).append(f"{task}: {facts.classes[row.argmax()]} {row.max():.0%}")
    return {event: ", ".join(words) for event, words in parts.items()}


def _provenance(ctx: Context) -> list[tuple[str, str]]:
    """Return every upstream variant with its settings, from the manifests behind the scores."""
    found: dict[str, str] = {}
    for artifact in (*ctx.read_many("scores"), *ctx.read_many("videos"), *ctx.read_many("predictions")):
        for upstream in (one.manifest for one in ctx.ancestry(artifact)):
            settings = ", ".join(f"{key} = {value}" for key, value in upstream.settings.items())
            found[f"{upstream.stage}/{upstream.variant}"] = settings or "no settings"
    order = list(ctx.study.stages)
    return sorted(found.items(), key=lambda item: order.index(item[0].split("/")[0]))
