"""Every condition by command: made by what its row says, or refused with the reason."""

import json
import shutil

import numpy as np
import pytest

from eeg2vid.schemas.conditions import CONDITIONS, POSITION_VOTE
from eeg2vid.schemas.entities import Clip, EpochKey, Event, EventKey
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.splits import Part
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

REFUSED = {  # of a generator that reads latents, and makes nothing without
    **dict.fromkeys(("true-text", "true-both", "no-text"), "reads no text, only latents."),
    **dict.fromkeys(("true-motion", "no-dana"), "reads no fast, only latents."),
    "no-seq2seq": "makes nothing without latents.",
}
NEVER = {POSITION_VOTE}  # made by `score` itself
MADE = [name for name in CONDITIONS if name not in {*REFUSED, *NEVER}]
ONE_FOLD = """
[train-encoder.lda]
targets = ["concept"]
folds = "last"
[train-mapper.ridge]
folds = "last"
[generate.ridge]
folds = "last"
"""
SHOWN = ["frozen-frame", "nearest-training-video", "true-latents"]


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory, cli_ok):
    """Return a workspace in which subject 1 is decoded under every condition, and what the run said."""
    folder = shutil.copytree(tiny, tmp_path_factory.mktemp("conditions") / "study", copy_function=shutil.copy2)
    workspace = folder / "workspace"
    config = workspace / "eeg2vid.toml"
    names = json.dumps([*MADE, *REFUSED])
    text = config.read_text().replace("[study]", f"[study]\nconditions = {names}")
    config.write_text(f"{text}\n{ONE_FOLD}")
    said = cli_ok("run", "-w", workspace, "--subject", 1, "--until", "predict").err
    for name in ("", *SHOWN):
        cli_ok("generate", "-w", workspace, "--subject", 1, "--variant", f"ridge~{name}".rstrip("~"))
    return workspace, said


@pytest.fixture(scope="module")
def decoded(made):
    """Return a function that returns a condition's rows and values of a target, in the order of the full rows."""
    workspace, _ = made

    def read(condition, target):
        variant = f"ridge~{condition}" if condition else "ridge"
        artifact = open_artifact(workspace, Address("predict", variant, "sub-1", "predictions"))
        return artifact.table(target, PredictionKey), artifact.read(target)

    return read


def opened(workspace, stage, variant, role, unit="sub-1"):
    return open_artifact(workspace, Address(stage, variant, unit, role))


@pytest.fixture(scope="module")
def truth(made):
    """Return the place of the concept and the true latents of every clip, by clip."""
    workspace, _ = made
    clips = opened(workspace, "ingest", "default", "clips", "study").table("clips", Clip)
    concepts = sorted({row.concept for row in clips})
    latents = opened(workspace, "encode-latents", "default", "latents", "study")
    rows = latents.table("clips", latents.row_types["clips"])
    values = dict(zip([row.clip for row in rows], latents.read("latents"), strict=True))
    return {row.clip: concepts.index(row.concept) for row in clips}, values


@pytest.fixture(scope="module")
def learned(made):
    """Return the clips that the last fold learns from."""
    folds = opened(made[0], "split", "default", "folds")
    part = folds.read("assignment")[-1]
    events = folds.table("events", EventKey)
    return [events[k].clip for k in np.flatnonzero(np.isin(part, (Part.TRAIN, Part.VALIDATION)))]


def accuracy(decoded, truth, condition):
    keys, probabilities = decoded(condition, "concept")
    return np.mean([truth[0][key.clip] == one for key, one in zip(keys, probabilities.argmax(axis=1), strict=True)])


def test_what_cannot_be_made_is_left_out_and_told(made):
    _, said = made
    for name, why in REFUSED.items():
        assert f"Condition '{name}' is left out: generator 'decode' {why}" in said


def test_no_condition_is_forgotten(made):
    workspace, _ = made
    for name in MADE:
        where = {"preprocess": "preprocess/default", "train": "train-mapper/ridge", "predict": "predict/ridge"}
        if (stage := where.get(CONDITIONS[name].at)) is not None:
            assert (workspace / "artifacts" / f"{stage}~{name}" / "sub-1").is_dir()
            assert (workspace / "artifacts" / f"predict/ridge~{name}" / "sub-1").is_dir()


@pytest.mark.parametrize("name", ["noise-eeg", "no-eeg", "hint-only-window", "shuffled-training"])
def test_the_signal_is_lost(decoded, truth, name):
    assert accuracy(decoded, truth, "") > 0.75
    assert accuracy(decoded, truth, name) < 0.5
    keys, full = decoded("", "latents")
    true, control = np.stack([truth[1][key.clip] for key in keys]), decoded(name, "latents")[1]
    assert np.mean((control - true) ** 2) > 1.05 * np.mean((full - true) ** 2)


def test_another_clip_of_the_run_knows_the_class_alone(decoded, truth):
    keys, found = decoded("shuffled-clips", "concept")
    run_of = {key.event: key.run for key in keys}
    assert all(key.source_event != key.event and run_of[key.source_event] == key.run for key in keys)
    place = {key.event: k for k, key in enumerate(keys)}
    full = decoded("", "concept")[1]
    assert np.array_equal(found, full[[place[key.source_event] for key in keys]])


@pytest.mark.parametrize("name", ["noise-eeg", "no-eeg"])
def test_what_is_nobodys_eeg_says_so(decoded, name):
    assert {key.source_event for key in decoded(name, "latents")[0]} == {""}


def test_nothing_seen_is_one_answer_a_fold(decoded):
    keys, values = decoded("no-eeg", "latents")
    for fold in {key.fold for key in keys}:
        mine = values[[key.fold == fold for key in keys]]
        assert np.allclose(mine, mine[:1], atol=1e-6)
    noise = decoded("noise-eeg", "latents")[1]
    assert len(np.unique(noise[:, 0, 0, 0, 0])) == len(noise)


def test_the_clock_answers_by_the_time_alone(made, decoded):
    workspace, _ = made
    events = opened(workspace, "ingest", "default", "events").table("events", Event)
    epochs = opened(workspace, "preprocess", "default~clock-only", "epochs")
    plain = opened(workspace, "preprocess", "default", "epochs")
    assert epochs.entries["epochs"].shape == plain.entries["epochs"].shape
    assert epochs.table("events", EpochKey) == plain.table("events", EpochKey)
    start = {}
    for row in events:
        start.setdefault(row.block, row.onset_s)
    times = np.array([row.onset_s - start[row.block] for row in events])
    values = epochs.read("epochs").reshape(len(events), -1)
    likeness = np.corrcoef(values)
    near = np.abs(times[:, None] - times) < 0.05
    assert likeness[near].min() > 0.999 and near.sum() > len(events)
    assert likeness[np.abs(times[:, None] - times) > 10].max() < 0.999


def test_the_hint_is_all_that_is_cut(made):
    workspace, _ = made
    epochs = opened(workspace, "preprocess", "default~hint-only-window", "epochs")
    assert epochs.attributes().span == "hint" and epochs.attributes().tmin_s == 0
    events = opened(workspace, "ingest", "default", "events").table("events", Event)
    assert epochs.entries["epochs"].shape[-1] / epochs.attributes().sfreq <= min(row.hint_s for row in events)
    eeg = opened(workspace, "ingest", "default", "recordings").read("eeg")
    first = events[0]
    start = first.onset_sample - round(first.hint_s * epochs.attributes().sfreq)
    length = epochs.entries["epochs"].shape[-1]
    assert np.allclose(epochs.read("epochs")[0], eeg[:62, start : start + length] * 1e6, rtol=1e-5)


@pytest.mark.parametrize("name", ["class-true", "class-predicted"])
def test_values_of_a_class_are_the_mean_of_its_training_clips(decoded, truth, learned, name):
    keys, values = decoded(name, "latents")
    labels = decoded(name, "concept")[1]
    assert np.array_equal(labels, decoded("", "concept")[1])  # labels stay
    for key, value, probabilities in zip(keys, values, labels, strict=True):
        wanted = truth[0][key.clip] if name == "class-true" else probabilities.argmax()
        of_class = [truth[1][clip] for clip in learned if truth[0][clip] == wanted]
        assert len(of_class) == 10
        assert np.allclose(value, np.mean(of_class, axis=0), atol=1e-5)


def test_the_true_class_tells_no_clip_from_its_neighbours(decoded):
    keys, values = decoded("class-true", "latents")
    for key, value in zip(keys, values, strict=True):
        assert np.array_equal(value, values[next(k for k, other in enumerate(keys) if other.run == key.run)])


def frames(workspace, variant):
    artifact = opened(workspace, "generate", variant, "videos")
    return artifact.table("clips", VideoKey), artifact.read("frames").astype(np.float64)


@pytest.fixture(scope="module")
def stimuli(made):
    artifact = opened(made[0], "split-videos", "default", "stimuli", "study")
    return {
        row.clip: clip for row, clip in zip(artifact.table("clips", VideoKey), artifact.read("frames"), strict=True)
    }


def test_true_latents_are_the_ceiling_and_read_no_decoder(made, stimuli):
    workspace, _ = made
    keys, ceiling = frames(workspace, "ridge~true-latents")
    full_keys, full = frames(workspace, "ridge")
    assert keys == full_keys
    true = np.stack([stimuli[key.clip] for key in keys]).astype(np.float64)
    assert np.mean((ceiling - true) ** 2) < 0.25 * np.mean((full - true) ** 2)
    read = {ref.role for ref in opened(workspace, "generate", "ridge~true-latents", "videos").manifest.inputs}
    assert read == {"latents", "stimuli", "folds", "events"}


def test_one_frame_is_held(made):
    workspace, _ = made
    keys, held = frames(workspace, "ridge~frozen-frame")
    full_keys, full = frames(workspace, "ridge")
    assert keys == full_keys and np.array_equal(held, np.repeat(full[:, :1], full.shape[1], axis=1))


def test_a_training_clip_is_shown_and_its_concept_follows_the_eeg(made, decoded, truth, learned, stimuli):
    workspace, _ = made
    keys, shown = frames(workspace, "ridge~nearest-training-video")
    assert [(key.clip, key.fold) for key in keys] == [(row.clip, row.fold) for row in decoded("", "latents")[0]]
    clip_of = {video.tobytes(): clip for clip, video in stimuli.items()}
    found = [clip_of[video.astype(np.uint8).tobytes()] for video in shown]
    assert set(found) <= set(learned) and len(set(found)) > 5
    assert np.mean([truth[0][one] == truth[0][key.clip] for one, key in zip(found, keys, strict=True)]) > 0.5


@pytest.mark.parametrize("name", ["noise-eeg", "shuffled-clips"])
def test_the_same_seed_gives_the_same_bytes(made, cli_ok, digests, name):
    workspace, _ = made
    before = digests(workspace)
    cli_ok("predict", "-w", workspace, "--subject", 1, "--variant", f"ridge~{name}", "--force")
    assert digests(workspace) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--condition", "true-text"), "'true-text' cannot be made: generator 'decode' reads no text"),
        (("run", "--condition", "gray"), "no condition 'gray'. Did you mean 'grey'"),
        (("run", "--condition", "no-dana"), "'no-dana' cannot be made: generator 'decode' reads no fast"),
        (("run", "--recipe", "glmnet", "--condition", "grey"), "it acts at generate, which is not planned"),
        (("run", "--recipe", "glmnet", "--condition", "class-true"), "only labels are decoded"),
        (("run", "--recipe", "latent-cnn", "--condition", "class-predicted"), "no 'concept' is decoded"),
        (("generate", "--condition", "true-both"), "'true-both' cannot be made: generator 'decode' reads no text"),
        (("preprocess", "--condition", "clock-only"), "Plan it: eeg2vid run"),
        (("generate", "--variant", "ridge~no-text"), "cannot be made: generator 'decode' reads no text"),
        (("predict", "--recipe", "latent-cnn", "--variant", "latent-cnn~class-predicted"), "no 'concept' is decoded"),
        (("train-mapper", "--variant", "ridge~noise-eeg"), "'noise-eeg' acts at predict"),
    ],
)
def test_by_name_what_cannot_be_made_is_refused(refused, words, said):
    refused(words, 2, said)


def test_a_run_takes_conditions_beside_the_recipes(workspace, cli_ok):
    here = ("-w", workspace, "--subject", 1, "--dry-run", "--json")
    rows = cli_ok("run", *here, "--condition", "shuffled-training", "--condition", "frozen-frame").json
    new = {row["unit"] for row in rows if row["state"] in ("missing", "waiting")}
    assert new == {
        "train-encoder/lda~shuffled-training/sub-1",
        "train-mapper/ridge~shuffled-training/sub-1",
        "predict/ridge~shuffled-training/sub-1",
        "generate/ridge~shuffled-training/sub-1",
        "generate/ridge~frozen-frame/sub-1",
    }
    done = {row["unit"] for row in rows if row["state"] == "done"}
    assert {"predict/ridge~shuffled-runs/sub-1", "generate/ridge~grey/sub-1"} <= done


@pytest.mark.study
def test_all_conditions_from_plan_to_report(tiny, tmp_path, cli_ok):
    """Controls lose the signal in the videos, too; ceilings exceed what was decoded; the page is written."""
    folder = shutil.copytree(tiny, tmp_path / "study", copy_function=shutil.copy2)
    workspace = folder / "workspace"
    asked = [word for name in MADE for word in ("--condition", name)]
    cli_ok("run", "-w", workspace, *asked)
    for subject in ("1", "2"):
        rows = opened(workspace, "score", "ridge", "scores", f"sub-{subject}").folder / "scores.jsonl"
        found = [json.loads(line) for line in rows.open()]
        value = {
            row["condition"]: row["value"] for row in found if (row["metric"], row["variant"]) == ("identification", "")
        }
        assert {*MADE, "full"} <= set(value)
        for name in ("noise-eeg", "clock-only", "hint-only-window", "shuffled-training"):
            assert abs(value[name] - 0.5) < 0.05 < value["full"] - 0.5
        for name in ("no-eeg", "mean-video", "grey"):
            assert value[name] == pytest.approx(0.5)
        assert value["shuffled-clips"] < value["full"] < value["class-true"] < value["true-latents"] == 1
    assert (workspace / "artifacts/report/ridge/study/report/media/index.html").is_file()
