"""import and export as a user meets them: files in, files out, what reads them, and every refusal's exit code."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from eeg2vid.schemas.entities import Clip, Event
from eeg2vid.stages.stimuli.mp4 import write_mp4
from eeg2vid.stages.store.layout import Address, find_artifacts
from eeg2vid.stages.store.reader import Artifact, load_manifest, open_artifact
from tests.conftest import call

LATENTS = Address("encode-latents", "default", "study", "latents")
FEATURES = Address("preprocess", "default", "sub-1", "features")
EPOCHS = Address("preprocess", "default", "sub-1", "epochs")
PREDICTIONS = Address("predict", "ridge", "sub-1", "predictions")
VIDEOS = Address("generate", "ridge", "sub-1", "videos")


@pytest.fixture
def imported(workspace):
    """Return a function that imports into the workspace."""

    def run(path, schema, to, *more, code=0):
        result = call("import", path, "--as", schema, "--to", to, "-w", workspace, *more)
        assert result.code == code, result.err
        return result

    return run


def read(workspace, address, name):
    return open_artifact(workspace, address).read(name)


def events_of(workspace):
    return open_artifact(workspace, Address("ingest", "default", "sub-1", "events")).table("events", Event)


def concept_order(workspace):
    """Return the rows of the clip index in concept order, from first principles."""
    clips = open_artifact(workspace, Address("ingest", "default", "study", "clips")).table("clips", Clip)
    return np.array(sorted(range(len(clips)), key=lambda k: (int(clips[k].clip[1]), clips[k].concept, clips[k].clip)))


def states(workspace):
    rows = call("status", "-w", workspace, "--json").json
    return {f"{row['stage']}/{row['variant']}/{row['unit']}": row for row in rows}


@pytest.mark.parametrize("form", ["npy", "npz", "csv"])
def test_every_artifact_survives_export_and_import(tiny, tmp_path, form):
    """All schemas, all roles: the same digest comes back in another workspace."""
    source = tiny / "workspace"
    target = tmp_path / "workspace"
    shutil.copytree(source / "artifacts" / "ingest", target / "artifacts" / "ingest")
    for keep in ("split", "split-videos"):
        shutil.copytree(source / "artifacts" / keep, target / "artifacts" / keep)
    seen = set()
    for address in find_artifacts(source):
        if address.unit == "sub-2" or (form != "npy" and address.variant not in ("default", "ridge", "lda")):
            continue
        manifest = load_manifest(address.folder(source))
        out = tmp_path / "out" / str(address)
        assert call("export", address, "--out", out, "-w", source, "--format", form).code == 0
        subject = ["--subject", "1"] if address.unit != "study" else []
        to = f"{address.stage}/{address.variant}"
        words = ["import", out, "--as", manifest.schema_name, "--to", to, "--role", address.role, *subject]
        result = call(*words, "-w", target, "--json")
        assert result.code == 0, f"{address}: {result.err}"
        assert result.json["digest"] == manifest.digest, address
        assert "is what was exported" in result.err
        back = load_manifest(address.folder(target))
        assert back.provenance == "imported" and back.protocol == manifest.protocol
        assert back.attributes == manifest.attributes and set(back.stamps) == {"simulated", "imported"}
        assert call(*words, "-w", target, "--json").json["state"] == "already imported"
        seen.add(manifest.schema_name)
    assert call("verify", "-w", target).code == 0
    assert seen >= {"clips", "events", "recordings", "folds", "epochs", "features", "videos", "latents", "report"}
    assert seen >= {"checkpoints", "predictions", "scores", "captions", "checks"}


@pytest.mark.parametrize("existing", [False, True])
def test_an_export_that_meets_a_full_disk_leaves_nothing(tiny, tmp_path, monkeypatch, existing):
    from eeg2vid.stages.exchange import exporters

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporters, "write_rows", full)  # after the arrays
    if existing:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / ".DS_Store").touch()
    said = call("export", FEATURES, "--out", tmp_path / "out", "-w", tiny / "workspace")
    assert said.code == 1 and f"The disk is full at {tmp_path / 'out'}." in said.err
    assert "are free there" in said.err
    left = sorted(path.name for path in tmp_path.rglob("*"))
    assert left == ([".DS_Store", "out"] if existing else [])
    monkeypatch.undo()
    assert call("export", FEATURES, "--out", tmp_path / "out", "-w", tiny / "workspace").code == 0


def test_export_says_what_it_is_and_refuses_a_full_folder(tiny, tmp_path):
    workspace = tiny / "workspace"
    result = call("export", FEATURES, "--out", tmp_path / "out", "-w", workspace, "--json")
    assert set(result.json["files"]) == {"de.npy", "psd.npy", "events.jsonl", "electrodes.jsonl", "export.json"}
    facts = json.loads((tmp_path / "out" / "export.json").read_text())
    assert facts["arrays"]["psd"]["unit"] == "µV²/Hz"
    assert facts["arrays"]["de"]["dims"] == ["event", "window", "electrode", "band"]
    stored = read(workspace, FEATURES, "de")
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "de.npy"), stored)
    assert call("export", FEATURES, "--out", tmp_path / "out", "-w", workspace).code == 2
    assert call("export", "preprocess", "--out", tmp_path / "two", "-w", workspace).code == 2
    assert call("export", FEATURES, "--out", tmp_path / "x", "-w", workspace, "--format", "mp4").code == 2
    assert call("export", FEATURES, "--out", tmp_path / "y", "-w", workspace, "--format", "xls").code == 2
    assert call("export", "nothing/here", "--out", tmp_path / "z", "-w", workspace).code == 3


def test_published_latents_in_concept_order(workspace, tmp_path, imported):
    """1200_latent.npy: (clip, channel, frame, row, column), blocks 1-6 by concept; here blocks 1-2 of 3."""
    before = read(workspace, LATENTS, "latents")
    order = concept_order(workspace)[:40]
    np.save(tmp_path / "1200_latent.npy", before[order].transpose(0, 2, 1, 3, 4))
    kept = {**load_manifest(LATENTS.folder(workspace)).attributes, "vae": ""}  # unknown of a foreign file
    imported(tmp_path / "1200_latent.npy", "latents", "encode-latents/mine", "--order", "concept", "--blocks", "1-2")
    place = Address("encode-latents", "mine", "study", "latents")
    np.testing.assert_array_equal(read(workspace, place, "latents"), before[:40])
    assert load_manifest(place.folder(workspace)).attributes == kept  # geometry and scaling of this workspace
    torch.save({"z": torch.from_numpy(before[order[:20]].transpose(0, 2, 1, 3, 4).copy())}, tmp_path / "block.pt")
    more = ["--order", "concept", "--blocks", "1", "--scale", "2", "--set", "scaling_factor=1.5"]
    imported(tmp_path / "block.pt", "latents", "encode-latents/mine", *more)
    np.testing.assert_array_equal(read(workspace, place, "latents"), before[:20] * 2)
    assert load_manifest(place.folder(workspace)).attributes["scaling_factor"] == 1.5


def test_imported_flows_to_what_reads_it(workspace, tmp_path, imported):
    """The same content disturbs nothing; other content makes what reads it stale, and it is made again."""
    latents = read(workspace, LATENTS, "latents")
    np.save(tmp_path / "same.npy", latents)
    vae = load_manifest(LATENTS.folder(workspace)).attributes["vae"]  # a bare array does not say who encoded it
    words = ["--order", "presentation", "--set", f"vae={vae}"]
    result = imported(tmp_path / "same.npy", "latents", "encode-latents", *words, "--json")
    assert result.json["state"] == "imported" and result.json["replaced"] == result.json["digest"]
    found = states(workspace)
    assert found["encode-latents/default/study"]["state"] == "imported"
    assert found["train-mapper/ridge/sub-1"]["state"] == "done"
    np.save(tmp_path / "other.npy", latents[::-1])
    imported(tmp_path / "other.npy", "latents", "encode-latents", "--order", "presentation")
    mapper = states(workspace)["train-mapper/ridge/sub-1"]
    assert mapper["state"] == "stale"
    assert mapper["reasons"] == [f"input {LATENTS} changed"]
    result = call("encode-latents", "-w", workspace, "--precision", "float16")
    assert result.code == 0 and "imported, kept" in result.err
    assert call("train-mapper", "-w", workspace, "--subject", "1").code == 0
    inputs = load_manifest(Address("train-mapper", "ridge", "sub-1", "mappers").folder(workspace))
    assert load_manifest(LATENTS.folder(workspace)).digest in [ref.digest for ref in inputs.inputs]
    assert "imported" in inputs.stamps


def test_published_features_and_one_role_of_two(workspace, tmp_path, imported):
    """DE_1per2s (block, slot, clip, electrode, band): epochs of the same unit are made or kept, DE stays."""
    de = read(workspace, FEATURES, "de")
    path = tmp_path / "DE_1per2s" / "sub1.npy"
    path.parent.mkdir()
    np.save(path, de[:, 0].reshape(3, 4, 5, 62, 5).astype(np.float64))
    imported(path, "features", "preprocess", "--subject", "1", "--order", "presentation")
    artifact = open_artifact(workspace, FEATURES)
    np.testing.assert_array_equal(artifact.read("de"), de[:, :1])
    assert artifact.manifest.attributes["window_s"] == 2.0
    assert artifact.manifest.attributes["method"] == "published"
    assert not artifact.has("psd")
    assert states(workspace)["preprocess/default/sub-1"]["state"] == "imported"
    shutil.rmtree(EPOCHS.folder(workspace))
    assert states(workspace)["preprocess/default/sub-1"]["state"] == "missing"
    assert call("preprocess", "-w", workspace, "--subject", "1").code == 0
    assert open_artifact(workspace, FEATURES).manifest.provenance == "imported"
    assert open_artifact(workspace, EPOCHS).manifest.provenance == "computed"
    result = call(
        "train-encoder",
        "-w",
        workspace,
        "--subject",
        "1",
        "--variant",
        "p",
        "--new",
        "--network",
        "lda",
        "--inputs",
        "psd",
    )
    assert result.code == 3 and "holds no 'psd', only de" in result.err
    psd = tmp_path / "PSD_1per1s" / "sub1.npy"
    psd.parent.mkdir()
    np.save(psd, np.abs(de).reshape(3, 4, 5, 2, 62, 5))
    np.save(path, de.reshape(3, 4, 5, 2, 62, 5))
    imported(path, "features", "preprocess", "--subject", "1", "--order", "presentation", "--also", psd)
    np.testing.assert_array_equal(read(workspace, FEATURES, "psd"), np.abs(de))
    assert call("preprocess", "-w", workspace, "--subject", "1", "--force").code == 0
    assert open_artifact(workspace, FEATURES).manifest.provenance == "computed"


def test_segmented_epochs_in_volts(workspace, tmp_path, imported):
    epochs = read(workspace, EPOCHS, "epochs")
    np.save(tmp_path / "seg.npy", epochs.reshape(3, 4, 5, 62, 400).astype(np.float64) * 1e-6)
    result = imported(tmp_path / "seg.npy", "epochs", "preprocess", "--subject", "1", "--order", "presentation")
    assert "V (median absolute amplitude" in result.err
    np.testing.assert_allclose(read(workspace, EPOCHS, "epochs"), epochs, rtol=1e-6)
    assert open_artifact(workspace, EPOCHS).manifest.attributes.items() >= {"sfreq": 200.0, "tmin_s": 0.0}.items()


def test_predictions_of_the_last_block(workspace, tmp_path, imported):
    """latent_out_block7_40_classes.npy: concept order, the last block, named by the fold that tests it."""
    latents = read(workspace, PREDICTIONS, "latents")
    order = concept_order(workspace)[40:]
    np.save(tmp_path / "latent_out_block7_40_classes.npy", latents[order])
    more = ["--subject", "1", "--order", "concept", "--blocks", "3"]
    imported(tmp_path / "latent_out_block7_40_classes.npy", "predictions", "predict/published", *more)
    place = Address("predict", "published", "sub-1", "predictions")
    np.testing.assert_array_equal(read(workspace, place, "latents"), latents[40:])
    ours = Artifact(PREDICTIONS.folder(workspace), PREDICTIONS)
    theirs = Artifact(place.folder(workspace), place)
    rows = ours.table("latents", ours.row_types["latents"])[40:]
    assert theirs.table("latents", ours.row_types["latents"]) == rows
    words = ["generate", "--variant", "published", "--new", "--from", "predictions=predict/published", "--subject", "1"]
    assert call(*words, "-w", workspace, "--condition", "full").code == 0


def write_gifs(folder, videos, names):
    folder.mkdir()
    for name, video in zip(names, videos, strict=True):
        pictures = [Image.fromarray(frame) for frame in video]
        pictures[0].save(folder / f"{name}.gif", save_all=True, append_images=pictures[1:], duration=330, loop=0)


def test_result_gifs(workspace, tmp_path, imported):
    """EEG2Video{0..}.gif of the last block; a gap, a wrong count and a wrong size are refused."""
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (20, 6, 1, 1, 3), dtype=np.uint8)  # flat pictures survive a palette
    videos = np.broadcast_to(colours, (20, 6, 36, 64, 3))
    order = np.argsort(np.argsort(concept_order(workspace)[40:]))
    write_gifs(tmp_path / "gifs", videos, [f"EEG2Video{k}" for k in range(20)])
    more = ["--subject", "1", "--order", "concept", "--blocks", "3"]
    imported(tmp_path / "gifs", "videos", "generate/published", *more)
    place = Address("generate", "published", "sub-1", "videos")
    frames = read(workspace, place, "frames")
    assert frames.shape == (20, 6, 40, 64, 3)
    np.testing.assert_allclose(frames[:, :, :36].astype(int), videos[order].astype(int), atol=6)
    assert load_manifest(place.folder(workspace)).attributes == {
        "fps": 3.0, "height": 36, "width": 64, "motion": "",
    }  # fmt: skip
    (tmp_path / "gifs" / "EEG2Video7.gif").unlink()
    assert "number 7 is missing" in imported(tmp_path / "gifs", "videos", "generate/p", *more, code=4).err
    (tmp_path / "gifs" / "EEG2Video19.gif").rename(tmp_path / "gifs" / "EEG2Video7.gif")
    assert "expected 20 videos, found 19" in imported(tmp_path / "gifs", "videos", "generate/p", *more, code=4).err
    write_gifs(tmp_path / "small", videos[:, :, :18, :32], range(20))
    assert "like the stimuli" in imported(tmp_path / "small", "videos", "generate/p", *more, code=4).err


@pytest.mark.parametrize(
    ("pictures", "rate", "found"),
    [(5, 3, "5 in 1.67 s"), (8, 3, "8 in 2.67 s"), (6, 2, "6 in 3.00 s"), (48, 24, "48 in 2.00 s")],
)
def test_videos_of_another_length(workspace, tmp_path, imported, pictures, rate, found):
    """Neither stretched nor cut in silence: refused, or by the user's word taken by time, told and stamped."""
    videos = np.arange(10, 10 + 4 * pictures, 4, dtype=np.uint8)[:, None, None, None]
    videos = np.broadcast_to(videos, (pictures, 36, 64, 3))
    (tmp_path / "mp4").mkdir()
    for k in range(20):
        whole = np.broadcast_to(np.linspace(20, 220, 6).astype(np.uint8)[:, None, None, None], (6, 36, 64, 3))
        video, fps = (videos, float(rate)) if k == 7 else (whole, 3.0)
        write_mp4(tmp_path / "mp4" / f"{k:02}.mp4", video, fps=fps)
    more = ["--subject", "1", "--order", "concept", "--blocks", "3"]
    refused = imported(tmp_path / "mp4", "videos", "generate/other", *more, code=4).err
    assert f"expected 6 pictures at 3 per second (2.00 s), found {found}" in refused
    assert "07.mp4" in refused
    assert "1 of 20 videos" in refused
    assert "--resample" in refused
    place = Address("generate", "other", "sub-1", "videos")
    assert not place.folder(workspace).exists()
    told = imported(tmp_path / "mp4", "videos", "generate/other", *more, "--resample").err
    assert "07.mp4" in told
    assert "06.mp4" not in told
    assert "resampled" in load_manifest(place.folder(workspace)).stamps
    levels = read(workspace, place, "frames")[:, :, :36].mean((2, 3, 4))
    shown = [10 + 4 * min(k * rate // 3, pictures - 1) for k in range(6)]  # the picture on screen at k / 3 s
    at = np.argsort(np.argsort(concept_order(workspace)[40:])).tolist().index(7)
    assert np.abs(levels[at] - shown).max() < 2


def test_equal_pictures_that_a_gif_holds_are_no_other_length(workspace, tmp_path, imported):
    levels = np.array([40, 80, 120, 160, 160, 160], np.uint8)  # Pillow writes the last three as one of 0.99 s
    write_gifs(tmp_path / "gifs", np.broadcast_to(levels[:, None, None, None], (20, 6, 36, 64, 3)), range(20))
    imported(tmp_path / "gifs", "videos", "generate/held", "--subject", "1", "--order", "concept", "--blocks", "3")
    place = Address("generate", "held", "sub-1", "videos")
    assert "resampled" not in load_manifest(place.folder(workspace)).stamps
    assert np.abs(read(workspace, place, "frames")[:, :, :36].mean((0, 2, 3, 4)) - levels).max() < 1


def test_mp4_export_comes_back_nearly(workspace, tmp_path, imported):
    """By export.json, and as a bare folder whose names are event ids: no order needs declaring."""
    before = read(workspace, VIDEOS, "frames")
    assert call("export", VIDEOS, "--out", tmp_path / "out", "-w", workspace, "--format", "mp4").code == 0
    for path in (tmp_path / "out", tmp_path / "out" / "frames"):
        imported(path, "videos", "generate/mp4", "--subject", "1")
        after = read(workspace, Address("generate", "mp4", "sub-1", "videos"), "frames")
        assert after.shape == before.shape
        assert np.abs(after[:, :, :36].astype(int) - before[:, :, :36]).mean() < 6


def test_captions_and_tables(workspace, tmp_path, imported):
    lines = [f"caption {k}" for k in range(60)]
    (tmp_path / "captions.txt").write_text("\n".join(lines) + "\n")
    imported(tmp_path / "captions.txt", "captions", "ingest", "--order", "concept")
    place = Address("ingest", "default", "study", "captions")
    artifact = open_artifact(workspace, place)
    rows = artifact.table("captions", artifact.schema.tables["captions"])
    assert [rows[k].caption for k in concept_order(workspace)] == lines
    (tmp_path / "short.txt").write_text("\n".join(lines[:-1]))
    result = imported(tmp_path / "short.txt", "captions", "ingest", "--order", "concept", code=4)
    assert "expected 60 captions, found 59" in result.err
    (tmp_path / "two.jsonl").write_text('{"clip": "b1-r01-c1", "caption": "a"}\n{"clip": "zzz", "caption": "b"}\n')
    assert "clip 'zzz'" in imported(tmp_path / "two.jsonl", "captions", "ingest", code=4).err
    (tmp_path / "bad.jsonl").write_text('{"clip": "b1-r01-c1", "caption": "a"}\n{"clip": "b1-r01-c2"}\n')
    assert "line 2: caption" in imported(tmp_path / "bad.jsonl", "captions", "ingest", code=4).err
    (tmp_path / "one.csv").write_text("clip,caption\nb1-r01-c1,=1+1\n")
    imported(tmp_path / "one.csv", "captions", "ingest")


USAGE = [
    (["latents", "encode-latents"], "must be declared"),
    (["latents", "encode-latents", "--order", "alphabet"], "must be declared"),
    (["latent", "encode-latents"], "Did you mean 'latents'?"),
    (["latents", "encode-latent"], "Did you mean 'encode-latents'?"),
    (["latents", "encode-latents/A B"], "no variant name"),
    (["latents", "generate"], "does not write schema 'latents'"),
    (["latents", "encode-latents", "--subject", "1"], "belongs to the study"),
    (["videos", "generate/x", "--order", "concept"], "add --subject"),
    (["videos", "generate/x", "--subject", "1-2"], "one by one"),
    (["checks", "ingest", "--role", "captions"], "--role is needed"),
    (["latents", "encode-latents", "--order", "concept", "--blocks", "1-9"], "there is no block '4'"),
    (["latents", "encode-latents", "--order", "concept", "--layout", "sideways"], "none of channel-first, native"),
    (["latents", "encode-latents", "--order", "concept", "--key", "z"], "without a name"),
    (["latents", "encode-latents", "--order", "concept", "--set", "fps=-3"], "latents.fps"),
    (["latents", "encode-latents", "--order", "concept", "--set", "zoom=3"], "zoom"),
    (["scores", "score/x", "--subject", "1", "--order", "concept"], "is not read from arrays"),
]


@pytest.mark.parametrize(("words", "sentence"), USAGE, ids=[" ".join(words) for words, _ in USAGE])
def test_usage_errors(tiny, tmp_path, words, sentence):
    np.save(tmp_path / "x.npy", np.zeros((60, 6, 4, 5, 8), np.float32))
    schema, to, *more = words
    result = call("import", tmp_path / "x.npy", "--as", schema, "--to", to, *more, "-w", tiny / "workspace")
    assert result.code == 2
    assert sentence in result.err


BAD = {
    "missing clips": (np.zeros((59, 6, 4, 5, 8), np.float32), "expected 60 clips, found 59"),
    "other channels": (np.zeros((60, 6, 3, 5, 8), np.float32), "channel=4"),
    "fewer axes": (np.zeros((60, 4, 5, 8), np.float32), "found shape (60, 4, 5, 8)"),
    "whole numbers": (np.zeros((60, 6, 4, 5, 8), np.int64), "expected float16 or float32, found int64"),
    "NaN": (np.full((60, 6, 4, 5, 8), np.nan, np.float32), "NaN or infinity"),
    "too large for float32": (np.full((60, 6, 4, 5, 8), 1e300), "NaN or infinity"),
    "text": (np.array(["a"]), "expected an array of numbers"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_data(tiny, tmp_path, name):
    values, sentence = BAD[name]
    workspace = tiny / "workspace"
    before = load_manifest(LATENTS.folder(workspace))
    np.save(tmp_path / "x.npy", values)
    variant = f"bad-{list(BAD).index(name)}"  # other workers import here at the same time
    words = ["--as", "latents", "--to", f"encode-latents/{variant}", "--order", "presentation", "-w", workspace]
    result = call("import", tmp_path / "x.npy", *words)
    assert result.code == 4
    assert sentence in result.err
    place = workspace / "artifacts" / "encode-latents" / variant / "study"
    assert not (place / "latents").exists() and not list(place.glob("work-*"))
    assert load_manifest(LATENTS.folder(workspace)) == before


def test_one_value_for_every_clip_is_told(workspace, tmp_path, imported):
    latents = read(workspace, LATENTS, "latents")
    words = ("latents", "encode-latents/mine", "--order", "presentation")
    count = len(latents)
    for values, what in ((latents * 0, "zeros only"), (np.repeat(latents[:1], count, 0), "the same values")):
        np.save(tmp_path / "x.npy", values)
        said = imported(tmp_path / "x.npy", *words).err
        assert f"Warning: array 'latents': all {count} rows hold {what}" in said
    other = latents * 0
    other[-1, 0, 0, 0, 0] = 1
    np.save(tmp_path / "x.npy", other)
    assert "Warning" not in imported(tmp_path / "x.npy", *words).err


def test_event_aligned_needs_every_event_and_electrode(tiny, tmp_path):
    words = ["--as", "features", "--to", "preprocess/x", "--subject", "1", "--order", "presentation"]
    for shape, more, sentence in (
        ((2, 4, 5, 2, 62, 5), [], "expected (3, 4, 5) (blocks, slots, clips), found (2, 4, 5)"),
        ((2, 4, 5, 2, 62, 5), ["--blocks", "1-2"], "expected all 60 events"),
        ((3, 4, 5, 2, 30, 5), [], "expected 62 electrodes, found 30"),
    ):
        np.save(tmp_path / "DE.npy", np.ones(shape, np.float32))
        result = call("import", tmp_path / "DE.npy", *words, *more, "-w", tiny / "workspace")
        assert result.code == 4 and sentence in result.err
    np.save(tmp_path / "x.npy", np.ones((3, 4, 5, 2, 62, 5), np.float32))
    result = call("import", tmp_path / "x.npy", *words, "-w", tiny / "workspace")
    assert result.code == 2 and "is it de or psd?" in result.err


def test_folds_that_leak_are_refused(workspace, tmp_path, imported):
    folds = Address("split", "default", "sub-1", "folds")
    assert call("export", folds, "--out", tmp_path / "out", "-w", workspace).code == 0
    assignment = np.load(tmp_path / "out" / "assignment.npy")
    assignment[0, 0] = 1  # one clip of a test run goes to training
    np.save(tmp_path / "out" / "assignment.npy", assignment)
    assert "leaks" in imported(tmp_path / "out", "folds", "split/mine", "--subject", "1", code=4).err
    assignment[0, 0] = 9
    np.save(tmp_path / "out" / "assignment.npy", assignment)
    assert "found other values" in imported(tmp_path / "out", "folds", "split/mine", "--subject", "1", code=4).err
    assert "exported from sub-1" in imported(tmp_path / "out", "folds", "split/mine", "--subject", "2", code=4).err


def test_nothing_ingested_yet(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((60, 6, 4, 5, 8), np.float32))
    words = ["--as", "latents", "--to", "encode-latents", "--order", "presentation", "-w", tmp_path]
    result = call("import", tmp_path / "x.npy", *words)
    assert result.code == 3 and "eeg2vid ingest" in result.err


def test_a_unit_at_work_is_not_touched(workspace, tmp_path, imported):
    """Another process makes the unit under other settings: exit 6, nothing changes."""
    from eeg2vid.stages.store.work import Work

    np.save(tmp_path / "x.npy", np.zeros((60, 6, 4, 5, 8), np.float32))
    before = load_manifest(LATENTS.folder(workspace))
    with Work(LATENTS.folder(workspace).parent, "a" * 64).present():
        imported(tmp_path / "x.npy", "latents", "encode-latents", "--order", "concept", code=6)
    assert load_manifest(LATENTS.folder(workspace)) == before
    imported(tmp_path / "x.npy", "latents", "encode-latents", "--order", "concept", "--container", "hdf5")
    assert (LATENTS.folder(workspace) / "data.h5").is_file()
    assert not list(LATENTS.folder(workspace).parent.glob("work-*"))


def test_help_names_the_published_files():
    text = " ".join(call("import", "--help").out.replace("│", " ").split())
    for name in ("1200_latent.npy", "DE_1per1s", "text_embeds/block", "--order"):
        assert name in text
