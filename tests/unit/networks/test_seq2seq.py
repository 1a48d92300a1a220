"""EEG2Video's sequence-to-sequence network: what was published, to the number, and what is corrected."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.preprocessing import StandardScaler
from torch import nn

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import Seq2SeqSettings, TrainingSettings
from eeg2vid.stages.datasets.protocol import ELECTRODES, OCCIPITAL
from eeg2vid.stages.networks.seq2seq import Seq2SeqDecoder
from eeg2vid.stages.networks.seq2seq_model import sinusoids
from eeg2vid.stages.networks.seq2seq_windows import EegNet
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.scaler import StandardScaler as OurScaler

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
context, valued = _networks.context, _networks.valued

SMALL = {"width": 16, "heads": 2, "feed_forward": 24, "encoder_layers": 1, "decoder_layers": 2}
PUBLISHED = {"decoding": "shifted", "standardise": False, "scaler": "sample", "optimizer": "adam"}
SHAPE = (3, 2, 4, 5)


def decoder_for(epochs=(4, 200), shape=SHAPE, names=ELECTRODES, sfreq_hz=100.0, training=None, **fields):
    built_for = context({"epochs": epochs}, shape=shape, electrodes=names[: epochs[0]], sfreq_hz=sfreq_hz)
    return Seq2SeqDecoder(Seq2SeqSettings(**(SMALL | fields)), built_for, training or TrainingSettings(epochs=1))


def examples(n=24, epochs=(4, 200), shape=SHAPE, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(2, 3, size=(n, *shape)).astype(np.float32)
    return valued(Inputs({"epochs": rng.normal(size=(n, *epochs)).astype(np.float32)}), values, np.arange(n) // 8)


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_full_size_has_the_published_parameters():
    """32.6 M with two layers that the released code makes and does not use: of a target frame, and of 13 outputs."""
    built_for = context({"epochs": (62, 400)}, shape=(6, 4, 36, 64), electrodes=ELECTRODES, sfreq_hz=200.0)
    with torch.device("meta"):
        published, corrected, glmnet = (
            Seq2SeqDecoder(Seq2SeqSettings(**fields), built_for, TrainingSettings()).make_module()
            for fields in (PUBLISHED, {}, {"embedder": "glmnet"})
        )
    attention = 4 * (512 * 512 + 512)
    forward = 2 * 512 * 2048 + 2048 + 512
    transformer = 2 * (attention + forward + 2 * 1024) + 4 * (2 * attention + forward + 3 * 1024)
    norms = 2 * (16 + 64 + 16)
    eegnet = 16 * 64 + 64 * 62 + 64 * 16 + 64 * 16 + norms + 48 * 512 + 512
    head = 512 * 4 * 36 * 64 + 4 * 36 * 64
    assert count(published) == transformer + eegnet + head == 27_881_024
    unused = (4 * 36 * 64 * 512 + 512) + (512 * 13 + 13)
    assert round((count(published) + unused) / 1e6, 1) == 32.6
    assert count(corrected) == count(published) + 6 * 512
    assert (published.starts, published.n_samples) == (tuple(range(0, 301, 50)), 100)
    assert tuple(glmnet.embedder.places) == OCCIPITAL
    assert glmnet.embedder.whole.out.in_features == 40 * 6  # (100 - 25 + 1 - 51) // 5 + 1


def test_eegnet_is_the_released_one():
    net = EegNet(7, 100, 200.0, 9, 0.5).eval()
    for norm in (net.temporal_norm, net.spatial_norm, net.norm):
        norm.running_mean.uniform_(-1, 1)
        norm.running_var.uniform_(0.5, 2)
    layers = nn.Sequential(
        nn.ZeroPad2d((31, 32, 0, 0)),
        net.temporal,
        net.temporal_norm,
        net.spatial,
        net.spatial_norm,
        nn.ELU(),
        nn.AvgPool2d((1, 4)),
        nn.ZeroPad2d((7, 8, 0, 0)),
        net.depthwise,
        net.pointwise,
        net.norm,
        nn.ELU(),
        nn.AvgPool2d((1, 8)),
        nn.Flatten(),
        net.out,
    )
    x = torch.randn(3, 7, 100)
    torch.testing.assert_close(net(x), layers(x[:, None]))
    assert net.out.in_features == 48


def test_positions_are_those_of_the_paper():
    found = sinusoids(5, 6)
    for place in range(5):
        for pair in range(3):
            angle = place / 10000 ** (2 * pair / 6)
            np.testing.assert_allclose(found[place, 2 * pair], math.sin(angle), atol=1e-6)
            np.testing.assert_allclose(found[place, 2 * pair + 1], math.cos(angle), atol=1e-6)


def test_the_published_scaler_is_that_of_every_value_of_a_window():
    decoder = decoder_for(window_s=0.5, step_s=0.25, scaler="sample")
    epochs = np.random.default_rng(0).normal(3, 5, size=(30, 4, 200))
    windows = np.stack([epochs[..., start : start + 50] for start in range(0, 151, 25)], axis=1)
    reference = StandardScaler().fit_transform(windows.reshape(30, -1)).reshape(windows.shape)
    ours = OurScaler.fit(epochs, decoder.kept_axes("epochs")).transform(epochs)
    for place, start in enumerate(range(0, 151, 25)):
        np.testing.assert_allclose(ours[..., start : start + 50], reference[:, place], atol=1e-5)
    assert OurScaler.fit(epochs, decoder_for().kept_axes("epochs")).mean.shape == (4, 1)


def test_published_frames_come_one_late_and_the_first_knows_nothing_of_the_eeg():
    decoder = decoder_for(**PUBLISHED)
    torch.manual_seed(0)
    net = decoder.make_module().eval()
    one, other = torch.randn(2, 5, 4, 200)
    with torch.no_grad():
        first, second = net(one), net(other)
        torch.testing.assert_close(first[:, 0], net.out.bias.expand(5, -1))
        torch.testing.assert_close(second[:, 0], first[:, 0])
        assert (first[:, 1:] - second[:, 1:]).abs().max() > 1e-3
        # frame k is what the decoder made at step k - 1, each step by hand on what it made so far
        windows = torch.stack([one[..., start : start + 50] for start in range(0, 151, 25)], dim=1)
        vectors = net.embedder(windows.reshape(35, 4, 50)).reshape(5, 7, 16)
        memory = net.encoder(vectors + sinusoids(7, 16))
        tokens = [torch.zeros(5, 16)]
        for frame in (1, 2):
            x = torch.stack(tokens, dim=1)
            made = net.decoder(x, memory, tgt_mask=torch.full((frame, frame), -torch.inf).triu(1))
            tokens.append(made[:, -1])
            torch.testing.assert_close(first[:, frame], net.out(tokens[-1]), rtol=1e-4, atol=1e-5)


def test_published_training_leaves_the_first_frame_a_constant_and_queries_do_not():
    train = examples()
    for fields, constant in ((PUBLISHED, True), ({}, False)):
        decoder = decoder_for(training=TrainingSettings(epochs=2, batch_size=8), **fields)
        decoder.fit(train)
        frames = decoder.predict(train.inputs)["latents"]
        assert np.all(frames[:, 0] == frames[:1, 0]) == constant
        assert not np.all(frames[:, 1] == frames[:1, 1])


@pytest.mark.parametrize("shape", [SHAPE, (7,), (9, 4)])
def test_it_starts_from_the_mean_of_each_value(shape):
    train = examples(shape=shape)
    decoder = decoder_for(shape=shape, training=TrainingSettings(epochs=1, learning_rate=1e-12))
    decoder.fit(train)
    expected = np.broadcast_to(train.targets["latents"].mean(axis=0), train.targets["latents"].shape)
    np.testing.assert_allclose(decoder.predict(train.inputs)["latents"], expected, atol=1e-5)


@pytest.mark.parametrize("fields", [{}, PUBLISHED])
def test_loss_and_judgement_are_those_of_the_predictions(fields):
    train, held = examples(), examples(70, seed=1)
    train.targets["latents"][:, :, 1] *= 10  # the channels differ in size
    decoder = decoder_for(**fields)
    decoder.fit_targets(train.targets)
    output = {"out": torch.randn(70, 3, 40, generator=torch.Generator().manual_seed(0))}
    guess, wanted = decoder.finish(output)["latents"], held.targets["latents"]
    mean = train.targets["latents"].mean(axis=0)
    scale = np.sqrt(((train.targets["latents"] - mean) ** 2).mean(axis=(0, 1, 3, 4)))[:, None, None]
    loss, score = decoder.judge(held.targets)(output)
    unit = 1 if fields else scale
    np.testing.assert_allclose(loss, np.mean(((guess - wanted) / unit) ** 2), rtol=1e-4)
    np.testing.assert_allclose(score, 1 - np.sum((guess - wanted) ** 2) / np.sum((wanted - mean) ** 2), rtol=1e-4)
    np.testing.assert_allclose(float(decoder.loss(output, decoder.sample_targets(held.targets))), loss, rtol=1e-4)


def test_targets_are_not_copied():
    values = examples().targets
    decoder = decoder_for()
    decoder.fit_targets(values)
    assert np.shares_memory(decoder.sample_targets(values)["latents"].numpy(), values["latents"])


@pytest.mark.parametrize(("schedule", "optimizer"), [("cosine", "adam"), ("constant", "adamw")])
def test_the_rate_falls_over_all_steps(schedule, optimizer, monkeypatch):
    rates = []
    monkeypatch.setattr(
        "eeg2vid.stages.networks.supervised.Supervised.step",
        lambda self, batch: rates.append(self.optimizers()["net"].param_groups[0]["lr"]) or {"loss": torch.zeros(())},
    )
    training = TrainingSettings(epochs=4, batch_size=8, learning_rate=5e-4)
    decoder = decoder_for(training=training, schedule=schedule, optimizer=optimizer)
    decoder.fit(examples())
    falling = [5e-4 * (1 + math.cos(math.pi * step / 12)) / 2 for step in range(12)]
    np.testing.assert_allclose(rates, falling if schedule == "cosine" else [5e-4] * 12)
    made = decoder.make_optimizers({"net": nn.Linear(1, 1)})["net"]
    assert type(made).__name__.lower() == optimizer


@pytest.mark.parametrize("embedder", ["eegnet", "glmnet"])
@pytest.mark.parametrize(
    ("epochs", "sfreq_hz", "windows"),
    [((1, 200), 100.0, 7), ((5, 2000), 1000.0, 7), ((3, 700), 1000 / 3, 7), ((62, 96), 64.0, 5), ((2, 51), 100.0, 1)],
)
def test_any_rate_length_and_cap(embedder, epochs, sfreq_hz, windows):
    decoder = decoder_for(epochs=epochs, sfreq_hz=sfreq_hz, embedder=embedder)
    net = decoder.make_module().eval()
    assert len(net.starts) == windows
    assert max(net.starts) + net.n_samples <= epochs[1]
    assert net(torch.randn(2, *epochs)).shape == (2, 3, 40)


def test_slow_recordings_have_no_filter_of_nothing():
    net = decoder_for(epochs=(3, 20), sfreq_hz=10.0, window_s=0.5, step_s=0.5).make_module().eval()
    assert net(torch.randn(2, 3, 20)).shape == (2, 3, 40)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("FZ", "CZ", "PZ", "F3"), "; no local branch: none of its electrodes was recorded"),
        (("FZ", "O1", "OZ", "O2"), "; local branch without PO7, PO5, PO3, POZ, PO4, PO6, PO8, CB1, CB2"),
    ],
)
def test_a_cap_without_local_electrodes_is_told(names, said):
    training = TrainingSettings(epochs=1, batch_size=8)
    decoder = decoder_for(names=names, embedder="glmnet", training=training)
    report = decoder.fit(examples())
    assert report.detail == f"epoch 1 of 1{said}"
    assert decoder_for(names=names).remark() == ""


def test_refusals():
    with pytest.raises(ValidationError, match="multiple of heads"):
        Seq2SeqSettings(width=30, heads=4)
    with pytest.raises(UsageError, match="reads 'epochs' of a known sampling rate only, not 'de'"):
        built_for = context({"de": (2, 4, 5)}, shape=SHAPE)
        Seq2SeqDecoder(Seq2SeqSettings(), built_for, TrainingSettings())
    with pytest.raises(UsageError, match="'epochs' of an unknown one"):
        decoder_for(sfreq_hz=None)
    with pytest.raises(UsageError, match="the same whatever the EEG"):
        decoder_for(shape=(7,), decoding="shifted")
    with pytest.raises(UsageError, match="20 samples at 100 Hz is too short for the embedder 'glmnet'"):
        decoder_for(embedder="glmnet", window_s=0.2)
    with pytest.raises(BadDataError, match="hold 30 samples, but a window"):
        decoder_for(epochs=(4, 30))
    with pytest.raises(UsageError, match="expected a whole number"):
        decoder_for(window_s=0.125)
    with pytest.raises(UsageError, match="no accuracy"):
        decoder_for(training=TrainingSettings(selection="accuracy"))
    train = examples()
    with pytest.raises(BadDataError, match="all the same"):
        decoder_for().fit(valued(train.inputs, np.ones_like(train.targets["latents"])))
