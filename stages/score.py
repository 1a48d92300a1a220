"""`score`: every metric beside its chance level, its interval and its controls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from eeg2vid.schemas.conditions import FULL, POSITION_VOTE
from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import BadDataError, MissingInputError
from eeg2vid.schemas.features import SMOOTHED
from eeg2vid.schemas.percepts import PERCEPTS, PerceptAttributes
from eeg2vid.schemas.predictions import PREDICTIONS
from eeg2vid.schemas.recordings import CLIPS, EVENTS
from eeg2vid.schemas.scores import SCORES, EventScore, Score, Term
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.cohort.clips import places_of, rows_of_clips
from eeg2vid.stages.cohort.people import runs_within_folds
from eeg2vid.stages.decoding.labelled import Task, label_terms, tasks_of, vote_by_clock, why_no_clock
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Printed, Read, Resources, Stage, Write
from eeg2vid.stages.store.layout import STUDY, split_variant
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.metrics.metric import Keys, Sides
    from eeg2vid.stages.metrics.scoring import Effort


class ScoreSettings(Settings):
    """Settings of `score`."""

    permutations: int = Field(
        2000,
        ge=20,
        le=100_000,
        description="random pairings of runs behind each p-value and each measured chance level",
    )
    bootstraps: int = Field(2000, ge=100, le=100_000, description="resamplings of runs behind each interval")
    seed: int = Field(0, ge=0, lt=2**63, description="root of every random number")


class ScoreVideos(Stage):
    """Score the videos and the labels: each number beside chance, interval, p-value and controls.

    The unit of every permutation and bootstrap is the run, never the clip: clips of one run share
    concept, time and drift. Identification asks whether a decoded clip is more like its own
    stimulus than like others; its chance level is exact. Labels stand beside what a clock alone
    gets: the position vote, from nothing but the time in the block.
    """

    name = "score"
    Settings = ScoreSettings
    reads = {
        "predictions": Read(PREDICTIONS, "conditions"),
        "videos": Read(VIDEOS, "conditions"),
        "percepts": Read(PERCEPTS, "conditions"),
        "stimuli": Read(VIDEOS),
        "clips": Read(CLIPS),
        "events": Read(EVENTS),
        "folds": Read(FOLDS),
    }
    writes = {"scores": Write(SCORES, "subject")}
    divided = "one condition"
    prints = Printed(
        "scores",
        "scores",
        ("target", "metric", "variant", "condition", "value", "low", "high", "chance", "p", "n_events", "n_runs"),
    )
    panel = "Judge"
    resources = Resources(cpus=4, memory_gb=16, minutes=30)
    cites = ("wang2004image", "phipson2010permutation")
    examples = ("eeg2vid score --subject 17", "eeg2vid score --subject 17 --json")

    def run(self, ctx: Context) -> None:
        """Score condition by condition; contrast `full` with each control when all are scored."""
        from eeg2vid.stages.metrics.contrasts import contrast
        from eeg2vid.stages.metrics.scoring import definitions_of

        videos, predictions = _by_condition(ctx.read_many("videos")), _by_condition(ctx.read_many("predictions"))
        jobs = [("videos", condition) for condition in videos] + [("labels", condition) for condition in predictions]
        labelled = next((artifact for artifact in predictions.values() if artifact.attributes().labels()), None)
        if labelled:
            jobs.append(("clock", POSITION_VOTE))
        elif not videos:
            raise MissingInputError(
                "There are neither videos nor class probabilities to score.", "Run `eeg2vid status`."
            )
        keys = _keys(ctx, videos) if videos else None
        apart = not _smoothed(ctx, videos.values())
        for part, [(kind, condition)] in ctx.parts("conditions", jobs):
            values: list[EventScore] = []
            if kind == "videos":
                scores, values = _score_videos(ctx, condition, videos[condition], keys, apart)
            elif kind == "labels":
                scores = _score_labels(ctx, predictions[condition], condition)
            else:
                assert labelled is not None
                scores = _score_clock(ctx, labelled)
            part.rows("scores", "scores", scores)
            part.rows("scores", "events", values)
        found, events = ctx.gathered("scores", "scores", Score), ctx.gathered("scores", "events", EventScore)
        if found is None or events is None:
            return
        out = ctx.write("scores")
        out.table("contrasts", contrast(events, keys, _effort(ctx, "videos")) if keys else [])
        out.table("definitions", definitions_of(found))
        terms = label_terms(ctx, labelled) if labelled else {}
        out.table("terms", [Term(term=name, sentence=text) for name, text in terms.items()])


def _effort(ctx: Context, *what: str) -> Effort:
    """Return how hard to try; random numbers are those of what is scored, whatever the condition."""
    from eeg2vid.stages.metrics.scoring import Effort

    settings: ScoreSettings = ctx.settings
    return Effort(settings.permutations, settings.bootstraps, ctx.seed(*what))


def _by_condition(artifacts: Sequence[Artifact]) -> dict[str, Artifact]:
    """Return one artifact per condition, `full` first."""
    found = {split_variant(artifact.address.variant)[1]: artifact for artifact in artifacts}
    if len(found) != len(artifacts):
        names = ", ".join(str(artifact.address) for artifact in artifacts)
        raise BadDataError(f"Two systems under one score: {names}.", "Give each system its own [score.<variant>].")
    return dict(sorted(found.items(), key=lambda item: item[0] != FULL))


def _keys(ctx: Context, videos: dict[str, Artifact]) -> Keys:
    """Return what the rows of the videos stand for: those of the condition with the fewest, which all must show."""
    import numpy as np

    from eeg2vid.stages.metrics.metric import Keys

    rows = min((one.table("clips", VideoKey) for one in videos.values()), key=len)
    by_event = {event.event: event for event in ctx.read("events").table("events", Event)}
    events = [by_event[row.event] for row in rows]
    return Keys(
        subject=str(ctx.subject),
        events=[event.event for event in events],
        clips=[event.clip for event in events],
        runs=runs_within_folds(events, [row.fold for row in rows]),
        positions=np.array([event.position for event in events]),
        folds=np.array([row.fold for row in rows]),
    )


def _rows_of(keys: Keys) -> list[VideoKey]:
    named = zip(keys.clips, keys.events, keys.folds.tolist(), strict=True)
    return [VideoKey(clip=clip, event=event, fold=fold) for clip, event, fold in named]


def _score_videos(
    ctx: Context, condition: str, videos: Artifact, keys: Keys | None, apart: bool
) -> tuple[list[Score], list[EventScore]]:
    """Read truth and decoded videos of one condition in the same order and score them."""
    from eeg2vid.stages.metrics.metric import Given, Sides
    from eeg2vid.stages.metrics.scoring import score

    assert keys is not None
    stimuli = ctx.read("stimuli")
    geometry: VideoAttributes = stimuli.attributes()
    picture = (slice(None), slice(None), slice(geometry.height), slice(geometry.width))
    order = rows_of_clips(stimuli, keys.clips, VideoKey)
    places = places_of(videos, _rows_of(keys))
    frames = Sides(videos.read("frames")[places][picture], stimuli.read("frames")[order][picture])
    percepts = _percepts(ctx, condition, keys)
    return score(Given(keys, condition, frames=frames, percepts=percepts, apart=apart), _effort(ctx, "videos"))


def _percepts(ctx: Context, condition: str, keys: Keys) -> dict[str, dict[str, Sides]]:
    """Return what each eye saw in the decoded and in the true clips, in one order, by eye and array.

    Eyes that did not look at this condition are left out.
    """
    from eeg2vid.stages.metrics.metric import Sides

    looks = ctx.read_many("percepts")
    true = [one for one in looks if one.address.unit == STUDY]
    decoded = [one for one in looks if one not in true and split_variant(one.address.variant)[1] == condition]
    found: dict[str, dict[str, Sides]] = {}
    for artifact in decoded:
        facts: PerceptAttributes = artifact.attributes()
        same = [one for one in true if one.attributes() == facts]
        if len(same) != 1 or facts.eye in found:
            raise BadDataError(
                f"{artifact.address}: expected one look of eye '{facts.eye}' at the true clips with the same settings "
                f"and models, and one at each condition, found {len(same)} of {len(true)}.",
                f"Plan one: an [encode-clips.<variant>] table with eye = {{name = '{facts.eye}', ...}}.",
            )
        order, places = rows_of_clips(same[0], keys.clips, VideoKey), places_of(artifact, _rows_of(keys))
        found[facts.eye] = {
            name: Sides(artifact.read(name)[places], same[0].read(name)[order]) for name in sorted(artifact.names)
        }
    return found


def _smoothed(ctx: Context, videos: Iterable[Artifact]) -> bool:
    """Tell whether the features behind any of the videos mix the clips of a run, and say so.

    Then no condition is asked to tell them apart: a control that reads no EEG would stand there alone.
    """
    mixed = [artifact.address for artifact in videos if SMOOTHED in artifact.manifest.stamps]
    if mixed:
        ctx.reporter.remark(
            f"{mixed[0]}: features smoothed within runs mix a run's clips: no identification within runs."
        )
    return bool(mixed)


def _score_labels(ctx: Context, artifact: Artifact, condition: str) -> list[Score]:
    """Score the class probabilities of one condition, task by task."""
    found: list[Score] = []
    for task in tasks_of(ctx, artifact):
        found += _score_task(ctx, task, condition, artifact.read(task.name)[task.asked])
    return found


def _score_clock(ctx: Context, artifact: Artifact) -> list[Score]:
    """Score what a clock alone gets on the same test events, task by task, and say where it cannot be asked."""
    found: list[Score] = []
    for task in tasks_of(ctx, artifact):
        reason = why_no_clock(task)
        if reason:
            ctx.reporter.remark(f"{ctx.node}: no position vote on {task.name}: {reason}.")
            continue
        probabilities, detail = vote_by_clock(task)
        found += _score_task(ctx, task, POSITION_VOTE, probabilities, detail)
    return found


def _score_task(ctx: Context, task: Task, condition: str, probabilities: np.ndarray, detail: str = "") -> list[Score]:
    """Score probabilities of one task, `(asked event, class)`."""
    from eeg2vid.stages.metrics.metric import Given, Keys, Labels
    from eeg2vid.stages.metrics.scoring import score

    keys = Keys(
        subject=str(ctx.subject),
        events=[event.event for event in task.events],
        clips=[event.clip for event in task.events],
        runs=runs_within_folds(task.events, task.folds.tolist()),
        positions=task.positions,
        folds=task.folds,
    )
    labels = Labels(probabilities, task.labels, task.majority)
    given = Given(keys, condition, target=task.name, labels=labels)
    return score(given, _effort(ctx, "labels", task.name), detail)[0]
