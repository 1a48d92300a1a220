"""True and decoded films without EEG: two imports, their scores, their controls and their report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from PIL import Image, ImageSequence
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.scores import Contrast, Score, Term
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.stimuli.mp4 import write_mp4
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact
from tests.conftest import call, succeed

NAMES = ["17", "CAT", "Dog on grass", "b.c", "été"]
IDS = ["17", "CAT", "Dog-on-grass", "b.c", "ete"]
TRUE = Address("split-videos", "default", "study", "stimuli")
SCORES = Address("score", "theirs", "sub-1", "scores")


def write_gif(path, pictures):
    """Write a GIF of three pictures per second, as its readers know that rate."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = [Image.fromarray(picture) for picture in pictures]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=330)


def read_gif(path):
    """Return the pictures of a GIF as Pillow shows them."""
    with Image.open(path) as film:
        return np.stack([np.asarray(picture.convert("RGB")) for picture in ImageSequence.Iterator(film)])


def read_film(path):
    """Return the pictures of a film as PyAV shows them, chroma interpolated in full."""
    how = Interpolation.BICUBIC | Interpolation.ACCURATE_RND
    how |= Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
    with av.open(str(path)) as film:
        return np.stack([f.reformat(format="rgb24", interpolation=how).to_ndarray() for f in film.decode(video=0)])


def blocks(rng, frames=6, height=60, width=92):
    """Return pictures of coloured squares; the sizes are no multiples of 8."""
    small = rng.integers(0, 256, (frames, 8, 12, 3), dtype=np.uint8)
    return small.repeat(8, axis=1).repeat(8, axis=2)[:, :height, :width]


def imported(path, to, workspace, *more, code=0):
    result = call("import", path, "--as", "videos", "--to", to, "-w", workspace, *more)
    assert result.code == code, result.err
    return result


def by_skimage(pairs):
    """Return the means of scikit-image's SSIM and PSNR over clips and frames."""
    frames = [pair for true, decoded in pairs for pair in zip(true, decoded, strict=True)]  # as many of each clip
    ssim = [structural_similarity(true, decoded, channel_axis=-1) for true, decoded in frames]
    return {"ssim": np.mean(ssim), "psnr": np.mean([peak_signal_noise_ratio(*pair) for pair in frames])}


def scored(workspace, address=SCORES):
    rows = open_artifact(workspace, address).table("scores", Score)
    return {(row.metric, row.variant, row.condition): row for row in rows}


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Write true GIFs, and decoded films of the same names: GIFs, and one mp4."""
    root, rng = tmp_path_factory.mktemp("films"), np.random.default_rng(3)
    for name in NAMES:
        true = blocks(rng)
        decoded = np.clip(true // 2 + rng.integers(0, 90, true.shape), 0, 255).astype(np.uint8)
        write_gif(root / "true" / f"{name}{'.GIF' if name == 'CAT' else '.gif'}", true)
        if name == "17":
            (root / "decoded").mkdir()
            write_mp4(root / "decoded" / "17.mp4", decoded, fps=3.0)
        else:
            write_gif(root / "decoded" / f"{name}.gif", decoded)
    return root


@pytest.fixture(scope="module")
def alone(films, tmp_path_factory):
    """Return a workspace with both imported, scored and reported."""
    workspace = tmp_path_factory.mktemp("alone") / "workspace"
    told = imported(films / "true", "split-videos/default", workspace).err
    assert "the clips are the imported files (5), without EEG" in told
    imported(films / "decoded", "generate/theirs", workspace, "--subject", 1)
    succeed("score", "--variant", "theirs", "--new", "-w", workspace)
    succeed("report", "-w", workspace)
    return workspace


def test_the_files_are_the_clip_index(alone):
    clips = open_artifact(alone, Address("ingest", "default", "study", "clips"))
    rows = clips.table("clips", Clip)
    assert [row.clip for row in rows] == IDS and rows[1].file == "CAT.GIF"
    assert {(row.concept, row.block, row.start_s) for row in rows} == {(None, None, 0.0)}
    assert clips.manifest.provenance == "imported" and clips.manifest.attributes["subjects"] == []
    assert [row.clip for row in open_artifact(alone, TRUE).table("clips", VideoKey)] == IDS


def test_scores_are_those_of_scikit_image(alone, films):
    decoded = {name: films / "decoded" / f"{name}.{'mp4' if name == '17' else 'gif'}" for name in NAMES}
    true = {name: next((films / "true").glob(f"{name}.[gG]*")) for name in NAMES}
    pairs = [(read_gif(true[name]), (read_film if name == "17" else read_gif)(decoded[name])) for name in NAMES]
    rows = scored(alone)
    for metric, value in by_skimage(pairs).items():
        assert rows[metric, "", "full"].value == pytest.approx(value, abs=1e-6)
    grey = [(pair[0], np.full_like(pair[0], 128)) for pair in pairs]
    mean = np.rint(np.mean([pair[0] for pair in pairs], axis=0)).astype(np.uint8)
    for metric, value in by_skimage(grey).items():
        assert rows[metric, "", "grey"].value == pytest.approx(value, abs=1e-6)
    for metric, value in by_skimage([(pair[0], mean) for pair in pairs]).items():
        assert rows[metric, "", "mean-video"].value == pytest.approx(value, abs=1e-6)


def test_each_clip_is_a_run_and_the_rows_say_so(alone):
    rows = scored(alone)
    assert all("each counts as a run of its own" in row.note for row in rows.values())
    assert {row.n_runs for row in rows.values()} == {5} and rows["ssim", "", "full"].p < 0.05
    assert not any(variant == "within-run" for _, variant, _ in rows)
    contrasts = open_artifact(alone, SCORES).table("contrasts", Contrast)
    assert {row.control for row in contrasts} == {"grey", "mean-video"}
    terms = {row.term: row.sentence for row in open_artifact(alone, SCORES).table("terms", Term)}
    assert "mean of all 5 true clips" in terms["mean-video"] and "made elsewhere" in terms["imported clips"]
    assert "frames of the true clips" not in terms


def test_the_report_says_imported(alone):
    page = (alone / "artifacts/report/default/study/report/media/index.html").read_text(encoding="utf-8")
    assert "<h1>Videos decoded elsewhere, imported: theirs</h1>" in page
    assert "imported videos carry information about the concept, or what else a run shares" in page
    assert "decoded from EEG" not in page and "COPIED FRAMES" not in page
    assert "Nothing was ingested" in page and "only </dd>" not in page
    assert "training video" not in page and "mean of the training clips" not in page  # nothing was trained here
    assert "it is the mean of all 5 true clips" in page


def test_nothing_else_is_planned(alone):
    stages = {row["stage"]: row["state"] for row in call("status", "-w", alone, "--json").json}
    assert stages.keys() == {"ingest", "split-videos", "generate", "score", "report"}
    told = succeed("run", "-w", alone).err
    assert "made in" not in told and "ingest/default/study: imported, kept" in told
    assert "without EEG nothing is decoded here" in call("generate", "--variant", "mine", "--new", "-w", alone).err
    refused = call("run", alone, "-w", alone)
    assert refused.code == 2 and "imported without EEG" in refused.err


def test_copied_frames_a_second_system_and_an_eye(alone, films, tmp_path):
    """A system that was imported of somebody else stands beside the first; what it copied is said loudly."""
    workspace = tmp_path / "workspace"
    shutil.copytree(alone, workspace)
    (tmp_path / "copied").mkdir()
    shutil.copy(films / "true" / "CAT.GIF", tmp_path / "copied")
    shutil.copy(films / "decoded" / "b.c.gif", tmp_path / "copied")
    imported(tmp_path / "copied", "generate/copied", workspace, "--subject", 2)
    succeed("perceive", "-w", workspace, "--eye", "image-encoder")
    refused = call("score", "-w", workspace)
    assert refused.code == 3 and "Run first: eeg2vid encode-clips" in refused.err
    succeed("encode-clips", "-w", workspace)
    told = succeed("run", "-w", workspace).err
    assert "6 decoded frames of 1 clip are those of the true clip, to within 2 of 255 levels: CAT" in told
    rows = scored(workspace, Address("score", "copied", "sub-2", "scores"))
    assert rows["ssim", "", "full"].n_events == 2 and ("ssim", "", "grey") in rows
    page = (workspace / "artifacts/report/default/study/report/media/index.html").read_text(encoding="utf-8")
    assert "COPIED FRAMES" in page and "imported: copied, theirs</h1>" in page


def test_true_clips_of_the_same_pictures_are_told(films, tmp_path):
    shutil.copytree(films / "true", tmp_path / "true")
    shutil.copy(films / "true" / "17.gif", tmp_path / "true" / "again.gif")
    told = imported(tmp_path / "true", "split-videos/default", tmp_path / "workspace").err
    assert "clips that show the same pictures: 17 and again." in told


def test_true_clips_imported_anew_make_what_read_them_stale(alone, films, tmp_path):
    workspace = tmp_path / "workspace"
    shutil.copytree(alone, workspace)
    shutil.copytree(films / "true", tmp_path / "true")
    write_gif(tmp_path / "true" / "17.gif", blocks(np.random.default_rng(9)))
    imported(tmp_path / "true", "split-videos/default", workspace)
    refused = call("score", "-w", workspace)
    assert refused.code == 3 and "mean-video" in refused.err and "Run first: eeg2vid generate" in refused.err
    succeed("run", "-w", workspace)


REFUSED = {
    "other case": ("cat.gif", {}, "not called as a true clip is; there is a 'CAT'"),
    "unknown": ("bird.gif", {}, "not called as a true clip is, as '17.gif' is"),
    "other size": ("CAT.gif", {"height": 64, "width": 96}, "expected 92 x 60 px like the stimuli, found 96 x 64"),
    "one picture": ("CAT.gif", {"frames": 1}, "expected 6 pictures at 3 per second (2.00 s), found 1 in 0.33 s"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_decoded_films_that_do_not_fit_are_refused(alone, tmp_path, name):
    """Of 92 x 60 px, padded to 96 x 64: what is really 96 x 64 must not pass for it."""
    file, shape, sentence = REFUSED[name]
    write_gif(tmp_path / "decoded" / file, blocks(np.random.default_rng(1), **shape))
    refused = imported(tmp_path / "decoded", "generate/bad", alone, "--subject", 1, code=4)
    assert sentence in refused.err


def test_two_files_of_one_name(alone, films, tmp_path):
    shutil.copytree(films / "decoded", tmp_path / "decoded")
    shutil.copy(films / "true" / "17.gif", tmp_path / "decoded")
    assert "is clip '17' already" in imported(tmp_path / "decoded", "generate/bad", alone, "--subject", 1, code=4).err
    for name in ("a b", "a-b"):
        write_gif(tmp_path / "true" / f"{name}.gif", blocks(np.random.default_rng(1)))
    told = imported(tmp_path / "true", "split-videos/default", tmp_path / "workspace", code=4).err
    assert "a-b.gif: it and a b.gif would both be clip 'a-b'" in told
    assert not (tmp_path / "workspace" / "artifacts").exists()


def test_other_names_in_a_declared_order(alone, films, tmp_path):
    for number, name in enumerate(NAMES):
        path = next((films / "decoded").glob(f"{name}.*"))
        (tmp_path / "decoded").mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "decoded" / f"rec{number}{path.suffix}")
    refused = imported(tmp_path / "decoded", "generate/bad", alone, "--subject", 1, code=4)
    assert "--order presentation: as many files in the same order" in refused.err
    (tmp_path / "decoded" / "rec0.mp4").unlink()
    write_gif(tmp_path / "decoded" / "rec0.gif", read_film(films / "decoded" / "17.mp4"))
    workspace = tmp_path / "workspace"
    shutil.copytree(alone, workspace)
    imported(tmp_path / "decoded", "generate/ordered", workspace, "--subject", 1, "--order", "presentation")
    ordered = open_artifact(workspace, Address("generate", "ordered", "sub-1", "videos"))
    theirs = open_artifact(workspace, Address("generate", "theirs", "sub-1", "videos"))
    assert ordered.table("clips", VideoKey) == theirs.table("clips", VideoKey)
    assert np.array_equal(ordered.read("frames")[1:], theirs.read("frames")[1:])


def test_one_picture_a_clip(tmp_path):
    rng = np.random.default_rng(5)
    for name in "abcdef":
        true = blocks(rng, frames=1)
        write_gif(tmp_path / "true" / f"{name}.gif", true)
        write_gif(tmp_path / "decoded" / f"{name}.gif", true // 3)
    workspace = tmp_path / "workspace"
    imported(tmp_path / "true", "split-videos/default", workspace)
    imported(tmp_path / "decoded", "generate/theirs", workspace, "--subject", "a1")
    succeed("score", "-w", workspace)
    succeed("report", "-w", workspace)
    pairs = [(read_gif(tmp_path / "true" / f"{n}.gif"), read_gif(tmp_path / "decoded" / f"{n}.gif")) for n in "abcdef"]
    rows = scored(workspace, Address("score", "theirs", "sub-a1", "scores"))
    for metric, value in by_skimage(pairs).items():
        assert rows[metric, "", "full"].value == pytest.approx(value, abs=1e-6)


def test_before_there_is_anything(tmp_path, films):
    """Decoded films need true ones; and a workspace with a data set of its own needs its clip index."""
    workspace = tmp_path / "workspace"
    assert imported(films / "decoded", "generate/theirs", workspace, "--subject", 1, code=3).err
    imported(films / "true", "split-videos/default", workspace)
    assert "eeg2vid import" in call("score", "-w", workspace).err
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "eeg2vid.toml").write_text('[study]\ndata = "data"\n', encoding="utf-8")
    told = imported(films / "true", "split-videos/default", tmp_path / "own", code=3).err
    assert "ingest/default/study/clips is not made yet" in told


def test_imported_clips_of_a_study_stand_beside_grey_and_the_mean(workspace, tmp_path):
    """In a study with EEG: what is read by name comes with its controls, whatever the recipe's conditions are."""
    succeed("export", "generate/ridge/sub-1/videos", "--out", tmp_path / "out", "-w", workspace, "--format", "mp4")
    folder = next(path for path in (tmp_path / "out").rglob("*.mp4")).parent
    imported(folder, "generate/theirs", workspace, "--subject", 1)
    more = ["--variant", "theirs", "--new", "--from", "videos=generate/theirs", "--from", "predictions=none"]
    rows = json.loads(succeed("score", *more, "--subject", 1, "-w", workspace, "--json").out)
    assert {row["condition"] for row in rows} == {"full", "grey", "mean-video"}
    theirs, ridge = (scored(workspace, Address("score", name, "sub-1", "scores")) for name in ("theirs", "ridge"))
    assert theirs["ssim", "", "grey"].value == pytest.approx(ridge["ssim", "", "grey"].value, abs=1e-9)
    assert "run of its own" not in theirs["ssim", "", "full"].note


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("films", "read"),
    [
        (("people-detection.gif", "head-pose-face-detection-female.gif"), read_gif),
        (("asl-eat.mkv", "asl-want.mkv"), read_film),
    ],
)
def test_real_clips_by_scikit_image(shared_data, tmp_path, films, read):
    """Two real clips, each in the other's place: to 1e-6 of scikit-image on frames that others read."""
    folder = shared_data / "clips" / "intel-samples"
    for name, order in (("true", films), ("decoded", films[::-1])):
        (tmp_path / name).mkdir()
        for number, film in enumerate(order):
            shutil.copy(folder / film, tmp_path / name / f"Clip {number}{Path(film).suffix}")
    workspace = tmp_path / "workspace"
    imported(tmp_path / "true", "split-videos/default", workspace)
    imported(tmp_path / "decoded", "generate/theirs", workspace, "--subject", 1)
    succeed("score", "-w", workspace)
    first, second = (read(folder / film) for film in films)
    rows = scored(workspace)
    for metric, value in by_skimage([(first, second), (second, first)]).items():
        assert rows[metric, "", "full"].value == pytest.approx(value, abs=1e-6)
