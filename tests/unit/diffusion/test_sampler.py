"""Every solver comes back to the clean latents from every start, if the network knows the noise: it is exact there."""

import json

import numpy as np
import pytest
import torch

from eeg2vid.schemas.generators.sampling import SamplingSettings
from eeg2vid.stages.diffusion.sampler import Sampler
from eeg2vid.stages.diffusion.schedule import load_schedule
from eeg2vid.stages.diffusion.solvers import spaced

SOLVERS = ("dpm++", "unipc", "ddim", "euler", "pndm")
SPACINGS = ("trailing", "leading", "linspace")
BASE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
KINDS = {
    "noise": {**BASE, "steps_offset": 1},
    "velocity": {**BASE, "prediction_type": "v_prediction"},
    "velocity, no signal at the end": {**BASE, "prediction_type": "v_prediction", "rescale_betas_zero_snr": True},
}


def schedule_of(folder, kind):
    (folder / "scheduler_config.json").write_text(json.dumps(KINDS[kind]))
    return load_schedule(folder)


def drawn(seed, shape=(2, 3, 4, 5, 6)):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32))


class Oracle:
    """Knows the clean latents and the noise, and keeps account of what it was shown and when."""

    def __init__(self, schedule, clean, noise):
        self.schedule, self.clean, self.noise = schedule, clean, noise
        self.times, self.worst = [], 0.0

    def __call__(self, x, t, states):
        kept = float(self.schedule.abar[t])
        expected = kept**0.5 * self.clean + (1 - kept) ** 0.5 * self.noise
        self.times.append(t)
        self.worst = max(self.worst, float((x - expected).abs().max()))
        if self.schedule.prediction == "epsilon":
            return self.noise
        return kept**0.5 * self.noise - (1 - kept) ** 0.5 * self.clean


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("steps", [1, 3, 12])
def test_a_network_that_knows_the_noise_leads_back(tmp_path, solver, spacing, kind, steps):
    schedule = schedule_of(tmp_path, kind)
    settings = SamplingSettings(solver=solver, steps=steps, spacing=spacing, guidance=1)
    sampler = Sampler(schedule, settings)
    clean, noise, states = drawn(1), drawn(2), torch.zeros(2, 1, 1)
    for begin in sorted({0, min(1, steps - 1), steps // 2, steps - 1}):
        oracle = Oracle(schedule, clean, noise)
        found = sampler.run(oracle, noise, states, latents=clean, begin=begin)
        # from no signal at all float32 keeps four digits
        assert torch.allclose(found, clean, atol=5e-3 if schedule.abar[-1] < 1e-6 else 2e-4)
        assert oracle.times[0] == sampler.times[begin] and len(oracle.times) == sampler.evaluations(begin)
        assert set(oracle.times) == set(sampler.times[begin:]) and oracle.worst < 5e-3


@pytest.mark.parametrize("solver", SOLVERS)
def test_from_noise_alone_the_first_state_has_unit_variance(tmp_path, solver):
    schedule = schedule_of(tmp_path, "noise")
    seen = []

    def look(x, t, states):
        seen.append(x)
        return torch.zeros_like(x)

    noise = drawn(3, (1, 1, 4, 32, 32))
    Sampler(schedule, SamplingSettings(solver=solver, steps=4, guidance=1)).run(look, noise, torch.zeros(1, 1, 1))
    assert torch.allclose(seen[0].float(), noise, atol=2e-5)


@pytest.mark.parametrize("kind", ["noise"])
@pytest.mark.parametrize(("solver", "name"), [("ddim", "DDIMScheduler"), ("pndm", "PNDMScheduler")])
@pytest.mark.parametrize("steps", [4, 10, 50])
def test_our_solvers_are_those_of_diffusers_where_those_are_right(tmp_path, solver, name, steps, kind):
    import diffusers

    schedule = schedule_of(tmp_path, kind)
    more = {"clip_sample": False} if solver == "ddim" else {"skip_prk_steps": True}
    theirs = getattr(diffusers, name)(**KINDS[kind], set_alpha_to_one=True, timestep_spacing="leading", **more)
    theirs.set_timesteps(steps)
    mix = drawn(4, (4, 4))

    def network(x, t, states=None):  # any function of the state and the time
        return torch.tanh(
            torch.einsum("...crk,cd->...drk", x.float(), mix[: x.shape[-3], : x.shape[-3]]) * (1 + t / 1000)
        )

    x = noise = drawn(5, (1, 2, 4, 3, 3))
    for time in theirs.timesteps:
        x = theirs.step(network(x, int(time)), time, x).prev_sample
    ours = Sampler(schedule, SamplingSettings(solver=solver, steps=steps, spacing="leading", guidance=1))
    assert torch.allclose(ours.run(network, noise, torch.zeros(1, 1, 1)), x, atol=1e-4)


def test_guidance_by_hand(tmp_path):
    schedule = schedule_of(tmp_path, "noise")
    asked = []

    def network(x, t, states):
        asked.append(len(x))
        return states.mean(dim=(1, 2))[:, None, None, None, None] * torch.ones_like(x)

    noise, one, two = drawn(6), torch.full((2, 3, 4), 1.0), torch.full((2, 3, 4), 0.5)
    settings = SamplingSettings(solver="ddim", steps=4, guidance=3, guidance_from=0.25, guidance_until=0.75)
    for together in (True, False):
        asked.clear()
        found = Sampler(schedule, settings).run(network, noise, one, two, together=together)
        x, times = noise, Sampler(schedule, settings).times
        for place, time in enumerate(times):
            kept = float(schedule.abar[time])
            then = float(schedule.abar[times[place + 1]]) if place < 3 else 1.0
            predicted = 0.5 + 3 * (1.0 - 0.5) if place in (1, 2) else 1.0
            clean = (x - (1 - kept) ** 0.5 * predicted) / kept**0.5
            x = then**0.5 * clean + (1 - then) ** 0.5 * predicted
        assert torch.allclose(found, x, atol=1e-4)
        assert asked == ([2, 4, 4, 2] if together else [2, 2, 2, 2, 2, 2])


def test_the_place_to_begin_is_the_smallest_time_not_below(tmp_path):
    sampler = Sampler(schedule_of(tmp_path, "noise"), SamplingSettings(steps=12))
    assert sampler.times[:4] == [999, 916, 832, 749]
    assert [sampler.begin(time) for time in (999, 917, 916, 750, 749, 0)] == [0, 0, 1, 2, 3, 11]


def test_times_by_hand():
    assert spaced(1000, 4, "trailing") == [999, 749, 499, 249]
    assert spaced(1000, 4, "leading", 1) == [751, 501, 251, 1]
    assert spaced(1000, 4, "linspace") == [999, 666, 333, 0]


def test_a_run_leaves_nothing_behind(tmp_path):
    sampler = Sampler(schedule_of(tmp_path, "noise"), SamplingSettings(solver="pndm", steps=5, guidance=1))

    def network(x, t, states):
        return torch.sin(x.float() + t / 100)

    runs = [sampler.run(network, drawn(7), torch.zeros(2, 1, 1)) for _ in range(2)]
    assert torch.equal(*runs)


def test_an_empty_interval_of_guidance_is_refused():
    with pytest.raises(ValueError, match="must be below"):
        SamplingSettings(guidance_from=0.5, guidance_until=0.5)
