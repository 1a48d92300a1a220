"""The state of an unfinished training, and the folder that keeps it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class EpochRow:
    """One epoch of a training.

    Attributes
    ----------
    phase
        'choose' (the epoch is chosen on the validation events) or 'refit'.
    epoch
        From 1.
    train_loss
        Mean over the samples of the first loss that the network names.
    validation_loss, validation_score
        On the validation events.
    losses
        Mean over the samples of every loss that the network names.
    """

    phase: str
    epoch: int
    train_loss: float
    validation_loss: float | None = None
    validation_score: float | None = None
    losses: dict[str, float] = field(default_factory=dict)


@dataclass
class LoopState:
    """Everything needed to go on after a step.

    Attributes
    ----------
    phase, planned
        What is trained, for how many epochs at most.
    epoch
        Epochs done.
    best_epoch, best_value, best
        The best epoch, its value (small is good), its weights where a later epoch may be no better.
    history
        A row per epoch, those of earlier phases too.
    step, order, sums, random
        Inside an epoch: batches done, order of the samples, summed losses, where the generators stand.
    models, optimizers, groups
        Weights, tensors of the optimizers and their other values. The loop fills them to save and to go on;
        they are the live tensors, so a keeper that holds on to them copies.
    """

    phase: str
    epoch: int = 0
    planned: int = 0
    best_epoch: int = 0
    best_value: float = math.inf
    history: list[EpochRow] = field(default_factory=list)
    step: int = 0
    order: Tensor | None = None
    sums: Tensors = field(default_factory=dict)
    random: Tensors = field(default_factory=dict)
    models: Tensors = field(default_factory=dict)
    best: Tensors = field(default_factory=dict)
    optimizers: Tensors = field(default_factory=dict)
    groups: dict[str, Any] = field(default_factory=dict)

    def release(self) -> None:
        """Let go of the live tensors."""
        self.models, self.optimizers, self.groups, self.random = {}, {}, {}, {}


class Keeper(Protocol):
    """Where the state of an unfinished training lies."""

    def load(self) -> LoopState | None:
        """Return the last state saved, None if there is none."""

    def due(self) -> bool:
        """Tell whether it is time to save."""

    def save(self, state: LoopState) -> None:
        """Save a state."""


_SHARE = 10  # saving takes at most one part in so many of the time: the state of a billion weights is 11 GB

_GROUPS = ("models", "best", "optimizers", "sums", "random")
_FIELDS = ("phase", "epoch", "planned", "best_epoch", "step", "groups")


class FolderKeeper:
    """Keeps `state.json` and the tensors it names in a folder; killed at any moment, a whole state remains.

    Parameters
    ----------
    folder
        A folder of this training alone.
    every_s
        Seconds between saves, more where a save takes long; 0: after every step.
    code
        Digest of the code that trains. A state made by other code is not used.
    """

    def __init__(self, folder: Path, every_s: float = 30.0, code: str = "") -> None:
        self.folder = folder
        self.every_s = every_s
        self.code = code
        self._last = time.monotonic()
        self._took = 0.0

    def due(self) -> bool:
        """Tell whether the last save is long enough ago."""
        wait = max(self.every_s, (_SHARE - 1) * self._took) if self.every_s else 0.0
        return time.monotonic() - self._last >= wait

    def load(self) -> LoopState | None:
        """Return the last state saved, None if there is none, it is damaged or other code made it."""
        try:
            fields = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            if fields["code"] != self.code:
                return None
            groups: dict[str, Any] = {group: {} for group in (*_GROUPS, "order")}
            for key, value in load_file(self.folder / str(fields["tensors"])).items():
                group, _, name = key.partition("/")
                groups[group][name] = value
            order = groups.pop("order").get("order")
            plain: dict[str, Any] = {name: fields[name] for name in _FIELDS}
            groups["sums"] = {name: groups["sums"][name] for name in fields["losses"]}  # the first is the main one
            plain |= {"best_value": float(fields["best_value"]), "order": order}
            return LoopState(**plain, **groups, history=[EpochRow(**row) for row in fields["history"]])
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            return None  # a state only saves time: without it, training starts anew with the same result

    def save(self, state: LoopState) -> None:
        """Save a state, the tensors first, the file that names them last."""
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{state.phase}-{state.epoch}-{state.step}.safetensors"
        tensors = {f"{group}/{key}": one for group in _GROUPS for key, one in getattr(state, group).items()}
        if state.order is not None:
            tensors["order/order"] = state.order
        beside = self.folder / f"{name}.part"
        save_file(_separate(tensors), beside)
        beside.replace(self.folder / name)
        fields = {key: getattr(state, key) for key in _FIELDS}
        fields |= {"best_value": str(state.best_value), "code": self.code, "tensors": name}
        fields |= {"losses": list(state.sums), "history": [asdict(row) for row in state.history]}
        beside = self.folder / "state.json.part"
        beside.write_text(json.dumps(fields), encoding="utf-8")
        beside.replace(self.folder / "state.json")
        for old in self.folder.glob("*.safetensors*"):
            if old.name != name:
                old.unlink()
        self._last = time.monotonic()
        self._took = self._last - began


def _separate(tensors: Tensors) -> Tensors:
    """Return tensors on the CPU that share no memory; copies only where needed."""
    found: Tensors = {}
    seen: set[int] = set()
    for key, value in tensors.items():
        one = value.detach().cpu().contiguous()
        storage = one.untyped_storage()
        if storage.data_ptr() in seen or storage.nbytes() != one.nbytes:
            one = one.clone()
        seen.add(one.untyped_storage().data_ptr())
        found[key] = one
    return found


def weights_of(modules: Mapping[str, nn.Module]) -> Tensors:
    """Return the live weights that the modules' `state_dict` names, as 'module/parameter'."""
    return {
        f"{place}/{name}": value.detach()
        for place, module in modules.items()
        for name, value in module.state_dict().items()
    }


def load_weights(modules: Mapping[str, nn.Module], weights: Tensors) -> None:
    """Put weights back; what `state_dict` does not name (a frozen base) stays as it is."""
    for place, module in modules.items():
        named = {name: weights[f"{place}/{name}"] for name in module.state_dict()}
        module.load_state_dict(named, strict=False)


def capture(state: LoopState, modules: Mapping[str, nn.Module], optimizers: Mapping[str, Optimizer]) -> None:
    """Point a state at live weights and optimizers."""
    state.models = weights_of(modules)
    state.optimizers, state.groups = {}, {}
    for place, optimizer in optimizers.items():
        whole = optimizer.state_dict()
        groups = [{key: one for key, one in group.items() if key != "params"} for group in whole["param_groups"]]
        plain: dict[str, Any] = {}
        for index, entry in whole["state"].items():
            for name, value in entry.items():
                if isinstance(value, Tensor):
                    state.optimizers[f"{place}/{index}/{name}"] = value
                else:
                    plain[f"{index}/{name}"] = value
        state.groups[place] = {"groups": groups, "plain": plain}


def restore(state: LoopState, modules: Mapping[str, nn.Module], optimizers: Mapping[str, Optimizer]) -> None:
    """Put weights and optimizers back to where a state saw them."""
    load_weights(modules, state.models)
    for place, optimizer in optimizers.items():
        saved = state.groups[place]
        values: list[tuple[str, Any]] = list(saved["plain"].items())
        values += [(key[len(place) + 1 :], one) for key, one in state.optimizers.items() if key.startswith(f"{place}/")]
        entries: dict[int, dict[str, Any]] = {}
        for key, value in values:
            index, _, name = key.partition("/")
            entries.setdefault(int(index), {})[name] = value.clone() if isinstance(value, Tensor) else value
        whole = optimizer.state_dict()
        groups = [{**now, **then} for now, then in zip(whole["param_groups"], saved["groups"], strict=True)]
        optimizer.load_state_dict({"state": entries, "param_groups": groups})


def keep_best(state: LoopState, modules: Mapping[str, nn.Module]) -> None:
    """Copy the live weights over the best ones: one copy, made once."""
    with torch.no_grad():
        for name, value in weights_of(modules).items():
            if name in state.best:
                state.best[name].copy_(value)
            else:
                state.best[name] = value.clone()
