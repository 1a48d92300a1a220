"""The training loop of all networks: plain PyTorch, reseeded every epoch, so that it can stop and go on."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from eeg2vid.schemas.errors import FailedError, StoppedError
from eeg2vid.schemas.networks import TrainingSettings

Tensors = dict[str, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
Evaluate = Callable[[], tuple[float, float]]


@dataclass(frozen=True)
class EpochRow:
    """One epoch of a training: its losses and its score on the validation events."""

    phase: str
    epoch: int
    train_loss: float
    validation_loss: float | None = None
    validation_score: float | None = None


Report = Callable[[EpochRow, int], None]


class TrainingStopped(StoppedError):
    """Training stopped on request at the end of an epoch; its state is saved if a keeper was given."""


@dataclass
class LoopState:
    """Everything needed to go on after an epoch. `history` holds the rows of earlier phases too."""

    phase: str
    epoch: int = 0
    planned: int = 0
    best_epoch: int = 0
    best_value: float = math.inf
    history: list[EpochRow] = field(default_factory=list)
    model: Tensors = field(default_factory=dict)
    best: Tensors = field(default_factory=dict)
    optimizer: Tensors = field(default_factory=dict)


class Keeper(Protocol):
    """Where the state of an unfinished training lies."""

    def load(self) -> LoopState | None:
        """Return the last state saved, None if there is none."""

    def save(self, state: LoopState, *, urgent: bool) -> None:
        """Save a state; one that is not urgent may be skipped."""


class FolderKeeper:
    """Keeps `state.json` and the tensors it names in a folder; killed at any moment, a whole state remains.

    Parameters
    ----------
    folder
        A folder of this training alone.
    every_s
        Seconds between saves that are not urgent.
    """

    def __init__(self, folder: Path, every_s: float = 30.0) -> None:
        self.folder = folder
        self.every_s = every_s
        self._last = time.monotonic()

    def load(self) -> LoopState | None:
        """Return the last state saved, None if there is none or it is damaged."""
        try:
            fields = json.loads((self.folder / "state.json").read_text())
            tensors = load_file(self.folder / str(fields["tensors"]))
            groups: dict[str, Tensors] = {"model": {}, "best": {}, "optimizer": {}}
            for key, value in tensors.items():
                group, _, name = key.partition("/")
                groups[group][name] = value
            return LoopState(
                phase=str(fields["phase"]),
                epoch=int(fields["epoch"]),
                planned=int(fields["planned"]),
                best_epoch=int(fields["best_epoch"]),
                best_value=float(fields["best_value"]),
                history=[EpochRow(**row) for row in fields["history"]],
                model=groups["model"],
                best=groups["best"],
                optimizer=groups["optimizer"],
            )
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            return None  # a state only saves time: without it, training starts anew with the same result

    def save(self, state: LoopState, *, urgent: bool) -> None:
        """Save a state, the tensors first, the file that names them last."""
        if not urgent and time.monotonic() - self._last < self.every_s:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{state.phase}-{state.epoch}.safetensors"
        tensors = {
            f"{group}/{key}": value.detach().cpu().contiguous().clone()
            for group in ("model", "best", "optimizer")
            for key, value in getattr(state, group).items()
        }
        save_file(tensors, self.folder / name)
        fields = {
            "phase": state.phase,
            "epoch": state.epoch,
            "planned": state.planned,
            "best_epoch": state.best_epoch,
            "best_value": str(state.best_value),
            "history": [asdict(row) for row in state.history],
            "tensors": name,
        }
        beside = self.folder / "state.json.part"
        beside.write_text(json.dumps(fields))
        beside.replace(self.folder / "state.json")
        for old in self.folder.glob("*.safetensors"):
            if old.name != name:
                old.unlink()
        self._last = time.monotonic()


def epoch_seed(seed: int, phase: str, epoch: int) -> int:
    """Return the seed of one epoch: a hash of the training's seed, its phase and the epoch."""
    digest = hashlib.sha256(f"{seed}/{phase}/{epoch}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@contextmanager
def seeded(seed: int, device: str = "cpu") -> Iterator[None]:
    """Seed PyTorch within a block and give back its state afterwards."""
    devices = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def run_epochs(
    module: nn.Module,
    inputs: Tensors,
    targets: Tensor,
    loss: Loss,
    state: LoopState,
    *,
    training: TrainingSettings,
    seed: int,
    evaluate: Evaluate | None = None,
    report: Report | None = None,
    should_stop: Callable[[], bool] | None = None,
    keeper: Keeper | None = None,
) -> None:
    """Train a module with AdamW; leave it as it was at its best epoch.

    Each epoch's order, dropout and noise come from a seed of its own, so that a training resumed at an epoch
    gives the bytes of one that ran through (on a CPU at equal threads).

    Parameters
    ----------
    module
        Called with a dict of tensors, on their device.
    inputs
        Named tensors `(sample, ...)`.
    targets
        `(sample, ...)`, same device.
    loss
        Mean loss of a batch from output and target.
    state
        A fresh state with phase and planned epochs, or a saved one to go on from. Updated in place: history
        and best epoch.
    training
        Batch size, learning rate, patience, selection.
    seed
        Root of the epochs' seeds.
    evaluate
        Returns loss and score on the validation samples; without it the last epoch is the best one.
    report
        Called after each epoch with its row and the number planned.
    should_stop
        Asked after each epoch.
    keeper
        Saves the state.

    Raises
    ------
    TrainingStopped
        If `should_stop` said so before the end.
    FailedError
        If a loss is not finite.
    """
    optimizer = torch.optim.AdamW(module.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay)
    if state.model:
        module.load_state_dict(state.model)
        _restore(optimizer, state.optimizer)
    while state.epoch < state.planned and not _patience_is_over(state, training, evaluate):
        state.epoch += 1
        with seeded(epoch_seed(seed, state.phase, state.epoch), str(targets.device)):
            train_loss = _one_epoch(module, optimizer, inputs, targets, loss, training.batch_size)
        row = EpochRow(state.phase, state.epoch, train_loss)
        if evaluate is not None:
            module.eval()
            with torch.inference_mode():
                row = EpochRow(state.phase, state.epoch, train_loss, *evaluate())
        if not all(math.isfinite(value) for value in (train_loss, row.validation_loss or 0.0)):
            raise FailedError(
                f"Training diverged: the loss of epoch {state.epoch} is not finite.", "Lower the learning rate."
            )
        state.history.append(row)
        value = _value(row, training)
        if value < state.best_value or evaluate is None or training.selection == "last":
            state.best_value, state.best_epoch = value, state.epoch
            state.best = _copy(module)
        if report is not None:
            report(row, state.planned)
        stop = should_stop is not None and should_stop()
        if keeper is not None:
            state.model, state.optimizer = _copy(module), _flatten(optimizer)
            keeper.save(state, urgent=stop)
        if stop:
            raise TrainingStopped(f"stopped after epoch {state.epoch} of {state.planned}")
    module.load_state_dict(state.best)
    module.eval()


def _one_epoch(
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    inputs: Tensors,
    targets: Tensor,
    loss: Loss,
    batch_size: int,
) -> float:
    module.train()
    order = torch.randperm(len(targets)).to(targets.device)
    batches = list(torch.split(order, batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1:  # batch normalisation cannot do with one sample
        batches[-2:] = [torch.cat(batches[-2:])]
    total = torch.zeros((), device=targets.device)
    for batch in batches:
        optimizer.zero_grad(set_to_none=True)
        value = loss(module({name: tensor[batch] for name, tensor in inputs.items()}), targets[batch])
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += value.detach() * len(batch)
    return float(total) / len(targets)


def _value(row: EpochRow, training: TrainingSettings) -> float:
    """Return what is to be small."""
    if row.validation_loss is None or row.validation_score is None:
        return row.train_loss
    return -row.validation_score if training.selection == "accuracy" else row.validation_loss


def _patience_is_over(state: LoopState, training: TrainingSettings, evaluate: Evaluate | None) -> bool:
    if evaluate is None or not training.patience or training.selection == "last":
        return False
    return state.epoch - state.best_epoch >= training.patience


def _copy(module: nn.Module) -> Tensors:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def _flatten(optimizer: torch.optim.Optimizer) -> Tensors:
    return {
        f"{index}.{name}": value
        for index, entry in optimizer.state_dict()["state"].items()
        for name, value in entry.items()
    }


def _restore(optimizer: torch.optim.Optimizer, tensors: Tensors) -> None:
    entries: dict[int, dict[str, Any]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition(".")
        entries.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": entries})
