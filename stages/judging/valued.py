"""What `score` holds decoded values against: the values of the true clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.predictions import PredictionAttributes, PredictionKey
from eeg2vid.stages.cohort.clips import rows_of_clips
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.judging.shown import keyed
from eeg2vid.stages.store.layout import STUDY
from eeg2vid.stages.store.reader import Artifact
from eeg2vid.stages.targets.percept import Percept
from eeg2vid.stages.targets.table import TARGETS, find_targets
from eeg2vid.stages.targets.values import ClipValue

if TYPE_CHECKING:
    from eeg2vid.stages.metrics.metric import Given, Keys


def value_targets(predictions: Artifact) -> list[str]:
    """Return the targets of some predictions that are values."""
    attributes: PredictionAttributes = predictions.attributes()
    return [name for name, facts in attributes.targets.items() if facts.kind == "value"]


def keys_of_target(ctx: Context, predictions: Artifact, target: str) -> Keys:
    """Return what the rows of a target's predictions stand for."""
    rows = predictions.table(target, PredictionKey)
    return keyed(ctx, [row.event for row in rows], [row.fold for row in rows])


def values_against(ctx: Context, condition: str, predictions: Artifact, target: str, *, apart: bool) -> Given | None:
    """Read decoded and true values of one target in one order; None where the true ones are not there."""
    from eeg2vid.stages.metrics.metric import Given, Sides

    source = _true_values(ctx, target)
    if source is None:
        return None
    artifact, array = source
    keys = keys_of_target(ctx, predictions, target)
    rows = rows_of_clips(artifact, keys.clips, artifact.schema.tables["clips"])
    decoded, true = predictions.read(target), artifact.read(array)[rows]
    if decoded.shape != true.shape:
        raise BadDataError(
            f"{predictions.address}: '{target}' has the shape {decoded.shape[1:]} per event, in {artifact.address} it "
            f"is {true.shape[1:]}.",
            "Score it against what it was trained on: --from ROLE=STAGE/VARIANT",
        )
    return Given(keys, condition, target=target, values=Sides(decoded, true), apart=apart, threads=ctx.threads)


def _true_values(ctx: Context, target: str) -> tuple[Artifact, str] | None:
    """Return the artifact and its array that hold a target of the true clips."""
    named = {one.key: name for name, one in TARGETS.items()}.get(target, target.replace("percept-", "percept:", 1))
    one = find_targets([named])[0]
    if isinstance(one, Percept):
        looks = [a for a in ctx.read_many("percepts") if a.address.unit == STUDY and a.attributes().eye == one.eye]
        array = one.array or (next(iter(looks[0].entries)) if len(looks) == 1 else "")
        return (looks[0], array) if len(looks) == 1 and looks[0].has(array) else None
    if isinstance(one, ClipValue):
        artifact = ctx.read_optional(one.role)
        return (artifact, one.array) if artifact is not None and artifact.has(one.array) else None
    return None
