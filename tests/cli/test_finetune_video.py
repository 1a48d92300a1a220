"""Tuning a video model by the command line: which clips it learns, what is kept and refused, stopped and resumed."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file

from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.video_models import LearnedClip, TunedPass, VideoModel
from eeg2vid.stages.diffusion.inflated import InflatedUNet
from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.pretrained.unet import load_unet
from eeg2vid.stages.store.layout import STUDY, Address
from eeg2vid.stages.store.reader import open_artifact

pytestmark = pytest.mark.xdist_group("finetune-video")
TUNE = ("finetune-video", "--device", "cpu", "--steps", 4, "--batch-size", 4)
LAST = ("--folds", "last")  # block-3 is tested, block-2 validates: block-1 trains
PER_BLOCK = 20
TINY = Path(__file__).resolve().parents[2] / "stages" / "profiles" / "tiny"


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory, cli_ok):
    """Return a workspace of this module alone with text states beside the tiny study's latents."""
    folder = shutil.copytree(tiny, tmp_path_factory.mktemp("tuned") / "study", copy_function=shutil.copy2)
    cli_ok("encode-text", "-w", folder / "workspace")
    return folder / "workspace"


def opened(workspace, variant="default"):
    return open_artifact(workspace, Address("finetune-video", variant, STUDY, "video_models"))


def learned(artifact):
    found = {}
    for row in artifact.table("clips", LearnedClip):
        found.setdefault(row.path, set()).add(row.clip)
    return found


def of_blocks(workspace, *blocks):
    """Return the clips that were shown in some blocks, from the events table itself."""
    path = workspace / "artifacts" / "ingest" / "default" / "sub-1" / "events" / "events.jsonl"
    rows = [Event.model_validate_json(line) for line in path.read_text().splitlines()]
    return {row.clip for row in rows if row.block in blocks}


def profile(folder, **roles):
    """Write a model profile: the tiny one with some roles elsewhere."""
    names = {"scheduler": "unet"}
    known = ("vae", "unet", "scheduler", "text_encoder", "tokenizer")
    places = {role: TINY / names.get(role, role) for role in known} | roles
    text = 'name = "own"\n' + "".join(f'[roles.{role}]\nfolder = "{place}"\n' for role, place in places.items())
    (folder / "own.toml").write_text(text)
    return folder / "own.toml"


# -- what is made ------------------------------------------------------------------------------------


def test_each_fold_learns_the_clips_that_train_in_it_and_its_adapter_is_read_back(made, cli_ok):
    cli_ok(*TUNE, "-w", made)
    artifact = opened(made)
    assert learned(artifact) == {
        "block-1": of_blocks(made, "2"),  # block 3 validates
        "block-2": of_blocks(made, "3"),
        "block-3": of_blocks(made, "1"),
    }
    rows = artifact.table("models", VideoModel)
    assert [(row.fold, row.clips, row.left_out, row.validation_clips, row.steps) for row in rows] == [
        (f"block-{k}", PER_BLOCK, 0, PER_BLOCK, 4) for k in (1, 2, 3)
    ]
    history = artifact.table("history", TunedPass)
    assert [(row.path, row.step) for row in history] == [(f"block-{k}", 4) for k in (1, 2, 3)]
    assert history[-1].validation_loss == rows[-1].validation_loss
    base = Models("tiny").locate("unet")
    facts = artifact.attributes()
    assert (facts.base, facts.prediction, facts.frames, facts.noise) == (base.identity, "v_prediction", 6, "mixed")
    folders = [artifact.folder / "models" / row.path for row in rows]
    nets = [InflatedUNet.from_pretrained(folder, load_unet(base.folder), base.identity) for folder in folders]
    assert rows[0].parameters == sum(w.numel() for w in nets[0].adapter().parameters() if w.requires_grad)
    first, second = (load_file(folder / "adapter.safetensors") for folder in folders[:2])
    assert any(not torch.equal(first[name], second[name]) for name in first)
    with Image.open(artifact.folder / "media" / "block-3" / "loss.png") as picture:
        assert picture.size[0] > 300


def test_methods_say_what_was_tuned(made, cli_ok):
    cli_ok(*TUNE, "-w", made)
    held = made / "artifacts" / "score"
    aside = held.rename(made / "scores-aside")
    try:
        told = " ".join(cli_ok("cite", "--methods", "-w", made, "--json").json["paragraphs"]["Decoding"])
    finally:
        aside.rename(held)
    row, settings = opened(made).table("models", VideoModel)[0], opened(made).manifest.settings
    assert f"in 4 steps of 4 clips at a learning rate of {settings['learning_rate']:g}" in told
    assert f"{row.clips} of them" in told and f"{row.parameters:,} parameters" in told
    assert "captions were left out in 10%" in told and "[@wu2023tuneavideo; @liu2024eeg2video; @rombach2022ldm]" in told


def test_nothing_is_made_twice_and_shards_give_the_same_bytes(made, cli_ok, digests):
    words = (*TUNE, "--steps", 1, "-w", made, "--variant", "in-one", "--new")
    cli_ok(*words)
    for shard in ("2/3", "3/3", "1/3"):
        cli_ok(*TUNE, "--steps", 1, "-w", made, "--variant", "in-three", "--new", "--shard", shard)
    found = digests(made)
    whole, parts = (found[f"finetune-video/{name}/study/video_models"] for name in ("in-one", "in-three"))
    assert whole == parts
    assert "already done" in cli_ok(*words).err


def test_what_validates_is_learned_where_it_may_and_named_blocks_in_every_fold(made, cli_ok):
    cli_ok(*TUNE, *LAST, "-w", made, "--variant", "both", "--new", "--validation-in-training", "--noise", "iid")
    artifact = opened(made, "both")
    assert learned(artifact) == {"block-3": of_blocks(made, "1", "2")}
    [row] = artifact.table("models", VideoModel)
    assert (row.clips, row.validation_clips, row.validation_loss) == (2 * PER_BLOCK, 0, None)
    published = ("--clips", "block:1", "--noise", "iid", "--caption-dropout", 0, "--set", "inflation.group_norm=clip")
    cli_ok(*TUNE, *LAST, "-w", made, "--variant", "published", "--new", *published)
    assert learned(opened(made, "published")) == {"block-3": of_blocks(made, "1")}
    config = opened(made, "published").folder / "models" / "block-3" / "config.json"
    assert json.loads(config.read_text())["group_norm"] == "clip"
    assert [model.role for model in opened(made, "published").manifest.models] == ["unet", "scheduler"]


def test_sheets_show_validation_clips_and_change_nothing(made, cli_ok, digests):
    words = (*TUNE, *LAST, "-w", made, "--caption-dropout", 0)
    cli_ok(*words, "--variant", "plain", "--new")
    draw = ("--sample-every", 3, "--sample-clips", 2, "--set", "sampling.steps=2")
    cli_ok(*words, "--variant", "drawn", "--new", *draw)
    found = digests(made)
    plain, drawn = (found[f"finetune-video/{name}/study/video_models"] for name in ("plain", "drawn"))
    assert plain == drawn
    pictures = sorted(path.name for path in (opened(made, "drawn").folder / "media" / "block-3").iterdir())
    assert pictures == ["loss.png", "step-000004.png"]
    with Image.open(opened(made, "drawn").folder / "media" / "block-3" / "step-000004.png") as sheet:
        assert sheet.size == (12 * 64 + 4, 2 * 40 + 2)  # two clips of 64 x 40 px, six true frames beside six made


# -- stopped and resumed ------------------------------------------------------------------------------


def test_stopped_in_the_middle_of_a_pass_it_goes_on_to_the_same_bytes(made, cli_ok, digests):
    words = ("finetune-video", "--device", "cpu", "--steps", 24, "--batch-size", 2, *LAST, "-w", made)  # ten a pass
    cli_ok(*words, "--variant", "through", "--new")
    again = [str(word) for word in (*words, "--variant", "stopped", "--new")]
    command = [sys.executable, "-m", "eeg2vid.cli", *again, "--save-every", "0"]
    state = made / "artifacts" / "finetune-video" / "stopped" / STUDY
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    while process.poll() is None and not _step(state) and time.monotonic() < begun + 60:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 75
    assert _step(state) % 10 != 0
    cli_ok(*again)
    found = digests(made)
    through, stopped = (found[f"finetune-video/{name}/study/video_models"] for name in ("through", "stopped"))
    assert through == stopped
    assert not list(state.glob("work-*"))


def _step(state):
    """Return the steps that a saved state has seen, None while there is none."""
    for path in state.glob("work-*/state/*/state.json"):
        fields = json.loads(path.read_text())
        return fields["epoch"] * 10 + fields["step"]
    return None


# -- what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (
            ("--clips", "block:1", "--folds", "block-1"),
            2,
            "would learn what is kept apart in it: clip .* is in test of",
        ),
        (("--clips", "block:1", "--folds", "block-2"), 2, "is in validation of subject .*--validation-in-training"),
        (("--clips", "block:9"), 2, r"No clip in use was shown in a block '9'\. Known: 1, 2, 3"),
        (("--clips", "everything"), 2, "finetune-video.clips"),
        (("--folds", "block-4"), 2, "There is no fold 'block-4'. Did you mean 'block-"),
        (("--allow-leak",), 2, "it is for named blocks"),
        (("--batch-size", 1), 2, "batch_size"),
        (("--fast-scores", "flow"), 3, "split-videos/default/study/stimuli holds no motion scores"),
        (("--set", "inflation.depth=2"), 2, "inflation.depth"),
        (("--from", "text=encode-text/other"), 3, "encode-text/other/study/text"),
        (("--from", "latents=none"), 2, "cannot be 'none'"),
    ],
)
def test_bad_words_end_in_a_sentence(made, cli, words, code, sentence):
    result = cli(*TUNE, "-w", made, "--variant", "refused", "--new", *words)
    assert result.code == code, result.err
    assert re.search(sentence, result.err), result.err
    assert result.out == ""
    assert not list((made / "artifacts" / "finetune-video").glob("refused/*/video_models"))


def test_a_leak_that_is_forced_is_stamped(made, cli_ok):
    cli_ok(*TUNE, "-w", made, "--variant", "leaky", "--new", "--clips", "block:1", "--folds", "block-1", "--allow-leak")
    artifact = opened(made, "leaky")
    assert "leak: clips" in artifact.manifest.stamps
    assert learned(artifact) == {"block-1": of_blocks(made, "1")}


def test_captions_of_another_encoder_cannot_say_what_no_caption_is(made, cli, cli_ok, tmp_path):
    other = shutil.copytree(TINY / "text_encoder", tmp_path / "text_encoder")
    weights = load_file(other / "model.safetensors")
    name = min(weights)
    save_file({**weights, name: weights[name] + 1}, other / "model.safetensors", metadata={"format": "pt"})
    words = (
        *TUNE,
        *LAST,
        "-w",
        made,
        "--variant",
        "stranger",
        "--new",
        "--models",
        profile(tmp_path, text_encoder=other),
    )
    result = cli(*words)
    assert result.code == 4, result.err
    assert "was encoded by another text encoder" in result.err
    assert "--caption-dropout 0" in result.err
    cli_ok(*words, "--caption-dropout", 0)


def test_a_network_of_other_latents_or_states_is_refused(made, cli, tmp_path):
    sizes = {"block_out_channels": (8, 16), "norm_num_groups": 8, "layers_per_block": 1, "attention_head_dim": 4}
    blocks = {
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    }
    for channels, words, sentence in (
        ({"in_channels": 3, "out_channels": 3}, 128, "holds 4 channels of latents, but the UNet of own/unet reads 3"),
        ({}, 24, "holds 128 channels of text states, but the UNet of own/unet reads 24"),
    ):
        folder = tmp_path / str(words)
        UNet2DConditionModel(**sizes, **blocks, **channels, cross_attention_dim=words).save_pretrained(folder / "unet")
        result = cli(
            *TUNE, *LAST, "-w", made, "--variant", "misfit", "--new", "--models", profile(folder, unet=folder / "unet")
        )
        assert result.code == 4, result.err
        assert sentence in result.err


def test_what_does_not_fit_into_memory_is_learned_from_the_disk(made, cli_ok, digests):
    words = (*TUNE, *LAST, "--steps", 1, "-w", made)
    cli_ok(*words, "--variant", "held", "--new")
    cli_ok(*words, "--variant", "on-disk", "--new", "--memory-gb", 1e-6)
    found = digests(made)
    held, on_disk = (found[f"finetune-video/{name}/study/video_models"] for name in ("held", "on-disk"))
    assert held == on_disk
