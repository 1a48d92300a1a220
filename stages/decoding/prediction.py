"""What trained decoders make of held-out EEG, fold by fold: inputs are read once per unit, models once per fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from eeg2vid.schemas.checkpoints import CheckpointAttributes, TrainedModel
from eeg2vid.schemas.conditions import CONDITIONS, FULL
from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.cohort.folds import FoldParts
from eeg2vid.stages.cohort.inputs import roles_of
from eeg2vid.stages.cohort.people import Cohort, run_of
from eeg2vid.stages.decoding.embeddings import embedded, kept_encoders
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.store.part import WorkPart
    from eeg2vid.stages.training.inputs import Inputs

Unseen = Literal["pooled", "own"]


@dataclass(frozen=True)
class Model:
    """One trained model of one fold."""

    artifact: Artifact
    row: TrainedModel

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what it reads."""
        attributes: CheckpointAttributes = self.artifact.attributes()
        return attributes.inputs

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of what is read from EEG artifacts for it."""
        attributes: CheckpointAttributes = self.artifact.attributes()
        return attributes.signals or attributes.inputs


def models_by_fold(checkpoints: Sequence[Artifact], *, select: bool) -> dict[str, list[Model]]:
    """Return the models of each fold; each target has one maker.

    Parameters
    ----------
    checkpoints
        Trained encoders and mappers.
    select
        Where several decode one target, take in each fold the one that did best on its validation events (the
        first of equals).

    Raises
    ------
    UsageError
        If a target is trained twice and nothing selects, or one of several has no validation score.
    """
    rows = [Model(one, row) for one in checkpoints for row in one.table("models", TrainedModel)]
    found: dict[str, dict[tuple[str, ...], Model]] = {}
    for model in rows:
        of_fold = found.setdefault(model.row.fold, {})
        rival = next((other for other in of_fold.values() if {*other.row.targets} & {*model.row.targets}), None)
        if rival is None:
            of_fold[model.row.targets] = model
        elif not select or rival.row.targets != model.row.targets:
            both = next(name for name in model.row.targets if name in rival.row.targets)
            raise UsageError(
                f"Target '{both}' is trained twice, in {rival.artifact.address} and in {model.artifact.address}.",
                "Choose one with --from, name the variants apart by recipe, or let the validation events choose: "
                "--select validation.",
            )
        elif _validated(model) > _validated(rival):
            of_fold[model.row.targets] = model
    return {fold: list(models.values()) for fold, models in found.items()}


def _validated(model: Model) -> float:
    """Return the mean validation score of a model's targets."""
    scores = model.row.validation_scores
    missing = [name for name in model.row.targets if name not in scores]
    if missing:
        raise UsageError(
            f"{model.artifact.address} has no validation score of '{missing[0]}' in fold '{model.row.fold}': "
            "nothing can be selected by it.",
            "Divide with validation events: eeg2vid split --validation previous-block",
        )
    return sum(scores[name] for name in model.row.targets) / len(model.row.targets)


def require_same_signals(ctx: Context, model: Artifact) -> None:
    """Refuse to decode other epochs or features than the model learned from: another variant, silently read."""
    attributes: CheckpointAttributes = model.attributes()
    for role in roles_of(attributes.signals or attributes.inputs):
        given = ctx.read(role).address
        for ref in model.manifest.inputs:
            if ref.role == role and (ref.stage, ref.variant) != (given.stage, given.variant):
                raise UsageError(
                    f"{model.address} learned from {ref.stage}/{ref.variant}, but would decode {given}.",
                    f"Name what it learned from: --from {role}={ref.stage}/{ref.variant}",
                )


def predict_fold(
    ctx: Context,
    part: WorkPart,
    fold: FoldParts,
    models: Sequence[Model],
    cohort: Cohort,
    inputs: Inputs,
    unseen: Unseen,
) -> None:
    """Predict the test events of one fold with each of its models."""
    from eeg2vid.stages.networks.checkpoint import load_decoder

    sources = sources_of_fold(ctx, cohort.events, fold)
    keys = [key_of(cohort.events, target, source, fold.fold) for target, source in zip(fold.test, sources, strict=True)]
    for model in models:
        folder = model.artifact.model(model.row.path)
        decoder, encoders = load_decoder(folder, model.row.targets[0]), kept_encoders(folder, model.inputs)
        if _is_unseen(model, cohort):
            stranger = ", ".join(cohort.subjects)
            ctx.stamp(
                f"person unseen in training, scaled by {'their own unlabelled EEG' if unseen == 'own' else 'all'}"
            )
            ctx.reporter.remark(f"{ctx.node}: subject {stranger} was not trained on in {model.artifact.address}.")
        others = inputs.take(_untested(cohort, fold)) if unseen == "own" else None
        how: dict[str, Any] = {"unseen": unseen, "own": others}
        read = embedded(inputs.take(sources), model.inputs, encoders, ctx.device, **how)
        own = None if others is None else embedded(others, model.inputs, encoders, ctx.device, **how)
        for name, values in decoder.predict(read, device=ctx.device, unseen=unseen, own=own).items():
            part.array("predictions", name, values)
            part.rows("predictions", name, keys)


def _is_unseen(model: Model, cohort: Cohort) -> bool:
    return bool(model.row.subjects) and not set(cohort.subjects) & set(model.row.subjects)


def _untested(cohort: Cohort, fold: FoldParts) -> np.ndarray:
    """Return a person's events that the fold does not test."""
    import numpy as np

    return np.setdiff1d(np.arange(len(cohort.events)), fold.test)


def sources_of_fold(ctx: Context, events: Sequence[Event], fold: FoldParts) -> np.ndarray:
    """Return the event whose EEG is decoded for each test event: itself, unless a condition says otherwise."""
    if ctx.condition == FULL:
        return fold.test
    import numpy as np

    module, _, function = CONDITIONS[ctx.condition].maker.partition(":")
    runs = np.array([run_of(events[index]) for index in fold.test])
    positions = np.array([events[index].position for index in fold.test])
    rng = np.random.default_rng(ctx.seed(fold.fold))
    return fold.test[getattr(import_module(module), function)(runs, positions, rng)]


def key_of(events: Sequence[Event], target: int, source: int, fold: str) -> PredictionKey:
    """Return what a row of predictions stands for."""
    event = events[target]
    return PredictionKey(
        event=event.event, clip=event.clip, run=run_of(event), fold=fold, source_event=events[source].event
    )


def joined_facts(models: dict[str, list[Model]]) -> dict[str, TargetFacts]:
    """Return what is known of each target, its thresholds gathered over folds.

    Raises
    ------
    UsageError
        If folds learned a target from different things: other motion scores, latents of another VAE.
    """
    found: dict[str, TargetFacts] = {}
    makers: dict[str, Artifact] = {}
    for fold, of_fold in models.items():
        for model in of_fold:
            attributes: CheckpointAttributes = model.artifact.attributes()
            for name in model.row.targets:
                facts = attributes.targets[name]
                before = found.setdefault(name, facts.model_copy(update={"thresholds": {}}))
                maker = makers.setdefault(name, model.artifact)
                if (facts.classes, facts.attributes) != (before.classes, before.attributes):
                    raise UsageError(
                        f"Target '{name}' is learned from different things in {maker.address} and "
                        f"{model.artifact.address}.",
                        "Train all folds alike, on the same stimuli.",
                    )
                cut = {fold: facts.thresholds[fold]} if fold in facts.thresholds else {}
                found[name] = before.model_copy(update={"thresholds": {**before.thresholds, **cut}})
    return found
