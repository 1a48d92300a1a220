"""What trained decoders make of held-out EEG, fold by fold: inputs are read once per unit, models once per fold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from eeg2vid.schemas.checkpoints import CheckpointAttributes, TrainedModel
from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.cohort.folds import FoldParts
from eeg2vid.stages.cohort.inputs import roles_of
from eeg2vid.stages.cohort.people import Cohort, run_of
from eeg2vid.stages.decoding.conditioned import Tested
from eeg2vid.stages.decoding.embeddings import embedded, kept_encoders
from eeg2vid.stages.decoding.of_class import CLASS_TARGET, ClassValues
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
    tested: Tested,
    unseen: Unseen,
    made: ClassValues | None = None,
) -> None:
    """Predict the test events of one fold with each of its models; what is `made` of a class stands for values."""
    from eeg2vid.stages.networks.checkpoint import load_decoder

    pairs = zip(fold.test, tested.sources, strict=True)
    keys = [key_of(cohort.events[target], source, fold.fold) for target, source in pairs]
    replaced = () if made is None else tuple(made.targets)
    decoded: dict[str, np.ndarray] = {}
    for model in models:
        if set(model.row.targets) <= set(replaced):
            continue
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
        read = embedded(tested.inputs, model.inputs, encoders, ctx.device, **how)
        own = None if others is None else embedded(others, model.inputs, encoders, ctx.device, **how)
        decoded |= decoder.predict(read, device=ctx.device, unseen=unseen, own=own)
    if made is not None:
        decoded |= made.values(fold, decoded, _classes(models))
    for name, values in decoded.items():
        part.array("predictions", name, values)
        part.rows("predictions", name, keys)


def _is_unseen(model: Model, cohort: Cohort) -> bool:
    return bool(model.row.subjects) and not set(cohort.subjects) & set(model.row.subjects)


def _classes(models: Sequence[Model]) -> tuple[str, ...]:
    """Return the names of the concepts that are decoded."""
    known = [model.artifact.attributes().targets[CLASS_TARGET] for model in models if CLASS_TARGET in model.row.targets]
    return known[0].classes if known else ()


def _untested(cohort: Cohort, fold: FoldParts) -> np.ndarray:
    """Return a person's events that the fold does not test."""
    import numpy as np

    return np.setdiff1d(np.arange(len(cohort.events)), fold.test)


def key_of(event: Event, source: str, fold: str) -> PredictionKey:
    """Return what a row of predictions stands for."""
    return PredictionKey(event=event.event, clip=event.clip, run=run_of(event), fold=fold, source_event=source)


def joined_facts(models: dict[str, list[Model]], replaced: Collection[str] = ()) -> dict[str, TargetFacts]:
    """Return what is known of each target, its thresholds and residuals gathered over folds.

    Values that are not the models' own but made of a class (`replaced`) have no residual.

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
                gathered = {"thresholds": {**before.thresholds}, "residuals": {**before.residuals}}
                if fold in facts.thresholds:
                    gathered["thresholds"][fold] = facts.thresholds[fold]
                if name in model.row.residuals and name not in replaced:
                    gathered["residuals"][fold] = model.row.residuals[name]
                found[name] = before.model_copy(update=gathered)
    return found
