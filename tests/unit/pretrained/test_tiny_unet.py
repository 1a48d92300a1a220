"""The tiny diffusion UNet: its schedule and sampler against exact answers, its script at toy size."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

sys.path.append(str(Path(__file__).resolve().parents[3] / "examples" / "tiny_profile"))

import judge_unet
import make_tokenizer
import seer
import train_unet
import training
from diffusers import DDIMScheduler, UNet2DConditionModel
from films_data import Films
from transformers import CLIPTextConfig, CLIPTextModelWithProjection
from wording import corpus

from eeg2vid.stages.simulation.films import TRAINING_SEEDS

ROOT = Path(__file__).resolve().parents[3]
TOY = ["--channels", "16", "32", "--batch", "3", "--workers", "0", "--concepts", "8", "27", "--judged", "1"]


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    """Options that name the real VAE, a fresh text model with its tokenizer, and a fresh classifier."""
    folder = tmp_path_factory.mktemp("around")
    tokenizer = make_tokenizer.bpe(corpus(200, 0)[1], 640)
    make_tokenizer.save_bpe(tokenizer, folder / "tokenizer")
    torch.manual_seed(0)
    config = CLIPTextConfig(
        hidden_size=32, intermediate_size=64, num_attention_heads=2, num_hidden_layers=1, projection_dim=32,
        vocab_size=len(tokenizer), bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    CLIPTextModelWithProjection(config).save_pretrained(folder / "text_encoder")
    seer.save(seer.build("image", 32, 1, 0), folder / "classifier")
    return [
        "--vae", str(ROOT / "stages" / "profiles" / "tiny" / "vae"), "--text-encoder", str(folder / "text_encoder"),
        "--tokenizer", str(folder / "tokenizer"), "--classifier", str(folder / "classifier"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def trained(around, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unet")
    train_unet.main(["--out", str(folder), "--steps", "6", "--preview", str(folder / "made.png"), *TOY, *around])
    return folder


def test_the_schedule_ends_in_pure_noise_and_v_is_what_the_paper_says():
    schedule = train_unet.make_schedule()
    share = schedule.alphas_cumprod
    assert float(share[-1]) == 0.0
    assert (share.diff() < 0).all()
    x, noise, times = torch.randn(5, 4, 8, 14), torch.randn(5, 4, 8, 14), torch.tensor([0, 10, 500, 900, 999])
    a, s = (part[times][:, None, None, None] for part in (share.sqrt(), (1 - share).sqrt()))
    torch.testing.assert_close(schedule.get_velocity(x, noise, times), a * noise - s * x)
    torch.testing.assert_close(schedule.add_noise(x, noise, times), a * x + s * noise)


@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_sampling_with_a_perfect_network_gives_the_picture(guidance):
    """A network that knows the one picture behind each caption must be led there, whatever the noise."""
    schedule = train_unet.make_schedule()
    pictures = torch.randn(3, 4, 8, 14, generator=torch.Generator().manual_seed(4))

    class Perfect:
        config = SimpleNamespace(sample_size=(8, 14), in_channels=4)

        def __call__(self, noisy, time, encoder_hidden_states):
            known = pictures[encoder_hidden_states[:, 0, 0].long()]
            a, s = schedule.alphas_cumprod[time].sqrt(), (1 - schedule.alphas_cumprod[time]).sqrt()
            return SimpleNamespace(sample=a * (noisy - a * known) / s - s * known)

    states = torch.tensor([1.0, 2.0, 1.0])[:, None, None].expand(-1, 77, 8)
    empty = torch.zeros(1, 77, 8)  # no caption: picture 0
    made = judge_unet.sample(Perfect(), schedule, states, empty, guidance=guidance, seed=0, batch=2)
    wanted = pictures[0] + guidance * (pictures[[1, 2, 1]] - pictures[0])
    np.testing.assert_allclose(made, wanted, atol=2e-2)
    again = judge_unet.sample(Perfect(), schedule, states, empty, guidance=guidance, seed=0, batch=2)
    np.testing.assert_array_equal(made, again)


def test_the_unet_is_as_large_as_said():
    unet = train_unet.build(128, [64, 112], 0)
    assert 3e6 < sum(p.numel() for p in unet.parameters()) < 4.5e6
    out = unet(torch.randn(2, 4, 8, 14), torch.tensor([3, 999]), encoder_hidden_states=torch.randn(2, 77, 128)).sample
    assert out.shape == (2, 4, 8, 14)
    same = train_unet.build(128, [64, 112], 0).state_dict()
    assert all(torch.equal(same[name], value) for name, value in unet.state_dict().items())


def test_files_load_and_the_card_tells(trained):
    unet = UNet2DConditionModel.from_pretrained(trained, local_files_only=True)
    assert tuple(unet.config.sample_size) == (8, 14)
    assert unet.config.cross_attention_dim == 32
    solver = DDIMScheduler.from_pretrained(trained, local_files_only=True)
    assert solver.config.prediction_type == "v_prediction"
    assert (trained / "made.png").stat().st_size > 1000
    card = (trained / "card.md").read_text()
    for word in ("its own caption", "generated, guidance 3", str(TRAINING_SEEDS.start), "zero terminal signal"):
        assert word in card
    assert not (trained / training.STATE).exists()


def test_stopped_and_continued_is_the_same_to_the_byte(trained, around, tmp_path, monkeypatch):
    options = ["--out", str(tmp_path), "--steps", "6", *TOY, *around]
    stopped = iter([False] * 2 + [True])
    with monkeypatch.context() as patch:
        patch.setattr(training.stopping, "requested", lambda: next(stopped))
        with pytest.raises(SystemExit) as stop:
            train_unet.main(options)
    assert stop.value.code == training.STOPPED
    train_unet.main(options)
    name = "diffusion_pytorch_model.safetensors"
    assert (tmp_path / name).read_bytes() == (trained / name).read_bytes()


def test_the_loss_falls(around, tmp_path):
    args = train_unet.options().parse_args(["--out", str(tmp_path), "--steps", "30", "--rate", "3e-3", *TOY, *around])
    films = Films(TRAINING_SEEDS, train_unet.SIZE, train_unet.SHOWN, (8, 27))
    places = train_unet.Surroundings.load(args.vae, args.text_encoder, args.tokenizer)
    average, run, _ = train_unet.train(args, films, places)
    assert np.mean(run.losses[-6:]) < 0.7 * np.mean(run.losses[:3])
    moved = [(a - b).abs().max() for a, b in zip(average.parameters(), run.modules["model"].parameters(), strict=True)]
    assert 0 < max(moved) < 1  # an average: near, not equal
