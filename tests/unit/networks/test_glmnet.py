from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import GlmnetRawSettings, GlmnetSettings, TrainingSettings
from eeg2vid.stages.datasets.protocol import ELECTRODES, OCCIPITAL
from eeg2vid.stages.networks.glmnet import GlmnetDecoder, GlmnetRawDecoder, ShallowNet
from eeg2vid.stages.training.inputs import Inputs

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
context, labelled = _networks.context, _networks.labelled

CLASSES = tuple(str(index) for index in range(1, 41))


def test_the_published_parameter_count():
    built_for = context({"de": (2, 62, 5)}, CLASSES, electrodes=ELECTRODES)
    module = GlmnetDecoder(GlmnetSettings(), built_for, TrainingSettings()).make_module()
    assert sum(p.numel() for p in module.parameters()) == 491176
    assert tuple(module.places) == OCCIPITAL


@pytest.mark.parametrize(("samples", "flat"), [(200, 1040), (400, 2640)])
def test_shallownet_equals_its_layers_one_by_one(samples, flat):
    torch.manual_seed(0)
    net = ShallowNet(7, samples, 9, GlmnetRawSettings()).eval()
    assert net.out.in_features == flat
    for buffer in (net.norm.running_mean, net.norm.running_var):
        buffer.uniform_(0.5, 2)
    norm = nn.BatchNorm2d(40).eval()
    norm.load_state_dict(net.norm.state_dict())
    layers = nn.Sequential(
        net.temporal, net.spatial, norm, nn.ELU(), nn.AvgPool2d((1, 51), (1, 5)), nn.Flatten(), net.out
    )
    x = torch.randn(3, 7, samples)
    torch.testing.assert_close(net(x), layers(x[:, None]), rtol=1e-4, atol=1e-5)


def test_raw_network_has_the_published_shape():
    built_for = context({"epochs": (62, 400)}, CLASSES, electrodes=ELECTRODES)
    module = GlmnetRawDecoder(GlmnetRawSettings(), built_for, TrainingSettings()).make_module()
    shallow = 40 * 25 + 40 + 80 + 1040 * 256 + 256 + 40  # all but the spatial weights
    assert sum(p.numel() for p in module.parameters()) == 2 * shallow + 1600 * (62 + 12) + 512 * 40 + 40


def test_windows_are_cut_in_order():
    built_for = context({"epochs": (3, 401)}, "ab", electrodes=("O1", "OZ", "O2"))
    decoder = GlmnetRawDecoder(GlmnetRawSettings(local_electrodes=("Oz",)), built_for, TrainingSettings())
    epochs = np.arange(2 * 3 * 401, dtype=np.float32).reshape(2, 3, 401)
    cut = decoder.arrange({"epochs": epochs})["x"]
    np.testing.assert_array_equal(cut[1], epochs[0, :, 200:400])
    np.testing.assert_array_equal(cut[2], epochs[1, :, :200])


def test_clip_probability_is_the_geometric_mean_over_windows():
    built_for = context({"de": (2, 3, 5)}, "ab", electrodes=("O1", "OZ", "O2"))
    decoder = GlmnetDecoder(GlmnetSettings(local_electrodes=("OZ",)), built_for, TrainingSettings())
    windows = torch.tensor([[0.9, 0.1], [0.4, 0.6]])
    expected = np.sqrt([0.9 * 0.4, 0.1 * 0.6])
    np.testing.assert_allclose(
        decoder.finish({"out": windows.log()})["concept"][0], expected / expected.sum(), rtol=1e-6
    )


def test_class_weights_balance_the_loss():
    built_for = context({"de": (1, 3, 5)}, "abc", electrodes=("O1", "OZ", "O2"))
    settings = TrainingSettings(class_weight="balanced")
    decoder = GlmnetDecoder(GlmnetSettings(local_electrodes=("OZ",)), built_for, settings)
    decoder.fit_targets({"concept": np.array([0, 0, 0, 2])})
    np.testing.assert_allclose(decoder.class_weights.numpy(), [4 / 6, 0, 2])


def test_what_it_cannot_read_is_refused():
    electrodes = ("O1", "OZ", "FZ")
    with pytest.raises(UsageError, match="reads the features"):
        GlmnetDecoder(GlmnetSettings(), context({"epochs": (3, 400)}, "ab", electrodes=electrodes), TrainingSettings())
    with pytest.raises(UsageError, match=r"PO7, .* are not among the 3 recorded"):
        GlmnetDecoder(GlmnetSettings(), context({"de": (2, 3, 5)}, "ab", electrodes=electrodes), TrainingSettings())
    with pytest.raises(UsageError, match="too short"):
        local = GlmnetRawSettings(local_electrodes=("OZ",), windows=8)
        GlmnetRawDecoder(local, context({"epochs": (3, 400)}, "ab", electrodes=electrodes), TrainingSettings())
    with pytest.raises(BadDataError, match="at least 2 classes"):
        context({"de": (2, 3, 5)}, "a", electrodes=electrodes)
    local = GlmnetSettings(local_electrodes=("OZ",))
    decoder = GlmnetDecoder(local, context({"de": (2, 3, 5)}, "ab", electrodes=electrodes), TrainingSettings())
    with pytest.raises(BadDataError, match="Class indices run 0 to 2"):
        decoder.fit(labelled(Inputs({"de": np.zeros((2, 2, 3, 5))}), np.array([0, 2])))
