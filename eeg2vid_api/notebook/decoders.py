"""A trained decoder in a notebook: raw arrays in, predictions out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eeg2vid.notebook.artifact import StudyArtifact
from eeg2vid.notebook.study import Study, open_study
from eeg2vid.schemas.checkpoints import CHECKPOINTS, CheckpointAttributes, TrainedModel
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.decoding.embeddings import Encoders, embedded, kept_encoders
from eeg2vid.stages.engine.device import limited_threads, resolve_device
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.networks.checkpoint import load_decoder as read_decoder
from eeg2vid.stages.store.layout import unit_subject
from eeg2vid.stages.store.reader import open_artifact
from eeg2vid.stages.training.inputs import Inputs

if TYPE_CHECKING:
    from eeg2vid.schemas.targets import TargetFacts
    from eeg2vid.stages.networks.decoder import Decoder


class LoadedDecoder:
    """All models of one fold: what `predict` uses, with the scalers of the training.

    Attributes
    ----------
    fold
        The fold whose training events they learned from: only its test events are unseen.
    inputs
        Names of what they read, as artifacts hold it: 'epochs' in µV, 'de', 'psd'.
    targets
        What they decode.
    classes
        Names of the classes of each label, in the order of the probabilities, by target.
    models
        The rows of the artifact's table: network, events, validation scores.
    """

    def __init__(self, address: str, fold: str, facts: CheckpointAttributes, subject: str | None) -> None:
        self.address, self.fold = address, fold
        self.inputs = facts.signals or facts.inputs
        self._names, self._subject = facts.inputs, subject
        self._known: dict[str, TargetFacts] = facts.targets
        self._decoders: list[tuple[TrainedModel, Decoder, Encoders]] = []

    def add(self, row: TrainedModel, folder: Path) -> None:
        """Read one more model."""
        self._decoders.append((row, read_decoder(folder, row.targets[0]), kept_encoders(folder, self._names)))

    @property
    def models(self) -> tuple[TrainedModel, ...]:
        """The rows of the artifact's table."""
        return tuple(row for row, _, _ in self._decoders)

    @property
    def targets(self) -> tuple[str, ...]:
        """What they decode."""
        return tuple(name for row in self.models for name in row.targets)

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """Names of the classes of each label."""
        return {name: self._known[name].classes for name in self.targets if self._known[name].kind == "label"}

    def predict(
        self, inputs: Any, *, subject: str | int | None = None, device: str = "cpu", threads: int = 1
    ) -> dict[str, np.ndarray]:
        """Return what is decoded, by target: probabilities `(event, class)` or values `(event, ...)`.

        Parameters
        ----------
        inputs
            Raw values, not standardised, in the form and unit of the artifacts: an array `(event, ...)` where one input
            is read, else a mapping of names to arrays; numpy, torch, or a `LazyArray`.
        subject
            Whose EEG it is: needed of models of several people, each of whom has statistics of their own. Whoever was
            not trained on is standardised by everybody's.
        device
            'auto', 'cpu', 'cuda[:n]' or 'mps'.
        threads
            Of the numerical libraries. As many as `eeg2vid predict` had (1, unless told) give the same bits.

        Raises
        ------
        BadDataError
            If names or shapes are not those that were learned, or a value is not finite.
        UsageError
            If it is not said whose EEG it is.
        """
        given = self._given(inputs)
        label = self._label(subject)
        found: dict[str, np.ndarray] = {}
        device = resolve_device(device)
        with limited_threads(threads):
            for _, decoder, encoders in self._decoders:
                read = embedded(Inputs(given, subjects=(label,)), self._names, encoders, device)
                found |= decoder.predict(read, device=device)
        return found

    def _given(self, inputs: Any) -> dict[str, np.ndarray]:
        if not isinstance(inputs, Mapping):
            if len(self.inputs) != 1:
                names = ", ".join(f'"{name}": ...' for name in self.inputs)
                raise UsageError(f"{self.address} reads {' and '.join(self.inputs)}.", f"Give a mapping: {{{names}}}")
            inputs = {self.inputs[0]: inputs}
        missing = [name for name in self.inputs if name not in inputs]
        if missing or len(inputs) > len(self.inputs):
            raise BadDataError(
                f"{self.address} reads {', '.join(self.inputs)}; given {', '.join(map(str, inputs)) or 'nothing'}."
            )
        found = {name: np.asarray(inputs[name], dtype=np.float32) for name in self.inputs}
        for name, values in found.items():
            if not np.isfinite(values).all():
                raise BadDataError(f"Input '{name}' holds values that are not finite.")
        return found

    def _label(self, subject: str | int | None) -> str:
        people = tuple(dict.fromkeys(one for row in self.models for one in row.subjects))
        if subject is None and len(people) > 1:
            raise UsageError(
                f"{self.address} learned from subjects {', '.join(people)}, each with statistics of their own.",
                f'Say whose EEG it is: predict(..., subject="{people[0]}")',
            )
        if subject is not None:
            return str(subject).removeprefix("sub-")
        return people[0] if people else self._subject or ""

    def __repr__(self) -> str:
        networks = ", ".join(dict.fromkeys(row.network for row in self.models))
        return f"<{self.address}, fold {self.fold}: {networks}; {', '.join(self.inputs)} -> {', '.join(self.targets)}>"


def load_decoder(study: Study | str | Path, name: str, fold: str | int, *, target: str | None = None) -> LoadedDecoder:
    """Load what an encoder or mapper learned in one fold.

    Parameters
    ----------
    study
        From `eeg2vid.open`, or the workspace's folder.
    name
        Address of the checkpoints, or a beginning that names one: 'train-encoder/evoked-rhythms/sub-1'.
    fold
        Its name, e.g. 'block-7'.
    target
        Only the model of this target; None: all of the fold.

    Raises
    ------
    MissingInputError
        If there is no such artifact.
    UsageError
        If it holds no models, or none of this fold or target.
    BadDataError
        If a file of a model is damaged.
    """
    study, fold = study if isinstance(study, Study) else open_study(study), str(fold)
    opened: StudyArtifact = study[name]
    if opened.schema.name != CHECKPOINTS.name:
        raise UsageError(
            f"{opened.address} holds {opened.schema.name}, no decoders.",
            "List those that do: study.list(schema='checkpoints')",
        )
    artifact = open_artifact(study.root, opened.address)
    rows = artifact.table("models", TrainedModel)
    folds = dict.fromkeys(row.fold for row in rows)
    if fold not in folds:
        raise UsageError(f"{opened.address} has no model of fold '{fold}'.{did_you_mean(fold, folds)}")
    rows = [row for row in rows if row.fold == fold]
    known = [one for row in rows for one in row.targets]
    if target is not None and target not in known:
        raise UsageError(f"{opened.address} decodes no '{target}' in fold '{fold}'.{did_you_mean(target, known)}")
    found = LoadedDecoder(str(opened.address), fold, artifact.attributes(), unit_subject(opened.address.unit))
    for row in rows:
        if target is None or target in row.targets:
            found.add(row, artifact.model(row.path))
    return found
