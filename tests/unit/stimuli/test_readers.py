"""What is written is read as the same pictures, levels, count and rate by whatever else reads films."""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from eeg2vid.stages.reporting.page.sprites import geometry_of, sprite_of, webp
from eeg2vid.stages.simulation.film_file import write_film
from eeg2vid.stages.stimuli.mp4 import write_mp4
from eeg2vid.stages.stimuli.video import probe, read_clips

LEVELS = np.array([[16, 16, 16], [200, 40, 40], [128, 128, 128], [40, 160, 200], [235, 235, 235], [90, 90, 200]])


@dataclass(frozen=True)
class Seen:
    """What a reader makes of a film: RGB `(picture, row, column, 3)`, and the rate that it tells."""

    pictures: np.ndarray
    fps: float


def films(size=(96, 54)):
    """Return six pictures, each of another colour with a bright square at another place, flat but for the square."""
    width, height = size
    pictures = np.broadcast_to(LEVELS[:, None, None], (6, height, width, 3)).astype(np.uint8)
    for number, picture in enumerate(pictures := pictures.copy()):
        picture[8:24, 8 + 12 * number : 24 + 12 * number] = 250
    return pictures


def by_pyav(path: Path) -> Seen:
    with av.open(str(path)) as film:
        rate = film.streams.video[0].average_rate
        return Seen(np.stack([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]), float(rate))


def by_us(path: Path) -> Seen:
    info = probe(path)
    size = info.width, info.height
    clip = next(read_clips(path, [(0.0, info.duration_s)], frames=info.frames, fps=info.fps, size=size))
    return Seen(clip, info.fps)


def by_opencv(path: Path) -> Seen:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    film, pictures = cv2.VideoCapture(str(path)), []
    assert round(film.get(cv2.CAP_PROP_FRAME_COUNT)) == 6
    while (found := film.read())[0]:
        pictures.append(found[1][..., ::-1])
    return Seen(np.stack(pictures), film.get(cv2.CAP_PROP_FPS))


def by_imageio(path: Path) -> Seen:
    imageio = pytest.importorskip("imageio.v3", reason="imageio is not installed")
    told = imageio.immeta(path, plugin="pyav")
    return Seen(imageio.imread(path, plugin="pyav"), told["fps"])


def by_ffmpeg(path: Path) -> Seen:
    program = shutil.which("ffmpeg")
    if program is None and importlib.util.find_spec("imageio_ffmpeg"):
        program = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    if program is None:
        pytest.skip("the ffmpeg program is not installed")
    info = probe(path)
    raw = subprocess.run(
        [program, "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    ).stdout
    told = subprocess.run([program, "-hide_banner", "-i", path], capture_output=True, text=True, check=False).stderr
    rate = next(float(part.split()[0]) for part in told.split(",") if part.strip().endswith("fps"))
    return Seen(np.frombuffer(raw, np.uint8).reshape(-1, info.height, info.width, 3), rate)


READERS = {"ours": by_us, "PyAV": by_pyav, "OpenCV": by_opencv, "imageio": by_imageio, "ffmpeg": by_ffmpeg}


def by_write_mp4(path: Path, pictures: np.ndarray, fps: float) -> None:
    write_mp4(path, pictures, fps=fps)


def by_write_film(path: Path, pictures: np.ndarray, fps: float) -> None:
    write_film(path, [pictures[:2], pictures[2:]], width=pictures.shape[2], height=pictures.shape[1], fps=round(fps))


@pytest.mark.parametrize("reader", list(READERS))
@pytest.mark.parametrize(
    ("writer", "fps"),
    [
        (by_write_mp4, 3.0),
        (by_write_mp4, 24.0),
        (by_write_mp4, 30000 / 1001),
        (by_write_mp4, 0.5),
        (by_write_film, 24.0),
    ],
    ids=["3 fps", "24 fps", "29.97 fps", "0.5 fps", "film"],
)
def test_mp4(tmp_path, writer, fps, reader):
    pictures = films()
    writer(tmp_path / "film.mp4", pictures, fps)
    seen = READERS[reader](tmp_path / "film.mp4")
    assert seen.pictures.shape == pictures.shape
    assert seen.fps == pytest.approx(fps, rel=2e-3)
    off = seen.pictures.astype(float) - pictures
    assert np.abs(off).mean() < 2
    assert abs(off.mean()) < 1
    assert np.abs(off[:, 30:].mean(axis=(1, 2))).max() < 3  # each colour, where it is flat
    errors = np.abs(seen.pictures[:, None].astype(float) - pictures[None]).mean(axis=(2, 3, 4))
    assert errors.argmin(axis=1).tolist() == list(range(6))


@pytest.mark.parametrize("reader", list(READERS))
@pytest.mark.parametrize("writer", [by_write_mp4, by_write_film])
def test_greys_in_mp4(tmp_path, writer, reader):
    greys = np.broadcast_to(np.array([0, 16, 64, 128, 200, 255], np.uint8)[:, None, None, None], (6, 54, 96, 3))
    writer(tmp_path / "film.mp4", greys, 3.0)
    assert np.abs(READERS[reader](tmp_path / "film.mp4").pictures.astype(int) - greys).max() <= 1


@pytest.mark.parametrize("fps", [3.0, 24.0, 30000 / 1001, 12.5])
def test_an_mp4_says_when_each_picture_is_shown(tmp_path, fps):
    write_mp4(tmp_path / "film.mp4", films(), fps=fps)
    with av.open(str(tmp_path / "film.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.frames, stream.start_time, stream.codec_context.pix_fmt) == (6, 0, "yuv420p")
        assert float(stream.duration * stream.time_base) == pytest.approx(6 / fps, abs=2e-4)
        times = [frame.time for frame in film.decode(stream)]
    assert times == pytest.approx([k / fps for k in range(6)], abs=2e-4)


@pytest.mark.parametrize("fps", [3.0, 24.0])
@pytest.mark.parametrize("size", [(95, 53), (97, 54)])
def test_odd_sizes_read_elsewhere(tmp_path, size, fps):
    write_mp4(tmp_path / "film.mp4", films(size), fps=fps)
    seen = by_pyav(tmp_path / "film.mp4")
    assert seen.pictures.shape == (6, 54, 96 + 2 * (size[0] > 96), 3)
    assert np.abs(seen.pictures[:, : size[1], : size[0]].astype(float) - films(size)).mean() < 3.5


def test_the_reports_sprite_is_the_clip_by_pillow_and_pyav():
    clip = films((160, 90))
    sprite = sprite_of(clip, geometry_of((1, *clip.shape)))
    data = webp(sprite, 100)  # lossless
    by_pillow = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).reshape(clip.shape)
    with av.open(io.BytesIO(data), format="webp_pipe") as picture:
        frame = next(picture.decode(video=0))
        by_av = frame.to_ndarray(format="rgb24").reshape(clip.shape)
    assert (by_pillow == clip).all()
    assert (by_av == clip).all()
    noisy = np.random.default_rng(0).integers(0, 255, sprite.shape, dtype=np.uint8)
    lossy = Image.open(io.BytesIO(webp(noisy, 50))).convert("RGB")
    assert abs(np.asarray(lossy, float).mean() - noisy.mean()) < 1
