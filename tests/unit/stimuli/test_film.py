"""When pictures are shown: containers without an index, cuts by copy, films of variable rate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from scipy import ndimage

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli import pictures
from eeg2vid.stages.stimuli.film import picture_times, rate_within
from eeg2vid.stages.stimuli.motion import motion_score, work_size
from eeg2vid.stages.stimuli.video import probe, read_clips

OPEN = {"crf": "8", "x264-params": "open-gop=1:keyint=24:bframes=3:b-adapt=0:scenecut=0"}


def write(path: Path, pictures, codec, options, *, fps=24, pts=None, base=None, form=None, pix_fmt="yuv420p", first=0):
    """Write pictures, at `pts` in units of `base` if the rate varies."""
    with av.open(str(path), "w", format=form) as out:
        stream = out.add_stream(codec, rate=fps)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.options = pix_fmt, options
        if base:
            stream.codec_context.time_base = base
        if codec in ("mpeg4", "mpeg2video"):
            stream.codec_context.max_b_frames = 2
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = first + (number if pts is None else int(pts[number]))
            frame.time_base = base or Fraction(1, fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def numbered(count=96):
    """Return pictures that say their number in eight blocks, black or white."""
    bits = (np.arange(count)[:, None] >> np.arange(8) & 1).astype(np.uint8) * 255
    return np.broadcast_to(bits.repeat(16, axis=1)[:, None, :, None], (count, 32, 128, 3))


def numbers_in(clip):
    return ((clip[:, 16, 8::16, 1] > 128) @ (1 << np.arange(8))).tolist()


def copied(source: Path, path: Path, first: int, fps: int = 24) -> Path:
    """Cut from picture `first` on without encoding anew, from the key picture before."""
    with av.open(str(source)) as film, av.open(str(path), "w") as out:
        theirs = film.streams.video[0]
        stream, shift = out.add_stream_from_template(theirs), round(first / fps / theirs.time_base)
        film.seek(shift, stream=theirs, backward=True)
        for packet in film.demux(theirs):
            if packet.dts is not None:
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                out.mux(packet)
    return path


@pytest.mark.parametrize("first", [0, 17, 120], ids=["at 0", "at 0.7 s", "at 5 s"])
@pytest.mark.parametrize(
    ("name", "codec", "form"),
    [
        ("film.ts", "libx264", "mpegts"),
        ("film.mpg", "mpeg2video", None),
        ("film.flv", "libx264", None),
        ("film.mkv", "libx264", None),
        ("film.webm", "libvpx-vp9", None),
        ("film.mp4", "libx264", None),
        ("film.mov", "mpeg4", None),
    ],
)
def test_jumps_land_where_the_film_read_through_is(tmp_path, monkeypatch, name, codec, form, first):
    options = OPEN if codec == "libx264" else {"qscale": "2", "crf": "10", "g": "12"}
    path = write(tmp_path / name, numbered(), codec, options, form=form, first=first)
    info = probe(path)
    assert (info.frames, info.fps) == (96, pytest.approx(24))
    assert info.duration_s == pytest.approx(4, abs=3e-3)
    monkeypatch.setattr(pictures, "SEEK_GAP_S", 0.5)
    for start in (0.0, 1.0, 2.25, 3.0):
        clip = next(read_clips(path, [(start, 0.5)], frames=3, fps=6.0, size=(128, 32)))
        assert numbers_in(clip) == [round(24 * start) + 4 * k for k in range(3)]
    both = read_clips(path, [(0.0, 0.5), (2.25, 0.5)], frames=3, fps=6.0, size=(128, 32))
    assert [numbers_in(clip) for clip in both] == [[0, 4, 8], [54, 58, 62]]


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_cut_without_what_its_first_pictures_need_is_told(tmp_path, ending):
    """Pictures that refer to what was cut away cannot be decoded; the next one that can is no stand-in for them."""
    whole = write(tmp_path / "whole.mkv", numbered(), "libx264", OPEN)
    path = copied(whole, tmp_path / f"cut.{ending}", 40)
    with av.open(str(path)) as film:  # what FFmpeg makes of it, the first picture far behind the film's start
        start = film.streams.video[0].start_time
        late = next(film.decode(video=0))
    assert float((late.pts - start) * late.time_base) > 0.2
    with pytest.raises(BadDataError, match=r"no picture at 0\.000 s, the first that can be decoded is at \d\.\d+ s"):
        next(read_clips(path, [(0.0, 1.0)], size=(128, 32)))


@pytest.mark.parametrize("hidden", [1, 2, 5])
def test_a_few_hidden_pictures_are_not_counted(tmp_path, hidden):
    whole = write(
        tmp_path / "whole.mp4", numbered(), "libx264", {"crf": "8", "g": "96", "bf": "0", "sc_threshold": "0"}
    )
    path = copied(whole, tmp_path / "cut.mp4", hidden)
    with av.open(str(path)) as film:
        assert film.streams.video[0].frames == 96
    info = probe(path)
    assert (info.frames, info.fps) == (96 - hidden, pytest.approx(24))
    assert info.duration_s == pytest.approx((96 - hidden) / 24, abs=2e-3)


def test_pictures_hidden_at_the_end_are_not_shown(tmp_path):
    path = write(tmp_path / "film.mp4", numbered(), "libx264", {"crf": "8", "bf": "0"})
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12  # of the first edit: its length, in the movie's thousandths
    assert int.from_bytes(data[at : at + 4], "big") == 4000
    data[at : at + 4] = (2000).to_bytes(4, "big")
    path.write_bytes(data)
    info = probe(path)
    assert (info.frames, info.duration_s) == (48, pytest.approx(2))
    with pytest.raises(BadDataError, match=r"beyond the film's end at 2\.000 s"):
        next(read_clips(path, [(1.0, 2.0)], size=(128, 32)))


def test_counts_in_an_avi_header_are_not_believed(tmp_path):
    path = write(tmp_path / "film.avi", numbered(), "mjpeg", {"qscale": "2"}, pix_fmt="yuvj420p")
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):  # dwTotalFrames, dwLength
        at = data.index(mark) + offset
        assert int.from_bytes(data[at : at + 4], "little") == 96
        data[at : at + 4] = (192).to_bytes(4, "little")
    path.write_bytes(data)
    info = probe(path)
    assert (info.frames, info.fps, info.duration_s) == (96, pytest.approx(24), pytest.approx(4))


def test_the_rate_of_a_part():
    constant = np.arange(200) / 24
    assert rate_within(constant, 1.0, 2.0, 24.0) == 24.0
    assert rate_within(np.round(constant, 3), 1.03, 2.0, 24.0) == 24.0
    halves = np.concatenate([np.arange(50) / 25, 2 + np.arange(25) / 12.5])
    assert rate_within(halves, 0.0, 2.0, 18.75) == pytest.approx(25)
    assert rate_within(halves, 2.0, 2.0, 18.75) == pytest.approx(12.5)
    held = np.delete(np.arange(100) / 25, np.r_[20:30, 50:53])
    assert rate_within(held, 0.0, 4.0, 22.0) == pytest.approx(25)
    assert rate_within(np.array([0.0]), 0.0, 2.0, 0.5) == 0.5


FINE = {"flags": "+qscale", "qscale": "2"}
WIDE, HIGH, RATE = 384, 216, 25


@pytest.fixture(scope="module")
def moving():
    """Return 70 pictures of a pattern that drifts, faster and slower."""
    rng = np.random.default_rng(5)
    pattern = ndimage.gaussian_filter(rng.normal(0, 1, (330, 700)), 5)
    pattern = 255 * (pattern - pattern.min()) / np.ptp(pattern)
    pictures = []
    for time in np.arange(70) / RATE:
        down, right = 30 + 9 * np.sin(time), 60 * time + 24 * np.sin(2 * time)
        shifted = ndimage.shift(pattern, (-down, -right - 40), order=1)[:HIGH, :WIDE]
        pictures.append(np.repeat(shifted.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2))
    return np.stack(pictures)


def score(path, start, duration):
    """Return the motion score as `split-videos --motion` measures it."""
    info = probe(path)
    fps = rate_within(picture_times(path), start, duration, info.fps)
    spans, size = [(start, duration)], work_size(info.width, info.height)
    return motion_score(next(read_clips(path, spans, frames=round(duration * fps), fps=fps, size=size)))


def test_motion_is_the_films_not_the_files(tmp_path, moving):
    """One second, by five containers, cut by copying and anew, inside a film and as a file of its own: within 2 %."""
    good = {"crf": "16", "g": "10"}
    whole = write(tmp_path / "whole.mp4", moving, "libx264", good, fps=RATE)
    inside = {
        "mp4": whole,
        "mkv": write(tmp_path / "film.mkv", moving, "libx264", good, fps=RATE),
        "mjpeg": write(tmp_path / "mjpeg.avi", moving, "mjpeg", FINE, fps=RATE, pix_fmt="yuvj420p"),
        "mpeg4": write(tmp_path / "mpeg4.avi", moving, "mpeg4", FINE, fps=RATE),
        "gif": write(tmp_path / "film.gif", moving, "gif", {}, fps=RATE, pix_fmt="gray"),
    }
    found = {name: score(path, 1.0, 1.0) for name, path in inside.items()}
    found["copied"] = score(copied(whole, tmp_path / "copied.mp4", 25, RATE), 0.0, 1.0)
    own = write(tmp_path / "own.mkv", moving[25:50], "libx264", good, fps=RATE)
    found["own"] = score(own, 0.0, min(1.0, probe(own).duration_s))
    exact = motion_score(
        np.stack([next(read_clips(inside["gif"], [(1.0, 1.0)], frames=25, fps=25.0, size=(128, 72)))])[0]
    )
    assert {name: round(value / exact - 1, 3) for name, value in found.items() if abs(value / exact - 1) > 0.02} == {}


def test_motion_of_a_part_does_not_depend_on_the_rest_of_the_film(tmp_path, moving):
    """A film that goes over to half the rate; and pictures that stand still, stored again or held."""
    good, thousandths = {"crf": "16"}, Fraction(1, 1000)
    kept = np.r_[0:20, 20:70:2]
    mixed = write(tmp_path / "mixed.mkv", moving[kept], "libx264", good, pts=40 * kept, base=thousandths)
    own = write(tmp_path / "own.mkv", moving[20:70:2], "libx264", good, pts=80 * np.arange(25), base=thousandths)
    assert score(mixed, 0.8, 1.2) == pytest.approx(score(own, 0.0, 1.2), rel=0.02)
    still = np.r_[0:15, [14] * 10, 15:25]
    once = np.r_[0:15, 25:35]
    again = write(tmp_path / "again.mp4", moving[still], "libx264", good, fps=RATE)
    held = write(tmp_path / "held.mkv", moving[still][once], "libx264", good, pts=40 * once, base=thousandths)
    assert score(held, 0.0, 1.4) == pytest.approx(score(again, 0.0, 1.4), rel=0.02)
