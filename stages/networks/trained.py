"""What the decoders that are trained have in common: choose an epoch, refit, predict, store."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import Network, TrainingSettings
from eeg2vid.stages.networks.context import BuildContext
from eeg2vid.stages.networks.decoder import Decoder, Predictions, State, take_arrays
from eeg2vid.stages.networks.examples import Examples, FitReport, Targets
from eeg2vid.stages.training.batch import Batch, Cohort, Tensors
from eeg2vid.stages.training.feed import Arrangement, Feed, Named
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.loop import Progress, Report, Watch, run_epochs
from eeg2vid.stages.training.randomness import epoch_seed, seeded
from eeg2vid.stages.training.scaler import PersonScalers, Scalers, Unseen
from eeg2vid.stages.training.state import Keeper, LoopState

_PREDICT_BATCH = 256
Judge = Callable[[Tensors], tuple[float, float]]


def refuse_labels(training: TrainingSettings) -> None:
    """Refuse settings that only classifiers can follow; UsageError."""
    if training.selection == "accuracy":
        raise UsageError("A mapper has no accuracy to select by.", "Set training.selection to loss or last.")
    if training.class_weight != "none":
        raise UsageError("A mapper has no classes to weigh.", "Set training.class_weight to none.")


class Trained(Decoder):
    """A decoder that learns step by step; how a step goes is its own affair.

    A subclass says what is trained (`make_modules`), by what (`make_optimizers`), how a step goes (`step`, with
    its own backward passes), what it makes of a batch (`outputs`), how outputs are judged (`judge`) and turned
    into predictions (`finish`). It may say who takes part in an epoch (`epoch`) and what is stored (`stored`).

    With validation events, the epoch is chosen on them (`training.selection`, `training.patience`); with
    `training.refit` the network is then trained anew, from the same first weights, on both for as many epochs.
    The result is a function of events, settings and seed, wherever the training was interrupted.
    """

    def __init__(self, settings: Network, context: BuildContext, training: TrainingSettings) -> None:
        super().__init__(settings, context, training)
        self.scalers = PersonScalers()
        self._modules: dict[str, nn.Module] = {}
        self._optimizers: dict[str, Optimizer] = {}
        with torch.device("meta"):
            self.make_modules()  # raises here, not after the data are read, if the network cannot read them

    @abstractmethod
    def make_modules(self) -> dict[str, nn.Module]:
        """Return what is trained, by name, its weights drawn from PyTorch's own generator."""

    @abstractmethod
    def make_optimizers(self, modules: Mapping[str, nn.Module]) -> dict[str, Optimizer]:
        """Return what changes the modules, by name."""

    @abstractmethod
    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Make one step, backward passes and optimizers included.

        Returns
        -------
        The batch's mean losses by name; the first is what is reported as the training's loss.
        """

    @abstractmethod
    def outputs(self, batch: Batch) -> Tensors:
        """Return what the network makes of a batch, `(sample, ...)` each."""

    def embedding(self, batch: Batch) -> Tensor | None:
        """Return the vector that another network may learn from, `(sample, dimension)`; None: there is none."""
        return None

    @abstractmethod
    def judge(self, targets: Targets) -> Judge:
        """Return a function from the outputs on the validation events (CPU) to loss and score."""

    @abstractmethod
    def finish(self, outputs: Tensors) -> Predictions:
        """Turn outputs (CPU) into predictions, one per event and target."""

    @abstractmethod
    def kept_axes(self, name: str) -> tuple[int, ...]:
        """Return the axes along which an arranged input has statistics of its own."""

    def n_windows(self) -> int:
        """Return the samples per event."""
        return 1

    def arrange(self, arrays: Named) -> Named:
        """Return what the network reads of some events, `(sample, ...)` each, before standardisation."""
        return dict(sorted(arrays.items()))

    def lessons(self, events: Examples) -> Examples:
        """Return the training events as they are learned: as they are. What is known of them may be taken here.

        Called once before each training. Validation events are judged as they are.
        """
        return events

    def fit_targets(self, targets: Targets) -> None:
        """Take from the training targets what outputs or losses need."""

    def sample_targets(self, targets: Targets) -> Tensors:
        """Return the training targets, one per sample."""
        windows = self.n_windows()
        return {name: torch.from_numpy(np.repeat(values, windows, axis=0)) for name, values in targets.items()}

    def epoch(self, number: int, cohort: Cohort) -> Tensor:
        """Return the samples that take part in an epoch (from 1), in order: all of them, shuffled."""
        return torch.randperm(len(cohort))

    def stored(self) -> dict[str, nn.Module]:
        """Return the modules that are stored, as far as their `state_dict` goes: all of them."""
        return self.modules()

    def remark(self) -> str:
        """Return what else must be said of the model, from '; ' on."""
        return ""

    def target_state(self) -> State:
        """Return what `fit_targets` took and prediction needs."""
        return {}

    def load_targets(self, state: State) -> None:
        """Take what `target_state` returned."""
        take_arrays(state, {})

    def modules(self) -> dict[str, nn.Module]:
        """Return what is trained, by name."""
        return self._modules

    def optimizers(self) -> dict[str, Optimizer]:
        """Return what changes the modules, by name."""
        return self._optimizers

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int = 0,
        device: str = "cpu",
        report: Report | None = None,
        progress: Progress | None = None,
        should_stop: Callable[[], bool] | None = None,
        keeper: Keeper | None = None,
    ) -> FitReport:
        """Choose the epoch, then refit, as far as the settings say."""
        self.check(train)
        refit = validation is not None and self.training.refit
        watch = Watch(report, progress, should_stop, keeper)
        state = (keeper.load() if keeper is not None else None) or LoopState("choose", planned=self.training.epochs)
        if state.phase == "choose":
            self._run(state, train, validation, seed, device, watch)
            chosen = state.best_epoch
            if refit:
                state = LoopState("refit", planned=chosen, history=state.history)
        else:
            chosen = state.planned
        if validation is not None and refit:
            self._run(state, Examples.join([train, validation]), None, seed, device, watch)
        rows = [row for row in state.history if row.phase == "choose"]
        return FitReport(
            len(train),
            0 if validation is None else len(validation),
            rows[chosen - 1].validation_score,
            chosen,
            self.training.epochs,
            tuple(state.history),
            f"epoch {chosen} of {len(rows)}" + (", refitted" if refit else "") + self.remark(),
        )

    def _run(
        self, state: LoopState, events: Examples, held: Examples | None, seed: int, device: str, watch: Watch
    ) -> None:
        events = self.lessons(events)
        self.fit_targets(events.targets)
        inputs, arrangement = events.inputs, self._arrangement()
        self.people = inputs.present()
        self.scalers = PersonScalers.fit(
            self.people, lambda subject: arrangement.statistics(inputs if subject is None else inputs.of(subject))
        )
        feed = Feed(
            inputs,
            arrangement,
            self.scalers.people,
            targets=self.sample_targets(events.targets),
            subjects=self.context.subjects,
            device=device,
        )
        with seeded(epoch_seed(seed, "first weights", 0), device):
            modules = self.make_modules()
        self._modules = {name: module.to(device) for name, module in modules.items()}
        self._optimizers = self.make_optimizers(self._modules)
        evaluate = None
        if held is not None:
            self.check(held)
            held_feed, judge = self._feed(held.inputs), self.judge(held.targets)

            def evaluate() -> tuple[float, float]:
                return judge(self._forward(held_feed, device))

        run_epochs(self, feed, state, training=self.training, seed=seed, evaluate=evaluate, watch=watch)
        self._optimizers = {}
        self._move("cpu")

    def _arrangement(self) -> Arrangement:
        return Arrangement(self.arrange, self.n_windows(), self.kept_axes)

    def _feed(self, inputs: Inputs, *, unseen: Unseen = "pooled", own: Inputs | None = None, keep: bool = True) -> Feed:
        arrangement = self._arrangement()
        scalers: dict[str, Scalers] = {}
        strangers = {} if own is None else {one: arrangement.statistics(own.of(one)) for one in own.present()}
        for subject in inputs.present():
            if self.training.scaling == "own":
                scalers[subject] = arrangement.statistics(inputs.of(subject))
            else:
                scalers[subject] = self.scalers.of(subject, strangers, unseen)
        return Feed(inputs, arrangement, scalers, subjects=self.context.subjects, keep=keep)

    def _forward(self, feed: Feed, device: str, read: Callable[[Batch], Tensors] | None = None) -> Tensors:
        """Return the outputs of all samples, or what else is read of them, on the CPU."""
        parts, read = [], read or self.outputs
        for start in range(0, len(feed), _PREDICT_BATCH):
            batch = feed.batch(torch.arange(start, min(start + _PREDICT_BATCH, len(feed))))
            inputs = {name: values.to(device) for name, values in batch.inputs.items()}
            there = Batch(inputs, {}, batch.samples.to(device), batch.person.to(device))
            parts.append(read(there))
        return {name: torch.cat([part[name] for part in parts]).cpu() for name in parts[0]}

    def _move(self, device: str) -> None:
        for module in self._modules.values():
            module.to(device)

    def predict(
        self, inputs: Inputs, *, device: str = "cpu", unseen: Unseen = "pooled", own: Inputs | None = None
    ) -> Predictions:
        """Return one prediction per event and target."""
        return self.finish(self._read(inputs, self.outputs, device, unseen, own))

    def embed(
        self, inputs: Inputs, *, device: str = "cpu", unseen: Unseen = "pooled", own: Inputs | None = None
    ) -> NDArray[np.float32]:
        """Return the embedding of each event, the mean over its windows."""

        def vectors(batch: Batch) -> Tensors:
            found = self.embedding(batch)
            return {} if found is None else {"embedding": found}

        read = self._read(inputs, vectors, device, unseen, own)
        if not read:
            return super().embed(inputs)
        flat = read["embedding"].flatten(1)
        mean: NDArray[np.float32] = flat.reshape(-1, self.n_windows(), flat.shape[1]).mean(dim=1).numpy()
        return mean

    def _read(
        self, inputs: Inputs, read: Callable[[Batch], Tensors], device: str, unseen: Unseen, own: Inputs | None
    ) -> Tensors:
        """Return what the fitted network makes of some events, on the CPU."""
        inputs.require(self.context.inputs)
        if not self._modules:
            raise BadDataError("This decoder has not been fitted.")
        self._move(device)
        for module in self._modules.values():
            module.eval()
        with torch.inference_mode():
            found = self._forward(self._feed(inputs, unseen=unseen, own=own, keep=False), device, read)
        self._move("cpu")
        return found

    def state(self) -> State:
        """Return the stored weights and what was taken from the training targets."""
        weights = {
            f"{place}.{name}": value.cpu().numpy()
            for place, module in self.stored().items()
            for name, value in module.state_dict().items()
        }
        return weights | {f"target.{name}": value for name, value in self.target_state().items()}

    def scaler_state(self) -> State:
        """Return the inputs' training statistics."""
        return self.scalers.state()

    def load(self, state: State, scaler: State) -> None:
        """Take weights and statistics."""
        parts: dict[str, State] = {"target": {}}
        for key, value in state.items():
            place, _, name = key.partition(".")
            parts.setdefault(place, {})[name] = value
        self.load_targets(parts.pop("target"))
        with seeded(0):
            self._modules = self.make_modules()
        stored = self.stored()
        expected: dict[str, Any] = {
            f"{place}.{name}": tuple(value.shape)
            for place, module in stored.items()
            for name, value in module.state_dict().items()
        }
        found: dict[str, NDArray[np.generic]] = {
            f"{place}.{name}": value for place, part in parts.items() for name, value in part.items()
        }
        take_arrays(found, expected)
        for place, module in stored.items():
            weights = {name: torch.from_numpy(np.array(value)) for name, value in parts.get(place, {}).items()}
            module.load_state_dict(weights, strict=False)
        for module in self._modules.values():
            module.eval()
        self.scalers = PersonScalers.from_state(
            scaler, self._arrangement().statistics_shapes(self.context.inputs), self.people
        )
