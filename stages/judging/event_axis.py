"""Which events are scored, in which run and fold: one axis for clips, labels and values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.scores import ScoredEvent

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.metrics.metric import Keys


@dataclass(frozen=True)
class EventAxis:
    """The events of all that is scored, each once in every fold that tests it."""

    rows: list[ScoredEvent]

    @classmethod
    def of(cls, keys: Iterable[Keys]) -> EventAxis:
        """Join the events of several tables, in the order of their first appearance."""
        found = {
            (event, fold): ScoredEvent(event=event, clip=clip, run=run, fold=fold)
            for one in keys
            for event, clip, run, fold in zip(one.events, one.clips, one.runs.tolist(), one.folds.tolist(), strict=True)
        }
        return cls(list(found.values()))

    def places(self, keys: Keys) -> list[int]:
        """Return where the events of a table stand."""
        place = {(row.event, row.fold): k for k, row in enumerate(self.rows)}
        return [place[pair] for pair in zip(keys.events, keys.folds.tolist(), strict=True)]

    def runs(self) -> np.ndarray:
        """Return the run of each event; a run that several folds test counts once in each."""
        import numpy as np

        return np.array([f"{row.run} in {row.fold}" for row in self.rows])
