"""What was decoded from held-out EEG: each target on rows of its own, since folds differ from target to target.

Target `concept` is the array `concept` (class probabilities) beside the table `concept` (which event each row is);
target `latents` the array `latents` beside the table `latents`; and so on for whatever targets there are.
"""

from __future__ import annotations

from eeg2vid.schemas.base import Attributes, Family, Schema
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.targets import TargetFacts


class PredictionKey(Row):
    """What one index stands for, and whose EEG it was decoded from (another event's in a control)."""

    event: str
    clip: str
    run: str
    fold: str
    source_event: str


class PredictionAttributes(Attributes):
    """Of each target: its classes, or what is needed to use its values."""

    targets: dict[str, TargetFacts] = {}

    def labels(self) -> dict[str, TargetFacts]:
        """Return the targets that are labels."""
        return {name: facts for name, facts in self.targets.items() if facts.kind == "label"}


PREDICTIONS = Schema(
    name="predictions",
    version=2,
    doc="Class probabilities and values decoded from the test events of every fold in use, target by target.",
    family=Family(
        row=PredictionKey,
        known={
            "latents": ("frame", "channel", "latent_row", "latent_column"),
            "text": ("token", "text_channel"),
        },
        dtypes=("float32",),
        unit="1",
        doc="probability of each class, or decoded values",
    ),
    attributes=PredictionAttributes,
)
