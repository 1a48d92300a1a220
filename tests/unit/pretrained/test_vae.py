from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.pretrained.vae import WEIGHTS, decode, encode, factor, load_vae
from eeg2vid.stages.simulation.films import STUDY_SEEDS, render_clip, sample_specs

FLOOR = 21.5  # dB, a decibel or two below what the card says
ROOT = Path(__file__).resolve().parents[3]
TINY = ROOT / "stages" / "profiles" / "tiny" / "vae"


@pytest.fixture(scope="module")
def tiny():
    torch.set_num_threads(1)
    return load_vae(TINY)


@pytest.fixture(scope="module")
def frames():
    """Frames of forty clips of the study range, none of which the VAE has seen."""
    specs = sample_specs(list(range(1, 41)), np.random.default_rng(123), seeds=STUDY_SEEDS)
    pictures = np.concatenate([render_clip(spec, width=64, height=36, fps=0.5) for spec in specs])
    return np.pad(pictures, ((0, 0), (0, 4), (0, 0), (0, 0)), mode="edge")


def psnr(one, two):
    return 10 * np.log10(255**2 / ((one.astype(float) - two.astype(float)) ** 2).mean(axis=(1, 2, 3)))


def test_the_package_stays_small():
    assert (TINY / WEIGHTS).stat().st_size <= 4_000_000
    assert "PSNR" in (TINY / "card.md").read_text()


def test_round_trip_of_new_films(tiny, frames):
    latents = encode(tiny, frames)
    assert latents.shape == (40, 4, 5, 8)
    assert latents.dtype == np.float32
    assert 0.8 < latents.std() < 1.25  # what the scaling factor is for
    back = decode(tiny, latents)
    assert back.shape == frames.shape
    assert back.dtype == np.uint8
    assert psnr(back, frames).mean() > FLOOR
    means = frames.reshape(40, 5, 8, 8, 8, 3).mean(axis=(2, 4), keepdims=True)
    blocks = np.broadcast_to(means, (40, 5, 8, 8, 8, 3)).reshape(frames.shape)
    assert psnr(back, frames).mean() > psnr(blocks, frames).mean() + 1.5


def test_noisy_latents_still_decode(tiny, frames):
    latents = encode(tiny, frames)
    noise = 0.2 * np.random.default_rng(0).standard_normal(latents.shape).astype(np.float32)
    assert psnr(decode(tiny, latents + noise), frames).mean() > FLOOR - 1.5


def test_a_line_between_latents_is_a_line_between_pictures(tiny, frames):
    """What makes linear predictions of latents look like something."""
    latents = encode(tiny, frames)
    halfway = decode(tiny, (latents + latents[::-1]) / 2)
    mean = (frames.astype(float) + frames[::-1]) / 2
    assert psnr(halfway, mean).mean() > FLOOR - 2


def test_the_mean_is_the_same_every_time_and_a_sample_scatters_around_it(tiny, frames):
    mean = encode(tiny, frames[:8])
    assert np.array_equal(mean, encode(tiny, frames[:8]))
    assert np.array_equal(decode(tiny, mean), decode(tiny, mean))
    sample = encode(tiny, frames[:8], generator=torch.Generator().manual_seed(0))
    assert np.array_equal(sample, encode(tiny, frames[:8], generator=torch.Generator().manual_seed(0)))
    assert not np.array_equal(sample, mean)
    assert np.abs(sample - mean).max() < 1.0


def test_batches_do_not_matter(tiny, frames):
    one, all_at_once = encode(tiny, frames[:7], batch=1), encode(tiny, frames[:7], batch=7)
    assert np.allclose(one, all_at_once, atol=1e-4)
    assert np.abs(decode(tiny, one, batch=3).astype(int) - decode(tiny, one, batch=7)).max() <= 1


def test_a_cpu_gets_few_pictures_at_a_time_and_never_one_alone(tiny, monkeypatch):
    """What the encoder is given, counted; the latents are those of all together."""
    seen = []
    real = tiny.encode

    def counted(pixels):
        seen.append(len(pixels))
        return real(pixels)

    monkeypatch.setattr(tiny, "encode", counted)
    rng = np.random.default_rng(0)
    cases = (((64, 112), 19, [6, 6, 7]), ((288, 512), 5, [2, 3]), ((64, 64), 3, [3]), ((288, 512), 1, [1]))
    for (height, width), number, expected in cases:
        pictures = rng.integers(0, 256, (number, height, width, 3), dtype=np.uint8)
        seen.clear()
        latents = encode(tiny, pictures, batch=24)
        assert seen == expected
        with torch.inference_mode():
            whole = real(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1).latent_dist.mean.numpy()
        assert np.allclose(latents, whole * tiny.config.scaling_factor, atol=1e-5)


@pytest.mark.parametrize("size", [(96, 56), (128, 72), (256, 144), (48, 24)])
def test_other_sizes(tiny, size):
    width, height = size
    specs = sample_specs([3, 8, 19, 37], np.random.default_rng(5))
    pictures = np.concatenate([render_clip(spec, width=width, height=height, fps=0.5) for spec in specs])
    latents = encode(tiny, pictures)
    assert latents.shape == (4, 4, height // 8, width // 8)
    assert psnr(decode(tiny, latents), pictures).mean() > FLOOR - 3


def test_refuses_what_it_cannot_encode(tiny):
    with pytest.raises(BadDataError, match="multiples of 8") as error:
        encode(tiny, np.zeros((1, 36, 64, 3), np.uint8))
    assert "64x40" in str(error.value)
    with pytest.raises(BadDataError, match="float64"):
        encode(tiny, np.zeros((1, 40, 64, 3)))
    with pytest.raises(BadDataError, match=r"\(n, 4, height, width\)"):
        decode(tiny, np.zeros((1, 3, 5, 8), np.float32))
    with pytest.raises(BadDataError, match="not finite"):
        decode(tiny, np.full((1, 4, 5, 8), np.nan, np.float32))
    assert encode(tiny, np.zeros((0, 40, 64, 3), np.uint8)).shape == (0, 4, 5, 8)


def test_stable_diffusions_own_architecture_in_small(tmp_path, frames):
    """The config of Stable Diffusion 1.4's VAE (attention and all) at a tenth of the width, found in `vae/`."""
    from diffusers import AutoencoderKL

    with torch.random.fork_rng():
        torch.manual_seed(0)
        AutoencoderKL(
            block_out_channels=(16, 32, 32, 32), layers_per_block=2, norm_num_groups=8, sample_size=512,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4, scaling_factor=0.18215,
        ).save_pretrained(tmp_path / "vae")  # fmt: skip
    vae = load_vae(tmp_path)
    assert factor(vae) == 8
    latents = encode(vae, frames[:2])
    with torch.no_grad():
        pixels = torch.from_numpy(frames[:2]).permute(0, 3, 1, 2) / 127.5 - 1
        expected = vae.encode(pixels).latent_dist.mean * 0.18215
        picture = (vae.decode(expected / 0.18215).sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1) * 255
    assert np.allclose(latents, expected.numpy(), atol=1e-6)
    assert np.abs(decode(vae, latents) - picture.numpy()).max() <= 0.51


def test_a_shift_is_undone(tmp_path, frames):
    from diffusers import AutoencoderKL

    with torch.random.fork_rng():
        torch.manual_seed(0)
        AutoencoderKL(
            block_out_channels=(8, 8), norm_num_groups=4, scaling_factor=2.0, shift_factor=0.3,
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        ).save_pretrained(tmp_path)  # fmt: skip
    vae = load_vae(tmp_path)
    assert factor(vae) == 2
    with torch.no_grad():
        pixels = torch.from_numpy(frames[:2]).permute(0, 3, 1, 2) / 127.5 - 1
        plain = vae.encode(pixels).latent_dist.mean.numpy()
    assert np.allclose(encode(vae, frames[:2]), (plain - 0.3) * 2.0, atol=1e-5)


def test_absent_or_broken_weights(tmp_path):
    with pytest.raises(MissingPackageError, match=r"config\.json is absent"):
        load_vae(tmp_path)
    (tmp_path / "config.json").write_bytes((TINY / "config.json").read_bytes())
    with pytest.raises(MissingPackageError, match=WEIGHTS):
        load_vae(tmp_path)
    (tmp_path / WEIGHTS).write_bytes((TINY / WEIGHTS).read_bytes()[:1000])
    with pytest.raises(BadDataError, match="cannot be loaded"):
        load_vae(tmp_path)


def test_loading_is_silent(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_vae(TINY)
    assert capfd.readouterr() == ("", "")


def test_the_training_script_is_deterministic_and_starts_from_block_means():
    spec = importlib.util.spec_from_file_location("train_vae", ROOT / "examples" / "tiny_profile" / "train_vae.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rng = np.random.default_rng(0)
    pools = {width: script.pictures(width, 6, script.TRAINING_SEEDS, rng) for width in script.SIZES}
    fresh = script.train(pools, 0, ((0, 32, 32),))
    small = pools[64]
    means = small.reshape(12, 5, 8, 8, 8, 3).mean(axis=(2, 4))
    latents = encode(fresh, small)
    for color in range(3):
        assert np.corrcoef(latents[:, color].ravel(), means[..., color].ravel())[0, 1] > 0.99
    one, two = (script.train(pools, 3, ((2, 32, 32),)).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
