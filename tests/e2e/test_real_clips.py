"""Real films and clips through split-videos and encode-latents, against decoders used by hand."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence
from scipy.stats import spearmanr

from eeg2vid.schemas.entities import Clip, ClipKey
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.stimuli.video import probe
from eeg2vid.stages.store.layout import STUDY, Address
from eeg2vid.stages.store.reader import open_artifact

pytestmark = [pytest.mark.realdata, pytest.mark.xdist_group("real-clips")]

WIDTH, HEIGHT, FRAMES, FPS = 160, 90, 6, 3.0
BOTTLE_STARTS = (0.0, 2.03, 19.97, 37.5)  # s, in a film of 40 s
GIFS = ("classroom", "face-demographics-walking", "people-detection", "person-bicycle-car-detection")


@pytest.fixture(scope="module")
def films(shared_data):
    return shared_data / "clips" / "intel-samples"


@pytest.fixture(scope="module")
def workspace(films, shared_data, tmp_path_factory, cli_ok):
    """Return a workspace with all clips, the long film in four pieces, ingested, split and encoded."""
    root = tmp_path_factory.mktemp("clips")
    (root / "clips").mkdir()
    rows = ["clip\tfile\tstart\tduration"]
    for path in sorted(films.iterdir()):
        shutil.copy(path, root / "clips")
        if path.suffix == ".mp4":
            rows += [f"bottle-{k}\tclips/{path.name}\t{start}\t2.0" for k, start in enumerate(BOTTLE_STARTS)]
        else:
            rows.append(f"{path.stem}\tclips/{path.name}\tn/a\tn/a")
    (root / "clips.tsv").write_text("\n".join(rows))
    for path in (shared_data / "eeg/eeglab").iterdir():
        shutil.copy(path, root)
    names = [row.split("\t")[0] for row in rows[1:]]
    events = [f"eeglab_data.set\t{3 * k}\t{name}" for k, name in enumerate(names)]
    (root / "events.tsv").write_text("\n".join(["recording\tonset\tclip", *events]))
    cli_ok("ingest", root, "-w", root)
    cli_ok("split-videos", "-w", root, "--width", WIDTH, "--height", HEIGHT)
    cli_ok("encode-latents", "-w", root)
    return root


def stimuli_of(workspace):
    artifact = open_artifact(workspace, Address("split-videos", "default", STUDY, "stimuli"))
    return {
        row.clip: frames for row, frames in zip(artifact.table("clips", VideoKey), artifact.read("frames"), strict=True)
    }


def clips_of(workspace):
    return open_artifact(workspace, Address("ingest", "default", STUDY, "clips")).table("clips", Clip)


def decoded_by_hand(path, low, high):
    """Return times and pictures of a film from `low` to `high`, s, every picture decoded from the beginning."""
    times, pictures, first = [], [], None
    with av.open(path) as container:
        for frame in container.decode(video=0):
            first = frame.time if first is None else first
            if frame.time - first > high:
                break
            if frame.time - first >= low:
                times.append(frame.time - first)
                pictures.append(fitted(converted(frame)))
    return np.array(times), np.stack(pictures)


def converted(frame):
    """Return a Pillow picture by the formulas of BT.601 and BT.709; chroma as coarse as it is stored."""
    if frame.format.name != "yuv420p":
        return frame.to_image()
    y, cb, cr = (np.array(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width] for plane in frame.planes)
    cb, cr = (np.repeat(np.repeat(c, 2, 0), 2, 1)[: y.shape[0], : y.shape[1]] / 224 - 128 / 224 for c in (cb, cr))
    red, blue = (0.2126, 0.0722) if frame.colorspace == 1 else (0.299, 0.114)
    assert frame.color_range in (0, 1)  # all these films are of limited range
    luma = (y - 16.0) / 219
    r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
    rgb = np.stack([r, (luma - red * r - blue * b) / (1 - red - blue), b], axis=-1)
    return Image.fromarray(np.clip(np.rint(255 * rgb), 0, 255).astype(np.uint8))


def fitted(picture):
    """Cut the middle in the form of the result out of a Pillow picture and shrink it."""
    width = min(picture.width, picture.height * WIDTH / HEIGHT)
    height = min(picture.height, picture.width * HEIGHT / WIDTH)
    left, top = (picture.width - width) / 2, (picture.height - height) / 2
    box = (left, top, left + width, top + height)
    return np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX, box=box), dtype=np.float64)


def wanted_times(clip):
    return np.minimum(clip.start_s + np.arange(FRAMES) / FPS, clip.start_s + clip.duration_s - 2e-3)


def test_sizes(workspace, films):
    stimuli = open_artifact(workspace, Address("split-videos", "default", STUDY, "stimuli"))
    geometry = stimuli.attributes()
    assert (geometry.width, geometry.height, geometry.fps) == (WIDTH, HEIGHT, FPS)
    frames = stimuli.read("frames")
    assert frames.shape == (29, FRAMES, 96, WIDTH, 3)  # padded to a multiple of 8 by repeating the last row
    assert (frames[:, :, 90:] == frames[:, :, 89:90]).all()
    shapes = {path.suffix: (probe(path).width, probe(path).height) for path in films.iterdir()}
    assert shapes[".gif"] == (480, 270) and shapes[".mkv"] == (640, 480)


def test_every_frame_is_the_one_shown_at_its_time(workspace, films):
    """The stored frame is like the picture that two decoders used by hand show then, not like its neighbours."""
    stimuli = stimuli_of(workspace)
    told_apart = 0
    for clip in clips_of(workspace):
        times, pictures = decoded_by_hand(films / Path(clip.file).name, clip.start_s - 0.3, clip.start_s + 2.2)
        for k, time in enumerate(wanted_times(clip)):
            shown = int(np.flatnonzero(times <= time + 1e-3)[-1])
            stored = stimuli[clip.clip][k, :HEIGHT].astype(np.float64)
            errors = np.abs(pictures - stored).mean(axis=(1, 2, 3))
            assert errors[shown] < 1.0, (clip.clip, k, errors[shown])  # another resizing filter
            around = [i for i in (shown - 2, shown - 1, shown + 1, shown + 2) if 0 <= i < len(times)]
            apart = [i for i in around if np.abs(pictures[i] - pictures[shown]).mean() > 0.5]
            assert all(errors[shown] < errors[i] for i in apart), (clip.clip, k)
            told_apart += len(apart) > 0
    assert told_apart > 140  # of 174 frames: in the others too little moves to tell


@pytest.mark.parametrize("name", GIFS)
def test_gif_frames_are_pillows(workspace, films, name):
    """Without FFmpeg: Pillow's own decoder and the delays in the file."""
    with Image.open(films / f"{name}.gif") as gif:
        pictures = [
            (frame.info["duration"] / 1000, fitted(frame.convert("RGB"))) for frame in ImageSequence.Iterator(gif)
        ]
    starts = np.concatenate([[0.0], np.cumsum([seconds for seconds, _ in pictures])[:-1]])
    clip = next(clip for clip in clips_of(workspace) if clip.clip == name)
    for k, time in enumerate(wanted_times(clip)):
        expected = pictures[int(np.flatnonzero(starts <= time + 1e-3)[-1])][1]
        assert np.abs(stimuli_of(workspace)[name][k, :HEIGHT] - expected).mean() < 1.0


def test_film_of_29_83_frames_per_second_is_cut_by_time(workspace, films):
    """Counting frames at 30 per second would be six frames late at the film's end."""
    path = films / "bottle-detection.mp4"
    info = probe(path)
    assert info.fps == pytest.approx(179 / 6, abs=0.01)
    clip = next(clip for clip in clips_of(workspace) if clip.clip == "bottle-3")
    times, pictures = decoded_by_hand(path, clip.start_s - 0.5, clip.start_s + 2.5)
    by_time, by_count = [], []
    for k, time in enumerate(wanted_times(clip)):
        stored = stimuli_of(workspace)[clip.clip][k, :HEIGHT].astype(np.float64)
        shown = int(np.flatnonzero(times <= time + 1e-3)[-1])
        counted = int(np.argmin(np.abs(times - round(time * 30) / info.fps)))
        assert counted - shown in (5, 6, 7)
        by_time.append(np.abs(pictures[shown] - stored).mean())
        by_count.append(np.abs(pictures[counted] - stored).mean())
    assert max(by_time) < 1.0 and np.mean(by_count) > 1.2 * np.mean(by_time)


def test_pictures_of_another_shape_keep_their_proportions(workspace, films):
    """A 4:3 clip among 16:9 ones loses its upper and lower edge; squeezed into the frame it would not match."""
    clip = next(clip for clip in clips_of(workspace) if clip.clip == "asl-again")
    with av.open(films / "asl-again.mkv") as container:
        first = converted(next(container.decode(video=0)))
    stored = stimuli_of(workspace)[clip.clip][0, :HEIGHT].astype(np.float64)
    squeezed = np.asarray(first.resize((WIDTH, HEIGHT), Image.Resampling.BOX), dtype=np.float64)
    assert np.abs(fitted(first) - stored).mean() < 1.0 < 10.0 < np.abs(squeezed - stored).mean()


def test_latents_of_real_clips(workspace):
    """Latents stand for the right clips: decoded again, each is nearer to its own clip than to any other."""
    from eeg2vid.stages.engine.profile import Models
    from eeg2vid.stages.pretrained.vae import decode, load_vae

    latents = open_artifact(workspace, Address("encode-latents", "default", STUDY, "latents"))
    values = latents.read("latents")
    assert values.shape == (29, FRAMES, 4, 12, 20) and np.isfinite(values).all()
    names = [row.clip for row in latents.table("clips", ClipKey)]
    stimuli = stimuli_of(workspace)
    assert names == list(stimuli)
    vae = load_vae(Models("tiny").locate("vae").folder, "cpu")
    truth = np.stack([stimuli[name][0] for name in names]).astype(np.float64)
    again = np.stack([decode(vae, one[:1], batch=1)[0] for one in values]).astype(np.float64)
    errors = ((again[:, None] - truth[None]) ** 2).mean(axis=(2, 3, 4))
    assert errors.argmin(axis=1).tolist() == list(range(len(names)))
    psnr = 10 * np.log10(255**2 / errors.diagonal())
    assert psnr.min() > 20 and np.median(psnr) > 23, psnr.round(1)


def test_motion_scores_of_real_clips_follow_how_much_changes(workspace, cli_ok):
    """29 clips, the differences of their pictures as the oracle: where more changes, more flows."""
    cli_ok(
        "split-videos",
        "-w",
        workspace,
        "--width",
        WIDTH,
        "--height",
        HEIGHT,
        "--motion",
        "--variant",
        "moving",
        "--new",
    )
    artifact = open_artifact(workspace, Address("split-videos", "moving", STUDY, "stimuli"))
    keys, scores = artifact.table("clips", VideoKey), artifact.read("motion")
    assert scores.shape == (len(keys),) and np.isfinite(scores).all() and (scores >= 0).all()
    frames = artifact.read("frames")[:, :, :HEIGHT, :WIDTH].astype(float)
    change = np.abs(np.diff(frames, axis=1)).mean(axis=(1, 2, 3, 4))
    assert spearmanr(scores, change).statistic > 0.5
