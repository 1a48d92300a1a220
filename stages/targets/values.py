"""Values that an artifact holds clip by clip: latents, text states, embeddings, percepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.cohort.clips import rows_of_clips
from eeg2vid.stages.cohort.folds import FoldParts
from eeg2vid.stages.cohort.people import Cohort
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read
from eeg2vid.stages.targets.target import Loaded, OfFold, Target

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ClipValue(Target):
    """An array of an artifact, one value a clip.

    Attributes
    ----------
    role, schema, array
        Where it is.
    made_by
        The command that makes it.
    """

    role: str
    schema: Schema
    array: str
    made_by: str
    kind: Literal["label", "value"] = field(default="value", init=False)

    def reads(self, settings: Any) -> dict[str, Read]:
        """Read the artifact that holds it."""
        return {self.role: Read(self.schema)}

    def load(self, ctx: Context, cohort: Cohort) -> Loaded:
        """Read each clip's value once; events take theirs by index."""
        import numpy as np

        artifact = ctx.read(self.role)
        if not artifact.has(self.array):
            raise MissingInputError(
                f"{artifact.address} holds no '{self.array}', only {', '.join(artifact.entries)}.",
                f"Make it: {self.made_by}",
            )
        shown = list(dict.fromkeys(cohort.clips))
        rows = rows_of_clips(artifact, shown, artifact.schema.tables["clips"])
        first, last = int(rows.min()), int(rows.max()) + 1  # one read: each chunk is decoded once
        values = artifact.read(self.array, slice(first, last))[rows - first]
        place = {clip: index for index, clip in enumerate(shown)}
        index = np.array([place[clip] for clip in cohort.clips], dtype=np.int64)
        attributes = {
            name: v for name, v in artifact.attributes().model_dump().items() if isinstance(v, str | float | int)
        }
        return _LoadedValue(values, index, attributes)


@dataclass(frozen=True)
class _LoadedValue(Loaded):
    values: np.ndarray  # (clip, ...)
    index: np.ndarray  # (event,) into values
    attributes: dict[str, Any]

    def of_fold(self, fold: FoldParts) -> OfFold:
        """Return the values: the same in every fold."""
        import numpy as np

        from eeg2vid.stages.training.values import Values

        return OfFold(
            Values(self.values, self.index), np.ones(len(self.index), dtype=bool), shape=self.values.shape[1:]
        )

    def facts(self) -> TargetFacts:
        """Return the artifact's attributes: what is needed to use such values."""
        return TargetFacts(kind="value", attributes=self.attributes)
