"""Training the settings' network on every fold and target, and keeping models, rows and histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.checkpoints import CheckpointAttributes, TrainedEpoch, TrainedModel
from eeg2vid.schemas.conditions import made_by, makes_at
from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.cohort.folds import FoldParts, load_folds, require_training
from eeg2vid.stages.cohort.inputs import load_inputs, sources_of
from eeg2vid.stages.cohort.known import known_of
from eeg2vid.stages.cohort.people import Cohort, gather, run_of
from eeg2vid.stages.decoding.cards import decoder_card
from eeg2vid.stages.decoding.embeddings import embedded, fold_encoders, keep_encoders, signals_of
from eeg2vid.stages.decoding.needs import inputs_of
from eeg2vid.stages.decoding.refitting import Split, refitted
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.exchange.cards import CARD
from eeg2vid.stages.store.code import code_record, source_digest
from eeg2vid.stages.targets.table import find_targets
from eeg2vid.stages.targets.target import Loaded, OfFold

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.networks.context import BuildContext, Shared
    from eeg2vid.stages.networks.examples import Examples
    from eeg2vid.stages.store.part import WorkPart
    from eeg2vid.stages.training.inputs import Inputs


Known = Mapping[str, "np.ndarray"]
_ROOMS = (
    "eeg2vid.schemas.networks",
    "eeg2vid.stages.cohort",
    "eeg2vid.stages.conditions.shuffled_training",
    "eeg2vid.stages.datasets.labels",
    "eeg2vid.stages.datasets.splits.leaks",
    "eeg2vid.stages.decoding",
    "eeg2vid.stages.engine.seeding",
    "eeg2vid.stages.networks",
    "eeg2vid.stages.signal",
    "eeg2vid.stages.statistics.permutation",
    "eeg2vid.stages.statistics.runs",
    "eeg2vid.stages.stimuli.measures",
    "eeg2vid.stages.targets",
    "eeg2vid.stages.training",
)
"""What decides the examples, their order and the steps: a training begun by other code of these rooms starts anew."""


@dataclass(frozen=True)
class Job:
    """One model to train: a fold, and the targets it learns in it."""

    fold: FoldParts
    targets: Mapping[str, OfFold]

    @property
    def path(self) -> str:
        """Where the model is kept."""
        return f"{self.fold.fold}/{'+'.join(self.targets)}"


def train_folds(ctx: Context, role: str) -> None:
    """Fit the settings' network in every fold: a model for each target, or one for all where it learns all at once."""
    from eeg2vid.stages.networks.context import Shared

    settings = ctx.settings
    names = inputs_of(settings)
    cohort = gather(ctx)
    signals = signals_of(ctx, names)
    folds = load_folds(ctx, cohort, settings.folds, signals)
    require_training(ctx, folds)
    loaded = {target.key: target.load(ctx, cohort) for target in find_targets(settings.targets)}
    jobs = [
        Job(fold, {key: loaded[key].of_fold(fold) for key in group})
        for fold in folds
        for group in _groups(settings, loaded)
    ]
    for job in jobs:
        _require_test_classes(job)
    inputs = load_inputs(ctx, signals, cohort)
    known = known_of(ctx, cohort, settings.network.also_reads())
    shared = Shared()
    if settings.training.scaling == "own":
        ctx.stamp("transductive scaling")
    for stamp in settings.network.stamps():
        ctx.stamp(stamp)
    classes = max((len(one.classes) for job in jobs for one in job.targets.values()), default=0)
    for part, [job] in ctx.parts(settings.network.name, jobs):
        _fit(ctx, part, role, job, cohort, inputs, known, shared, classes)
    facts = {key: _facts(key, one, jobs) for key, one in loaded.items()}
    writer = ctx.write(role)
    writer.attributes(
        CheckpointAttributes(inputs=names, signals=signals if signals != tuple(names) else (), targets=facts)
    )
    values = {key: one.shape for job in jobs for key, one in job.targets.items() if not one.classes}
    labels = {key: one.classes for key, one in facts.items() if one.classes}
    writer.derived(CARD, decoder_card(ctx, cohort.subjects, names, values, labels))


def _groups(settings: object, keys: Mapping[str, Loaded]) -> list[tuple[str, ...]]:
    """Return the targets that are learned together."""
    joint = type(settings.network).joint  # type: ignore[attr-defined]
    return [tuple(keys)] if joint else [(key,) for key in keys]


def _facts(key: str, loaded: Loaded, jobs: Sequence[Job]) -> TargetFacts:
    cuts = {job.fold.fold: job.targets[key].threshold for job in jobs if key in job.targets}
    thresholds = {fold: cut for fold, cut in cuts.items() if cut is not None}
    return loaded.facts().model_copy(update={"thresholds": thresholds})


def _require_test_classes(job: Job) -> None:
    """Refuse a label whose test classes are all unknown to the training: its accuracy is 0 by construction."""
    for name, target in job.targets.items():
        if not target.classes:
            continue
        learned, tested = (set(_classes(target, events)) for events in (job.fold.learned, job.fold.test))
        if tested and not tested & learned:
            raise UsageError(
                f"Target '{name}' cannot be tested in fold '{job.fold.fold}': none of its test classes is trained on.",
                "Concepts that are left out can be decoded through latents or text; drop the target with --targets.",
            )


def _classes(target: OfFold, events: np.ndarray) -> list[int]:
    found: list[int] = target.values.take(events[target.asked[events]]).tolist()
    return found


def _fit(
    ctx: Context,
    part: WorkPart,
    role: str,
    job: Job,
    cohort: Cohort,
    inputs: Inputs,
    known: Known,
    shared: Shared,
    classes: int,
) -> None:
    """Train one model and keep it with its row and history in a part; of labels with at most so many classes.

    A stopped training leaves its state beside the part and goes on from there.
    """
    import numpy as np

    from eeg2vid.stages.networks.build import build
    from eeg2vid.stages.networks.checkpoint import save_decoder
    from eeg2vid.stages.training.state import FolderKeeper

    settings, names = ctx.settings, inputs_of(ctx.settings)
    encoders = fold_encoders(ctx, names, job.fold.fold)
    inputs = embedded(inputs, names, encoders, ctx.device)
    first = job.fold.learned if settings.validation_in_training else job.fold.train
    both = (first, job.fold.validation)
    train, validation = (examples_of(ctx, job, cohort, inputs, known, events) for events in both)
    decoder = build(settings.network, context=_context(ctx, job, cohort, train, shared), training=settings.training)
    with stopping.at(f"fold {job.path}"):
        report = decoder.fit(
            train,
            validation if len(validation) else None,
            seed=ctx.seed(job.fold.fold, *job.targets),
            device=ctx.device,
            should_stop=ctx.should_stop,
            keeper=FolderKeeper(part.state, ctx.save_every_s, code_record(source_digest(_ROOMS))),
            progress=lambda done, total, text: ctx.reporter.within(f"{job.path} {text}", done, total),
        )
    folder = part.model_folder(role, job.path)
    save_decoder(folder, decoder)
    keep_encoders(folder, encoders)
    row = TrainedModel(
        fold=job.fold.fold,
        targets=tuple(job.targets),
        path=job.path,
        network=settings.network.name,
        parameters=decoder.parameters(),
        subjects=train.inputs.present() if settings.pooled else (),
        train_events=report.train_events,
        validation_events=report.validation_events,
        validation_scores={} if report.score is None else dict.fromkeys(job.targets, report.score),
        residuals=_residuals(train, report.score),
        best_epoch=report.best_epoch,
        detail=report.detail,
    )
    part.rows(role, "models", [row])
    part.rows(role, "history", [TrainedEpoch(path=job.path, **asdict(epoch)) for epoch in report.history])
    if getattr(settings, "permutations", 0):
        again = len(validation) and settings.training.refit
        learned = np.concatenate([first, job.fold.validation]) if again else first
        [target] = job.targets.items()
        found = refitted(ctx, decoder, inputs, cohort, target, Split(learned, job.fold.test))
        for name, counts in found.items():
            padded = np.pad(counts, [(0, 0), (0, 0), (0, classes - counts.shape[2])])
            part.array(role, f"relabeled_{name}", padded)


def _residuals(train: Examples, score: float | None) -> dict[str, float]:
    """Return the mean squared error of one number on events not fitted to, by target; none where some are labels.

    Only then is the score a share of variance explained.
    """
    from eeg2vid.stages.training.values import squared_deviations

    if score is None or any(values.ndim == 1 for values in train.targets.values()):
        return {}
    found: dict[str, float] = {}
    for name, values in train.targets.items():
        mean = values.mean(axis=0, dtype="float64")
        found[name] = (1 - score) * float(squared_deviations(values, mean).mean())
    return found


def examples_of(ctx: Context, job: Job, cohort: Cohort, inputs: Inputs, known: Known, events: np.ndarray) -> Examples:
    """Return what a network is handed of some events: those that all of the job's targets ask about.

    Each has its clip or what stands for it.
    """
    import numpy as np

    from eeg2vid.stages.networks.examples import Examples

    shown = _shown(ctx, job.fold.fold, cohort, events)
    asked = np.all([target.asked[shown] for target in job.targets.values()], axis=0)
    chosen, shown = events[asked], shown[asked]
    return Examples(
        inputs.take(chosen),
        {name: target.values.take(shown) for name, target in job.targets.items()},
        groups=np.array([cohort.events[index].block for index in chosen]),
        runs=np.array([run_of(cohort.events[index]) for index in chosen]),
        known={name: values[shown] for name, values in known.items()},
    )


def _shown(ctx: Context, fold: str, cohort: Cohort, events: np.ndarray) -> np.ndarray:
    """Return the event whose clip each event is paired with: itself, unless a condition says otherwise.

    All targets of a fold get the same pairs.
    """
    import numpy as np

    if makes_at("train", ctx.condition) != "places":
        return events
    rows = [cohort.events[index] for index in events]
    blocks = np.array([f"{row.subject}/{row.session}/{row.block}" for row in rows])
    runs = np.array([f"{row.subject}/{run_of(row)}/{row.block}" for row in rows])
    positions = np.array([row.position for row in rows], dtype=np.int64)
    rng = np.random.default_rng(ctx.seed(fold, "pairs"))
    found: np.ndarray = events[made_by(ctx.condition)(blocks, runs, positions, rng)]
    return found


def _context(ctx: Context, job: Job, cohort: Cohort, train: Examples, shared: Shared) -> BuildContext:
    """Return all that a network may ask."""
    from eeg2vid.stages.networks.context import UNITS, BuildContext, Sensor, TargetForm

    signals, names = signals_of(ctx, inputs_of(ctx.settings)), list(train.inputs.arrays)
    first, *_ = sources_of(ctx, signals, cohort.subjects[0])
    epochs = [ctx.read_each("epochs")[cohort.subjects[0]]] if "epochs" in names else []
    return BuildContext(
        inputs=train.inputs.shapes(),
        targets=tuple(
            TargetForm(name, "label" if one.classes else "value", one.classes, one.shape)
            for name, one in job.targets.items()
        ),
        electrodes=tuple(Sensor(row.electrode, row.x, row.y, row.z) for row in first.table("electrodes", Electrode)),
        sfreq_hz=epochs[0].attributes().sfreq if epochs else None,
        units={name: UNITS.get(name, "1") for name in names},
        subjects=cohort.subjects,
        shared=shared,
    )
