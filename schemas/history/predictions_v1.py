"""Version 1 of `predictions`: labels on one axis, latents on another, whatever folds each was trained on.

Encoders and mappers may be trained on different folds (all blocks for labels, the last for videos), so
each has its own axis: `event` for class probabilities, `decoded` for latents.
"""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import Row

TASKS = ("concept", "group", "color", "fast", "number", "human", "face")


class PredictionKey(Row):
    """What one index stands for, and whose EEG it was decoded from (another event's in a control)."""

    event: str
    clip: str
    run: str
    fold: str
    source_event: str


class PredictionAttributes(Attributes):
    """Class labels in the order of the probability columns; geometry of the latents."""

    classes: dict[str, tuple[str, ...]] = {}
    latents: dict[str, float | str] = {}
    fast_thresholds: dict[str, float] = {}
    motion: str = Field("", description="what the scores behind task 'fast' measure; '': they are the data set's own")
    motion_sha256: str = Field("", description="hash of those scores; '' as above")


def _probability(task: str) -> ArraySpec:
    return ArraySpec(
        dims=("event", f"{task}_class"),
        dtypes=("float32",),
        unit="1",
        doc=f"probability of each class of task '{task}'",
        optional=True,
    )


PREDICTIONS_V1 = Schema(
    name="predictions",
    version=1,
    doc="Latents and class probabilities decoded from the test events of every fold in use.",
    arrays={
        "latents": ArraySpec(
            dims=("decoded", "frame", "channel", "latent_row", "latent_column"),
            dtypes=("float32",),
            unit="1",
            doc="predicted latents x scaling factor",
            optional=True,
        ),
        **{f"probability_{task}": _probability(task) for task in TASKS},
    },
    tables={"events": PredictionKey, "decoded": PredictionKey},
    index={"event": "events", "decoded": "decoded"},
    attributes=PredictionAttributes,
)
