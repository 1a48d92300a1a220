"""What `encode-latents` adds to the VAE: statistics by clip, noise of one's own, mixed precision."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.pretrained.latent_statistics import channel_statistics, pooled_statistics
from eeg2vid.stages.pretrained.vae import encode, load_vae


@pytest.fixture(scope="module")
def tiny():
    torch.set_num_threads(1)
    return load_vae(Models("tiny").locate("vae").folder)


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 256, (6, 24, 40, 3), dtype=np.uint8)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    shape=st.tuples(*[st.integers(1, 4)] * 5), seed=st.integers(0, 99), half=st.booleans(), offset=st.floats(-50, 50)
)
def test_pooled_over_clips_is_that_of_all_values(shape, seed, half, offset):
    rng = np.random.default_rng(seed)
    latents = (offset + rng.normal(size=shape)).astype(np.float16 if half else np.float32)
    mean, std = channel_statistics(latents)
    assert mean.shape == std.shape == (shape[0], shape[2]) and mean.dtype == np.float32
    chosen = np.sort(rng.permutation(shape[0])[: rng.integers(1, shape[0] + 1)])
    pooled = pooled_statistics(mean[chosen], std[chosen])
    flat = np.moveaxis(latents[chosen].astype(np.float64), 2, 0).reshape(shape[2], -1)
    assert np.allclose(pooled[0], flat.mean(axis=1), atol=1e-5)
    assert np.allclose(pooled[1], flat.std(axis=1), atol=1e-3)


def test_noise_of_ones_own(tiny, frames):
    mean = encode(tiny, frames)
    noise = np.random.default_rng(1).standard_normal(mean.shape, dtype=np.float32)
    assert np.array_equal(encode(tiny, frames, noise=np.zeros_like(noise)), mean)
    one, other = encode(tiny, frames, noise=noise, batch=6), encode(tiny, frames, noise=noise, batch=4)
    assert np.allclose(one, other, atol=1e-4)
    assert np.allclose(encode(tiny, frames, noise=-noise) + one, 2 * mean, atol=1e-4)  # even about the mean
    with torch.no_grad():
        pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 127.5 - 1
        std = tiny.encode(pixels).latent_dist.std.numpy() * tiny.config.scaling_factor
    assert np.allclose(one - mean, std * noise, atol=1e-4)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_is_near(tiny, frames, precision):
    exact, rough = encode(tiny, frames), encode(tiny, frames, precision=precision)
    assert rough.dtype == np.float32 and np.isfinite(rough).all()
    assert 0 < np.abs(rough - exact).max() < 0.1 * np.abs(exact).max()
