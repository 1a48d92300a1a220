"""Where decoded latents enter the schedule."""

import json

import numpy as np
import pytest

from eeg2vid.stages.diffusion.schedule import load_schedule
from eeg2vid.stages.diffusion.start import released_start, start_time


@pytest.fixture
def schedule(tmp_path):
    config = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
    (tmp_path / "scheduler_config.json").write_text(json.dumps(config))
    return load_schedule(tmp_path)


@pytest.mark.parametrize("share", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("residual", [0.05, 0.6, 1.0, 4.0])
def test_the_smallest_time_at_which_the_error_is_small_beside_the_noise(schedule, residual, share):
    time = start_time(schedule, residual, share)
    signal = lambda t: schedule.abar[t] * residual / (1 - schedule.abar[t])  # noqa: E731
    assert signal(time) <= share
    assert time == 0 or signal(time - 1) > share


def test_by_hand(schedule):
    # abar r <= share (1 - abar) <=> abar <= share / (r + share)
    assert start_time(schedule, 0.8, 0.1) == int(np.flatnonzero(schedule.abar <= 0.1 / 0.9)[0])
    assert start_time(schedule, 0.0, 0.1) == 0
    assert start_time(schedule, 1e9, 0.01) == 999


def test_released_noise_is_of_a_random_time_of_another_schedule():
    rng = np.random.default_rng(0)
    latents = np.ones((400, 1, 1, 1, 1), np.float32)
    nothing = np.zeros_like(latents)
    kept = released_start(latents, nothing, range(400)).reshape(-1)
    abar = np.cumprod(1 - np.linspace(1e-4, 2e-2, 500))
    assert np.isclose(kept[:, None], np.sqrt(abar)[None], atol=1e-6).any(axis=1).all()
    assert kept.mean() == pytest.approx(np.sqrt(abar).mean(), abs=0.06)  # .54 in the released code
    noise = rng.standard_normal(latents.shape).astype(np.float32)
    assert np.allclose(
        released_start(nothing, noise, range(400)).reshape(-1) ** 2 / noise.reshape(-1) ** 2, 1 - kept**2, atol=1e-4
    )
