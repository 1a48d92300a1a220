"""`inflated` on the tiny profile: what a clip becomes, from what, and what is refused."""

import numpy as np
import pytest
import torch

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.generators import InflatedGenerator
from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.stages.diffusion.inflated import InflatedUNet
from eeg2vid.stages.diffusion.noise import mixed_noise
from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.generators.generator import Build, Model
from eeg2vid.stages.pretrained.text import load_text_encoder
from eeg2vid.stages.pretrained.unet import load_unet
from eeg2vid.stages.pretrained.vae import decode, load_vae

SHAPE = (3, 64, 112, 3)
LATENT = (3, 4, 8, 14)
CLIPS = [f"clip-{k}" for k in range(3)]
FEW = {"sampling": {"steps": 3}, "model": "picture"}


def seed(*words):
    return int.from_bytes("/".join(map(str, words)).encode(), "big") % 2**63


@pytest.fixture(scope="module")
def models():
    torch.set_num_threads(1)
    profile = Models("tiny")
    found = {role: profile.locate(role) for role in InflatedGenerator.roles}
    return {role: Model(one.name, one.identity, one.folder) for role, one in found.items()}


@pytest.fixture(scope="module")
def values(models):
    words = load_text_encoder(models["text_encoder"].folder, models["tokenizer"].folder)
    text = words.encode(["a red cat on grass", "a boat on water", "a man playing a drum"]).states
    rng = np.random.default_rng(0)
    latents = rng.standard_normal((3, *LATENT)).astype(np.float32)
    return {"text": text, "latents": latents, "fast": np.array([[0.8, 0.2], [0.5, 0.5], [0.1, 0.9]], np.float32)}


def build(models, *, residuals=None, tuned=None, **more):
    facts = {
        "text": TargetFacts(kind="value", attributes={"text_encoder": models["text_encoder"].identity}),
        "latents": TargetFacts(
            kind="value",
            attributes={"vae": models["vae"].identity},
            residuals={"block-7": 0.5} if residuals is None else residuals,
        ),
        "fast": TargetFacts(kind="label", classes=("slow", "fast")),
    }
    return Build(
        models=models,
        facts={**facts, **more.pop("facts", {})},
        shape=SHAPE,
        device="cpu",
        seed=seed,
        where="predict/eeg2video/sub-1/predictions",
        tuned=tuned or {},
        **more,
    )


def make(settings, built, values, clips=CLIPS, **more):
    chosen = InflatedGenerator.model_validate({**FEW, **settings})
    return chosen.built()(chosen, built).make(clips, values, fold="block-7", **more)


def test_the_same_seed_gives_the_same_videos_and_another_draw_others(models, values):
    built = build(models)
    first, again = (make({}, built, values) for _ in range(2))
    assert first.shape == (3, *SHAPE) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - make({}, built, values, draw=1)).mean() > 3


def test_company_changes_last_bits_only(models, values):
    built = build(models)
    together = make({}, built, values)
    alone = make({}, built, {name: one[1:2] for name, one in values.items()}, CLIPS[1:2])
    low = make({"memory": "low"}, built, values)
    assert np.abs(together[1].astype(int) - alone[0]).max() <= 2
    assert np.abs(together.astype(int) - low).max() <= 2


def test_what_is_taken_away_changes_what_is_made(models, values):
    built, settings = build(models, residuals={"block-7": 0.1}), {"sampling": {"steps": 4}}
    full = make(settings, built, values).astype(int)
    for name in ("text", "latents", "fast"):
        rest = {key: value for key, value in values.items() if key != name}
        assert np.abs(full - make(settings, built, rest)).mean() > 0.5, name


def test_without_latents_all_the_noise_is_denoised_and_without_motion_frames_share_none(models, values):
    """By hand: pictures of the network from the mixed noise of each clip."""
    from diffusers import DPMSolverMultistepScheduler

    built = build(models)
    found = make({"beta_slow": 0.4, "beta_fast": 0.4}, built, {"text": values["text"]})
    unet = load_unet(models["unet"].folder)
    empty = load_text_encoder(models["text_encoder"].folder, models["tokenizer"].folder).encode([""]).states
    solver = DPMSolverMultistepScheduler.from_pretrained(models["scheduler"].folder, local_files_only=True)
    solver.set_timesteps(3)
    x = torch.from_numpy(mixed_noise([seed("noise", clip, 0) for clip in CLIPS], LATENT, 0.4)).flatten(0, 1)
    told = torch.from_numpy(values["text"]).repeat_interleave(3, 0)
    nothing = torch.from_numpy(empty).expand_as(told)
    with torch.inference_mode():
        for time in solver.timesteps:
            one = unet(x, time, encoder_hidden_states=told).sample
            two = unet(x, time, encoder_hidden_states=nothing).sample
            x = solver.step(two + 3 * (one - two), time, x).prev_sample
    expected = decode(load_vae(models["vae"].folder), x.numpy()).reshape(found.shape)
    assert np.abs(found.astype(int) - expected).max() <= 3


def test_the_start_follows_the_decoders_error(models, values):
    small, large = ({"block-7": value} for value in (1e-4, 100.0))
    settings = {"sampling": {"steps": 8, "guidance": 1}}
    truth = decode(load_vae(models["vae"].folder), values["latents"].reshape(-1, *LATENT[1:])).reshape(3, *SHAPE)
    near, far = (make(settings, build(models, residuals=one), values).astype(int) for one in (small, large))
    assert np.abs(near - truth).mean() < 0.5 * np.abs(far - truth).mean()
    paper = make({**settings, "start": "paper"}, build(models), values)
    assert np.array_equal(far, paper)
    assert np.array_equal(make({**settings, "start_time": 999}, build(models, residuals={}), values), paper)


def test_starts_that_are_published(models, values):
    built, settings = build(models, residuals={"block-7": 0.1}), {"sampling": {"steps": 4}}
    made = {s: make({**settings, "start": s}, built, values) for s in ("fixed", "paper", "released", "raw", "noise")}
    # this schedule leaves no signal at its first time, so the paper's start is noise
    assert np.abs(made["paper"].astype(int) - made["noise"]).mean() < 0.5
    assert len({one.tobytes() for name, one in made.items() if name != "noise"}) == 4


def test_one_picture_is_shown_all_the_time(models, values):
    videos = make({"frames": "one"}, build(models), values)
    assert videos.shape == (3, *SHAPE) and (videos == videos[:, :1]).all()
    assert (videos[0] != videos[1]).any()


def test_the_mean_caption_as_negative(models, values):
    built = build(models, mean=lambda target, fold: values["text"].mean(axis=0))
    assert (make({"negative": "mean"}, built, values) != make({}, built, values)).any()


def test_a_tuned_network_of_the_fold_is_used(models, values, tmp_path):
    """Attention over time that was not trained changes no picture; trained, it does."""
    unet = load_unet(models["unet"].folder)
    inflation = InflationSettings(self_attention="frame", group_norm="frame", trained="temporal")
    fresh = InflatedUNet.inflate(unet, inflation, models["unet"].identity)
    fresh.save_pretrained(tmp_path / "fresh")
    with torch.no_grad():
        for number, weight in enumerate(fresh.adapter().parameters()):
            weight += 0.2 * torch.from_numpy(np.random.default_rng(number).standard_normal(weight.shape)).float()
    fresh.save_pretrained(tmp_path / "trained")
    picture = make({}, build(models), values).astype(int)
    made = {
        name: make({"model": "tuned"}, build(models, tuned={"block-7": tmp_path / name}), values).astype(int)
        for name in ("fresh", "trained")
    }
    assert np.abs(made["fresh"] - picture).max() <= 2
    assert np.abs(made["trained"] - picture).mean() > 2


def test_a_fold_without_a_tuned_network_is_refused(models, values, tmp_path):
    with pytest.raises(UsageError, match="No video model was tuned for fold 'block-7', only for block-1"):
        make({"model": "tuned"}, build(models, tuned={"block-1": tmp_path}), values)


def test_an_unknown_error_leaves_no_start(models, values):
    with pytest.raises(UsageError, match="how large the error of its latents is"):
        make({}, build(models, residuals={}), values)


def test_a_time_that_the_schedule_does_not_have_is_refused(models, values):
    with pytest.raises(UsageError, match="is 1000, but the times of tiny/scheduler are 0 to 999"):
        make({"start_time": 1000}, build(models), values)


def test_values_of_other_models_or_sizes_are_refused(models, values):
    other = TargetFacts(kind="value", attributes={"text_encoder": "sha256:abc"})
    with pytest.raises(UsageError, match=r"holds text of another text encoder \(sha256:abc\)"):
        make({}, build(models, facts={"text": other}), values)
    with pytest.raises(UsageError, match=r"latents of shape \(2, 4, 8, 14\) per clip, expected \(3, 4, 8, 14\)"):
        make({}, build(models), {**values, "latents": values["latents"][:, :2]})


def test_it_says_what_memory_it_needs(models):
    """By hand: libraries, the weights of both networks, and what the larger of both passes holds."""

    def expected(**settings):
        chosen = InflatedGenerator.model_validate({**FEW, **settings})
        return chosen.built()(chosen, build(models)).expected_bytes()

    unet, vae = load_unet(models["unet"].folder), load_vae(models["vae"].folder)
    plain = 4 * (unet.num_parameters() + vae.num_parameters())
    assert plain + 0.45 * 2**30 < expected(memory="low") < expected() < 2**30
    # 20 clips of 3 frames, both sides, 8 x 14 places: 64 (down) and 112 / 4 wide ways down, 16 x 64 in a block
    held = 16 * 64 + 64 + 64 + 64 / 4 + 112 / 4
    assert expected(clips=200) - expected(clips=100) == pytest.approx(100 * 3 * 2 * 8 * 14 * held * 4, rel=1e-6)


def test_it_says_so_of_a_tuned_network_too(models, tmp_path):
    unet = load_unet(models["unet"].folder)
    InflatedUNet.inflate(unet, InflationSettings(), models["unet"].identity).save_pretrained(tmp_path)
    chosen = InflatedGenerator.model_validate({**FEW, "model": "tuned", "memory": "low"})
    picture = chosen.model_copy(update={"model": "picture"})
    tuned = build(models, tuned={"block-7": tmp_path})
    more = chosen.built()(chosen, tuned).expected_bytes() - picture.built()(picture, build(models)).expected_bytes()
    assert more > 4 * 4 * 112**2  # one attention over time at least
