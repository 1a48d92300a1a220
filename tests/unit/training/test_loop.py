from __future__ import annotations

import gc
import math

import numpy as np
import pytest
import torch
from torch import nn

from eeg2vid.schemas.errors import FailedError
from eeg2vid.schemas.networks import TrainingSettings
from eeg2vid.stages.training.batch import Batch, Cohort
from eeg2vid.stages.training.loop import TrainingStopped, Watch, run_epochs
from eeg2vid.stages.training.randomness import epoch_seed, seeded
from eeg2vid.stages.training.state import FolderKeeper, LoopState, weights_of

STEPS = 3  # of an epoch: 33 samples by 16, the last one alone would be a batch of 1


class Samples:
    """33 samples of a linear map with noise."""

    device = "cpu"

    def __init__(self, count=33):
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(count, 4, generator=generator)
        self.y = self.x @ torch.tensor([[1.0], [-2.0], [0.5], [0.0]])
        self.y += 0.1 * torch.randn(count, 1, generator=generator)
        self.cohort = Cohort(torch.arange(count), torch.zeros(count, dtype=torch.long), ("",), {"y": self.y})

    def batch(self, samples):
        return Batch({"x": self.x[samples]}, {"y": self.y[samples]}, samples, self.cohort.person[samples])


class Regression:
    """A small network with dropout and batch norm, trained by AdamW."""

    def __init__(self):
        with seeded(1):
            self.net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.GELU(), nn.Dropout(0.2), nn.Linear(8, 1))
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=0.01, weight_decay=0.01)

    def modules(self):
        return {"net": self.net}

    def optimizers(self):
        return {"net": self.optimizer}

    def epoch(self, number, cohort):
        return torch.randperm(len(cohort))

    def step(self, batch):
        self.optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(self.net(batch.inputs["x"]), batch.targets["y"])
        loss.backward()
        self.optimizer.step()
        return {"loss": loss.detach()}

    def state_dict(self):
        return self.net.state_dict()

    @property
    def training(self):
        return self.net.training


class Curriculum(Regression):
    """Easy samples first, more of them every epoch, at a falling rate."""

    def epoch(self, number, cohort):
        self.optimizer.param_groups[0]["lr"] = 0.01 / number
        easy = torch.argsort(cohort.targets["y"].abs()[:, 0])[: 8 * number]
        return easy[torch.randperm(len(easy))]


class Adversaries(Regression):
    """A generator and a discriminator: two modules, two optimizers, two losses."""

    def __init__(self):
        super().__init__()
        with seeded(2):
            self.judge = nn.Sequential(nn.Linear(5, 8), nn.GELU(), nn.Dropout(0.3), nn.Linear(8, 1))
        self.second = torch.optim.SGD(self.judge.parameters(), lr=0.05, momentum=0.9)

    def modules(self):
        return {"generator": self.net, "discriminator": self.judge}

    def optimizers(self):
        return {"generator": self.optimizer, "discriminator": self.second}

    def step(self, batch):
        x, y = batch.inputs["x"], batch.targets["y"]
        score = nn.functional.binary_cross_entropy_with_logits
        real, made = torch.ones(len(x), 1), torch.zeros(len(x), 1)
        guess = self.net(x)
        self.second.zero_grad(set_to_none=True)
        judged = score(self.judge(torch.cat([x, y], 1)), real)
        judged = judged + score(self.judge(torch.cat([x, guess.detach()], 1)), made)
        judged.backward()
        self.second.step()
        self.optimizer.zero_grad(set_to_none=True)
        fooled = score(self.judge(torch.cat([x, guess], 1)), real) + nn.functional.mse_loss(guess, y)
        fooled.backward()
        self.optimizer.step()
        return {"generator": fooled.detach(), "discriminator": judged.detach()}


def train(epochs=6, keeper=None, stop_at=None, evaluate=None, seed=3, state=None, kind=Regression, **watch):
    trainee, fields = kind(), {}
    for name in ("patience", "selection"):
        if name in watch:
            fields[name] = watch.pop(name)
    state = state or (keeper.load() if keeper else None) or LoopState("choose", planned=epochs)
    if stop_at:
        watch["should_stop"] = lambda: state.epoch == stop_at
    run_epochs(
        trainee,
        Samples(),
        state,
        training=TrainingSettings(batch_size=16, **fields),
        seed=seed,
        evaluate=(lambda: evaluate(trainee, state)) if evaluate else None,
        watch=Watch(keeper=keeper, **watch),
    )
    return trainee, state


def same(one, other):
    first, second = weights_of(one.modules()), weights_of(other.modules())
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


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
    assert sorted(path.name for path in keeper.folder.iterdir()) == [f"choose-{stop_at}-0.safetensors", "state.json"]
    resumed, state = train(keeper=keeper)
    straight, whole = train()
    assert same(resumed, straight)
    assert state.history == whole.history
    assert len(state.history) == 6


class Abandoned(BaseException):
    """The process is gone."""


def judged(trainee, state):
    loss = float((trainee.net(Samples().x) - Samples().y).square().mean())
    return loss, -loss


@pytest.mark.parametrize("kind", [Regression, Curriculum, Adversaries])
@pytest.mark.parametrize("evaluate", [None, judged])
def test_stopped_at_every_step_and_resumed_equals_run_through(kind, evaluate, tmp_path):
    steps = []
    straight, whole = train(4, kind=kind, evaluate=evaluate, progress=lambda *where: steps.append(where))
    assert [done for done, _, _ in steps] == sorted(done for done, _, _ in steps)
    for stop_at in range(1, len(steps) + 1):
        keeper, made = FolderKeeper(tmp_path / str(stop_at), every_s=1e9), []
        with pytest.raises(TrainingStopped):
            train(
                4, keeper, kind=kind, evaluate=evaluate,
                progress=lambda *where, made=made: made.append(where),
                should_stop=lambda made=made, stop_at=stop_at: len(made) >= stop_at,
            )  # fmt: skip
        assert len(made) == stop_at
        resumed, state = train(4, keeper, kind=kind, evaluate=evaluate)
        assert same(resumed, straight)
        assert (state.history, state.best_epoch) == (whole.history, whole.best_epoch)


@pytest.mark.parametrize("kind", [Regression, Curriculum, Adversaries])
def test_abandoned_between_saves_it_goes_on_from_the_last(kind, tmp_path):
    straight, whole = train(4, kind=kind, evaluate=judged)
    keeper = FolderKeeper(tmp_path, every_s=0)
    rounds = 0
    while True:
        made = []

        def progress(*where, made=made):
            made.append(where)
            if len(made) == 2:  # after its step, before its save: one step is made again
                raise Abandoned

        try:
            resumed, state = train(4, keeper, kind=kind, evaluate=judged, progress=progress)
            break
        except Abandoned:
            rounds += 1
    assert rounds >= 4
    assert same(resumed, straight)
    assert state.history == whole.history


def test_each_loss_is_told_by_its_name():
    _, state = train(3, kind=Adversaries)
    assert list(state.history[0].losses) == ["generator", "discriminator"]
    assert state.history[0].train_loss == state.history[0].losses["generator"]
    _, state = train(3)
    assert state.history[0].losses == {"loss": state.history[0].train_loss}


def test_a_curriculum_chooses_who_takes_part():
    seen = []

    class Watched(Curriculum):
        def step(self, batch):
            seen.append(len(batch))
            return super().step(batch)

    train(4, kind=Watched)
    assert seen == [8, 16, 16, 8, 16, 16]

    class Nobody(Regression):
        def epoch(self, number, cohort):
            return torch.arange(0)

    with pytest.raises(FailedError, match="Nothing takes part in epoch 1"):
        train(kind=Nobody)


def test_a_damaged_state_is_no_state(tmp_path):
    keeper = FolderKeeper(tmp_path, every_s=0)
    assert keeper.load() is None
    train(keeper=keeper)
    assert keeper.load() is not None
    next(tmp_path.glob("*.safetensors")).write_bytes(b"x" * 20)
    assert keeper.load() is None
    (tmp_path / "state.json").write_text("{")
    assert keeper.load() is None


def test_a_state_of_other_code_is_no_state(tmp_path):
    train(keeper=FolderKeeper(tmp_path, every_s=0, code="a"))
    assert FolderKeeper(tmp_path, code="b").load() is None
    assert FolderKeeper(tmp_path, code="a").load() is not None


def test_one_copy_of_the_weights_beside_the_live_ones(tmp_path):
    size = (173, 4)

    class Counted(Regression):
        def __init__(self):
            super().__init__()
            self.net[0], self.net[1], self.net[4] = nn.Linear(4, 173), nn.BatchNorm1d(173), nn.Linear(173, 1)
            self.optimizer = torch.optim.SGD(self.net.parameters(), lr=1e-4)

    def alive():
        gc.collect()
        found = [
            one for one in gc.get_objects() if type(one) in (torch.Tensor, nn.Parameter) and tuple(one.shape) == size
        ]
        return len({one.untyped_storage().data_ptr() for one in found if not one.grad_fn})

    counts = []

    def count(*_):
        counts.append(alive())

    falling = scripted([6, 5, 4, 3, 2, 1])
    keeper = FolderKeeper(tmp_path, every_s=0)
    train(keeper=keeper, kind=Counted, evaluate=falling, report=count)
    assert max(counts) <= 3  # the live ones, their gradient, the best
    counts.clear()
    train(kind=Counted, report=count)
    assert max(counts) <= 2  # the last are the best: nothing is copied


def test_long_saves_are_farther_apart(tmp_path, monkeypatch):
    """A save of 20 s beside every 30 s of training: the next one is due 180 s after it."""
    now = [0.0]
    monkeypatch.setattr("eeg2vid.stages.training.state.time.monotonic", lambda: now[0])

    def slow(tensors, path):
        now[0] += 20.0
        path.write_bytes(b"")

    monkeypatch.setattr("eeg2vid.stages.training.state.save_file", slow)
    keeper, always = FolderKeeper(tmp_path / "a", every_s=30.0), FolderKeeper(tmp_path / "b", every_s=0)
    due = {}
    for keep in (keeper, always):
        now[0] = 1000.0
        keep.save(LoopState("choose"))
        for later in (0.0, 30.0, 179.0, 180.0):
            now[0] = 1020.0 + later
            due[keep is keeper, later] = keep.due()
    assert due == {(True, 0.0): False, (True, 30.0): False, (True, 179.0): False, (True, 180.0): True} | {
        (False, later): True for later in (0.0, 30.0, 179.0, 180.0)
    }


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
