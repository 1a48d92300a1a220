from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import LatentCnnSettings, TrainingSettings
from eeg2vid.stages.networks.latent_cnn import LatentCnnDecoder
from eeg2vid.stages.training.inputs import Inputs

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
context, valued = _networks.context, _networks.valued


def examples(n=40, target=(3, 2, 4, 5), seed=0):
    rng = np.random.default_rng(seed)
    arrays = {
        "epochs": rng.normal(size=(n, 5, 50)).astype(np.float32),
        "de": rng.normal(size=(n, 2, 5, 3)).astype(np.float32),
    }
    return valued(Inputs(arrays), rng.normal(2, 3, size=(n, *target)).astype(np.float32), np.arange(n) // 10)


def decoder_for(found, training=None, **fields):
    built_for = context(found.inputs.shapes(), shape=found.targets["latents"].shape[1:])
    return LatentCnnDecoder(LatentCnnSettings(width=16, **fields), built_for, training or TrainingSettings(epochs=2))


@pytest.mark.parametrize("target", [(3, 2, 4, 5), (7,), (9, 4)])
@pytest.mark.parametrize("head", ["pca", "full"])
def test_it_starts_from_the_mean(head, target):
    train = examples(target=target)
    decoder = decoder_for(train, TrainingSettings(epochs=1, learning_rate=1e-12), head=head)
    decoder.fit(train)
    expected = np.broadcast_to(train.targets["latents"].mean(axis=0), train.targets["latents"].shape)
    np.testing.assert_allclose(decoder.predict(train.inputs)["latents"], expected, atol=1e-5)


def test_components_equal_sklearn_pca(monkeypatch):
    from eeg2vid.stages.networks import components

    monkeypatch.setattr(components, "_CHUNK_COLUMNS", 7)
    train = examples()
    decoder = decoder_for(train, components=6)
    decoder.fit_targets(train.targets)
    flat = train.targets["latents"].reshape(40, -1).astype(float)
    reference = PCA(6, svd_solver="full").fit(flat)
    np.testing.assert_allclose(np.abs(decoder.basis @ reference.components_.T), np.eye(6), atol=1e-5)
    np.testing.assert_allclose(decoder.scale, np.sqrt(reference.explained_variance_ * 39 / 40), rtol=1e-5)


@pytest.mark.parametrize("head", ["pca", "full"])
def test_loss_and_judgement_are_those_of_the_predictions(head):
    train, held = examples(), examples(seed=1)
    decoder = decoder_for(train, head=head, components=8)
    decoder.fit_targets(train.targets)
    output = torch.randn(40, 8 if head == "pca" else 120, generator=torch.Generator().manual_seed(0))
    output = {"out": output}
    guess, wanted = decoder.finish(output)["latents"], held.targets["latents"]
    ratio, score = decoder.judge(held.targets)(output)
    mean = train.targets["latents"].mean(axis=0)
    expected = np.sum((guess - wanted) ** 2) / np.sum((wanted - mean) ** 2)
    np.testing.assert_allclose([ratio, score], [expected, 1 - expected], rtol=1e-4)
    loss = float(decoder.loss(output, decoder.sample_targets(train.targets)))
    if head == "full":
        whole = np.sum((guess - train.targets["latents"]) ** 2) / np.sum((train.targets["latents"] - mean) ** 2)
        np.testing.assert_allclose(loss, whole, rtol=1e-4)


def test_full_size_is_of_reasonable_size():
    for head, most in (("pca", 5e6), ("full", 5e6)):
        built_for = context({"epochs": (62, 400), "de": (2, 62, 5)}, shape=(6, 4, 36, 64))
        decoder = LatentCnnDecoder(LatentCnnSettings(head=head), built_for, TrainingSettings())
        assert sum(p.numel() for p in decoder.make_module().parameters()) < most


def test_dropout_and_noise_act_in_training_only():
    train = examples()
    decoder = decoder_for(train)
    decoder.fit(train)
    first, second = (decoder.predict(train.inputs)["latents"] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_refusals():
    train = examples()
    values = train.targets["latents"]
    with pytest.raises(UsageError, match="no accuracy"):
        decoder_for(train, TrainingSettings(selection="accuracy"))
    with pytest.raises(UsageError, match="no classes"):
        decoder_for(train, TrainingSettings(class_weight="balanced"))
    with pytest.raises(BadDataError, match="all the same"):
        decoder_for(train).fit(valued(train.inputs, np.ones_like(values)))
    with pytest.raises(BadDataError, match="Targets have shape"):
        decoder_for(train).fit(valued(train.inputs, values[:, :2]))
    broken = values.copy()
    broken[3, 0] = np.nan
    with pytest.raises(BadDataError, match="not finite"):
        decoder_for(train).fit(valued(train.inputs, broken))
