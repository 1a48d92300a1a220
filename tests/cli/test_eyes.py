"""Eyes by command: a toy eye looks at true and at decoded clips; variants called after it; parts, conditions."""

import sys
import types
from typing import Literal

import numpy as np
import pytest
import torch

from eeg2vid.schemas.eyes import EYES, Eye
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.eyes.eye import Eye as Look
from eeg2vid.stages.store.layout import STUDY, Address
from eeg2vid.stages.store.reader import open_artifact

PERCEIVE = "\n[perceive.'ridge+toy']\n"


class ToyEye(Eye):
    """A toy: the mean colour of each clip, and how much of it is bright."""

    builds = "toy_look:ToyLook"

    name: Literal["toy"] = "toy"
    bright: int = 128


class ToyLook(Look):
    def look(self, frames):
        wide = frames.astype(np.float32)
        return {"color": wide.mean(axis=(1, 2, 3)), "bright": (wide > self.settings.bright).mean(axis=(1, 2, 3, 4))}


@pytest.fixture
def toy(monkeypatch):
    module = types.ModuleType("toy_look")
    module.ToyLook = ToyLook
    monkeypatch.setitem(sys.modules, "toy_look", module)
    monkeypatch.setitem(EYES, "toy", ToyEye)


def opened(workspace, *place):
    return open_artifact(workspace, Address(*place, "percepts"))


def planned(workspace, cli_ok, *words):
    rows = cli_ok("run", "-w", workspace, "--dry-run", "--json", *words).json
    return [row["unit"] for row in rows]


@pytest.mark.usefixtures("toy")
def test_a_toy_eye_looks_at_true_and_decoded_clips(workspace, cli_ok):
    assert not any(unit.startswith(("encode-clips", "perceive")) for unit in planned(workspace, cli_ok))
    said = cli_ok("encode-clips", "-w", workspace, "--eye", "toy")
    assert "60 clips in" in said.err and "clips/s" in said.err
    stimuli = open_artifact(workspace, Address("split-videos", "default", STUDY, "stimuli"))
    geometry = stimuli.attributes()
    true = opened(workspace, "encode-clips", "toy", STUDY)
    frames = stimuli.read("frames")[:, :, : geometry.height, : geometry.width].astype(np.float32)
    assert np.allclose(true.read("color"), frames.mean(axis=(1, 2, 3)), atol=1e-3)
    assert true.table("clips", VideoKey) == stimuli.table("clips", VideoKey)
    facts = true.attributes()
    assert (facts.eye, facts.version, facts.settings, facts.models) == ("toy", 1, {"bright": 128}, {})

    config = workspace / "eeg2vid.toml"
    config.write_text(config.read_text() + PERCEIVE)
    units = [unit for unit in planned(workspace, cli_ok, "--subject", 1) if unit.startswith("perceive")]
    assert units[0] == "perceive/ridge+toy/sub-1"
    assert {"perceive/ridge+toy~grey/sub-1", "perceive/ridge+toy~mean-video/sub-1"} <= set(units)
    cli_ok("perceive", "-w", workspace, "--subject", 1)
    for condition in ("", "~grey"):
        videos = open_artifact(workspace, Address("generate", f"ridge{condition}", "sub-1", "videos"))
        seen = opened(workspace, "perceive", f"ridge+toy{condition}", "sub-1")
        frames = videos.read("frames")[:, :, : geometry.height, : geometry.width].astype(np.float32)
        assert np.allclose(seen.read("color"), frames.mean(axis=(1, 2, 3)), atol=1e-3)
        assert seen.table("clips", VideoKey) == videos.table("clips", VideoKey)
        assert [str(ref.address) for ref in seen.manifest.inputs] == [str(videos.address)]
        assert seen.attributes() == facts
    assert "done" in cli_ok("perceive", "-w", workspace, "--subject", 1, "--condition", "grey").err
    assert cli_ok("verify", "-w", workspace).code == 0


@pytest.mark.usefixtures("toy")
def test_what_is_made_apart_is_the_whole(workspace, cli_ok):
    look = ("encode-clips", "-w", workspace, "--eye", "toy")
    cli_ok(*look)
    for shard in ("2/2", "1/2"):
        cli_ok(*look, "--variant", "apart", "--new", "--shard", shard)
    assert (
        opened(workspace, "encode-clips", "apart", STUDY).digest
        == opened(workspace, "encode-clips", "toy", STUDY).digest
    )


@pytest.mark.usefixtures("toy")
def test_a_variant_is_called_after_its_eye_and_has_it(workspace, cli_ok, cli):
    def asked(*words):
        return [row["unit"] for row in cli_ok(*words, "-w", workspace, "--dry-run", "--json").json]

    assert asked("encode-clips") == ["encode-clips/image-encoder/study"]
    assert asked("encode-clips", "--eye", "toy") == ["encode-clips/toy/study"]
    assert asked("perceive", "--subject", 1, "--condition", "full") == ["perceive/ridge+image-encoder/sub-1"]
    cli_ok("encode-clips", "--variant", "toy", "-w", workspace)
    assert opened(workspace, "encode-clips", "toy", STUDY).attributes().eye == "toy"
    cli_ok("perceive", "--variant", "ridge+toy", "--subject", 2, "--condition", "full", "-w", workspace)
    assert opened(workspace, "perceive", "ridge+toy", "sub-2").attributes().eye == "toy"
    unknown = cli("perceive", "--variant", "theirs+toy", "--condition", "full", "-w", workspace)
    assert unknown.code == 2 and "There is no variant 'theirs+toy' of perceive" in unknown.err
    missing = cli("perceive", "--variant", "theirs+toy", "--new", "--condition", "full", "-w", workspace)
    assert missing.code == 3 and "generate/theirs/videos of sub-1, sub-2 are missing" in missing.err
    refused = cli("encode-clips", "--eye", "toi", "-w", workspace)
    assert refused.code == 2 and "Did you mean 'toy'?" in refused.err
    refused = cli("perceive", "--variant", "ridge+toy+toy", "-w", workspace)
    assert refused.code == 2 and "is no variant name" in refused.err


@pytest.mark.usefixtures("toy")
def test_a_fix_in_an_eye_makes_only_what_it_saw_stale(workspace, cli_ok, monkeypatch):
    for eye in ("toy", "image-encoder"):
        cli_ok("encode-clips", "-w", workspace, "--eye", eye)
    monkeypatch.setattr(ToyEye, "version", 2)
    stale = cli_ok("encode-clips", "-w", workspace, "--eye", "toy", "--dry-run").out
    assert "version 1 -> 2" in " ".join(stale.split())
    assert "version" not in cli_ok("encode-clips", "-w", workspace, "--dry-run").out


@pytest.mark.usefixtures("toy")
def test_an_eye_that_does_not_see_every_clip_is_refused(workspace, cli, monkeypatch):
    monkeypatch.setattr(ToyLook, "look", lambda self, frames: {"color": np.zeros((1, 3), np.float32)})
    refused = cli("encode-clips", "-w", workspace, "--eye", "toy")
    assert refused.code == 1 and "was shown 50 clips and saw {'color': 1}" in refused.err


def test_artifacts_of_the_stage_before_are_still_read(workspace, cli_ok):
    """What `encode-images` wrote stays: it is verified, listed, and opened by its schema."""
    import shutil
    from pathlib import Path

    golden = (
        Path(__file__).parents[1] / "golden" / "v1" / "artifacts" / "golden" / "zarr" / "sub-17" / "image-embeddings"
    )
    old = workspace / "artifacts" / "encode-images" / "default" / STUDY / "images"
    shutil.copytree(golden, old)
    found = open_artifact(workspace, Address("encode-images", "default", STUDY, "images"))
    assert found.read("image").ndim == 2 and found.attributes().frames == ""
    assert "image-embeddings" in cli_ok("inspect", "encode-images/default/study/images", "-w", workspace).out
    cli_ok("verify", "-w", workspace)
    cli_ok("status", "-w", workspace)


# -- the eyes of the table, with the tiny models ------------------------------------------------------------------

REAL = ("image-classifier", "video-classifier", "motion")


def test_the_eyes_look_at_true_and_decoded_clips(workspace, cli_ok):
    """Each sees in an artifact's clips what it sees in the same frames; names of classes stand beside the logits."""
    from eeg2vid.stages.engine.profile import Models
    from eeg2vid.stages.eyes.eye import Build

    torch.set_num_threads(1)
    tiny = Models("tiny")
    stimuli = open_artifact(workspace, Address("split-videos", "default", STUDY, "stimuli"))
    videos = open_artifact(workspace, Address("generate", "ridge~grey", "sub-1", "videos"))
    geometry = stimuli.attributes()
    for name in REAL:
        said = cli_ok("encode-clips", "-w", workspace, "--eye", name, "--threads", 1).err
        assert "60 clips in" in said and "clips/s" in said
        places = [("encode-clips", name, STUDY)]
        if name == "video-classifier":
            words = ("--variant", f"ridge+{name}", "--subject", 1, "--condition", "grey", "--threads", 1)
            cli_ok("perceive", "-w", workspace, *words)
            places.append(("perceive", f"ridge+{name}~grey", "sub-1"))
        folders = {role: tiny.locate(role).folder for role in EYES[name].roles}
        eye = EYES[name].built()(EYES[name](), Build(folders, "cpu", 32, "float32"))
        for shown, place in zip((stimuli, videos), places, strict=False):
            found, frames = opened(workspace, *place), shown.read("frames")[:4, :, : geometry.height, : geometry.width]
            expected = eye.look(frames)
            assert set(found.names) == set(expected)
            for array, values in expected.items():
                assert np.allclose(found.read(array)[:4], values, atol=1e-4, rtol=1e-4), (name, array)
        facts, *others = (opened(workspace, *place).attributes() for place in places)
        assert all(other == facts for other in others)
        assert facts.classes == dict(eye.classes) and facts.concept_of_class == eye.concept_of_class
        assert facts.models.keys() == set(EYES[name].roles)
    assert cli_ok("verify", "-w", workspace).code == 0


def test_what_is_resumed_or_made_apart_has_the_same_bytes(workspace, cli_ok):
    look = ("encode-clips", "-w", workspace, "--eye", "video-classifier", "--threads", 1)
    cli_ok(*look)
    cli_ok(*look, "--variant", "resumed", "--new", "--shard", "2/2")
    assert "50 clips in" in cli_ok(*look, "--variant", "resumed", "--new").err  # the other ten were kept
    whole, resumed = (opened(workspace, "encode-clips", variant, STUDY) for variant in ("video-classifier", "resumed"))
    assert whole.digest == resumed.digest
    for name in whole.names:
        assert whole.read(name).tobytes() == resumed.read(name).tobytes()


def test_another_number_of_pictures_is_said(workspace, cli_ok):
    cut = ("split-videos", "-w", workspace, "--frames", 4, "--variant", "four", "--new")
    cli_ok(*cut)
    look = (
        "encode-clips",
        "-w",
        workspace,
        "--eye",
        "video-classifier",
        "--from",
        "stimuli=split-videos/four",
        "--threads",
        1,
    )
    words = "looks at 4 pictures of a clip with weights that learned from 6"
    assert words not in cli_ok(*look, "--variant", "repeated", "--new").err
    assert words in cli_ok(*look, "--variant", "published", "--new", "--set", "eye.frames=as-they-are").err
    found = {variant: opened(workspace, "encode-clips", variant, STUDY) for variant in ("repeated", "published")}
    assert [one.attributes().settings for one in found.values()] == [{"frames": "repeat"}, {"frames": "as-they-are"}]
    repeated, published = (one.read("logits") for one in found.values())
    assert repeated.shape == published.shape and np.abs(repeated - published).max() > 1e-3


# -- what eyes saw: a metric on it, and a target of it ----------------------------------------------------------


def test_scores_and_targets_take_what_eyes_saw(workspace, toy, cli_ok, monkeypatch):
    """Truth and decoded percepts meet by clip; one metric and one table line more, and a percept is a target."""
    from eeg2vid.schemas.scores import Score
    from eeg2vid.stages.metrics.metric import Measured, Metric, Variant
    from eeg2vid.stages.metrics.table import METRICS

    row = Metric(
        name="brightness-distance", form="pair", needs=("percepts:toy",), direction="lower", bounds=(0.0, None),
        variants={"": Variant("brightness distance", "How far the eye's brightness is from the true one.", "pairing")},
        builds="toy_metric:measure",
    )  # fmt: skip
    module = types.ModuleType("toy_metric")

    def measure(given):
        sides = given.percepts["toy"]["color"]
        decoded, true = (side.reshape(len(side), -1).mean(axis=1) for side in (sides.decoded, sides.true))
        seen.append((given.condition, decoded, true))
        return {"": Measured(np.abs(decoded[:, None] - true[None]))}

    seen = []
    module.measure = measure
    monkeypatch.setitem(sys.modules, "toy_metric", module)
    monkeypatch.setitem(METRICS, "brightness-distance", row)
    config = workspace / "eeg2vid.toml"
    mapper = "\n[train-mapper.eye]\ntargets = ['percept:toy:color']\nfolds = 'last'\n"
    config.write_text(config.read_text() + PERCEIVE + mapper)
    asked = planned(workspace, cli_ok, "--subject", 1)
    assert "encode-clips/toy/study" in asked and "train-mapper/eye/sub-1" in asked
    cli_ok("run", "-w", workspace, "--subject", 1, "--until", "train-mapper")
    mapped = open_artifact(workspace, Address("train-mapper", "eye", "sub-1", "mappers"))
    assert mapped.attributes().targets["percept-toy-color"].attributes["eye"] == "toy"
    cli_ok("perceive", "-w", workspace, "--subject", 1)
    cli_ok("score", "-w", workspace, "--subject", 1)
    rows = open_artifact(workspace, Address("score", "ridge", "sub-1", "scores")).table("scores", Score)
    found = {one.condition: one for one in rows if one.metric == "brightness-distance"}
    assert set(found) == {"full", "shuffled-runs", "mean-video", "grey"}
    for condition, decoded, true in seen:
        assert found[condition].value == pytest.approx(np.abs(decoded - true).mean(), rel=1e-6)
