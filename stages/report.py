"""`report`: an index and a page for each subject, with every test clip and every score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS, TrainedEpoch, TrainedModel
from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.predictions import PREDICTIONS
from eeg2vid.schemas.recordings import CAPTIONS, CHECKS, CLIPS
from eeg2vid.schemas.scores import REPORT, SAME_FRAMES, SCORES, Definition, Score, Term
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write
from eeg2vid.stages.judging.reported import view_of
from eeg2vid.stages.store.layout import unit_subject
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    from eeg2vid.stages.reporting.page.curves import Training
    from eeg2vid.stages.reporting.page.sweeps import SweepPlot
    from eeg2vid.stages.reporting.page.views import SubjectView


class ReportSettings(Settings):
    """Settings of `report`."""

    title: str = Field("", max_length=200, description="heading of the index; none: the recipe's name")
    quality: int = Field(85, ge=1, le=100, description="of the clips' pictures (WebP), 1 to 100; 100: every value kept")
    inline_mb: float = Field(
        15.0, ge=0, le=1000, description="MB of clips that the pages hold themselves; more lies in files beside them"
    )


class Report(Stage):
    """Write an index and a page per subject: truth and decoded videos side by side, scores, how to read them.

    Every test clip is shown, none picked: on the page of its subject, and some, by a rule, on the index. One subject
    whose clips weigh little has one page. Needs no network; take the whole folder along.
    """

    name = "report"
    version = 4
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
    resources = Resources(cpus=2, memory_gb=2, minutes=60)  # 20 people of 1400 clips: 400 MiB, a minute each
    examples = ("eeg2vid report", "eeg2vid report --subject 1-3 --title 'Pilot'")

    def run(self, ctx: Context) -> None:
        """Gather every subject's scores, film the clips subject by subject, write the pages."""
        from eeg2vid.stages.reporting.glossary import Glossary
        from eeg2vid.stages.reporting.page.filming import CLIPS, Films, clips_to_read, film
        from eeg2vid.stages.reporting.page.people import sample_of_view
        from eeg2vid.stages.reporting.page.render import INDEX, Pages
        from eeg2vid.stages.reporting.page.views import ReportData

        header = ctx.study.recipe.header
        stimuli = ctx.read("stimuli")
        geometry: VideoAttributes = stimuli.attributes()
        scores = ctx.read_many("scores")
        systems = {artifact.address.variant for artifact in scores}
        what = "Videos" if ctx.read_many("videos") else "Labels"
        definitions = {(row.metric, row.variant): row for s in scores for row in s.table("definitions", Definition)}
        inputs = [*scores, *ctx.read_many("videos"), *ctx.read_many("predictions"), stimuli]
        subjects = [view_of(ctx, one, stimuli, several=len(systems) > 1) for one in scores]
        data = ReportData(
            title=ctx.settings.title or _title(subjects, what, header.name),
            recipe_title=header.title,
            recipe_about=header.about,
            stamps=tuple(sorted({stamp for artifact in inputs for stamp in artifact.manifest.stamps})),
            protocol=_protocol(inputs),
            made=max(artifact.manifest.created for artifact in inputs)[:10],
            subjects=subjects,
            definitions=list(definitions.values()),
            terms=_terms(scores),
            provenance=_provenance(ctx),
            warnings=_warnings([*ctx.read_many("checks"), *ctx.read_many("eeg-checks")]),
            fps=geometry.fps,
            trainings=_trainings(ctx, scores),
            sweeps=_sweeps(ctx, scores, definitions.values()),
            left_out=tuple(ctx.study.left_out()),
            inline=round(ctx.settings.inline_mb * 1e6),
        )
        folder = ctx.write("report").media(INDEX).parent
        samples = [sample_of_view(view, Glossary.of(data.definitions)) for view in subjects]
        films = Films.of(subjects)
        filming = film(
            films,
            subjects,
            samples,
            folder / CLIPS,
            quality=ctx.settings.quality,
            threads=ctx.threads,
            inline=data.inline,
        )
        with closing(filming):  # stopped in between, its threads end before the folder is cleared away
            for _ in ctx.track("clips", filming, clips_to_read(subjects)):
                pass
        pages = Pages(data, films, samples, folder)
        for _ in ctx.track("pages", pages.write_each(), pages.count):
            pass


def _title(subjects: Sequence[SubjectView], what: str, recipe: str) -> str:
    """Return the heading of the page; clips that others decoded are not said to be decoded here."""
    if all(view.imported for view in subjects):
        return f"{what} decoded elsewhere, imported: {', '.join(dict.fromkeys(view.variant for view in subjects))}"
    return f"{what} decoded from EEG: {recipe}"


def _terms(scores: Sequence[Artifact]) -> tuple[Term, ...]:
    """Return what else must be known, each once; what was copied is said of everybody in whom it was found."""
    rows = [row for one in scores for row in one.table("terms", Term)]
    return tuple({(row.term, row.sentence if row.term == SAME_FRAMES else ""): row for row in rows}.values())


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


def _provenance(ctx: Context) -> list[tuple[str, str]]:
    """Return every upstream variant with its settings, from the manifests behind the scores."""
    found: dict[str, str] = {}
    for artifact in (*ctx.read_many("scores"), *ctx.read_many("videos"), *ctx.read_many("predictions")):
        for upstream in (one.manifest for one in ctx.ancestry(artifact)):
            settings = ", ".join(f"{key} = {value}" for key, value in upstream.settings.items())
            found[f"{upstream.stage}/{upstream.variant}"] = settings or "no settings"
    order = list(ctx.study.stages)
    return sorted(found.items(), key=lambda item: order.index(item[0].split("/")[0]))
