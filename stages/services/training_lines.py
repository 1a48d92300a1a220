"""What the trained models of one unit did on events that they had not learned from, target by target, beside chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.checkpoints import CheckpointAttributes, TrainedModel
from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.reporting.numbers import number
from eeg2vid.stages.services.score_lines import in_columns
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.engine.context import UnitContext

_NONE = "no validation block"


def training_lines(checkpoints: Artifact, study: Study) -> list[dict[str, Any]]:
    """Return a row for each target: its mean score on the validation events over folds, and what chance is there.

    Chance of a label is 1/N of its classes, or what always naming the commonest training class gets on the validation
    events, where that is more; values explain no variance by chance.
    """
    models = checkpoints.table("models", TrainedModel)
    attributes: CheckpointAttributes = checkpoints.attributes()
    labels = [key for key, facts in attributes.targets.items() if facts.kind == "label"]
    chances = _chances(checkpoints, study, labels) if labels else {}
    rows = []
    for key, facts in attributes.targets.items():
        mine = [model for model in models if key in model.targets]
        found = [(model.fold, model.validation_scores[key]) for model in mine if key in model.validation_scores]
        label = facts.kind == "label"
        row = {
            "target": key,
            "validation": "accuracy" if label else "variance explained",
            "mean": number(fmean(score for _, score in found)) if found else _NONE,
            "of folds": _range([score for _, score in found]),
            "chance": _chance([chances.get((fold, key)) for fold, _ in found]) if label else number(0.0),
            "folds": str(len(mine)),
            "network": ", ".join(dict.fromkeys(model.network for model in mine)),
        }
        rows.append(row)
    return in_columns(rows, ("mean", "of folds", "chance", "folds"))


def _range(scores: Sequence[float]) -> str:
    return f"{number(min(scores))} to {number(max(scores))}" if scores else "–"


def _chance(chances: Sequence[float | None]) -> str:
    known = [one for one in chances if one is not None]
    return number(fmean(known)) if known and len(known) == len(chances) else "–"


def _chances(checkpoints: Artifact, study: Study, labels: Sequence[str]) -> Mapping[tuple[str, str], float]:
    """Return chance by fold and label, nothing where the inputs are no longer what the models were made of."""
    from eeg2vid.stages.cohort.folds import load_folds
    from eeg2vid.stages.cohort.people import gather
    from eeg2vid.stages.decoding.embeddings import signals_of
    from eeg2vid.stages.decoding.needs import inputs_of
    from eeg2vid.stages.targets.table import find_targets

    try:
        ctx = _as_made(checkpoints, study)
        cohort = gather(ctx)
        folds = load_folds(ctx, cohort, ctx.settings.folds, signals_of(ctx, inputs_of(ctx.settings)))
        loaded = {one.key: one.load(ctx, cohort) for one in find_targets(ctx.settings.targets) if one.key in labels}
    except (Eeg2VidError, StopIteration, ValueError):  # imported, of older settings, or its inputs are others now
        return {}
    found = {}
    for fold in folds:
        for key, target in loaded.items():
            given = target.of_fold(fold)
            first = fold.learned if ctx.settings.validation_in_training else fold.train
            train, held = (given.values.take(part[given.asked[part]]) for part in (first, fold.validation))
            if len(train) and len(held):
                found[fold.fold, key] = _of_labels(train, held, len(given.classes))
    return found


def _of_labels(train: np.ndarray, held: np.ndarray, n_classes: int) -> float:
    """Return 1/N, or the share of held labels that are the commonest training label, where that is more."""
    import numpy as np

    commonest = np.bincount(train, minlength=n_classes).argmax()
    return max(1 / n_classes, float(np.mean(held == commonest)))


def _as_made(checkpoints: Artifact, study: Study) -> UnitContext:
    """Return the unit as it was when the models were trained: its settings and its inputs."""
    from eeg2vid.stages.engine.context import UnitContext

    address, manifest = checkpoints.address, checkpoints.manifest
    stage = study.stages[address.stage]
    inputs: dict[str, list[Address]] = {}
    for ref in manifest.inputs:
        inputs.setdefault(ref.role, []).append(Address(ref.stage, ref.variant, ref.unit, ref.role))
    settings = stage.Settings.model_validate(manifest.settings)
    return UnitContext(study, Node(address.stage, address.variant, address.unit), settings, inputs)
