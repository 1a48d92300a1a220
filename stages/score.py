"""`score`: every metric beside its chance level, its interval and its controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from eeg2vid.schemas.conditions import CONDITIONS, FULL, POSITION_VOTE, SHUFFLES
from eeg2vid.schemas.embeddings import EMBEDDINGS
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.features import SMOOTHED
from eeg2vid.schemas.latents import LATENTS
from eeg2vid.schemas.percepts import PERCEPTS
from eeg2vid.schemas.predictions import PREDICTIONS
from eeg2vid.schemas.recordings import CLIPS, EVENTS
from eeg2vid.schemas.scores import RUNS_UNKNOWN, SCORES, Look, Score, Term, Values
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.schemas.videos import VIDEOS
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Printed, Read, Resources, Stage, Write
from eeg2vid.stages.judging.ceilings import TERM, ceiling_sentence
from eeg2vid.stages.judging.elsewhere import imported_terms
from eeg2vid.stages.judging.event_axis import EventAxis
from eeg2vid.stages.judging.labelled import label_terms, labels_against, tasks_of, vote_by_clock, why_no_clock
from eeg2vid.stages.judging.refits import Refitted, refitted_of
from eeg2vid.stages.judging.shown import by_condition, clips_against, keys_of
from eeg2vid.stages.judging.subsets import subsets_of
from eeg2vid.stages.judging.valued import keys_of_target, value_targets, values_against
from eeg2vid.stages.store.layout import split_variant
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    from eeg2vid.stages.metrics.metric import Given, Keys
    from eeg2vid.stages.metrics.scoring import Effort
    from eeg2vid.stages.store.part import WorkPart


class ScoreSettings(Settings):
    """Settings of `score`."""

    permutations: int = Field(
        2000,
        ge=20,
        le=100_000,
        description="random pairings of runs behind each p-value and each measured chance level",
    )
    subsets: tuple[str, ...] = Field(
        (), description="concepts whose clips are scored by themselves, too: published-10, random-20, names; repeated"
    )
    also: tuple[str, ...] = Field(
        (), description="measures that are dear or seldom wanted, METRIC:VARIANT (ssim:win3, nway-video:10); repeated"
    )
    ties: Literal["all", "random"] = Field(
        "all",
        description="which relabelings that score as the truth does count against it: all (p is never too small), or a "
        "random share (p is uniform where nothing is known, also of hits)",
    )
    seed: int = Field(0, ge=0, lt=2**63, description="root of every random number")


class ScoreVideos(Stage):
    """Score the videos and the labels: each number beside chance, interval, p-value and controls.

    The unit of every permutation and interval is the run, never the clip: clips of one run share
    concept, time and drift. Identification asks whether a decoded clip is more like its own
    stimulus than like others; its chance level is exact. Labels stand beside what a clock alone
    gets: the position vote, from nothing but the time in the block.
    """

    name = "score"
    version = 2
    Settings = ScoreSettings
    reads = {
        "predictions": Read(PREDICTIONS, "conditions", eeg=True),
        "videos": Read(VIDEOS, "conditions"),
        "percepts": Read(PERCEPTS, "conditions"),
        "stimuli": Read(VIDEOS),
        "latents": Read(LATENTS, "optional", eeg=True),
        "text": Read(EMBEDDINGS, "optional", eeg=True),
        "clips": Read(CLIPS),
        "events": Read(EVENTS, eeg=True),
        "folds": Read(FOLDS, eeg=True),
    }
    writes = {"scores": Write(SCORES, "subject")}
    divided = "one condition"
    prints = Printed(
        "scores",
        "scores",
        ("target", "metric", "variant", "condition", "value", "low", "high", "chance", "p", "n_events", "n_runs"),
        lines="eeg2vid.stages.services.score_lines:score_lines",
        rest="eeg2vid compare --all --condition all",
    )
    panel = "Judge"
    resources = Resources(cpus=4, memory_gb=4, minutes=60)
    cites = ("wang2004image", "phipson2010permutation")
    examples = ("eeg2vid score --subject 17", "eeg2vid score --subject 17 --json")

    def run(self, ctx: Context) -> None:
        """Score condition by condition; contrast `full` with each control when all are scored."""
        from eeg2vid.stages.metrics.contrasts import contrast
        from eeg2vid.stages.metrics.scoring import definitions_of

        videos, predictions = by_condition(ctx.read_many("videos")), by_condition(ctx.read_many("predictions"))
        labelled = next((artifact for artifact in predictions.values() if artifact.attributes().labels()), None)
        jobs = [("videos", condition) for condition in videos]
        jobs += [(kind, condition) for condition in predictions for kind in ("values", "labels")]
        jobs += [("clock", POSITION_VOTE)] if labelled else []
        if not jobs:
            raise MissingInputError("There are neither videos nor predictions to score.", "Run `eeg2vid status`.")
        alone = not ctx.read_many("events")
        apart = not alone and not _smoothed(ctx, [*videos.values(), *predictions.values()])
        axis = EventAxis.of(_all_keys(ctx, videos, predictions))
        for part, [(kind, condition)] in ctx.parts("conditions", jobs):
            if kind == "videos":
                _score(ctx, part, axis, [clips_against(ctx, condition, videos[condition], keys_of(ctx, videos), apart)])
            elif kind == "values":
                _score(ctx, part, axis, _values(ctx, condition, predictions[condition], apart))
            else:
                _score(ctx, part, axis, _labels(ctx, condition, predictions.get(condition) or labelled))
        found, values = ctx.gathered("scores", "scores", Score), ctx.gathered("scores", "values", Values)
        looks = ctx.gathered("scores", "looks", Look)
        if found is None or values is None or looks is None:
            return
        out = ctx.write("scores")
        out.table("events", axis.rows)
        elsewhere = _made_elsewhere(videos)
        effort = _effort(ctx, "contrasts")
        out.table("contrasts", contrast(values, str(ctx.subject), axis.runs(), effort, SHUFFLES, elsewhere))
        out.table("definitions", definitions_of([*found, *looks]))
        terms = label_terms(ctx, labelled) if labelled else {}
        if FULL in predictions:
            terms[TERM] = ceiling_sentence(ctx, predictions[FULL])
        terms |= imported_terms(ctx, videos)
        out.table("terms", [Term(term=name, sentence=text) for name, text in terms.items()])


def _effort(ctx: Context, *what: str) -> Effort:
    """Return how hard to try; random numbers are those of what is scored, whatever the condition and the subject."""
    from eeg2vid.stages.engine.seeding import derive_seed
    from eeg2vid.stages.metrics.scoring import Effort

    settings: ScoreSettings = ctx.settings
    seed = derive_seed(settings.seed, "score", *what)
    return Effort(settings.permutations, seed, settings.ties == "random")


def _all_keys(ctx: Context, videos: Mapping[str, Artifact], predictions: Mapping[str, Artifact]) -> Iterator[Keys]:
    """Yield the keys of all that is scored."""
    if videos:
        yield keys_of(ctx, videos)
    for one in predictions.values():
        yield from (keys_of_target(ctx, one, target) for target in one.attributes().targets)


def _score(ctx: Context, part: WorkPart, axis: EventAxis, given: Iterable[Given]) -> None:
    """Score some given things of one condition, and keep rows, values of events and nulls in a part."""
    import numpy as np

    from eeg2vid.stages.metrics.scoring import extras_of, rows_of, score

    system = {"system": split_variant(ctx.node.variant)[0]}
    note = "" if ctx.read_many("events") else RUNS_UNKNOWN
    nulls: list[np.ndarray] = []
    scores: list[Score] = []
    looks: list[Look] = []
    values: list[Values] = []
    extras = extras_of(ctx.settings.also)
    given = (replace(whole, extras=extras) for whole in given)
    for one in (some for whole in given for some in (whole, *subsets_of(ctx, whole, ctx.settings.subsets))):
        what = " ".join(filter(None, (one.condition, one.target, one.subset)))
        found, seen = score(
            one,
            _effort(ctx, one.target or "videos", one.subset),
            lambda metric, done, total, what=what: ctx.reporter.within(f"{what}: {metric}", done, total),  # type: ignore[misc]
        )
        rows = [scored.row.model_copy(update=system) for scored in found]
        scores += [row.model_copy(update={"note": "; ".join(filter(None, (row.note, note)))}) for row in rows]
        looks += [look.model_copy(update=system) for look in seen]
        values += rows_of(found, axis.places(one.keys), len(axis.rows))
        nulls += [scored.null for scored in found if scored.null is not None]
    part.rows("scores", "scores", scores)
    part.rows("scores", "looks", looks)
    part.rows("scores", "values", values)
    part.array("scores", "null", np.array(nulls, np.float32).reshape(len(nulls), ctx.settings.permutations))


def _values(ctx: Context, condition: str, predictions: Artifact, apart: bool) -> Iterator[Given]:
    """Yield the decoded values of one condition, target by target, beside those of the true clips."""
    for target in value_targets(predictions):
        given = values_against(ctx, condition, predictions, target, apart=apart)
        if given is None:
            ctx.reporter.remark(f"{ctx.node}: the true values of '{target}' are not planned: not scored.")
        else:
            yield given


def _labels(ctx: Context, condition: str, predictions: Artifact | None) -> Iterator[Given]:
    """Yield the class probabilities of one condition, task by task; or what a clock alone gets on the same events."""
    assert predictions is not None
    for task in tasks_of(ctx, predictions):
        probabilities, detail = predictions.read(task.name)[task.asked], ""
        if condition == POSITION_VOTE:
            if reason := why_no_clock(task):
                ctx.reporter.remark(f"{ctx.node}: no position vote on {task.name}: {reason}.")
                continue
            probabilities, detail = vote_by_clock(task)
        refitted: Refitted = {}
        if condition == FULL:
            refitted = refitted_of(ctx, predictions, task.name, set(task.folds.tolist()), len(task.labels))
        yield labels_against(ctx, task, condition, probabilities, detail, refitted)


def _made_elsewhere(videos: Mapping[str, Artifact]) -> set[str]:
    """Return the conditions with EEG behind them that were made elsewhere than `full`: one computed, one imported."""
    if FULL not in videos:
        return set()
    made = videos[FULL].manifest.provenance
    others = {name for name, one in videos.items() if one.manifest.provenance != made}
    return {name for name in others if CONDITIONS[name].at != "generate"}


def _smoothed(ctx: Context, behind: Iterable[Artifact]) -> bool:
    """Tell whether the features behind what was decoded mix the clips of a run, and say so.

    Then no condition is asked to tell them apart: a control that reads no EEG would stand there alone.
    """
    mixed = [artifact.address for artifact in behind if SMOOTHED in artifact.manifest.stamps]
    if mixed:
        ctx.reporter.remark(
            f"{mixed[0]}: features smoothed within runs mix a run's clips: no identification within runs."
        )
    return bool(mixed)
