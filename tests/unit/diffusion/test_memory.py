"""Memory that sampling needs: foretold near what was measured, less with memory 'low', and what was used."""

import importlib.util
import resource
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.stages.diffusion.inflated import InflatedUNet
from eeg2vid.stages.diffusion.memory import (
    GIB,
    Network,
    Passes,
    expected_bytes,
    forget_peak,
    peak_bytes,
    size_of_unet,
    size_of_vae,
)

_spec = importlib.util.spec_from_file_location("_unets", Path(__file__).with_name("_unets.py"))
unets = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(unets)

NOTHING = Network(0, 0, 0, 0)
PLACES, PIXELS = 36 * 64, 288 * 512
SD_VAE = {"block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4}


@pytest.fixture(scope="module")
def unet():
    """Return the size of Stable Diffusion 1.4's network, inflated as published."""
    with torch.device("meta"):
        plain = UNet2DConditionModel(**unets.SD14)
    config = dict(plain.config)
    return size_of_unet(InflatedUNet.inflate(plain, InflationSettings()), config)


@pytest.fixture(scope="module")
def vae():
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    with torch.device("meta"):
        return size_of_vae(AutoencoderKL(**SD_VAE, **blocks), SD_VAE)


def test_sizes_are_those_of_stable_diffusion(unet, vae):
    """By hand: 859 520 964 of the published network; attention over time has 4 squares, a bias and a norm a block."""
    blocks = {320: 5, 640: 5, 1280: 6}
    assert unet.parameters == 859_520_964 + sum(number * (4 * c * c + 3 * c) for c, number in blocks.items())
    assert unet.largest == 2560 * 1280 * 9
    assert vae.parameters == 83_653_863
    # ways down: 3 of 320 | 320 + 2 of 640 | 640 + 2 of 1280 | 3 of 1280, a quarter of the places each time
    assert unet.held == 16 * 320 + (3 * 320) + (320 + 2 * 640) // 4 + (640 + 2 * 1280) // 16 + 3 * 1280 // 64


@pytest.mark.parametrize(
    ("precision", "measured"),
    [("float32", 6.64), ("bfloat16", 2.55)],  # loaded from a file, peak of a process in GiB, one CPU, 2026-11-28
)
def test_a_pass_at_full_size_needs_what_was_measured(unet, precision, measured):
    found = expected_bytes(unet, NOTHING, Passes(6, PLACES, 0, PIXELS), precision=precision, device="cpu")
    assert found / GIB == pytest.approx(measured, rel=0.1)


@pytest.mark.parametrize(("precision", "measured"), [("float32", 4.5), ("bfloat16", 2.55)])
def test_a_pass_of_weights_of_no_file_too(unet, precision, measured):
    """In GB, network and pass alone: without pages of a file nothing is kept in two layouts."""
    made = Network(unet.parameters, 0, unet.largest, unet.held)
    found = expected_bytes(made, NOTHING, Passes(6, PLACES, 0, PIXELS), precision=precision, device="cpu")
    assert found / 1e9 == pytest.approx(measured, rel=0.25)


@pytest.mark.parametrize(("frames", "measured"), [(1, 1.26), (2, 1.69)])
def test_frames_of_full_size_need_what_was_measured(vae, frames, measured):
    found = expected_bytes(NOTHING, vae, Passes(0, 0, frames, PIXELS), precision="float32", device="cpu")
    assert found / GIB == pytest.approx(measured, rel=0.1)


def test_low_memory_needs_less_and_fits_a_card_of_8_gb(unet, vae):
    ample, low = Passes(240, PLACES, 24, PIXELS), Passes(6, PLACES, 1, PIXELS)
    for precision in ("float32", "float16"):
        some = {"precision": precision, "device": "cuda"}
        assert expected_bytes(unet, vae, low, **some) < 0.4 * expected_bytes(unet, vae, ample, **some)
        assert expected_bytes(unet, vae, low, **some) < 5 * GIB


def test_the_peak_of_the_process_is_told():
    forget_peak("cpu")
    assert 0.05 * GIB < peak_bytes("cpu") <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    held = torch.ones(2**26)  # 256 MiB
    assert peak_bytes("cpu") > 0.25 * GIB and bool(held[0])
