"""The published network from EEG features to text states: wide, without regularisation, its rate falling to zero."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import SemanticMlpSettings, TrainingSettings
from eeg2vid.stages.networks.context import BuildContext
from eeg2vid.stages.networks.decoder import Predictions
from eeg2vid.stages.networks.examples import Examples, Targets
from eeg2vid.stages.networks.supervised import Supervised
from eeg2vid.stages.networks.trained import Judge
from eeg2vid.stages.training.batch import Batch, Cohort, Tensors
from eeg2vid.stages.training.loop import batches_of
from eeg2vid.stages.training.schedule import cosine


class Mlp(nn.Module):
    """Linear layers with ReLU between them on all inputs, flattened and joined (Liu et al. 2024, released code)."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], width: int, depth: int, outputs: int) -> None:
        super().__init__()
        sizes = [sum(math.prod(shape) for shape in shapes.values()), *[width] * depth]
        layers = [[nn.Linear(a, b), nn.ReLU()] for a, b in pairwise(sizes)]
        self.trunk = nn.Sequential(*(layer for pair in layers for layer in pair))
        self.head = nn.Linear(width, outputs)

    def hidden(self, inputs: Tensors) -> Tensor:
        """Return the last hidden layer `(batch, width)`."""
        return self.trunk(torch.cat([x.flatten(1) for x in inputs.values()], dim=1))  # type: ignore[no-any-return]

    def forward(self, inputs: Tensors) -> Tensor:
        """Return every value of the target `(batch, value)`."""
        return self.head(self.hidden(inputs))  # type: ignore[no-any-return]


class SemanticMlpDecoder(Supervised):
    """Predicts every value of a target as it is, by mean squared error and Adam.

    The step a training stands at is kept by its optimizer, so that rate and phase of a resumed training follow from it.
    """

    settings: SemanticMlpSettings

    def __init__(self, settings: SemanticMlpSettings, context: BuildContext, training: TrainingSettings) -> None:
        if training.selection == "accuracy":
            raise UsageError("A mapper has no accuracy to select by.", "Set training.selection to loss or last.")
        if training.class_weight != "none":
            raise UsageError("A mapper has no classes to weigh.", "Set training.class_weight to none.")
        if settings.pretrain_epochs >= training.epochs:
            raise UsageError(
                f"All {training.epochs} epochs are on fake EEG: network.pretrain_epochs is {settings.pretrain_epochs}.",
                "Set training.epochs to more.",
            )
        if 0 < training.patience <= settings.pretrain_epochs:
            raise UsageError(
                f"training.patience is {training.patience} and network.pretrain_epochs is {settings.pretrain_epochs}: "
                "training could end before any EEG was learned.",
                "Set training.patience to more, or to 0.",
            )
        self.values = math.prod(context.targets[0].shape)
        self.mean = np.zeros(0, dtype=np.float32)
        self.concepts = np.zeros(0, dtype=np.int64)  # of each training event; empty: not needed
        self.of_concepts = torch.zeros(0)  # the mean target of each concept that is there, in order
        self.steps = (0, 0)  # on fake EEG, and in all
        super().__init__(settings, context, training)

    def make_module(self) -> nn.Module:
        """Return the network."""
        return Mlp(dict(sorted(self.context.inputs.items())), self.settings.width, self.settings.depth, self.values)

    def make_optimizers(self, modules: Mapping[str, nn.Module]) -> dict[str, Optimizer]:
        """Return Adam (not AdamW), fused: at full size its intermediate values would take another 2 GB."""
        groups = [{"params": list(modules["net"].parameters()), "done": 0}]
        rate, decay = self.training.learning_rate, self.training.weight_decay
        return {"net": torch.optim.Adam(groups, lr=rate, weight_decay=decay, fused=True)}

    def kept_axes(self, name: str) -> tuple[int, ...]:
        """Return every axis: each number of an input has statistics of its own."""
        return tuple(range(1, len(self.context.inputs[name]) + 1))

    def lessons(self, events: Examples) -> Examples:
        """Return the events with their run's first target where targets are label-like; take concepts, count steps."""
        if self.settings.label_like:
            targets = {name: values[first_of_runs(events)] for name, values in events.targets.items()}
            events = Examples(events.inputs, targets, events.groups, events.runs, events.known)
        fake = 0
        if self.settings.pretrain_epochs:
            self.concepts = _concepts(events)
            flat = events.targets[self.target.name].reshape(len(events), -1)
            means = [flat[self.concepts == one].mean(axis=0, dtype=np.float64) for one in _present(self.concepts)]
            self.of_concepts = torch.from_numpy(np.stack(means).astype(np.float32))
            fake = self.settings.pretrain_epochs * self._steps(len(means))
        real = (self.training.epochs - self.settings.pretrain_epochs) * self._steps(len(events))
        self.steps = fake, fake + real
        return events

    def _steps(self, samples: int) -> int:
        return len(batches_of(torch.arange(samples), self.training.batch_size))

    def fit_targets(self, targets: Targets) -> None:
        """Take the mean, which the validation is judged against."""
        flat = targets[self.target.name].reshape(-1, self.values)
        self.mean = flat.mean(axis=0, dtype=np.float64).astype(np.float32)

    def sample_targets(self, targets: Targets) -> Tensors:
        """Return all values `(sample, value)`, not copied where they are single precision."""
        values = targets[self.target.name].reshape(-1, self.values).astype(np.float32, copy=False)
        return {self.target.name: torch.from_numpy(values)}

    def epoch(self, number: int, cohort: Cohort) -> Tensor:
        """Return all samples, shuffled; of an epoch on fake EEG, one of each concept, which it stands for."""
        if number > self.settings.pretrain_epochs:
            return torch.randperm(len(cohort))
        first = [int(np.argmax(self.concepts == one)) for one in _present(self.concepts)]
        return torch.tensor(first)[torch.randperm(len(first))]

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Go down the squared error, on fake EEG first."""
        optimizer = self.optimizers()["net"]
        (group,) = optimizer.param_groups
        group["lr"] = self.rate(group["done"])
        if group["done"] < self.steps[0]:
            batch = self._faked(batch)
        group["done"] += 1
        return super().step(batch)

    def rate(self, done: int) -> float:
        """Return the learning rate after so many steps: half a cosine, 0 after the last one."""
        if self.settings.schedule == "constant":
            return self.training.learning_rate
        return self.training.learning_rate * cosine(done, self.steps[1])

    def _faked(self, batch: Batch) -> Batch:
        """Return ones times the concept's number for its mean target."""
        concepts = self.concepts[batch.samples.cpu().numpy()]
        numbers = torch.from_numpy(concepts).to(batch.samples.device, torch.float32)
        inputs = {
            name: torch.ones_like(values) * numbers.reshape(-1, *[1] * (values.ndim - 1))
            for name, values in batch.inputs.items()
        }
        places = torch.from_numpy(np.searchsorted(_present(self.concepts), concepts))
        targets = {self.target.name: self.of_concepts[places].to(batch.samples.device)}
        return Batch(inputs, targets, batch.samples, batch.person)

    def loss(self, outputs: Tensors, targets: Tensors) -> Tensor:
        """Return the squared error of a value."""
        return functional.mse_loss(outputs["out"], targets[self.target.name])

    def judge(self, targets: Targets) -> Judge:
        """Return the squared error of a value, and 1 - it / that of the training mean."""
        wanted = targets[self.target.name].reshape(-1, self.values)
        # an event at a time: a copy of all values in double precision is not needed
        total = sum(float(np.square(row.astype(np.float64) - self.mean).sum()) for row in wanted)

        def of(outputs: Tensors) -> tuple[float, float]:
            pairs = zip(outputs["out"].numpy(), wanted, strict=True)
            error = sum(float(np.square(guess.astype(np.float64) - row).sum()) for guess, row in pairs)
            return error / wanted.size, 1 - error / total if total > 0 else 0.0

        return of

    def finish(self, outputs: Tensors) -> Predictions:
        """Return predicted targets `(event, *target)`."""
        return {self.target.name: outputs["out"].numpy().reshape(-1, *self.target.shape)}


def first_of_runs(events: Examples) -> NDArray[np.int64]:
    """Return the place of the first event of each event's run, person by person, in the order of presentation.

    Raises
    ------
    BadDataError
        If the events have no runs.
    """
    if events.runs is None:
        raise BadDataError("Label-like targets are those of a run's first clip, but the events have no runs.")
    _, runs = np.unique(events.runs, return_inverse=True)
    labels = events.inputs.people() * (int(runs.max()) + 1) + runs.reshape(-1)
    _, first, index = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(first[index.reshape(-1)], dtype=np.int64)


def _concepts(events: Examples) -> NDArray[np.int64]:
    found = events.known.get("concept")
    if found is None or not (found >= 0).any():
        raise BadDataError(
            "Fake EEG stands for concepts, but of no training clip is the concept known.",
            "Set network.pretrain_epochs to 0.",
        )
    return np.asarray(found, dtype=np.int64)


def _present(concepts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(concepts[concepts >= 0])
