"""What encoders fitted anew to relabelings of runs score: the null of the labels that they decode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eeg2vid.schemas.checkpoints import CHECKPOINTS, TrainedModel
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

Refitted = Mapping[tuple[str, str], "np.ndarray"]


def refitted_of(ctx: Context, predictions: Artifact, target: str, folds: set[str], events: int) -> Refitted:
    """Return accuracy, top-5 and balanced accuracy under each labeling `(labeling,)`; nothing where there are none.

    Parameters
    ----------
    target, folds, events
        What was decoded, in which folds, and how many events are asked about: of others these are no nulls. Nor where a
        fold had several models to choose from, or one that was not fitted anew.
    """
    import numpy as np

    sums: dict[str, np.ndarray] = {}
    found: set[str] = set()
    for one in ctx.ancestry(predictions):
        if one.manifest.schema_name != CHECKPOINTS.name:
            continue
        for k, row in enumerate(one.table("models", TrainedModel)):
            if target in row.targets and row.fold in folds:
                if row.fold in found or not one.has("relabeled_top1"):
                    return {}  # several candidates (`select`), or one that was not fitted anew: whose null is not told
                found.add(row.fold)
                for name in ("events", "top1", "top5"):
                    counts = one.read(f"relabeled_{name}", slice(k, k + 1))[0].astype(np.float64)
                    sums[name] = sums.get(name, 0.0) + counts
    if found != folds or not (sums["events"].sum(axis=1) == events).all():
        return {}
    shown = sums["events"] > 0
    recalls = np.divide(sums["top1"], sums["events"], out=np.zeros_like(sums["top1"]), where=shown)
    return {
        ("accuracy", ""): sums["top1"].sum(axis=1) / events,
        ("accuracy", "top-5"): sums["top5"].sum(axis=1) / events,
        ("balanced-accuracy", ""): recalls.sum(axis=1) / shown.sum(axis=1),
    }
