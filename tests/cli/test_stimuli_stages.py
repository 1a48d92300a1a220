"""Captions, embeddings, latents and motion scores by command, with small random models of the profile's classes."""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.schemas.entities import Caption, Clip, ClipKey
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.cohort.clips import motion_of
from eeg2vid.stages.store.layout import STUDY, Address
from eeg2vid.stages.store.reader import open_artifact

_spec = importlib.util.spec_from_file_location(
    "_small_models", Path(__file__).parents[1] / "unit" / "pretrained" / "_small_models.py"
)
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

pytestmark = pytest.mark.xdist_group("stimuli-stages")
CLIPS = 60  # 3 blocks x 4 concepts x 5 clips


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return small.save_profile(tmp_path_factory.mktemp("small"))


def opened(workspace, stage, role, variant="default"):
    return open_artifact(workspace, Address(stage, variant, STUDY, role))


def clips_of(artifact, row=ClipKey, table="clips"):
    return [key.clip for key in artifact.table(table, row)]


def test_caption_then_text_then_images(workspace, cli_ok, models):
    from eeg2vid.stages.pretrained.captioner import load_captioner
    from eeg2vid.stages.pretrained.image_encoder import load_image_encoder
    from eeg2vid.stages.pretrained.text import load_text_encoder

    said = cli_ok("caption", "-w", workspace, "--models", models, "--max-tokens", 6)
    assert "60 clips in" in said.err and "clips/s" in said.err
    stimuli = opened(workspace, "split-videos", "stimuli")
    geometry, frames = stimuli.attributes(), stimuli.read("frames")
    keyed = frames[:, 3, : geometry.height, : geometry.width]
    captions = opened(workspace, "caption", "captions").table("captions", Caption)
    assert [row.clip for row in captions] == clips_of(stimuli, VideoKey) and len(captions) == CLIPS
    expected = load_captioner(models.parent / "captioner").describe(keyed, batch=CLIPS, max_tokens=6)
    assert [row.caption for row in captions] == expected

    encoder = load_text_encoder(models.parent / "text_encoder", models.parent / "tokenizer")
    for source, words in (
        (("ingest", "captions"), ()),
        (("caption", "captions"), ("--from", "captions=caption/default", "--variant", "blip", "--new")),
    ):
        cli_ok("encode-text", "-w", workspace, "--models", models, *words)
        text = opened(workspace, "encode-text", "text", "blip" if words else "default")
        rows = opened(workspace, *source).table("captions", Caption)
        states = encoder.encode([row.caption for row in rows])
        assert clips_of(text) == [row.clip for row in rows]
        assert np.allclose(text.read("text_states"), states.states, atol=1e-5)
        assert np.allclose(text.read("pooled"), states.pooled, atol=1e-5)
        assert text.attributes().text_encoder.startswith("sha256:")
        assert [ref.stage for ref in text.manifest.inputs] == [source[0]]

    look = ("encode-clips", "-w", workspace, "--models", models)
    assert "60 clips in" in cli_ok(*look, "--eye", "image-encoder", "--stored", "float16").err
    cli_ok(*look, "--set", "eye.frame=all", "--variant", "mean", "--new")
    encode = load_image_encoder(models.parent / "image_encoder").encode
    found = opened(workspace, "encode-clips", "percepts", "image-encoder")
    assert found.read("image").dtype == np.float16 and clips_of(found, VideoKey) == clips_of(stimuli, VideoKey)
    assert np.allclose(found.read("image"), encode(keyed), atol=2e-3)
    every = encode(frames[:, :, : geometry.height, : geometry.width].reshape(-1, geometry.height, geometry.width, 3))
    mean = opened(workspace, "encode-clips", "percepts", "mean")
    facts = mean.attributes()
    assert (facts.eye, facts.settings) == ("image-encoder", {"frame": "all"}) and facts.models.keys() == {
        "image_encoder"
    }
    assert np.allclose(mean.read("image"), every.reshape(CLIPS, 6, -1).mean(axis=1), atol=1e-5)

    shutil.rmtree(workspace / "artifacts" / "score")  # else only what lies behind scores is told
    told = " ".join(cli_ok("cite", "--methods", "-w", workspace, "--json").json["paragraphs"]["Clips"])
    assert "from the middle frame (3 beams, 6 tokens at most) [@li2022blip]" in told
    assert "Captions were encoded by" in told and "CLIP's image encoder on every frame (the mean kept)" in told


def test_the_tiny_models_understand_simulated_clips(workspace, cli_ok):
    """The profile of every study that names none: its captioner and its CLIP know what the films show."""
    for stage in ("caption", "encode-text", "encode-clips"):
        cli_ok(stage, "-w", workspace)
    said = opened(workspace, "caption", "captions").table("captions", Caption)
    true = opened(workspace, "ingest", "captions").table("captions", Caption)
    shared = [len(set(one.caption.split()) & set(two.caption.split())) for one, two in zip(said, true, strict=True)]
    turned = true[30:] + true[:30]
    others = [len(set(one.caption.split()) & set(two.caption.split())) for one, two in zip(said, turned, strict=True)]
    assert np.mean(shared) > np.mean(others) + 1
    clips = {row.clip: row.concept for row in opened(workspace, "ingest", "clips").table("clips", Clip)}
    images = opened(workspace, "encode-clips", "percepts", "image-encoder")
    text = opened(workspace, "encode-text", "text")
    one, two = images.read("image").astype(float), text.read("pooled").astype(float)
    nearest = ((one / np.linalg.norm(one, axis=1)[:, None]) @ (two / np.linalg.norm(two, axis=1)[:, None]).T).argmax(1)
    shown, told = ([clips[name] for name in clips_of(*one)] for one in ((images, VideoKey), (text,)))
    assert np.mean([clip == told[k] for clip, k in zip(shown, nearest, strict=True)]) > 0.7  # chance .25


@pytest.mark.parametrize(
    ("order", "said"),
    [(range(60), ""), ([*range(1, 60), 0], "1 row above they fit better"), (range(59, -1, -1), "in reverse order")],
    ids=["right", "one late", "reversed"],
)
def test_captions_of_other_clips_are_told(workspace, tmp_path, cli_ok, order, said):
    """The tiny CLIP sees whose captions these are; nothing else of what is made changes."""
    rows = opened(workspace, "ingest", "captions").table("captions", Caption)
    (tmp_path / "captions.txt").write_text("\n".join(rows[k].caption for k in order))
    cli_ok("import", tmp_path / "captions.txt", "--as", "captions", "--to", "caption/given", "-w", workspace,
           "--order", "presentation")  # fmt: skip
    given = cli_ok("encode-clips", "-w", workspace, "--from", "captions=caption/given").err
    assert said in given
    assert ("may belong to other clips" in given) == bool(said)
    digest = opened(workspace, "encode-clips", "percepts", "image-encoder").digest
    assert "may belong" not in cli_ok("encode-clips", "-w", workspace).err  # the data set's own are right
    assert opened(workspace, "encode-clips", "percepts", "image-encoder").digest == digest


def test_parts_made_apart_are_the_whole(workspace, cli_ok, models):
    cli_ok("caption", "-w", workspace, "--models", models, "--frame", "all", "--max-tokens", 4)
    whole = opened(workspace, "caption", "captions").digest
    for shard in ("2/2", "1/2"):
        cli_ok(
            "caption", "-w", workspace, "--models", models, "--frame", "all", "--max-tokens", 4,
            "--variant", "shards", "--new", "--shard", shard,
        )  # fmt: skip
    assert opened(workspace, "caption", "captions", "shards").digest == whole
    assert "done" in cli_ok("caption", "-w", workspace, "--models", models, "--frame", "all", "--max-tokens", 4).err


def test_a_recipe_that_reads_the_captioner_plans_it(workspace, cli_ok, models):
    def planned():
        rows = cli_ok("run", "-w", workspace, "--models", models.parent / "whole.toml", "--dry-run", "--json").json
        return [row["unit"].split("/")[0] if "unit" in row else row["stage"] for row in rows]

    tiny = Path(__file__).parents[2] / "stages" / "profiles" / "tiny" / "vae"
    (models.parent / "whole.toml").write_text(models.read_text() + f'[roles.vae]\nfolder = "{tiny}"\n')
    config = workspace / "eeg2vid.toml"
    before = config.read_text()
    assert "caption" not in planned() and "encode-text" not in planned()
    config.write_text(before + "\n[encode-text.default]\n")
    assert "encode-text" in planned() and "caption" not in planned()
    config.write_text(before + '\n[encode-text.default]\nfrom = {captions = "caption/default"}\n')
    stages = planned()
    assert stages.index("caption") < stages.index("encode-text")


def test_no_captions_and_no_captioner_are_sentences(workspace, cli, cli_ok, models, tmp_path):
    missing = cli("encode-text", "-w", workspace, "--models", models, "--from", "captions=caption/default")
    assert missing.code == 3 and "eeg2vid caption" in missing.err
    (tmp_path / "none.jsonl").write_text("")
    cli_ok("import", tmp_path / "none.jsonl", "--as", "captions", "--to", "caption/none", "-w", workspace)
    none = cli("encode-text", "-w", workspace, "--models", models, "--from", "captions=caption/none")
    assert none.code == 3 and "holds no captions" in none.err and "--from captions=caption/default" in none.err
    alone = tmp_path / "alone.toml"
    alone.write_text('name = "alone"\n[roles.vae]\nfolder = "vae"\n')
    result = cli("caption", "-w", workspace, "--models", alone)
    assert result.code == 2 and "has no 'captioner'" in result.err
    assert cli("caption", "-w", workspace, "--models", models, "--beams", 0).code == 2


def test_published_text_embeddings_are_still_imported(workspace, cli_ok, tmp_path):
    values = np.random.default_rng(0).normal(size=(CLIPS, 7, 12)).astype(np.float32)
    np.save(tmp_path / "text.npy", values)
    shown = ("--order", "presentation", "-w", workspace)
    cli_ok("import", tmp_path / "text.npy", "--as", "embeddings", "--to", "encode-text/foreign", *shown)
    found = opened(workspace, "encode-text", "text", "foreign")
    assert np.array_equal(found.read("text_states"), values) and not found.has("pooled")
    assert clips_of(found) == clips_of(opened(workspace, "ingest", "clips"), Clip)
    np.save(tmp_path / "image.npy", values[:, 0])
    cli_ok("import", tmp_path / "image.npy", "--as", "percepts", "--to", "encode-clips/foreign", *shown)
    assert np.array_equal(opened(workspace, "encode-clips", "percepts", "foreign").read("image"), values[:, 0])


def test_latents_sampled_and_summed_up(workspace, cli_ok):
    from eeg2vid.stages.pretrained.latent_statistics import pooled_statistics

    plain = opened(workspace, "encode-latents", "latents")
    mean = plain.read("latents")
    assert plain.attributes().posterior == "mean"
    pooled = pooled_statistics(plain.read("channel_mean"), plain.read("channel_std"))
    flat = np.moveaxis(mean.astype(np.float64), 2, 0).reshape(mean.shape[2], -1)
    assert np.allclose(pooled, (flat.mean(axis=1), flat.std(axis=1)), atol=1e-4)
    words = ("encode-latents", "-w", workspace, "--posterior", "sample")
    said = cli_ok(*words, "--variant", "a", "--new", "--seed", 1)
    assert "clips/s" in said.err
    cli_ok(*words, "--variant", "b", "--new", "--seed", 1, "--batch", 6, "--stored", "float16")
    cli_ok(*words, "--variant", "c", "--new", "--seed", 2)
    a, b, c = (opened(workspace, "encode-latents", "latents", name) for name in "abc")
    assert a.attributes().posterior == "sample"
    sampled = a.read("latents")
    assert not np.allclose(sampled, mean, atol=1e-3) and b.read("latents").dtype == np.float16
    assert np.allclose(b.read("latents"), sampled, atol=0.02)
    off, other = sampled - mean, c.read("latents") - mean
    assert abs(np.corrcoef(off.ravel(), other.ravel())[0, 1]) < 0.05  # another seed, other noise
    assert abs(np.corrcoef(off[0].ravel(), off[1].ravel())[0, 1]) < 0.3  # another clip, other noise


def test_motion_scores_beside_the_frames(workspace, cli_ok, tmp_path):
    plain = opened(workspace, "split-videos", "stimuli")
    with pytest.raises(MissingInputError, match="no motion scores"):
        motion_of(plain, clips_of(plain, VideoKey))
    cli_ok("split-videos", "-w", workspace, "--motion", "--variant", "scored", "--new")
    scored = opened(workspace, "split-videos", "stimuli", "scored")
    assert np.array_equal(scored.read("frames"), plain.read("frames"))
    assert "512 wide" in scored.attributes().motion and plain.attributes().motion == ""
    names = clips_of(scored, VideoKey)
    found = motion_of(scored, names[::-1])[::-1]
    assert np.array_equal(found, scored.read("motion")) and found.dtype == np.float32 and (found >= 0).all()
    drawn = {clip.clip: clip.optical_flow for clip in opened(workspace, "ingest", "clips").table("clips", Clip)}
    ranks = [np.argsort(np.argsort(values)) for values in (found, [drawn[name] for name in names])]
    assert np.corrcoef(*ranks)[0, 1] > 0.6  # the films' own score, which the simulation states
    cli_ok("export", "split-videos/scored/study/stimuli", "--out", tmp_path / "out", "-w", workspace)
    facts = json.loads((tmp_path / "out" / "export.json").read_text())
    assert facts["arrays"]["motion"]["unit"] == "px"
    cli_ok("import", tmp_path / "out", "--as", "videos", "--to", "split-videos/back", "-w", workspace)
    assert opened(workspace, "split-videos", "stimuli", "back").digest == scored.digest
