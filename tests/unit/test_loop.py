from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from eeg2vid.schemas.errors import FailedError
from eeg2vid.schemas.networks import TrainingSettings
from eeg2vid.stages.training.loop import (
    FolderKeeper,
    LoopState,
    TrainingStopped,
    epoch_seed,
    run_epochs,
    seeded,
)


def problem():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(33, 4, generator=generator)
    return {"x": x}, (x @ torch.tensor([[1.0], [-2.0], [0.5], [0.0]])) + 0.1 * torch.randn(33, 1, generator=generator)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.GELU(), nn.Dropout(0.2), nn.Linear(8, 1))

    def forward(self, inputs):
        return self.layers(inputs["x"])


def train(epochs=6, keeper=None, stop_at=None, evaluate=None, seed=3, state=None, **fields):
    inputs, targets = problem()
    with seeded(1):
        module = Net()
    state = state or (keeper.load() if keeper else None) or LoopState("choose", planned=epochs)
    run_epochs(
        module,
        inputs,
        targets,
        nn.functional.mse_loss,
        state,
        training=TrainingSettings(batch_size=16, learning_rate=0.01, weight_decay=0.01, **fields),
        seed=seed,
        evaluate=(lambda: evaluate(module, state)) if evaluate else None,
        should_stop=(lambda: state.epoch == stop_at) if stop_at else None,
        keeper=keeper,
    )
    return module, state


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_same_seed_same_bytes_and_no_global_state():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first, state = train()
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(8)
    second, again = train()
    assert same(first, second)
    assert state.history == again.history
    assert not same(first, train(seed=4)[0])
    assert state.history[-1].train_loss < state.history[0].train_loss


@pytest.mark.parametrize("stop_at", [1, 3, 6])
def test_stopped_and_resumed_equals_run_through(tmp_path, stop_at):
    keeper = FolderKeeper(tmp_path / "state", every_s=1e9)
    with pytest.raises(TrainingStopped):
        train(keeper=keeper, stop_at=stop_at)
    assert sorted(path.name for path in keeper.folder.iterdir()) == [f"choose-{stop_at}.safetensors", "state.json"]
    resumed, state = train(keeper=keeper)
    straight, whole = train()
    assert same(resumed, straight)
    assert state.history == whole.history
    assert len(state.history) == 6


def test_a_damaged_state_is_no_state(tmp_path):
    keeper = FolderKeeper(tmp_path, every_s=0)
    assert keeper.load() is None
    train(keeper=keeper)
    assert keeper.load() is not None
    next(tmp_path.glob("*.safetensors")).write_bytes(b"x" * 20)
    assert keeper.load() is None
    (tmp_path / "state.json").write_text("{")
    assert keeper.load() is None


def scripted(values):
    def evaluate(module, state):
        assert not module.training
        return values[state.epoch - 1], -values[state.epoch - 1]

    return evaluate


def test_the_best_validation_epoch_is_kept():
    module, state = train(evaluate=scripted([3, 2, 1, 4, 1, 5]))
    assert state.best_epoch == 3
    assert [row.validation_loss for row in state.history] == [3, 2, 1, 4, 1, 5]
    assert same(module, train(epochs=3)[0])
    _, state = train(evaluate=scripted([3, 2, 1, 4, 1, 5]), selection="last")
    assert state.best_epoch == 6
    _, state = train(evaluate=lambda m, s: (float(s.epoch), [1, 5, 2, 5, 1, 0][s.epoch - 1]), selection="accuracy")
    assert state.best_epoch == 2


def test_patience_stops():
    _, state = train(evaluate=scripted([3, 2, 2.5, 2.5, 0, 0]), patience=2)
    assert (state.epoch, state.best_epoch) == (4, 2)


def test_divergence_is_an_error():
    with pytest.raises(FailedError, match="epoch 1 is not finite"):
        train(evaluate=lambda m, s: (math.nan, 0.0))


def test_epoch_seeds_differ():
    seeds = {epoch_seed(root, phase, epoch) for root in (0, 1) for phase in ("choose", "refit") for epoch in range(50)}
    assert len(seeds) == 200
    assert np.all(np.array(list(seeds)) >= 0)
