"""The schedule is the one that diffusers makes of the same configuration, zero terminal signal included."""

import json

import numpy as np
import pytest
from diffusers import DDPMScheduler

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.diffusion.schedule import load_schedule
from eeg2vid.stages.engine.profile import Models

SD14 = {
    "_class_name": "PNDMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "set_alpha_to_one": False,
}


def written(folder, config):
    (folder / "scheduler_config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("schedule", ["linear", "scaled_linear"])
@pytest.mark.parametrize("zero", [False, True])
def test_abar_is_that_of_diffusers(tmp_path, schedule, zero):
    config = {"num_train_timesteps": 500, "beta_start": 1e-4, "beta_end": 2e-2, "beta_schedule": schedule}
    theirs = DDPMScheduler(**config, rescale_betas_zero_snr=zero).alphas_cumprod.double().numpy()
    ours = load_schedule(written(tmp_path, {**config, "rescale_betas_zero_snr": zero})).abar
    assert np.allclose(ours[:-1], theirs[:-1], rtol=2e-4, atol=1e-7)
    assert 0 < ours[-1] < 1e-7 if zero else np.isclose(ours[-1], theirs[-1], rtol=1e-4)


def test_stable_diffusion_keeps_a_little_signal_at_the_end(tmp_path):
    found = load_schedule(written(tmp_path, SD14))
    assert found.prediction == "epsilon" and found.spacing == "leading" and found.steps_offset == 1
    assert found.abar[999] == pytest.approx(0.0047, abs=5e-5)


def test_the_tiny_profile_has_one():
    found = load_schedule(Models("tiny").locate("scheduler").folder)
    assert found.prediction == "v_prediction" and found.spacing == "trailing" and len(found.betas) == 1000


def test_an_absent_one_is_named(tmp_path):
    with pytest.raises(MissingPackageError, match=r"scheduler_config\.json is absent"):
        load_schedule(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"beta_schedule": "squaredcos_cap_v2"},
        {"prediction_type": "sample"},
        {"num_train_timesteps": 0},
        {"beta_end": 1.5, "beta_schedule": "linear"},
        {"beta_start": "no"},
    ],
)
def test_another_one_is_refused(tmp_path, change):
    with pytest.raises(BadDataError, match="describes no noise schedule"):
        load_schedule(written(tmp_path, {**SD14, **change}))


def test_a_damaged_one_is_refused(tmp_path):
    (tmp_path / "scheduler_config.json").write_text("[1")
    with pytest.raises(BadDataError, match="describes no noise schedule"):
        load_schedule(tmp_path)
