"""The head to text states: components without constant tokens, ridge and MLP, what is read out."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import TextHeadSettings, TrainingSettings
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.checkpoint import load_decoder, save_decoder
from eeg2vid.stages.networks.components import Components, constant_tokens
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.networks.text_head import Head, info_nce
from eeg2vid.stages.training.inputs import Inputs

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
context = _networks.context

TOKENS, CHANNELS, CONCEPTS, BLOCKS = 5, 6, 4, 5


def study(signal=1.0, seed=0, noise=0.5):
    """Blocks of runs of five clips of a concept; captions of three wordings each, the first token of all the same."""
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(np.repeat(np.arange(CONCEPTS), 3)) for _ in range(BLOCKS)])
    runs = np.repeat(np.arange(len(order)), 5)
    concept = order[runs]
    n = len(runs)
    wording = rng.integers(0, 3, n)
    captions = rng.normal(size=(CONCEPTS, 1, TOKENS, CHANNELS)) + 0.5 * rng.normal(size=(CONCEPTS, 3, TOKENS, CHANNELS))
    states = captions[concept, wording]
    states[:, 0] = 30.0
    flat = states[:, 1:].reshape(n, -1)
    de = noise * rng.normal(size=(n, 2, 6, 5)).reshape(n, -1)
    de += signal * (flat - flat.mean(0)) @ rng.normal(size=(flat.shape[1], de.shape[1])) / 4
    inputs = Inputs({"de": de.reshape(n, 2, 6, 5).astype(np.float32)})
    targets = {"latents": states.astype(np.float32)}
    return Examples(inputs, targets, runs // (3 * CONCEPTS), runs, {"concept": concept})


def parts(found):
    return tuple(found.take(np.isin(found.groups, blocks)) for blocks in ((0, 1, 2), (3,), (4,)))


def decoder_for(found, training=None, **fields):
    built_for = context(found.inputs.shapes(), shape=found.targets["latents"].shape[1:])
    training = training or TrainingSettings(epochs=30, batch_size=32, learning_rate=5e-3)
    return build(TextHeadSettings(hidden=32, **fields), context=built_for, training=training)


def test_a_token_that_never_changes_is_neither_learned_nor_lost():
    found = study()
    states = found.targets["latents"].copy()
    states[:, 0, 2] += np.random.default_rng(1).choice([-2e-6, 2e-6], len(states))  # the last bit of 30
    np.testing.assert_array_equal(constant_tokens(states, 1e-4), [True, False, False, False, False])
    np.testing.assert_array_equal(constant_tokens(states[:, 1], 1e-4), [False])
    components = Components.fit(states, 64, 1e-4)
    assert not components.basis[:, :CHANNELS].any()
    np.testing.assert_allclose(components.values(components.scores(states))[:, :CHANNELS], 30, rtol=1e-6)
    # it does change where it is told to count
    assert Components.fit(states, 64, 0.0).basis[:, 2].any()


def test_components_are_those_of_sklearn(monkeypatch):
    monkeypatch.setattr("eeg2vid.stages.networks.components._CHUNK_COLUMNS", 7)
    states = study().targets["latents"]
    components = Components.fit(states, 4, 1e-4)
    moving = states[:, 1:].reshape(len(states), -1).astype(float)
    reference = PCA(4, svd_solver="full").fit(moving)
    expected = reference.transform(moving)
    np.testing.assert_allclose(np.abs(components.scores(states)), np.abs(expected), atol=1e-4)
    np.testing.assert_allclose(components.scale, expected.std(axis=0), rtol=1e-5)
    rebuilt = reference.inverse_transform(expected).reshape(states[:, 1:].shape)
    np.testing.assert_allclose(
        components.values(components.scores(states)).reshape(states.shape)[:, 1:], rebuilt, atol=1e-4
    )
    np.testing.assert_allclose(components.variance, moving.var(axis=0).sum(), rtol=1e-5)
    left = np.sum((states[:, 1:] - rebuilt) ** 2)
    np.testing.assert_allclose(components.beyond(states, components.scores(states)), left, rtol=1e-3)


def test_ridge_is_that_of_sklearn_on_scores():
    train, _, test = parts(study())
    decoder = decoder_for(train, components=3, log10_low=0, log10_high=0, penalties=1)
    decoder.fit(train)
    x, new = (decoder.vectors.transform(one.inputs) for one in (train, test))
    states = train.targets["latents"]
    pca = PCA(3, svd_solver="full").fit(states.reshape(len(states), -1).astype(float))
    scores = pca.transform(states.reshape(len(states), -1).astype(float))
    penalty = np.sum((x - x.mean(0)) ** 2) / len(x)
    expected = pca.inverse_transform(Ridge(alpha=penalty).fit(x, scores).predict(new))
    found = decoder.predict(test.inputs)["latents"]
    np.testing.assert_allclose(found, expected.reshape(found.shape), atol=2e-4)


def test_the_score_is_what_left_out_blocks_say():
    train, _, _ = parts(study())
    decoder = decoder_for(train, components=3)
    report = decoder.fit(train)
    ratio = float(report.detail.split()[1])
    x, states = decoder.vectors.transform(train.inputs), train.targets["latents"].reshape(len(train), -1).astype(float)
    pca = PCA(3, svd_solver="full").fit(states)
    scores, total = pca.transform(states), np.sum((states - states.mean(0)) ** 2)
    beyond = total - np.sum(scores**2)
    penalty = ratio * np.sum((x - x.mean(0)) ** 2) / len(x)
    error, baseline = beyond, beyond
    for held in (train.groups == block for block in range(3)):
        guess = Ridge(alpha=penalty).fit(x[~held], scores[~held]).predict(x[held])
        error += np.sum((scores[held] - guess) ** 2)
        baseline += np.sum((scores[held] - scores[~held].mean(0)) ** 2)
    np.testing.assert_allclose(report.score, 1 - error / baseline, rtol=1e-2)
    assert "leave-one-group-out over 3 groups" in report.detail
    assert report.detail.endswith("3 components")


def concept_accuracy(train, test, guess):
    states, concept = train.targets["latents"], train.known["concept"]
    means = np.stack([states[concept == k].mean(axis=0).ravel() for k in range(CONCEPTS)])
    centre = states.mean(axis=0).ravel()
    near = ((guess.reshape(len(guess), -1) - centre) @ (means - centre).T).argmax(axis=1)
    return np.mean(near == test.known["concept"])


@pytest.mark.parametrize("readout", ["mean", "prototype", "nearest"])
@pytest.mark.parametrize("kind", ["ridge", "mlp"])
def test_it_finds_what_is_there_and_nothing_else(kind, readout):
    accuracy = {}
    for signal in (0, 1):
        found = study(signal)
        train, validation, test = parts(found)
        decoder = decoder_for(found, kind=kind, readout=readout)
        report = decoder.fit(train, validation, seed=1)
        guess = decoder.predict(test.inputs)["latents"]
        assert guess.shape == test.targets["latents"].shape
        accuracy[signal] = concept_accuracy(train, test, guess)
        assert (report.score > 0.1) == bool(signal)
    assert accuracy[1] > 0.7
    assert abs(accuracy[0] - 0.25) < 0.28  # 3 standard errors of 12 runs and 60 clips


@pytest.mark.parametrize("kind", ["ridge", "mlp"])
def test_readouts_are_training_states(kind):
    train, _, test = parts(study())
    states, concept = train.targets["latents"], train.known["concept"]
    for readout, choices in (
        ("prototype", np.stack([states[concept == k].mean(axis=0) for k in range(CONCEPTS)])),
        ("nearest", states),
    ):
        decoder = decoder_for(train, kind=kind, readout=readout)
        decoder.fit(train, seed=1)
        guess = decoder.predict(test.inputs)["latents"]
        nearest = np.abs(guess[:, None] - choices).max(axis=(2, 3)).min(axis=1)
        np.testing.assert_allclose(nearest, 0, atol=1e-5)
        assert len(np.unique(guess.reshape(len(guess), -1), axis=0)) > 2
        assert (len(decoder.settings.stamps()) == 1) == (readout == "nearest")


def test_info_nce_by_hand():
    """Three clips: two share a caption, the third is of the first one's run. Cosines 1 and 0, temperature 1."""
    wanted = torch.tensor([[2.0, 0], [2, 0], [0, 3]])
    guess = torch.tensor([[1.0, 0], [0, 1], [0, 1]])
    same = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=torch.bool)
    near = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 0, 1]], dtype=torch.bool)
    e = np.e
    # cosines: (1, 1, 0), (0, 0, 1), (0, 0, 1); the first and the third do not count for each other
    rows = [0, np.log((2 + e) / 2), np.log((1 + e) / e)]
    columns = [0, np.log((2 * e + 2) / (e + 1)), 0]
    columns[0] = np.log((e + 1) / (e + 1))
    columns[1] = np.log((e + 1 + 1) / (e + 1))
    columns[2] = np.log((e + e) / e)
    found = float(info_nce(guess, wanted, same, near & ~same, 1.0))
    np.testing.assert_allclose(found, (np.mean(rows) + np.mean(columns)) / 2, rtol=1e-5)
    everything = torch.ones(3, 3, dtype=torch.bool)
    np.testing.assert_allclose(float(info_nce(guess, wanted, everything, ~everything, 0.1)), 0, atol=1e-6)


def test_the_loss_is_that_of_the_settings():
    found = study()
    targets = {}
    losses = []
    for weight in (0.0, 0.5):
        decoder = decoder_for(found, kind="mlp", contrastive=weight, components=4)
        decoder.lessons(found)
        targets = decoder.sample_targets(found.targets)
        out = {"out": torch.randn(len(found), 4, generator=torch.Generator().manual_seed(0))}
        losses.append(float(decoder.loss(out, targets)))
    scale, wanted = decoder.readout.components.scale, targets["scores"].numpy()
    guess = out["out"].numpy() * scale
    moving = found.targets["latents"][:, 1:].reshape(len(found), -1)
    np.testing.assert_allclose(losses[0], np.square(guess - wanted).sum(1).mean() / moving.var(0).sum(), rtol=1e-4)
    runs, captions = (
        found.runs,
        np.unique(found.targets["latents"].reshape(len(found), -1), axis=0, return_inverse=True)[1],
    )
    same = torch.from_numpy(captions[:, None] == captions)
    near = torch.from_numpy(runs[:, None] == runs) & ~same
    contrast = float(info_nce(torch.from_numpy(guess), targets["scores"], same, near, 0.1))
    np.testing.assert_allclose(losses[1] - losses[0], 0.5 * contrast, rtol=1e-4)
    assert set(targets) == {"scores", "caption", "run"}


@pytest.mark.parametrize("readout", ["mean", "prototype", "nearest"])
@pytest.mark.parametrize("kind", ["ridge", "mlp"])
def test_stored_and_read_it_decodes_the_same(kind, readout, tmp_path):
    train, validation, test = parts(study())
    guesses, files = [], []
    for again in range(2):
        decoder = decoder_for(train, TrainingSettings(epochs=2, batch_size=32), kind=kind, readout=readout)
        decoder.fit(train, validation, seed=3)
        save_decoder(tmp_path / str(again), decoder)
        files.append((tmp_path / str(again) / "model.safetensors").read_bytes())
        guesses.append(decoder.predict(test.inputs)["latents"])
    assert files[0] == files[1]
    loaded = load_decoder(tmp_path / "0")
    np.testing.assert_array_equal(guesses[0], loaded.predict(test.inputs)["latents"])
    np.testing.assert_array_equal(guesses[0], guesses[1])
    assert loaded.parameters() == decoder.parameters()
    assert decoder.embed(test.inputs).shape[0] == len(test)
    state = decoder.state()
    broken = {**state, "target.states": state[next(iter(state))], "states": state[next(iter(state))][:1]}
    with pytest.raises(BadDataError):
        decoder_for(train, kind=kind, readout="mean").load(broken, decoder.scaler_state())


@pytest.mark.parametrize("names", [("de",), ("epochs", "de"), ("encoder:lda",)])
@pytest.mark.parametrize("kind", ["ridge", "mlp"])
def test_full_size_has_at_most_five_million_parameters(kind, names):
    shapes = {"de": (2, 62, 5), "epochs": (62, 400), "encoder:lda": (128,)}
    built_for = context({name: shapes[name] for name in names}, shape=(77, 768))
    decoder = build(TextHeadSettings(kind=kind), context=built_for)
    components = decoder.settings.components
    fitted = components * 77 * 768 + 77 * 768 + components + 1  # basis, mean, scale, variance
    read = sum(int(np.prod((62, 10) if name == "epochs" else shapes[name])) for name in names)
    if kind == "ridge":
        fitted += read * components + read
    else:
        with torch.device("meta"):
            net = decoder.make_module()
        assert isinstance(net, Head)
        own = sum(p.numel() for p in net.parameters())
        assert own == (read + 1) * 256 + 257 * components
        fitted += own
    assert fitted <= 5_000_000


def test_what_is_chosen_from_is_not_counted():
    train, _, _ = parts(study())
    counts = {}
    for readout in ("mean", "nearest"):
        decoder = decoder_for(train, readout=readout, components=3)
        decoder.fit(train)
        counts[readout] = decoder.parameters()
    values, read = TOKENS * CHANNELS, 60
    assert counts["mean"] == counts["nearest"] == 3 * values + values + 3 + 1 + 3 * read + read


@pytest.mark.parametrize("shape", [(9,), (12, 3)])
@pytest.mark.parametrize("kind", ["ridge", "mlp"])
def test_embeddings_and_inputs_of_any_form(kind, shape):
    rng = np.random.default_rng(0)
    n = 60
    arrays = {
        "epochs": rng.normal(size=(n, 6, 50)).astype(np.float32),
        "encoder:lda": rng.normal(size=(n, 8)).astype(np.float32),
    }
    values = rng.normal(size=(n, *shape)).astype(np.float16)
    found = Examples(Inputs(arrays), {"latents": values}, np.arange(n) // 20, np.arange(n) // 5)
    for readout in ("mean", "nearest"):
        decoder = decoder_for(found, TrainingSettings(epochs=1), kind=kind, readout=readout)
        decoder.fit(found, seed=0)
        guess = decoder.predict(found.inputs)["latents"]
        assert guess.shape == values.shape
        assert guess.dtype == np.float32


def test_refusals():
    train, _, _ = parts(study())
    for kind in ("ridge", "mlp"):
        unknown = Examples(train.inputs, train.targets, train.groups, train.runs)
        with pytest.raises(BadDataError, match="no training clip is the concept known"):
            decoder_for(train, kind=kind, readout="prototype").fit(unknown)
        same = Examples(train.inputs, {"latents": np.ones_like(train.targets["latents"])}, train.groups, train.runs)
        with pytest.raises(BadDataError, match="all the same"):
            decoder_for(train, kind=kind).fit(same)
    with pytest.raises(UsageError, match="no accuracy"):
        decoder_for(train, TrainingSettings(selection="accuracy"), kind="mlp")
    with pytest.raises(UsageError, match="no classes"):
        decoder_for(train, TrainingSettings(class_weight="balanced"), kind="mlp")
