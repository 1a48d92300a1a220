"""Tuning an inflated UNet itself: small random ones of every kind, and the sheets that are drawn of them."""

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from PIL import Image

from eeg2vid.schemas.finetuning import TuningSettings
from eeg2vid.schemas.generators.sampling import SamplingSettings
from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.stages.diffusion.finetuning import Films, Tuner, tune
from eeg2vid.stages.diffusion.inflated import InflatedUNet
from eeg2vid.stages.diffusion.sampler import Sampler
from eeg2vid.stages.diffusion.schedule import Schedule
from eeg2vid.stages.diffusion.sheets import Sheets, draw_losses
from eeg2vid.stages.training.state import EpochRow

from ._unets import build

CLIPS, FRAMES, ROWS, COLUMNS = 4, 3, 6, 8
SCHEDULE = Schedule(np.linspace(1e-3, 0.1, 40), "v_prediction")


def inflated(kind="tiny", checkpointing=False, **given):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = InflatedUNet.inflate(build(kind), InflationSettings(**given), "base")
    if checkpointing:
        net.enable_gradient_checkpointing()
    return net


def material(channels):
    rng = np.random.default_rng(1)
    latents = rng.normal(size=(CLIPS, 1, 4, ROWS, COLUMNS)) + 0.1 * rng.normal(size=(CLIPS, FRAMES, 4, ROWS, COLUMNS))
    return latents.astype("f4"), rng.normal(size=(CLIPS, 7, channels)).astype("f4")


def tuned(net, devices=("cpu",), **given):
    latents, states = material(net.unet.config.cross_attention_dim)
    films = Films(latents, states, np.full(CLIPS, 0.3), np.arange(CLIPS))
    settings = TuningSettings(**{"steps": 4, "batch_size": 2, "learning_rate": 1e-3, "caption_dropout": 0, **given})
    return tune(Tuner(net, SCHEDULE, settings, CLIPS, None, devices), films, seed=1)


def values(net):
    return {name: value.clone() for name, value in net.adapter().state_dict().items()}


@pytest.mark.parametrize("kind", ["tiny", "sd1", "sd2"])
@pytest.mark.parametrize("trained", ["published", "temporal", "lora"])
def test_the_adapter_learns_and_nothing_else_does(kind, trained, tmp_path):
    net = inflated(kind, trained=trained)
    own = {id(weight) for weight in net.adapter().parameters()}
    others = [(weight, weight.detach().clone()) for weight in net.parameters() if id(weight) not in own]
    before = values(net)
    tuned(net)
    assert all(torch.equal(weight, was) for weight, was in others)
    assert len(others) > 20
    after = values(net)
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert len(changed) > len(before) / 2
    net.save_pretrained(tmp_path)
    again = InflatedUNet.from_pretrained(tmp_path, build(kind), "base")
    x, states = (torch.from_numpy(one) for one in material(net.unet.config.cross_attention_dim))
    with torch.inference_mode():
        torch.testing.assert_close(again(x, 7, states), net(x, 7, states), rtol=0, atol=1e-6)


def test_the_loss_falls():
    losses = [row.train_loss for _, row in tuned(inflated(), steps=60, batch_size=4, learning_rate=1e-2)]
    assert np.mean(losses[-20:]) < 0.92 * np.mean(losses[:10])


def test_computed_twice_is_what_is_kept():
    plain, again = inflated(), inflated(checkpointing=True)
    tuned(plain)
    tuned(again)
    for name, value in values(plain).items():
        torch.testing.assert_close(value, values(again)[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_copies_that_share_a_batch_learn_what_one_network_does(checkpointing):
    one, two = inflated(checkpointing=checkpointing), inflated(checkpointing=checkpointing)
    rows = tuned(one, steps=1, batch_size=4), tuned(two, devices=("cpu", "cpu"), steps=1, batch_size=4)
    assert rows[0][0][1].train_loss == pytest.approx(rows[1][0][1].train_loss, rel=1e-5)
    gradients = [[weight.grad for weight in net.adapter().parameters() if weight.requires_grad] for net in (one, two)]
    for alone, shared in zip(*gradients, strict=True):
        torch.testing.assert_close(alone, shared, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_lower_precision_learns_finite_values(precision):
    net = inflated(checkpointing=True)
    history = tuned(net, precision=precision)
    assert all(np.isfinite(row.train_loss) for _, row in history)
    assert all(torch.isfinite(value).all() for value in values(net).values())


def test_a_sheet_shows_the_same_noise_told_otherwise(tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(8, 8), norm_num_groups=4, latent_channels=4,
        ).eval()  # fmt: skip
    net = inflated()
    latents, states = material(net.unet.config.cross_attention_dim)
    given = {"beta": np.full(CLIPS, 0.3), "seeds": range(CLIPS)}
    sampler = Sampler(SCHEDULE, SamplingSettings(steps=3))
    sheets = Sheets(vae, sampler, latents, states, np.zeros_like(states[0]), **given)
    for name in ("a", "b"):
        sheets.write(tmp_path / f"{name}.png", net)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    tuned(net, learning_rate=0.1)
    sheets.write(tmp_path / "c.png", net)
    first, later = (np.asarray(Image.open(tmp_path / f"{name}.png")).astype(int) for name in "ac")
    true = FRAMES * COLUMNS * 2
    np.testing.assert_array_equal(first[:, :true], later[:, :true])
    assert np.abs(first[:, true + 4 :] - later[:, true + 4 :]).max() > 3


def test_the_curve_of_losses_is_a_picture(tmp_path):
    rows = [(10 * k, EpochRow("tune", k, 1 / k, 2 / k if k > 1 else None)) for k in (1, 2, 3)]
    (tmp_path / "loss.png").write_bytes(draw_losses(rows))
    with Image.open(tmp_path / "loss.png") as picture:
        assert picture.size[0] > 400
    assert draw_losses(rows) == (tmp_path / "loss.png").read_bytes()
