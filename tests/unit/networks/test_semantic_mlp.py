"""The published MLP: its size, its schedule, its habits, each a setting."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import SemanticMlpSettings, TrainingSettings
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.checkpoint import load_decoder, save_decoder
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.networks.semantic_mlp import first_of_runs
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.loop import TrainingStopped, batches_of
from eeg2vid.stages.training.state import FolderKeeper

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
context = _networks.context


def examples(n=36, seed=0, target=(3, 4), blocks=3):
    """Return runs of three clips of a concept, in blocks; the concept of the last run is not known."""
    rng = np.random.default_rng(seed)
    runs = np.arange(n) // 3
    concept = np.where(runs == runs[-1], -1, 2 + 3 * (runs % 4))
    values = rng.normal(size=(20, *target))[concept] + 0.3 * rng.normal(size=(n, *target))
    de = 0.5 * rng.normal(size=(n, 1, 6, 5)) + rng.normal(size=(20, 1, 6, 5))[concept]
    return Examples(
        Inputs({"de": de.astype(np.float32)}),
        {"latents": values.astype(np.float32)},
        np.arange(n) * blocks // n,
        runs,
        {"concept": concept},
    )


def decoder_for(found, training=None, **fields):
    built_for = context(found.inputs.shapes(), shape=found.targets["latents"].shape[1:])
    settings = SemanticMlpSettings(**{"width": 16, "depth": 2, **fields})
    return build(settings, context=built_for, training=training or TrainingSettings(epochs=3, batch_size=8))


def test_the_published_size():
    built_for = context({"de": (1, 62, 5)}, shape=(77, 768))
    decoder = build(SemanticMlpSettings(), context=built_for)
    with torch.device("meta"):
        net = decoder.make_module()
        assert net({"de": torch.zeros(2, 1, 62, 5)}).shape == (2, 77 * 768)
    assert sum(p.numel() for p in net.parameters()) == 894_559_136
    kinds = [type(layer).__name__ for layer in net.modules() if not list(layer.children())]
    assert kinds == ["Linear", "ReLU"] * 4 + ["Linear"]


def test_steps_are_those_of_adam_under_a_cosine():
    """Trained by hand: raw targets, mean squared error, Adam, torch's own CosineAnnealingLR, the loop's order."""
    found = examples()
    training = TrainingSettings(epochs=4, batch_size=8, learning_rate=5e-3, selection="last", weight_decay=0.01)
    decoder = decoder_for(found, training)
    batches, firsts = [], []
    step = type(decoder).step

    def watched(batch):
        if not firsts:
            firsts.append({k: v.clone() for k, v in decoder.modules()["net"].state_dict().items()})
        batches.append((batch.inputs["de"].clone(), batch.samples.clone()))
        return step(decoder, batch)

    decoder.step = watched
    decoder.fit(found, seed=1)
    assert len(batches) == 4 * 5
    sizes = (30, 16, 16, 12)
    layers = [layer for a, b in pairwise(sizes) for layer in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    net = torch.nn.Sequential(*layers[:-1])
    net.load_state_dict(dict(zip(net.state_dict(), firsts[0].values(), strict=True)))
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)
    targets = torch.from_numpy(found.targets["latents"].reshape(36, -1))
    for inputs, samples in batches:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(net(inputs.flatten(1)), targets[samples]).backward()
        optimizer.step()
        schedule.step()
    for mine, theirs in zip(decoder.state().values(), net.state_dict().values(), strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-4, atol=1e-6)
    de = found.inputs.arrays["de"].reshape(36, -1)
    shown = np.concatenate([samples.numpy() for _, samples in batches[:5]])
    np.testing.assert_array_equal(np.sort(shown), np.arange(36))
    np.testing.assert_allclose(
        batches[0][0].flatten(1).numpy(), ((de - de.mean(0)) / de.std(0))[batches[0][1].numpy()], atol=1e-5
    )


@pytest.mark.parametrize(("schedule", "expected"), [("cosine", [1, 0.8535534, 0.5, 0.1464466]), ("constant", [1] * 4)])
def test_the_rate(schedule, expected):
    found = examples(n=12)
    decoder = decoder_for(found, TrainingSettings(epochs=2, batch_size=6, learning_rate=1.0), schedule=schedule)
    decoder.lessons(found)
    assert decoder.steps == (0, 4)
    np.testing.assert_allclose([decoder.rate(done) for done in range(4)], expected, rtol=1e-6)


def test_label_like_targets_are_those_of_the_first_clip():
    found = examples(n=12)
    values = found.targets["latents"]
    decoder = decoder_for(found, label_like=True)
    taken = decoder.lessons(found).targets["latents"]
    np.testing.assert_array_equal(taken, values[[0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9, 9]])
    np.testing.assert_array_equal(decoder_for(found).lessons(found).targets["latents"], values)
    # a clip that is not trained on leaves the first place to the next; people have runs of their own
    two = Inputs(found.inputs.arrays, person=np.arange(12) % 2, subjects=("1", "2"))
    mixed = Examples(two, found.targets, found.groups, np.array(["s/10", "s/9", "s/10", "s/9"] * 3))
    np.testing.assert_array_equal(first_of_runs(mixed), [0, 1, 0, 1] * 3)
    np.testing.assert_array_equal(first_of_runs(mixed.take(np.arange(1, 6))), [0, 1, 0, 1, 0])
    with pytest.raises(BadDataError, match="have no runs"):
        first_of_runs(Examples(found.inputs, found.targets))


def test_fake_eeg_is_ones_times_the_concepts_number():
    found = examples()
    training = TrainingSettings(epochs=3, batch_size=8, selection="last")
    decoder = decoder_for(found, training, pretrain_epochs=2)
    seen = []
    forward = type(decoder).outputs

    def outputs(batch):
        if batch.targets:
            seen.append((batch.inputs["de"], batch.targets["latents"]))
        return forward(decoder, batch)

    decoder.outputs = outputs
    decoder.fit(found, seed=1)
    assert len(seen) == 2 * 1 + 5
    concepts = found.known["concept"]
    for inputs, targets in seen[:2]:
        numbers = inputs.flatten(1)[:, 0]
        assert sorted(numbers.tolist()) == [2, 5, 8, 11]
        np.testing.assert_array_equal(inputs, numbers[:, None, None, None].expand_as(inputs))
        for number, target in zip(numbers.tolist(), targets.numpy(), strict=True):
            mean = found.targets["latents"][concepts == int(number)].mean(axis=0)
            np.testing.assert_allclose(target, mean.ravel(), rtol=1e-5)
    assert sum(len(inputs) for inputs, _ in seen[2:]) == 36
    assert decoder.steps == (2, 7)


@pytest.mark.parametrize("refit", [True, False])
def test_stopped_at_every_step_gives_the_same_network(refit, tmp_path):
    found = examples()
    train, validation = found.take(found.groups < 2), found.take(found.groups == 2)

    def fit(**options):
        training = TrainingSettings(epochs=3, batch_size=16, refit=refit, selection="last")
        decoder = decoder_for(found, training, pretrain_epochs=1, label_like=True)
        return decoder, decoder.fit(train, validation, seed=5, **options)

    steps = []
    straight, report = fit(progress=lambda *where: steps.append(where))
    for stop_at in range(1, len(steps) + 1):
        keeper = FolderKeeper(tmp_path / str(stop_at), every_s=1e9)
        made = []
        with pytest.raises(TrainingStopped):
            fit(
                keeper=keeper,
                progress=lambda *where, made=made: made.append(where),
                should_stop=lambda made=made, k=stop_at: len(made) >= k,
            )
        resumed, again = fit(keeper=keeper)
        assert again == report
        for key, values in straight.state().items():
            np.testing.assert_array_equal(values, resumed.state()[key])


@pytest.mark.parametrize("fields", [{}, {"label_like": True}, {"pretrain_epochs": 5}])
def test_it_finds_what_is_there_and_nothing_else(fields):
    correct = {}
    for signal in (0, 1):
        found = examples(n=240, blocks=5)
        if not signal:
            de = found.inputs.arrays["de"][np.random.default_rng(1).permutation(240)]
            found = Examples(Inputs({"de": de}), found.targets, found.groups, found.runs, found.known)
        train, validation, test = (found.take(np.isin(found.groups, one)) for one in ((0, 1, 2), (3,), (4,)))
        training = TrainingSettings(epochs=40, batch_size=32, learning_rate=3e-3)
        decoder = decoder_for(found, training, width=64, **fields)
        report = decoder.fit(train, validation, seed=1)
        guess = decoder.predict(test.inputs)["latents"]
        values, concept = train.targets["latents"], train.known["concept"]
        present = np.array([2, 5, 8, 11])
        means = np.stack([values[concept == k].mean(axis=0).ravel() for k in present]) - values.mean(axis=0).ravel()
        nearest = ((guess.reshape(len(guess), -1) - values.mean(axis=0).ravel()) @ means.T).argmax(axis=1)
        known = test.known["concept"] >= 0
        correct[signal] = np.mean(present[nearest][known] == test.known["concept"][known])
        assert (report.score > 0.1) == bool(signal)
    assert correct[1] > 0.7
    assert abs(correct[0] - 0.25) < 0.2


def test_score_and_loss_are_those_of_the_predictions():
    found = examples()
    train, validation = found.take(found.groups < 2), found.take(found.groups == 2)
    training = TrainingSettings(epochs=2, batch_size=8, selection="last", refit=False)
    decoder = decoder_for(found, training, label_like=True)
    report = decoder.fit(train, validation, seed=1)
    guess, wanted = decoder.predict(validation.inputs)["latents"], validation.targets["latents"]
    mean = train.targets["latents"][first_of_runs(train)].mean(axis=0)
    error = np.sum((guess - wanted) ** 2)
    np.testing.assert_allclose(report.score, 1 - error / np.sum((wanted - mean) ** 2), rtol=1e-5)
    np.testing.assert_allclose(report.history[-1].validation_loss, error / wanted.size, rtol=1e-5)


def test_stored_and_read_it_decodes_the_same(tmp_path):
    found = examples()
    files = []
    for again in "ab":
        decoder = decoder_for(found, pretrain_epochs=1)
        decoder.fit(found, seed=2)
        save_decoder(tmp_path / again, decoder)
        files.append((tmp_path / again / "model.safetensors").read_bytes())
    assert files[0] == files[1]
    loaded = load_decoder(tmp_path / "a")
    guess = decoder.predict(found.inputs)["latents"]
    np.testing.assert_array_equal(guess, loaded.predict(found.inputs)["latents"])
    assert guess.shape == (36, 3, 4)
    assert decoder.embed(found.inputs).shape == (36, 16)
    assert loaded.parameters() == 30 * 16 + 16 + 16 * 16 + 16 + 16 * 12 + 12


def test_no_batch_of_one_sample():
    assert [len(one) for one in batches_of(torch.arange(17), 8)] == [8, 9]
    assert [len(one) for one in batches_of(torch.arange(1), 8)] == [1]


def test_refusals():
    found = examples()
    with pytest.raises(UsageError, match="no accuracy"):
        decoder_for(found, TrainingSettings(selection="accuracy"))
    with pytest.raises(UsageError, match="no classes"):
        decoder_for(found, TrainingSettings(class_weight="balanced"))
    with pytest.raises(UsageError, match="All 3 epochs are on fake EEG"):
        decoder_for(found, pretrain_epochs=3)
    unknown = Examples(found.inputs, found.targets, found.groups, found.runs)
    with pytest.raises(BadDataError, match="no training clip is the concept known"):
        decoder_for(found, pretrain_epochs=1).fit(unknown)
