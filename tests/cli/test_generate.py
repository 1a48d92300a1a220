"""Diffusion by the command line: what conditions make and read, samples, sheets, stopped and shared work, bad input."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

pytestmark = pytest.mark.xdist_group("generate")
TINY = Path(__file__).resolve().parents[2] / "stages" / "profiles" / "tiny"
NAMED = ["true-text", "true-motion", "no-text", "no-seq2seq", "no-dana", "frozen-frame"]
RECIPE = """
[recipe]
name = "small"
title = "A diffusion model on little"

[train-encoder.small]
network = {{ name = "lda" }}
targets = ["concept", "fast"]
folds = "last"
[train-mapper.text]
network = {{ name = "text-head" }}
targets = ["text"]
folds = "last"
[train-mapper.latents]
targets = ["latents"]
folds = "last"
[predict.small]
[generate.small]
folds = "last"
generator = {{ name = "inflated", model = "picture", clips = 4, start_time = 400, sampling = {{ steps = 4 }} }}
"""
HERE = ("--subject", 1, "--device", "cpu")
PLAIN = {"predictions", "stimuli", "folds"}


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory, cli_ok):
    """Return a workspace where subject 1 is decoded, and made videos of under every condition named above."""
    folder = tmp_path_factory.mktemp("generate")
    shutil.copytree(tiny / "data", folder / "data")
    workspace = folder / "workspace"
    workspace.mkdir()
    (folder / "small.toml").write_text(RECIPE.format())
    study = f'[study]\ndata = "../data"\nrecipe = "../small.toml"\nconditions = {json.dumps(NAMED)}\n'
    (workspace / "eeg2vid.toml").write_text(study)
    said = cli_ok("run", "-w", workspace, *HERE, "--until", "generate").err
    return workspace, said


def videos(workspace, condition="", variant="small"):
    name = f"{variant}~{condition}" if condition else variant
    return open_artifact(workspace, Address("generate", name, "sub-1", "videos"))


def frames(workspace, condition=""):
    return videos(workspace, condition).read("frames").astype(int)


def test_conditions_make_what_they_say(made):
    """Each differs from the full system, and nothing else of the clips does: their order, their fold."""
    workspace, _ = made
    full, rows = frames(workspace), videos(workspace).table("clips", VideoKey)
    assert full.shape == (20, 6, 40, 64, 3) and len({row.fold for row in rows}) == 1
    for name in NAMED:
        assert videos(workspace, name).table("clips", VideoKey) == rows
        if name not in ("no-dana", "true-motion"):
            assert np.abs(frames(workspace, name) - full).mean() > 1, name
    assert np.array_equal(frames(workspace, "frozen-frame"), np.repeat(full[:, :1], 6, axis=1))


def test_methods_say_how_videos_were_sampled(made, cli_ok):
    workspace, _ = made
    told = cli_ok("cite", "--methods", "-w", workspace, "--json").json
    decoding = " ".join(told["paragraphs"]["Decoding"])
    settings = videos(workspace).manifest.settings["generator"]
    sampling = settings["sampling"]
    assert f"DPM-Solver++ (2M), {sampling['steps']} steps ({sampling['spacing']} spacing)" in decoding
    assert f"guidance {sampling['guidance']:g}" in decoding and f"time {settings['start_time']}" in decoding
    assert f"a slow clip shared {settings['beta_slow']:g}, of a fast one {settings['beta_fast']:g}" in decoding
    assert f"{len(frames(workspace))} videos of each person" in decoding and "tiny/unet" in decoding
    keys = [row["key"] for row in told["citations"]]
    assert {"lu2022dpmpp", "ho2022cfg", "oord2018cpc"} <= set(keys)
    assert "generate/small (1 of 2 units)" in " ".join(told["remarks"])  # nothing of subject 2


def test_true_motion_changes_the_clips_whose_motion_was_decoded_wrong(made):
    workspace, _ = made
    differs = (frames(workspace, "true-motion") != frames(workspace)).any(axis=(1, 2, 3, 4))
    predictions = open_artifact(workspace, Address("predict", "small", "sub-1", "predictions"))
    facts = predictions.attributes().targets["fast"]
    decoded = predictions.read("fast")[:, facts.classes.index("fast")] >= 0.5
    clips = open_artifact(workspace, Address("ingest", "default", "study", "clips"))
    flow = {row.clip: row.optical_flow for row in clips.table("clips", clips.row_types["clips"])}
    rows = videos(workspace).table("clips", VideoKey)
    true = np.array([flow[row.clip] >= facts.thresholds[row.fold] for row in rows])
    place = {row.event: k for k, row in enumerate(predictions.table("fast", predictions.row_types["fast"]))}
    wrong = true != decoded[[place[row.event] for row in rows]]
    assert wrong.any() and not wrong.all()
    together = wrong.reshape(-1, 4).any(axis=1).repeat(4)  # last bits follow the clips computed together
    assert differs[wrong].all() and not differs[~together].any()


def test_frames_without_shared_noise_are_less_alike(made):
    workspace, _ = made
    step = {name: np.abs(np.diff(frames(workspace, name), axis=1)).mean() for name in ("", "no-dana")}
    assert step["no-dana"] > step[""]


def test_no_truth_is_read_unless_a_condition_is_named_for_it(made):
    workspace, _ = made
    read = {name: {ref.role for ref in videos(workspace, name).manifest.inputs} for name in ("", *NAMED)}
    for name in ("", "no-text", "no-seq2seq", "no-dana", "frozen-frame"):
        assert read[name] - {"events"} == PLAIN, name
    assert read["true-text"] == PLAIN | {"text", "events"}
    assert read["true-motion"] >= PLAIN | {"clips"} and not read["true-motion"] & {"text", "latents"}


def test_a_plan_says_the_same_before_anything_is_made(made, cli_ok):
    workspace, _ = made
    rows = cli_ok("run", "-w", workspace, *HERE, "--until", "generate", "--dry-run", "--json").json
    assert {row["state"] for row in rows} == {"done"}
    assert {f"generate/small~{name}/sub-1" for name in NAMED} <= {row["unit"] for row in rows}


def test_memory_is_foretold_and_told(made):
    _, said = made
    words = said.split("generate/small/sub-1: about ")[1]
    expected, used = float(words.split()[0]), float(words.split("generate/small/sub-1: ")[1].split()[0])
    assert words.split()[1:7] == ["GiB", "of", "memory", "are", "needed", "on"]
    assert 0.3 < expected < 1 and 0.2 < used < 8  # of the process since it began, whatever it did before


def test_true_clips_lie_beside_decoded_ones_in_sheets(made):
    workspace, _ = made
    sheets = sorted(path.name for path in (videos(workspace).folder / "media").glob("sheet-*.png"))
    assert sheets == [f"sheet-{k:04d}.png" for k in range(5)]


def test_more_samples_are_kept_beside_the_first(made, cli_ok):
    workspace, _ = made
    words = ("--variant", "twice", "--new", "--from", "predictions=predict/small", "--set", "generator.samples=2")
    settings = ("name=inflated", "model=picture", "clips=4", "start_time=400", "sampling.steps=4")
    rest = [word for one in settings for word in ("--set", f"generator.{one}")]
    cli_ok("generate", "-w", workspace, *HERE, *words, *rest, "--folds", "last")
    twice = videos(workspace, variant="twice")
    assert twice.entries["samples"].shape == (20, 1, 6, 40, 64, 3)
    assert np.array_equal(twice.read("frames"), frames(workspace))
    assert np.abs(twice.read("samples")[:, 0].astype(int) - twice.read("frames")).mean() > 1
    films = {path.name for path in (twice.folder / "media").glob("*.mp4")}
    assert len(films) == 40 and sum(name.endswith(".2.mp4") for name in films) == 20


def shared(workspace, *words):
    """Return the words that make the videos of a copy anew."""
    artifacts = workspace / "artifacts" / "generate"
    shutil.rmtree(artifacts / "small")
    return ("generate", "-w", workspace, *HERE, "--variant", "small", "--new", *words)


@pytest.fixture
def copied(made, tmp_path):
    folder = shutil.copytree(made[0].parent, tmp_path / "copy", copy_function=shutil.copy2)
    return folder / "workspace"


def test_shares_make_what_one_process_makes(made, copied, cli_ok, digests):
    words = shared(copied)
    cli_ok(*words, "--shard", "1/2")
    assert "generate/small/sub-1/videos" not in digests(copied)
    cli_ok(*words, "--shard", "2/2")
    assert digests(copied) == digests(made[0])


def test_stopped_in_the_middle_it_goes_on_to_the_same_videos(made, copied, cli_ok, digests):
    words = [str(word) for word in shared(copied)]
    command = [sys.executable, "-m", "eeg2vid.cli", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    unit, until = copied / "artifacts/generate/small/sub-1", time.monotonic() + 120
    while process.poll() is None and not list(unit.glob("work-*/done/*.json")) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 75
    kept = {path: path.stat().st_mtime_ns for path in unit.glob("work-*/done/*.json")}
    assert 1 <= len(kept) < 5
    cli_ok(*words)
    assert digests(copied) == digests(made[0])


def profile(folder, **roles):
    """Write a model profile with other models in some roles."""
    named = {role: TINY / role for role in ("vae", "tokenizer", "text_encoder", "image_encoder", "captioner", "unet")}
    named |= {"scheduler": TINY / "unet"} | roles
    path = folder / "own.toml"
    tables = "".join(f'[roles.{role}]\nfolder = "{where}"\n' for role, where in named.items())
    path.write_text(f'name = "own"\nabout = "own"\n{tables}')
    return path


def test_another_vae_is_refused(made, cli, tmp_path):
    other = shutil.copytree(TINY / "vae", tmp_path / "vae")
    [path] = other.glob("*.safetensors")
    weights = load_file(path)
    name = min(weights)
    save_file({**weights, name: weights[name] + 1}, path, metadata={"format": "pt"})
    words = ("--variant", "small", "--new", "--models", profile(tmp_path, vae=other), "--force")
    result = cli("generate", "-w", made[0], *HERE, *words)
    assert result.code == 2, result.err
    assert "holds latents of another VAE" in result.err and "Choose the profile that encoded the clips" in result.err


@pytest.mark.parametrize(
    ("command", "tables", "sentence"),
    [
        ("generate", '[generate.small]\ngenerator = { model = "tuned" }', "eeg2vid finetune-video"),
        ("run", '[train-mapper.text]\ntargets = ["pooled"]', "holds no text; there is nothing to decode"),
    ],
)
def test_what_is_not_there_is_said(made, copied, cli, command, tables, sentence):
    with (copied / "eeg2vid.toml").open("a") as file:
        file.write(f"\n{tables}\n")
    result = cli(command, "-w", copied, *HERE)
    assert result.code == 3, result.err
    assert sentence in result.err and "Traceback" not in result.err


def test_a_fold_without_a_tuned_model_is_refused(made, cli, cli_ok):
    """A model of fold block-1 alone cannot make the clips of block-3."""
    workspace, _ = made
    cli_ok("run", "-w", workspace, "--device", "cpu", "--until", "split")  # everybody's folds say what is tested
    cli_ok("finetune-video", "-w", workspace, "--device", "cpu", "--steps", 1, "--batch-size", 2, "--folds", "block-1")
    settings = ("name=inflated", "clips=4", "start_time=400", "sampling.steps=4")
    words = [word for one in settings for word in ("--set", f"generator.{one}")]
    chosen = ("--from", "predictions=predict/small", "--from", "video_models=finetune-video/default")
    result = cli("generate", "-w", workspace, *HERE, "--variant", "tuned", "--new", *chosen, *words, "--folds", "last")
    assert result.code == 2, result.err
    assert "No video model was tuned for fold 'block-3', only for block-1." in result.err
