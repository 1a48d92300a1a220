"""Tuning a video model: what a step learns from, equal bytes however it is divided or interrupted."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from eeg2vid.schemas.errors import FailedError
from eeg2vid.schemas.finetuning import TuningSettings
from eeg2vid.stages.diffusion.finetuning import Films, Tuner, noised, tune
from eeg2vid.stages.diffusion.loss_scale import LossScale
from eeg2vid.stages.diffusion.schedule import Schedule
from eeg2vid.stages.training.batch import Cohort
from eeg2vid.stages.training.loop import TrainingStopped, Watch
from eeg2vid.stages.training.state import FolderKeeper

CLIPS, FRAMES, SIDE, TOKENS, CHANNELS = 12, 3, 4, 5, 8
SCHEDULE = Schedule(np.linspace(1e-3, 0.2, 20), "epsilon")


class Net(nn.Module):
    """A model with a frozen base and a small adapter, called as the inflated network is."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.base = nn.Conv2d(4, 4, 3, padding=1).requires_grad_(False)
            self.told = nn.Linear(CHANNELS, 4)
            self.mixed = nn.Conv3d(4, 4, (3, 1, 1), padding=(1, 0, 0))
        self.asked = []

    def adapter(self):
        return nn.ModuleDict({"told": self.told, "mixed": self.mixed})

    def forward(self, x, t, states):
        self.asked.append((x.detach().clone(), t.clone(), states.detach().clone()))
        frames = self.base(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        moved = self.mixed(frames.transpose(1, 2)).transpose(1, 2)
        return frames + moved + self.told(states.mean(1))[:, None, :, None, None]


def films(chosen=None, beta=0.0, clips=CLIPS):
    rng = np.random.default_rng(5)
    latents = rng.normal(size=(clips, FRAMES, 4, SIDE, SIDE)).astype("f4")
    states = rng.normal(size=(clips, TOKENS, CHANNELS)).astype("f2")
    return Films(latents, states, np.full(clips, beta), np.arange(clips) if chosen is None else np.array(chosen))


def settings(**given):
    return TuningSettings(**{"steps": 6, "batch_size": 4, "noise": "iid", "learning_rate": 1e-2, **given})


def tuner(given, number=CLIPS, schedule=SCHEDULE, empty=None, devices=("cpu",)):
    return Tuner(Net(), schedule, given, number, empty, devices)


def weights(one):
    return torch.cat([value.flatten() for value in one.adapter.state_dict().values()]).clone()


# -- what the model is asked -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_noise_of_a_time_and_what_is_asked_of_it_by_hand(kind):
    schedule = Schedule(np.array([0.36, 0.75]), kind)  # abar .64 and .16
    clean, noise = torch.full((2, 1, 1, 1, 1), 2.0), torch.full((2, 1, 1, 1, 1), -1.0)
    noisy, asked = noised(schedule, clean, noise, torch.tensor([0, 1]))
    np.testing.assert_allclose(noisy.flatten(), [0.8 * 2 - 0.6, 0.4 * 2 - math.sqrt(0.84)], rtol=1e-6)
    by_hand = {"epsilon": [-1, -1], "v_prediction": [-0.8 - 0.6 * 2, -0.4 - math.sqrt(0.84) * 2]}
    np.testing.assert_allclose(asked.flatten(), by_hand[kind], rtol=1e-6)


def test_the_forward_process_is_that_of_diffusers():
    from diffusers import DDPMScheduler

    given = {"prediction_type": "v_prediction", "trained_betas": SCHEDULE.betas.tolist()}
    other = DDPMScheduler(num_train_timesteps=20, **given)
    clean, noise, times = torch.randn(3, 2, 4, 4, 4), torch.randn(3, 2, 4, 4, 4), torch.tensor([0, 7, 19])
    noisy, asked = noised(Schedule(SCHEDULE.betas, "v_prediction"), clean, noise, times)
    torch.testing.assert_close(noisy, other.add_noise(clean, noise, times), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(asked, other.get_velocity(clean, noise, times), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("kind", "beta", "correlation"), [("iid", 0.5, 0.0), ("mixed", 0.3, 0.3), ("mixed", 1.0, 1.0)])
def test_frames_of_a_clip_share_as_much_noise_as_is_asked(kind, beta, correlation):
    rng = np.random.default_rng(0)
    many = Films(
        rng.normal(size=(2, 4, 4, 60, 60)).astype("f4"), np.zeros((2, 1, 1), "f4"), np.full(2, beta), np.arange(2)
    )
    noise = tuner(settings(noise=kind), 2).noise(many.batch(torch.arange(2)), torch.Generator().manual_seed(1))
    flat = noise.flatten(2)
    assert abs(float(flat.var()) - 1) < 0.02
    for clip in flat:
        assert np.corrcoef(clip)[0, 1:] == pytest.approx(correlation, abs=0.03)
    assert abs(np.corrcoef(flat[0, 0], flat[1, 0])[0, 1]) < 0.03


def test_only_chosen_clips_are_learned_from_whatever_the_order():
    chosen = [7, 2, 9, 4]
    one = films(chosen)
    batch = one.batch(torch.tensor([3, 0]))
    rng = np.random.default_rng(5)
    latents = rng.normal(size=(CLIPS, FRAMES, 4, SIDE, SIDE)).astype("f4")
    np.testing.assert_array_equal(batch.inputs["latents"], latents[[4, 7]])
    assert batch.inputs["states"].dtype == torch.float32
    assert len(one) == 4


def test_captions_are_left_out_as_often_as_asked():
    empty = np.full((TOKENS, CHANNELS), 9.0, "f4")
    one = tuner(settings(caption_dropout=0.25, batch_size=400, steps=5), 400, empty=empty)
    tune(one, films(clips=400))
    states = torch.cat([asked[2] for asked in one.net.asked])
    left_out = (states == 9.0).flatten(1).all(1)
    assert 0.2 < float(left_out.float().mean()) < 0.3
    assert not (states[~left_out] == 9.0).any()


def test_times_are_drawn_from_all_of_the_schedule():
    one = tuner(settings(batch_size=400, steps=3), 400)
    tune(one, films(clips=400))
    times = torch.cat([asked[1] for asked in one.net.asked])
    assert sorted(set(times.tolist())) == list(range(20))
    assert abs(float(times.float().mean()) - 9.5) < 0.6


# -- how many steps, of which clips ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "batch", "steps", "passes"),
    [(12, 4, 6, [3, 3]), (12, 5, 5, [2, 2, 1]), (3, 10, 4, [1, 1, 1, 1]), (1, 10, 2, [1, 1]), (13, 4, 4, [3, 1])],
)
def test_as_many_steps_as_asked_each_of_a_whole_batch(number, batch, steps, passes):
    one = tuner(settings(steps=steps, batch_size=batch), number)
    found = tune(one, films(range(number), clips=max(number, CLIPS + 1)))
    sizes = [len(asked[0]) for asked in one.net.asked]
    assert sizes == [min(batch, number)] * steps
    assert np.diff([0, *[step for step, _ in found]]).tolist() == passes
    cohort = Cohort(torch.arange(number), torch.zeros(number), ("",), {})
    assert len(set(one.epoch(1, cohort).tolist())) == passes[0] * min(batch, number)  # no clip twice in a pass


def test_the_loss_falls_on_a_few_clips():
    one = tuner(settings(steps=400, batch_size=4, learning_rate=3e-3), 4)
    found = tune(one, films([0, 1, 2, 3]))
    losses = [row.train_loss for _, row in found]
    assert np.mean(losses[-50:]) < 0.8 * np.mean(losses[:50])


def test_the_base_stays_as_it_is_and_the_adapter_does_not():
    one = tuner(settings())
    base, before = one.net.base.weight.clone(), weights(one)
    tune(one, films())
    assert torch.equal(one.net.base.weight, base)
    assert not torch.equal(weights(one), before)


def test_the_first_steps_are_those_of_adamw_by_hand():
    """One step at zero decay moves every weight by the learning rate against its gradient's sign."""
    one = tuner(settings(steps=1, weight_decay=0.0, clip_norm=None, learning_rate=1e-3))
    before = weights(one)
    tune(one, films())
    moved = weights(one) - before
    np.testing.assert_allclose(moved.abs().numpy(), 1e-3, rtol=1e-2)


# -- the same, however it is made --------------------------------------------------------------------


def test_same_seed_same_bytes_other_seed_others():
    found = []
    for seed in (3, 3, 4):
        one = tuner(settings(noise="mixed", caption_dropout=0.5), empty=np.ones((TOKENS, CHANNELS), "f4"))
        history = tune(one, films(beta=0.3), films([0, 1]), seed=seed)
        found.append((weights(one), history))
    assert torch.equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    assert not torch.equal(found[0][0], found[2][0])


@pytest.mark.parametrize("pieces", [2, 3, 4, 9])
def test_a_batch_in_pieces_is_the_batch(pieces):
    whole, cut = tuner(settings(noise="mixed")), tuner(settings(noise="mixed", pieces=pieces))
    for one in (whole, cut):
        tune(one, films(beta=0.5))
    torch.testing.assert_close(weights(whole), weights(cut), rtol=0, atol=2e-5)
    assert max(len(asked[0]) for asked in cut.net.asked) == math.ceil(4 / pieces)


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_stopped_at_any_step_it_goes_on_to_the_same_bytes(tmp_path, precision):
    given = settings(steps=5, precision=precision, caption_dropout=0.5)
    empty = np.ones((TOKENS, CHANNELS), "f4")
    through = tuner(given, empty=empty)
    history = tune(through, films(), films([0, 1, 2]), seed=1)
    for stop in range(1, 6):
        folder, asked = tmp_path / f"{precision}-{stop}", iter(range(1, 99))
        first = tuner(given, empty=empty)
        watch = Watch(should_stop=lambda asked=asked, stop=stop: next(asked) == stop, keeper=FolderKeeper(folder, 1e9))
        with pytest.raises(TrainingStopped):
            tune(first, films(), films([0, 1, 2]), seed=1, watch=watch)
        again = tuner(given, empty=empty)
        found = tune(again, films(), films([0, 1, 2]), seed=1, watch=Watch(keeper=FolderKeeper(folder, 1e9)))
        assert torch.equal(weights(again), weights(through)), stop
        assert found == history


@pytest.mark.parametrize(("devices", "pieces"), [(2, 1), (3, 1), (2, 4), (8, 1)])
def test_devices_that_share_a_batch_learn_what_one_does(devices, pieces):
    """Gradients are those of the whole batch: one, two or three devices differ in last digits only."""
    given = settings(noise="mixed", caption_dropout=0.5, pieces=pieces)
    found = []
    for places in (1, devices, devices):
        one = tuner(given, empty=np.ones((TOKENS, CHANNELS), "f4"), devices=("cpu",) * places)
        history = tune(one, films(beta=0.5), films([0, 1]), seed=2)
        found.append((weights(one), [row.train_loss for _, row in history]))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=0, atol=2e-5)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-5)
    assert torch.equal(found[1][0], found[2][0])


def test_gradients_of_devices_are_those_of_the_mean_over_the_batch():
    one = tuner(settings(clip_norm=None), devices=("cpu", "cpu"))
    before = weights(one)
    plain = Net()
    batch = films().batch(torch.tensor([3, 1, 8, 6]))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        one.step(batch)
    noise, times = None, None
    with torch.random.fork_rng():
        torch.manual_seed(0)
        noise, times = torch.randn(4, FRAMES, 4, SIDE, SIDE), torch.randint(20, (4,))
    noisy, asked = noised(SCHEDULE, batch.inputs["latents"], noise, times)
    torch.nn.functional.mse_loss(plain(noisy, times, batch.inputs["states"]), asked).backward()
    for weight, by_hand in zip(one.learned, plain.adapter().parameters(), strict=True):
        torch.testing.assert_close(weight.grad, by_hand.grad, rtol=1e-5, atol=1e-7)
    assert not torch.equal(weights(one), before)


def test_copies_learn_on_after_a_stop(tmp_path):
    through = tuner(settings(steps=5), devices=("cpu", "cpu"))
    tune(through, films(), seed=1)
    asked = iter(range(1, 99))
    watch = Watch(should_stop=lambda: next(asked) == 2, keeper=FolderKeeper(tmp_path, 1e9))
    with pytest.raises(TrainingStopped):
        tune(tuner(settings(steps=5), devices=("cpu", "cpu")), films(), seed=1, watch=watch)
    again = tuner(settings(steps=5), devices=("cpu", "cpu"))
    tune(again, films(), seed=1, watch=Watch(keeper=FolderKeeper(tmp_path, 1e9)))
    assert torch.equal(weights(again), weights(through))


def test_the_loss_on_other_clips_changes_nothing_and_is_of_the_same_noise_each_time():
    alone, watched = tuner(settings()), tuner(settings(learning_rate=1e-9))
    tune(alone, films())
    rows = [row for _, row in tune(watched, films(), films([0, 1, 2, 3, 4]))]
    assert rows[0].validation_loss == pytest.approx(rows[1].validation_loss, rel=1e-4)
    again = tuner(settings())
    tune(again, films(), films([0, 1]))
    assert torch.equal(weights(alone), weights(again))


def test_a_loss_that_is_no_number_is_said():
    with pytest.raises(FailedError, match="diverged"):
        tune(tuner(settings(noise="mixed")), films(beta=math.nan))


# -- the scaled loss of float16 ----------------------------------------------------------------------


def test_scale_halves_on_overflow_leaves_the_step_out_and_doubles_in_calm():
    weight = nn.Parameter(torch.ones(2))
    optimizer, scale = torch.optim.SGD([weight], lr=1.0), LossScale(True)
    assert float(scale.of(torch.tensor(1.0))) == 2**16
    weight.grad = torch.tensor([math.inf, 0.0])
    scale.step(optimizer, [weight], None)
    assert weight.tolist() == [1, 1]
    assert (float(scale.factor), int(scale.calm)) == (2**15, 0)
    weight.grad = torch.tensor([2.0**15, 0.0])  # a gradient of 1, scaled
    scale.step(optimizer, [weight], None)
    assert weight.tolist() == [0, 1]
    scale.calm.fill_(1999)
    weight.grad = torch.zeros(2)
    scale.step(optimizer, [weight], None)
    assert (float(scale.factor), int(scale.calm)) == (2**16, 0)


def test_gradients_are_shortened_after_they_are_unscaled():
    weight = nn.Parameter(torch.zeros(2))
    scale = LossScale(True)
    weight.grad = torch.tensor([3.0, 4.0]) * 2**16
    scale.step(torch.optim.SGD([weight], lr=1.0), [weight], 1.0)
    torch.testing.assert_close(weight.detach(), torch.tensor([-0.6, -0.8]), rtol=1e-5, atol=0)


def test_float16_learns_what_float32_does():
    found = {}
    for precision in ("float32", "bfloat16", "float16"):
        one = tuner(settings(precision=precision, steps=12, learning_rate=1e-3))
        tune(one, films())
        found[precision] = weights(one)
    for precision in ("bfloat16", "float16"):
        torch.testing.assert_close(found[precision], found["float32"], rtol=0, atol=6e-3)
