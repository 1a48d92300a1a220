"""What the decoders that are PyTorch networks have in common: choose an epoch, refit, predict, store."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.networks import NetworkSettings, TrainingSettings
from eeg2vid.stages.networks.decoder import Context, Decoder, Examples, FitReport, State, take_arrays
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.loop import Keeper, LoopState, Report, Tensors, epoch_seed, run_epochs, seeded
from eeg2vid.stages.training.scaler import StandardScaler

_PREDICT_BATCH = 256
Judge = Callable[[Tensor], tuple[float, float]]


class TorchDecoder(Decoder):
    """A decoder around one module that maps a dict of tensors to a tensor.

    With validation events, the epoch is chosen on them (`training.selection`, `training.patience`); with
    `training.refit` the network is then trained anew, from the same first weights, on both for as many epochs.
    The result is a function of events, settings and seed, wherever the training was interrupted.
    """

    def __init__(self, settings: NetworkSettings, context: Context, training: TrainingSettings) -> None:
        super().__init__(settings, context, training)
        self.scalers: dict[str, StandardScaler] = {}
        self.module: nn.Module | None = None
        with torch.device("meta"):
            self.make_module()  # raises here, not after the data are read, if the network cannot read them

    @abstractmethod
    def make_module(self) -> nn.Module:
        """Return the network, its weights drawn from PyTorch's own generator."""

    @abstractmethod
    def arrange(self, inputs: Inputs) -> dict[str, NDArray[np.floating]]:
        """Return what the network reads, `(sample, ...)` each, before standardisation."""

    @abstractmethod
    def kept_axes(self, name: str) -> tuple[int, ...]:
        """Return the axes along which an arranged input has statistics of its own."""

    @abstractmethod
    def fit_targets(self, targets: NDArray[Any]) -> None:
        """Take from the training targets what the network's output or loss needs."""

    @abstractmethod
    def sample_targets(self, targets: NDArray[Any]) -> Tensor:
        """Return the training targets, one per sample."""

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss of a batch."""

    @abstractmethod
    def judge(self, targets: NDArray[Any]) -> Judge:
        """Return a function from the network's outputs on the validation events (CPU) to loss and score."""

    @abstractmethod
    def finish(self, output: Tensor) -> NDArray[np.float32]:
        """Turn the network's outputs (CPU) into predictions, one per event."""

    def target_state(self) -> State:
        """Return what `fit_targets` took and prediction needs."""
        return {}

    def load_targets(self, state: State) -> None:
        """Take what `target_state` returned."""
        take_arrays(state, {})

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int = 0,
        device: str = "cpu",
        report: Report | None = None,
        should_stop: Callable[[], bool] | None = None,
        keeper: Keeper | None = None,
    ) -> FitReport:
        """Choose the epoch, then refit, as far as the settings say."""
        self.check(train)
        refit = validation is not None and self.training.refit

        def run(state: LoopState, events: Examples, held: Examples | None) -> LoopState:
            self._run(state, events, held, seed, device, report, should_stop, keeper)
            return state

        state = (keeper.load() if keeper is not None else None) or LoopState("choose", planned=self.training.epochs)
        if state.phase == "choose":
            state = run(state, train, validation)
            chosen = state.best_epoch
            if refit:
                state = LoopState("refit", planned=chosen, history=state.history)
        else:
            chosen = state.planned
        if validation is not None and refit:
            state = run(state, Examples.join([train, validation]), None)
        rows = [row for row in state.history if row.phase == "choose"]
        return FitReport(
            len(train),
            0 if validation is None else len(validation),
            rows[chosen - 1].validation_score,
            chosen,
            tuple(state.history),
            f"epoch {chosen} of {len(rows)}" + (", refitted" if refit else ""),
        )

    def _run(
        self,
        state: LoopState,
        events: Examples,
        held: Examples | None,
        seed: int,
        device: str,
        report: Report | None,
        should_stop: Callable[[], bool] | None,
        keeper: Keeper | None,
    ) -> None:
        self.fit_targets(events.targets)
        arranged = self.arrange(events.inputs)
        self.scalers = {
            name: StandardScaler.fit(values, keep=self.kept_axes(name)) for name, values in arranged.items()
        }
        inputs = {
            name: torch.from_numpy(self.scalers[name].transform(values)).to(device) for name, values in arranged.items()
        }
        del arranged
        with seeded(epoch_seed(seed, "first weights", 0), device):
            module = self.make_module()
        self.module = module.to(device)
        evaluate = None
        if held is not None:
            self.check(held)
            held_inputs, judge = self._tensors(held.inputs), self.judge(held.targets)

            def evaluate() -> tuple[float, float]:
                return judge(self._forward(held_inputs, device))

        targets = self.sample_targets(events.targets).to(device)
        run_epochs(
            self.module,
            inputs,
            targets,
            self.loss,
            state,
            training=self.training,
            seed=seed,
            evaluate=evaluate,
            report=report,
            should_stop=should_stop,
            keeper=keeper,
        )
        self.module.to("cpu")

    def _tensors(self, inputs: Inputs) -> Tensors:
        own = self.training.scaling == "own"
        tensors = {}
        for name, values in self.arrange(inputs).items():
            scaler = StandardScaler.fit(values, keep=self.kept_axes(name)) if own else self.scalers[name]
            tensors[name] = torch.from_numpy(scaler.transform(values))
        return tensors

    def _forward(self, tensors: Tensors, device: str) -> Tensor:
        assert self.module is not None
        count = len(next(iter(tensors.values())))
        outputs = [
            self.module({name: value[start : start + _PREDICT_BATCH].to(device) for name, value in tensors.items()})
            for start in range(0, count, _PREDICT_BATCH)
        ]
        return torch.cat(outputs).cpu()

    def predict(self, inputs: Inputs, *, device: str = "cpu") -> NDArray[np.float32]:
        """Return one prediction per event."""
        inputs.require(self.context.inputs)
        if self.module is None:
            raise BadDataError("This decoder has not been fitted.")
        self.module.to(device).eval()
        with torch.inference_mode():
            output = self._forward(self._tensors(inputs), device)
        self.module.to("cpu")
        return self.finish(output)

    def state(self) -> State:
        """Return the network's weights and what was taken from the training targets."""
        assert self.module is not None
        weights = {f"net.{name}": value.cpu().numpy() for name, value in self.module.state_dict().items()}
        return weights | {f"target.{name}": value for name, value in self.target_state().items()}

    def scaler_state(self) -> State:
        """Return the inputs' training statistics."""
        return {key: v for name, scaler in self.scalers.items() for key, v in scaler.state(name).items()}

    def load(self, state: State, scaler: State) -> None:
        """Take weights and statistics."""
        parts: dict[str, State] = {"net": {}, "target": {}}
        for key, value in state.items():
            part, _, name = key.partition(".")
            parts.setdefault(part, {})[name] = value
        self.load_targets(parts["target"])
        with seeded(0):
            module = self.make_module()
        shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
        weights = take_arrays(parts["net"], dict(shapes))
        module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
        self.module = module.eval()
        names = self.arranged_names()
        self.scalers = {name: StandardScaler.from_state(scaler, name) for name in names}

    @abstractmethod
    def arranged_names(self) -> tuple[str, ...]:
        """Return the names `arrange` returns."""
