"""A network owns its step: adversaries, a curriculum, a label and a value learned at once, an adapter."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.networks import NETWORKS, Network, TrainingSettings
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.checkpoint import load_decoder, save_decoder
from eeg2vid.stages.networks.context import BuildContext, Sensor, TargetForm
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.networks.supervised import Supervised
from eeg2vid.stages.networks.trained import Trained
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.loop import TrainingStopped
from eeg2vid.stages.training.state import FolderKeeper


class ToySettings(Network):
    learns: ClassVar[frozenset[str]] = frozenset({"label", "value"})
    name: Literal["toy"] = "toy"
    joint: ClassVar[bool] = True


class Both(Trained):
    """One trunk, a head per target, whatever its kind; each target's loss by its name."""

    def make_modules(self):
        sizes = {one.name: len(one.classes) or int(np.prod(one.shape)) for one in self.context.targets}
        (shape,) = self.context.inputs.values()
        heads = {name: nn.Linear(16, size) for name, size in sizes.items()}
        return {"trunk": nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 16), nn.GELU()), **heads}

    def make_optimizers(self, modules):
        return {"all": torch.optim.Adam([p for one in modules.values() for p in one.parameters()], lr=0.01)}

    def kept_axes(self, name):
        return (1, 2, 3)

    def sample_targets(self, targets):
        return {name: torch.from_numpy(values) for name, values in targets.items()}

    def outputs(self, batch):
        hidden = self.modules()["trunk"](batch.inputs["de"])
        return {one.name: self.modules()[one.name](hidden) for one in self.context.targets}

    def losses(self, outputs, targets):
        found = {}
        for one in self.context.targets:
            wanted = targets[one.name]
            if one.kind == "label":
                found[one.name] = functional.cross_entropy(outputs[one.name], wanted)
            else:
                found[one.name] = functional.mse_loss(outputs[one.name], wanted.flatten(1))
        return found

    def step(self, batch):
        optimizer = self.optimizers()["all"]
        optimizer.zero_grad()
        losses = self.losses(self.outputs(batch), batch.targets)
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
        return losses

    def judge(self, targets):
        tensors = self.sample_targets(targets)

        def of(outputs):
            total = float(sum(self.losses(outputs, tensors).values()))
            return total, -total

        return of

    def finish(self, outputs):
        return {
            one.name: outputs[one.name].softmax(1).numpy()
            if one.kind == "label"
            else outputs[one.name].numpy().reshape(-1, *one.shape)
            for one in self.context.targets
        }


class Adversarial(Both):
    """The joint network, and a critic who tells predicted values from true ones; only the first is stored."""

    def make_modules(self):
        return {**super().make_modules(), "critic": nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 1))}

    def make_optimizers(self, modules):
        critic = torch.optim.SGD(modules["critic"].parameters(), lr=0.05, momentum=0.9)
        others = {name: module for name, module in modules.items() if name != "critic"}
        return {**super().make_optimizers(others), "critic": critic}

    def stored(self):
        return {name: module for name, module in self.modules().items() if name != "critic"}

    def step(self, batch):
        critic, second = self.modules()["critic"], self.optimizers()["critic"]
        true = batch.targets["latents"].flatten(1)
        made = self.outputs(batch)["latents"].detach()
        second.zero_grad()
        judged = functional.softplus(-critic(true)).mean() + functional.softplus(critic(made)).mean()
        judged.backward()
        second.step()
        optimizer = self.optimizers()["all"]
        optimizer.zero_grad()
        outputs = self.outputs(batch)
        losses = self.losses(outputs, batch.targets)
        fooled = functional.softplus(-critic(outputs["latents"])).mean()
        (sum(losses.values()) + 0.1 * fooled).backward()
        optimizer.step()
        return {**losses, "fooled": fooled, "critic": judged}


class Curriculum(Both):
    """The first person first; everybody from the third epoch on."""

    def epoch(self, number, cohort):
        allowed = torch.arange(len(cohort))
        if number < 3:
            allowed = allowed[cohort.person == cohort.subjects.index("7")]
        return allowed[torch.randperm(len(allowed))]


class Adapted(nn.Module):
    """A frozen base and a small adapter; `state_dict` names the adapter only."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(9)  # the base comes from elsewhere, the same every time
            self.base = nn.Linear(60, 16).requires_grad_(False)
        self.adapter = nn.Linear(16, 3)

    def state_dict(self, *args, **kwargs):
        return {name: v for name, v in super().state_dict(*args, **kwargs).items() if not name.startswith("base")}

    def forward(self, inputs):
        return self.adapter(functional.gelu(self.base(inputs["de"].flatten(1))))


class AdapterDecoder(Supervised):
    def make_module(self):
        return Adapted()

    def kept_axes(self, name):
        return (1, 2, 3)

    def loss(self, outputs, targets):
        return functional.cross_entropy(outputs["out"], targets["concept"])

    def judge(self, targets):
        wanted = torch.from_numpy(targets["concept"])
        return lambda outputs: (float(functional.cross_entropy(outputs["out"], wanted)), 0.0)

    def finish(self, outputs):
        return {"concept": outputs["out"].softmax(1).numpy()}


FORMS = (TargetForm("concept", "label", ("a", "b", "c")), TargetForm("latents", "value", (), (2, 3)))
KINDS = {"both": Both, "adversarial": Adversarial, "curriculum": Curriculum, "adapter": AdapterDecoder}


def study(signal=1.0):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 120)
    de = rng.normal(size=(120, 2, 6, 5)) + signal * rng.normal(size=(3, 2, 6, 5))[labels]
    values = rng.normal(size=(3, 2, 3))[labels] + 0.3 * rng.normal(size=(120, 2, 3))
    inputs = Inputs({"de": de.astype(np.float32)}, person=np.arange(120) % 2, subjects=("12", "7"))
    return Examples(inputs, {"concept": labels, "latents": values.astype(np.float32)}, np.arange(120) // 20)


@pytest.fixture(params=KINDS)
def make(request, monkeypatch):
    """Return a function that builds the toy network of this name, which the table knows for this test."""
    kind = KINDS[request.param]

    class Settings(ToySettings):
        builds: ClassVar[str] = f"{__name__}:{kind.__name__}"

        @classmethod
        def built(cls):
            return kind

    monkeypatch.setitem(NETWORKS, "toy", Settings)
    forms = FORMS[:1] if kind is AdapterDecoder else FORMS
    sensors = tuple(Sensor(f"E{k}", 0.01 * k, 0.0, 0.1) for k in range(6))
    context = BuildContext({"de": (2, 6, 5)}, forms, sensors, 200.0, {"de": "1"}, ("7", "12"))
    training = TrainingSettings(epochs=4, batch_size=32, learning_rate=0.02)

    def new():
        return build(NETWORKS["toy"](), context=context, training=training)

    def parts(found):
        held = Examples(found.inputs, {one.name: found.targets[one.name] for one in forms}, found.groups)
        return [held.take(np.isin(held.groups, blocks)) for blocks in ((0, 1, 2, 3), (4,), (5,))]

    return new, parts


def test_it_learns_stops_anywhere_and_is_stored(make, tmp_path):
    new, parts = make
    train, validation, test = parts(study())
    straight, steps = new(), []
    report = straight.fit(train, validation, seed=1, progress=lambda *where: steps.append(where))
    assert (report.planned_epochs, len(report.history) > 4) == (4, True)
    found = straight.predict(test.inputs)
    assert {name: values.shape[1:] for name, values in found.items()} == {
        one.name: one.shape or (3,) for one in straight.context.targets
    }
    assert np.mean(found["concept"].argmax(1) == test.targets["concept"]) > 0.6
    for stop_at in range(1, len(steps) + 1, 3):
        keeper, made = FolderKeeper(tmp_path / str(stop_at), every_s=1e9, code="x"), []
        with pytest.raises(TrainingStopped):
            new().fit(
                train, validation, seed=1, keeper=keeper,
                progress=lambda *where, made=made: made.append(where),
                should_stop=lambda made=made, stop_at=stop_at: len(made) >= stop_at,
            )  # fmt: skip
        resumed = new()
        assert resumed.fit(train, validation, seed=1, keeper=keeper) == report
        for name, values in resumed.predict(test.inputs).items():
            np.testing.assert_array_equal(values, found[name])
    save_decoder(tmp_path / "model", straight)
    again = load_decoder(tmp_path / "model")
    assert again.context == straight.context
    for name, values in again.predict(test.inputs).items():
        np.testing.assert_array_equal(values, found[name])


def test_only_what_is_named_is_stored(make):
    new, parts = make
    train, _, _ = parts(study())
    decoder = new()
    decoder.fit(train, seed=1)
    names = set(decoder.state())
    if isinstance(decoder, AdapterDecoder):
        assert names == {"net.adapter.weight", "net.adapter.bias"}
    else:
        assert {name.split(".")[0] for name in names} == {"trunk", "concept", "latents"}
    with pytest.raises(BadDataError, match="holds"):
        new().load({**decoder.state(), "net.base.weight": np.zeros((16, 60), np.float32)}, decoder.scaler_state())


def test_every_loss_is_in_the_history(make):
    new, parts = make
    train, validation, _ = parts(study())
    report = new().fit(train, validation, seed=1)
    expected = {"Both": 2, "Adversarial": 4, "Curriculum": 2, "AdapterDecoder": 1}[type(new()).__name__]
    assert all(len(row.losses) == expected for row in report.history)
    assert report.history[-1].train_loss < report.history[0].train_loss
