"""A part of a fold as a torch dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.services.fold_data import FoldData, load_fold, require_part

if TYPE_CHECKING:
    from eeg2vid.schemas.entities import Event
    from eeg2vid.stages.training.scaler import Scalers

One = Tensor | dict[str, Tensor]


class FoldDataset(Dataset[tuple[One, One]]):
    """Events of one part of a fold: `dataset[k]` is (input, target), of several a dict by name.

    Attributes
    ----------
    events
        Rows of the events table, in the order of the dataset.
    inputs
        By name, float32 `(event, ...)`.
    targets
        By name: class index int64 `(event,)`, or values `(event, ...)`.
    classes
        Names of the classes of each label, by target.
    scalers
        Statistics of each person's training events, by person and input; empty if nothing was standardised.
    """

    def __init__(
        self,
        events: Sequence[Event],
        inputs: dict[str, Tensor],
        targets: dict[str, Tensor],
        classes: dict[str, tuple[str, ...]],
        scalers: dict[str, Scalers],
    ) -> None:
        self.events, self.inputs, self.targets = tuple(events), inputs, targets
        self.classes, self.scalers = classes, scalers

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, index: int) -> tuple[One, One]:
        return _one(self.inputs, index), _one(self.targets, index)

    @property
    def clips(self) -> tuple[str, ...]:
        """Clip id of each event."""
        return tuple(event.clip for event in self.events)

    def __repr__(self) -> str:
        parts = [f"{name} {tuple(values.shape[1:])}" for name, values in self.inputs.items()]
        asked = [
            f"{name} ({len(self.classes[name])} classes)"
            if name in self.classes
            else f"{name} {tuple(values.shape[1:])}"
            for name, values in self.targets.items()
        ]
        how = "standardised" if self.scalers else "as stored"
        return f"<{len(self)} events: {', '.join(parts)}, {how} -> {', '.join(asked)}>"


def fold_dataset(
    root: Path,
    subject: str,
    fold: str,
    part: str,
    inputs: str | Sequence[str],
    target: str | Sequence[str],
    *,
    standardise: bool,
    sources: Mapping[str, str],
    settings: Mapping[str, Any],
) -> FoldDataset:
    """Read a part of a fold; see `Study.dataset`."""
    require_part(part)
    data = load_fold(root, subject, fold, inputs, target, sources, **settings)
    events = data.events(part)  # type: ignore[arg-type]
    if not events:
        raise UsageError(
            f"Fold '{data.fold.fold}' has no {part} events of subject {subject} that the target asks about.",
            "See what it holds: eeg2vid inspect split",
        )
    return _read(data, part, events, standardise=standardise)


def _read(data: FoldData, part: Any, events: Sequence[Event], *, standardise: bool) -> FoldDataset:
    examples = data.examples(part)
    scalers = data.scalers() if standardise else {}
    found = {}
    for name in data.inputs:
        values = examples.inputs.gather(name).astype(np.float32)
        for subject in examples.inputs.present() if standardise else ():
            if subject not in scalers:
                raise UsageError(
                    f"Fold '{data.fold.fold}' trains on no event of subject {subject}: nothing to standardise by.",
                    "Take the values as they are stored: standardise=False",
                )
            mine = examples.inputs.people() == examples.inputs.subjects.index(subject)
            values[mine] = scalers[subject][name].transform(values[mine])
        found[name] = torch.from_numpy(values)
    targets = {name: torch.from_numpy(np.array(values)) for name, values in examples.targets.items()}
    classes = {name: target.classes for name, target in data.targets.items() if target.classes}
    return FoldDataset(events, found, targets, classes, scalers)


def _one(values: Mapping[str, Tensor], index: int) -> One:
    row = {name: one[index] for name, one in values.items()}
    return next(iter(row.values())) if len(row) == 1 else row
