"""The inflated UNet: the picture network before training, clips after it; on every kind of UNet."""

import importlib.util
from pathlib import Path

import pytest
import torch

from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.stages.diffusion.inflated import InflatedUNet
from eeg2vid.stages.pretrained.unet import load_unet

_spec = importlib.util.spec_from_file_location("_unets", Path(__file__).with_name("_unets.py"))
unets = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(unets)
CONFIGS, build, given, pictures, stir = unets.CONFIGS, unets.build, unets.given, unets.pictures, unets.stir

TINY = Path(__file__).resolve().parents[3] / "stages" / "profiles" / "tiny" / "unet"
KINDS = [*CONFIGS, "profile"]
close = {"atol": 1e-5, "rtol": 1e-5}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def made(name):
    return load_unet(TINY) if name == "profile" else build(name)


def inflate(unet, **settings):
    return InflatedUNet.inflate(unet, InflationSettings(**settings))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("trained", ["published", "temporal", "lora"])
@torch.no_grad()
def test_untrained_with_plain_attention_it_is_the_picture_network(name, trained):
    unet = made(name)
    x, t, states = given(unet)
    wanted = pictures(unet, x, t, states)
    model = inflate(unet, self_attention="frame", trained=trained)
    torch.testing.assert_close(model(x, t, states), wanted, **close)
    torch.testing.assert_close(model(x, 640, states)[1], wanted[1], **close)
    torch.testing.assert_close(model(x, torch.tensor(640), states)[1], wanted[1], **close)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("frames", [1, 2, 3, 6])
@torch.no_grad()
def test_untrained_the_first_frame_is_the_picture_networks(name, frames):
    unet = made(name)
    x, t, states = given(unet, frames=frames)
    wanted = pictures(unet, x, t, states)
    found = inflate(unet)(x, t, states)
    torch.testing.assert_close(found[:, 0], wanted[:, 0], **close)
    for frame in range(1, frames):
        assert (found[:, frame] - wanted[:, frame]).abs().max() > 1e-3


@pytest.mark.parametrize("name", KINDS)
@torch.no_grad()
def test_untrained_equal_frames_stay_equal_and_others_do_not(name):
    unet = made(name)
    x, t, states = given(unet)
    model = inflate(unet)
    found = model(x[:, :1].expand_as(x), t, states)
    torch.testing.assert_close(found, found[:, :1].expand_as(found), **close)
    different = model(x, t, states)
    assert (different[:, 1:] - different[:, :-1]).abs().amax(dim=(2, 3, 4)).min() > 1e-2
