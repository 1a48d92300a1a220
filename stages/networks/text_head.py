"""A small head from EEG to text states: the principal components of what changes in them, by ridge or a small MLP."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.networks import TextHeadSettings, TrainingSettings
from eeg2vid.stages.networks.closed_form import ClosedForm
from eeg2vid.stages.networks.components import Components
from eeg2vid.stages.networks.context import BuildContext
from eeg2vid.stages.networks.decoder import Decoder, Predictions, State, take_arrays
from eeg2vid.stages.networks.examples import Examples, FitReport, Targets
from eeg2vid.stages.networks.readout import Readout, alike
from eeg2vid.stages.networks.ridge import choose_penalty
from eeg2vid.stages.networks.supervised import Supervised
from eeg2vid.stages.networks.trained import Judge
from eeg2vid.stages.training.batch import Tensors
from eeg2vid.stages.training.feed import Named
from eeg2vid.stages.training.inputs import bin_epochs


def text_head(settings: TextHeadSettings, context: BuildContext, training: TrainingSettings) -> Decoder:
    """Return an unfitted head of the kind that the settings name."""
    return (RidgeHead if settings.kind == "ridge" else MlpHead)(settings, context, training)


class RidgeHead(ClosedForm):
    """Ridge regression to component scores, one penalty for all, chosen as `ridge` chooses it."""

    settings: TextHeadSettings

    def solve(self, train: Examples, validation: Examples | None) -> FitReport:
        """Choose the penalty and fit; the score is that of the regression, whatever is read out of it."""
        both = train
        if validation is not None and self.training.refit:
            self.check(validation)
            both = Examples.join([train, validation])
        targets = both.targets[self.target.name]
        components = Components.fit(targets, self.settings.components, self.settings.constant_share)
        scores = components.scores(targets).astype(np.float64)
        vectors = self.vectors.fit(both.inputs).transform(both.inputs)
        centre = vectors.mean(axis=0)
        centred = vectors - centre
        kernel = centred @ centred.T
        chosen = choose_penalty(kernel, scores @ scores.T, both, self.settings)
        kernel[np.diag_indices_from(kernel)] += chosen.penalty
        weights = centred.T @ scipy.linalg.solve(kernel, scores, assume_a="pos")
        fitted = {"center": centre.astype(np.float32), "weights": weights.astype(np.float32)}
        self.arrays = fitted | Readout.fit(self.settings.readout, components, both, self.target.name).state()
        detail = f"{chosen.detail}, {len(components.basis)} components"
        held = 0 if validation is None else len(validation)
        return FitReport(len(train), held, chosen.explained(components.beyond(targets, scores)), detail=detail)

    def project(self, vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return predicted scores `(event, component)`."""
        scores = (vectors - self.fitted("center")) @ self.fitted("weights").astype(np.float64)
        found: NDArray[np.float32] = scores.astype(np.float32)
        return found

    def decode(self, vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return predicted values `(event, *target)`."""
        return Readout.of(self.arrays).values(self.project(vectors)).reshape(-1, *self.target.shape)

    def shapes(self, dimension: int, state: State) -> dict[str, tuple[int | None, ...]]:
        """Return the shapes of the fitted arrays."""
        found = Readout.shapes(self.settings.readout, state, math.prod(self.target.shape))
        return {"center": (dimension,), "weights": (dimension, found["scale"][0])} | found

    def parameters(self) -> int:
        """Return how many numbers were fitted: those that a readout chooses from are targets as they were."""
        return super().parameters() - self.arrays.get("states", np.zeros(0)).size


class Head(nn.Module):
    """All inputs, flattened and joined, through one hidden layer to scores in units of their standard deviation."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], outputs: int, s: TextHeadSettings) -> None:
        super().__init__()
        size = sum(math.prod(shape) for shape in shapes.values())
        self.trunk = nn.Sequential(nn.Dropout(s.dropout), nn.Linear(size, s.hidden), nn.GELU(), nn.Dropout(s.dropout))
        self.head = nn.Linear(s.hidden, outputs)

    def hidden(self, inputs: Tensors) -> Tensor:
        """Return the hidden layer `(batch, unit)`."""
        return self.trunk(torch.cat([x.flatten(1) for x in inputs.values()], dim=1))  # type: ignore[no-any-return]

    def forward(self, inputs: Tensors) -> Tensor:
        """Return `(batch, component)`."""
        return self.head(self.hidden(inputs))  # type: ignore[no-any-return]


class MlpHead(Supervised):
    """A small MLP to component scores; loss: squared error / training variance, and InfoNCE."""

    settings: TextHeadSettings

    def __init__(self, settings: TextHeadSettings, context: BuildContext, training: TrainingSettings) -> None:
        if training.selection == "accuracy":
            raise UsageError("A mapper has no accuracy to select by.", "Set training.selection to loss or last.")
        if training.class_weight != "none":
            raise UsageError("A mapper has no classes to weigh.", "Set training.class_weight to none.")
        self.readout = Readout(Components.empty(settings.components, math.prod(context.targets[0].shape)))
        self.runs = np.zeros(0, dtype=np.int64)
        super().__init__(settings, context, training)

    def make_module(self) -> nn.Module:
        """Return the network."""
        shapes = self._arrangement().shapes(self.context.inputs)
        return Head(shapes, len(self.readout.components.basis), self.settings)

    def arrange(self, arrays: Named) -> Named:
        """Average epochs into bins of time."""
        bins = self.settings.epoch_bins
        return {name: bin_epochs(one, bins) if name == "epochs" else one for name, one in sorted(arrays.items())}

    def kept_axes(self, name: str) -> tuple[int, ...]:
        """Return every axis: each number of an input has statistics of its own."""
        return tuple(range(1, len(self.context.inputs[name]) + 1))

    def lessons(self, events: Examples) -> Examples:
        """Take components, what is read out, and who is of one run."""
        targets = events.targets[self.target.name]
        components = Components.fit(targets, self.settings.components, self.settings.constant_share)
        self.readout = Readout.fit(self.settings.readout, components, events, self.target.name)
        runs = np.arange(len(events)) if events.runs is None else events.runs
        self.runs = np.unique(runs, return_inverse=True)[1].reshape(-1)
        return events

    def sample_targets(self, targets: Targets) -> Tensors:
        """Return scores, and numbers that are equal where captions or runs are."""
        values = targets[self.target.name]
        found = {"scores": self.readout.components.scores(values), "caption": alike(values), "run": self.runs}
        return {name: torch.from_numpy(one) for name, one in found.items()}

    def _scores(self, output: Tensor) -> Tensor:
        return output * torch.as_tensor(self.readout.components.scale, dtype=output.dtype, device=output.device)

    def loss(self, outputs: Tensors, targets: Tensors) -> Tensor:
        """Return squared error / that of the training mean, and the weighted InfoNCE."""
        guess, wanted = self._scores(outputs["out"]), targets["scores"]
        error = (guess - wanted).square().sum(dim=1).mean() / self.readout.components.variance
        if not self.settings.contrastive:
            return error
        same, near = (targets[name] == targets[name][:, None] for name in ("caption", "run"))
        contrast = info_nce(guess, wanted, same, near & ~same, self.settings.temperature)
        return error + self.settings.contrastive * contrast

    def judge(self, targets: Targets) -> Judge:
        """Return squared error / that of the training mean, and 1 - it: of the regression, whatever is read out."""
        components, values = self.readout.components, targets[self.target.name]
        wanted = torch.from_numpy(components.scores(values))
        beyond = components.beyond(values, wanted.numpy())
        total = float(wanted.double().square().sum()) + beyond

        def of(outputs: Tensors) -> tuple[float, float]:
            error = float((self._scores(outputs["out"]) - wanted).double().square().sum()) + beyond
            ratio = error / total if total > 0 else 1.0
            return ratio, 1 - ratio

        return of

    def finish(self, outputs: Tensors) -> Predictions:
        """Return predicted targets `(event, *target)`."""
        values = self.readout.values(self._scores(outputs["out"]).numpy())
        return {self.target.name: values.reshape(-1, *self.target.shape)}

    def target_state(self) -> State:
        """Return components and what is read out."""
        return self.readout.state()

    def load_targets(self, state: State) -> None:
        """Take what `target_state` returned."""
        self.readout = Readout.of(
            take_arrays(state, Readout.shapes(self.settings.readout, state, math.prod(self.target.shape)))
        )

    def parameters(self) -> int:
        """Return how many numbers were fitted: those that a readout chooses from are targets as they were."""
        return super().parameters() - (0 if self.readout.states is None else self.readout.states.size)


def info_nce(guess: Tensor, wanted: Tensor, same: Tensor, ignored: Tensor, temperature: float) -> Tensor:
    r"""Return how badly scores find their own among those of a batch, from EEG to text and back (CPC; SupCon).

    .. math:: -\log \frac{\sum_{p \in same} e^{s_p / \tau}}{\sum_{j \notin ignored} e^{s_j / \tau}}

    with s the cosine of scores. Equal captions are one text, so all of them are right. Other clips of the same run are
    neither right nor wrong: their captions tell of the same concept, often of the same scene, in other words; as
    negatives they would have the concept unlearned, as positives the clip.

    Parameters
    ----------
    guess, wanted
        Scores `(sample, component)`.
    same, ignored
        Which wanted scores are right for each guess, and which do not count, bool `(sample, sample)`.
    temperature
        Of the cosines.
    """
    cosines = functional.normalize(guess, dim=1) @ functional.normalize(wanted, dim=1).T / temperature
    counted, right = cosines.masked_fill(ignored, -math.inf), cosines.masked_fill(~same, -math.inf)
    ways = [torch.logsumexp(counted, dim) - torch.logsumexp(right, dim) for dim in (1, 0)]
    return torch.stack(ways).mean()
