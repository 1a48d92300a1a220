"""Mixed noise: unit variance, frames that correlate by beta, and what must not depend on what."""

import numpy as np
import pytest

from eeg2vid.stages.diffusion.noise import beta_of, mixed_noise


@pytest.mark.parametrize("beta", [0.0, 0.2, 0.3, 0.8, 1.0])
def test_variance_and_correlation_of_frames(beta):
    noise = mixed_noise(range(40), (6, 4, 16, 16), beta).astype(np.float64)
    flat = noise.transpose(1, 0, 2, 3, 4).reshape(6, -1)  # 40960 values a frame
    covariance = np.cov(flat)
    expected = np.full((6, 6), beta) + (1 - beta) * np.eye(6)
    assert np.abs(covariance - expected).max() < 5 * (2 / flat.shape[1]) ** 0.5
    assert abs(flat.mean()) < 5 * flat.size**-0.5 * (1 + 5 * beta) ** 0.5


def test_limits():
    shared = mixed_noise([3], (6, 4, 8, 14), 1.0)[0]
    assert np.array_equal(shared, np.repeat(shared[:1], 6, axis=0))
    own = mixed_noise([3], (6, 4, 8, 14), 0.0)[0]
    half = mixed_noise([3], (6, 4, 8, 14), 0.5)[0]
    assert np.allclose(half, 0.5**0.5 * (shared + own), atol=1e-6)


def test_a_clips_noise_depends_on_its_seed_and_beta_only():
    betas = np.array([0.3, 0.2, 0.3])
    noise = mixed_noise([5, 6, 7], (2, 4, 3, 3), betas)
    assert np.array_equal(noise[1], mixed_noise([6], (2, 4, 3, 3), 0.2)[0])
    assert not np.array_equal(noise[0], noise[2])
    assert noise.dtype == np.float32


def test_a_part_beyond_all_is_refused():
    with pytest.raises(ValueError, match="0 to 1"):
        mixed_noise([1], (2, 2), 1.5)


def test_fast_from_one_half_on():
    fast = np.array([0.0, 0.49, 0.5, 1.0])
    assert beta_of(fast, slow_beta=0.3, fast_beta=0.2, number=4).tolist() == [0.3, 0.3, 0.2, 0.2]
    assert beta_of(None, slow_beta=0.3, fast_beta=0.2, number=3).tolist() == [0, 0, 0]
