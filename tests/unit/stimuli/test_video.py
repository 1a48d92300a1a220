"""Clips are cut by time: films whose grey level tells the frame number, at every rate that matters."""

from __future__ import annotations

import importlib.util
import io
import math
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli import pictures, video
from eeg2vid.stages.stimuli.mp4 import write_mp4
from eeg2vid.stages.stimuli.resize import fit_size, pad_to_multiple
from eeg2vid.stages.stimuli.video import Cut, probe, read_clips, read_cuts

_spec = importlib.util.spec_from_file_location(
    "_seed_dv_folder", Path(__file__).parents[1] / "datasets" / "_seed_dv_folder.py"
)
folder = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(folder)
CLIPS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "clips" / "intel-samples"
realdata = pytest.mark.skipif(not CLIPS.is_dir(), reason=f"no real clips at {CLIPS}")
SIZE = (32, 18)


def shown(clip: np.ndarray) -> list[int]:
    """The frame numbers, modulo 12, that a clip's grey levels tell."""
    levels = clip.reshape(len(clip), -1).mean(axis=1)
    numbers = np.rint((levels - 20) / 18)
    assert np.abs(levels - (20 + 18 * numbers)).max() < 5
    return numbers.astype(int).tolist()


def expected(start: float, fps: Fraction, frames: int = 6, rate: float = 3.0) -> list[int]:
    """Frame n is on screen from n / fps until (n + 1) / fps."""
    times = [Fraction(start).limit_denominator(1000) + Fraction(k) / Fraction(rate) for k in range(frames)]
    return [math.floor(t * fps + Fraction(1, 1000) * fps) % 12 for t in times]


RATES = (Fraction(24), Fraction(24000, 1001), Fraction(179, 6), Fraction(25))


@pytest.fixture(scope="module", params=RATES, ids=str)
def film(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    folder.write_film(path, int(30 * request.param), request.param)
    return path, request.param


def test_probe_knows_the_rate(film):
    path, fps = film
    info = probe(path)
    assert info.fps == pytest.approx(float(fps), abs=1e-9)
    assert (info.width, info.height, info.frames) == (*SIZE, int(30 * fps))
    assert info.duration_s == pytest.approx(int(30 * fps) / fps, abs=2e-3)


def test_frames_are_chosen_by_time(film):
    path, fps = film
    starts = [3.0, 5.0, 16.5, 27.25]
    clips = list(read_clips(path, [(s, 2.0) for s in starts], size=SIZE))
    assert [clip.shape for clip in clips] == [(6, 18, 32, 3)] * 4
    assert [shown(clip) for clip in clips] == [expected(s, fps) for s in starts]


def test_any_order_and_overlap_gives_what_one_by_one_gives(film):
    path, _ = film
    wanted = [(20.0, 2.0), (1.0, 2.0), (1.5, 1.0), (27.9, 2.0), (1.0, 2.0), (13.3, 0.3)]
    together = list(read_clips(path, wanted, size=SIZE, frames=5, fps=2.5))
    alone = [next(read_clips(path, [clip], size=SIZE, frames=5, fps=2.5)) for clip in wanted]
    assert all(np.array_equal(a, b) for a, b in zip(together, alone, strict=True))


def test_long_gaps_are_jumped_over_and_change_nothing(film, monkeypatch):
    path, _ = film
    wanted = [(0.0, 2.0), (6.0, 2.0), (14.0, 2.0), (27.0, 2.0)]
    sequential = list(read_clips(path, wanted, size=SIZE))
    monkeypatch.setattr(pictures, "SEEK_GAP_S", 1.0)
    jumping = list(read_clips(path, wanted, size=SIZE))
    assert all(np.array_equal(a, b) for a, b in zip(sequential, jumping, strict=True))


def test_several_forms_of_a_clip_come_of_one_pass(film, monkeypatch):
    path, rate = film
    spans, small = [(6.0, 2.0), (0.5, 1.5), (7.0, 2.0)], (16, 9)
    lists = [[Cut(start, length, 6, 3.0, SIZE), Cut(start, length, 24, float(rate), small)] for start, length in spans]
    lists[1].pop()
    apart = [list(read_clips(path, spans, size=SIZE))]
    apart.append(list(read_clips(path, spans, frames=24, fps=float(rate), size=small)))
    passes = []
    real = video.pictures_at

    def counted(*given, **how):
        passes.append(given)
        return real(*given, **how)

    monkeypatch.setattr(video, "pictures_at", counted)
    together = list(read_cuts(path, lists))
    assert len(passes) == 1 and [len(clip) for clip in together] == [2, 1, 2]
    for k, clip in enumerate(together):
        for form, frames in enumerate(clip):
            np.testing.assert_array_equal(frames, apart[form][k])


def test_counting_frames_would_drift():
    """At 24000/1001 a cut by frame number, as at 24, is half a second late after 8.5 minutes."""
    fps = Fraction(24000, 1001)
    late = 510 * 24 / fps - 510
    assert late == pytest.approx(0.51, abs=0.001)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_variable_rate(tmp_path, ending):
    path = tmp_path / f"variable.{ending}"
    gaps = np.random.default_rng(3).integers(20, 400, 60)
    pts = np.concatenate([[0], np.cumsum(gaps)])  # ms
    folder.write_film(path, len(pts), Fraction(25), pts=pts.tolist(), rate=1000)
    times = 1.0 + np.arange(12) / 5
    clip = next(read_clips(path, [(1.0, 12 / 5)], frames=12, fps=5.0, size=SIZE))
    assert shown(clip) == [int(np.searchsorted(pts, 1000 * t + 1, side="right") - 1) % 12 for t in times]


def test_a_short_clip_holds_its_last_picture(tmp_path):
    path = tmp_path / "short.mkv"
    folder.write_film(path, 40, Fraction(25))  # 1.6 s
    clip = next(read_clips(path, [(0.0, 1.6)], size=SIZE))
    # times 0, 1/3, ..., 5/3 s: the last lies beyond the clip and shows frame 39
    assert shown(clip) == [0, 8, 16 % 12, 25 % 12, 33 % 12, 39 % 12]
    inner = next(read_clips(path, [(0.4, 0.4)], size=SIZE))
    assert shown(inner) == [10, 18 % 12, *[19 % 12] * 4]


def test_gif_with_uneven_delays(tmp_path):
    path = tmp_path / "clip.gif"
    images = [Image.new("RGB", SIZE, (folder.grey_of(i),) * 3) for i in range(6)]
    images[0].save(path, save_all=True, append_images=images[1:], duration=[330, 330, 100, 560, 330, 330])
    info = probe(path)
    assert info.frames == 6
    assert info.duration_s == pytest.approx(1.98, abs=0.011)
    clip = next(read_clips(path, [(0.0, info.duration_s)], size=SIZE))
    # starts: 0, .33, .66, .76, 1.32, 1.65 s
    assert shown(clip) == [0, 1, 2, 3, 4, 5]


def test_long_gif_is_read_without_an_index(tmp_path):
    path = tmp_path / "long.gif"
    images = [Image.new("RGB", SIZE, (folder.grey_of(i),) * 3) for i in range(30)]
    images[0].save(path, save_all=True, append_images=images[1:], duration=1000)
    clips = list(read_clips(path, [(25.0, 2.0), (2.0, 2.0)], frames=2, fps=1.0, size=SIZE))
    assert [shown(clip) for clip in clips] == [[25 % 12, 26 % 12], [2, 3]]


def test_beyond_the_end(tmp_path):
    path = tmp_path / "film.mp4"
    folder.write_film(path, 96, Fraction(24))  # 4 s
    assert shown(next(read_clips(path, [(2.03, 2.0)], size=SIZE)))  # within one frame
    with pytest.raises(BadDataError, match=r"from 2.1 s to 4.1 s reaches beyond the film's end at 4.000 s"):
        next(read_clips(path, [(2.1, 2.0)], size=SIZE))


def write_faststart(path: Path) -> None:
    """A film of 10 s of noise whose index comes first, so that it opens even when its end is cut off."""
    rng = np.random.default_rng(0)
    write_mp4(path, rng.integers(0, 255, (30, 64, 64, 3), dtype=np.uint8), fps=3.0)


def test_truncated_film_is_found_out(tmp_path):
    path = tmp_path / "film.mp4"
    write_faststart(path)
    assert probe(path).duration_s == 10.0
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 3.0 < probe(path).duration_s < 7.0
    with pytest.raises(BadDataError, match="beyond the film's end"):
        next(read_clips(path, [(7.0, 2.0)], size=SIZE))


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "is missing"), (b"", r"is empty \(0 bytes\)"), (b"\0" * 5000, "cannot be read")],
)
def test_no_film(tmp_path, content, message):
    path = tmp_path / "film.mp4"
    if content is not None:
        path.write_bytes(content)
    for read in (probe, lambda p: next(read_clips(p, [(0, 1)], size=SIZE))):
        with pytest.raises(BadDataError, match=message):
            read(path)


def test_sound_alone_is_no_film(tmp_path):
    path = tmp_path / "sound.mkv"
    with av.open(path, "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with pytest.raises(BadDataError, match="holds no video"):
        probe(path)


def test_rotation_flag_of_phones_is_applied(tmp_path):
    path = tmp_path / "phone.mp4"
    frames = np.zeros((6, 32, 64, 3), np.uint8)
    frames[:, :, :32] = 200  # left half bright
    write_mp4(path, frames, fps=3.0)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44  # the 3 x 3 matrix of the track header, 16.16 fixed point
    one, minus_one = (1 << 16).to_bytes(4, "big"), (-1 << 16).to_bytes(4, "big", signed=True)
    data[at : at + 20] = bytes(4) + one + bytes(4) + minus_one + bytes(4)  # a quarter turn clockwise
    path.write_bytes(data)
    info = probe(path)
    assert (info.width, info.height) == (32, 64)
    picture = next(read_clips(path, [(0.0, 2.0)], size=(32, 64)))[0]
    # turned clockwise, the left half comes to lie on top
    assert picture[:28].mean() > 180
    assert picture[36:].mean() < 20


@pytest.mark.parametrize(
    ("size", "kept"), [((64, 32), (slice(16, 48), slice(64))), ((32, 64), (slice(64), slice(16, 48)))]
)
def test_a_film_of_another_shape_keeps_its_middle_unstretched(tmp_path, size, kept):
    path = tmp_path / "square.mp4"
    ramp = np.linspace(20, 230, 64)
    picture = np.stack([np.tile(ramp, (64, 1)), np.tile(ramp[:, None], (1, 64)), np.full((64, 64), 128.0)], axis=-1)
    write_mp4(path, np.repeat(picture[None].astype(np.uint8), 6, axis=0), fps=3.0)
    found = next(read_clips(path, [(0.0, 2.0)], size=size))[0]
    assert found.shape == (size[1], size[0], 3)
    assert np.abs(found - picture[kept]).max() < 20
    assert np.abs(found - picture[kept]).mean() < 4


def test_shrinking_averages(tmp_path):
    path = tmp_path / "film.mp4"
    stripes = np.zeros((6, 128, 128, 3), np.uint8)
    stripes[:, :, ::2] = 240
    write_mp4(path, stripes, fps=3.0)
    small = next(read_clips(path, [(0.0, 2.0)], size=(32, 32)))
    assert np.abs(small.astype(int) - 120).max() < 12


@pytest.mark.parametrize("shape", [(6, 36, 64), (4, 35, 63), (1, 12, 12)])
def test_mp4_round_trip_bytes_and_padding(tmp_path, shape):
    n, height, width = shape
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([255 * x / width, 255 * y / height, 128 + 0 * x], axis=-1)
    frames = (smooth * np.linspace(0.5, 1, n)[:, None, None, None]).astype(np.uint8)
    path, again = tmp_path / "clip.mp4", io.BytesIO()
    large = frames.repeat(4, axis=1).repeat(4, axis=2)
    write_mp4(path, large, fps=3.0)
    write_mp4(again, large, fps=3.0)
    data = path.read_bytes()
    assert data == again.getvalue()
    assert data.index(b"moov") < data.index(b"mdat")
    info = probe(path)
    assert (info.frames, info.duration_s) == (n, pytest.approx(n / 3, abs=1e-3))
    back = next(read_clips(path, [(0.0, n / 3)], frames=n, size=(4 * width, 4 * height)))
    assert np.abs(back[:, 2::4, 2::4].astype(int) - frames).mean() < 3


def test_odd_sizes_are_padded_by_the_edge():
    frames = np.full((2, 5, 7, 3), 200, np.uint8)
    target = io.BytesIO()
    write_mp4(target, frames, fps=3.0)
    target.seek(0)
    with av.open(target) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [p.shape for p in pictures] == [(6, 8, 3)] * 2
    assert np.abs(np.stack(pictures).astype(int) - 200).max() <= 4


def test_colours_survive(tmp_path):
    colours = np.array([[200, 30, 60], [30, 200, 60], [60, 30, 200], [250, 250, 250], [5, 5, 5], [128, 128, 0]])
    frames = np.broadcast_to(colours[:, None, None], (6, 32, 32, 3)).astype(np.uint8)
    write_mp4(tmp_path / "c.mp4", frames, fps=3.0)
    back = next(read_clips(tmp_path / "c.mp4", [(0.0, 2.0)], size=(32, 32)))
    assert np.abs(back[:, 16, 16].astype(int) - colours).max() <= 5


def test_wrong_frames_are_refused():
    for frames in (np.zeros((2, 4, 4, 3)), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="expected uint8"):
            write_mp4(io.BytesIO(), frames, fps=3.0)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(1, 4000), st.integers(1, 4000))
def test_fit_size_keeps_shape_and_never_enlarges(width, height):
    w, h = fit_size(width, height)
    assert 1 <= w <= min(width, 512)
    assert 1 <= h <= min(height, 288)
    # one side fills the box or the picture is untouched; the other follows the shape to the pixel
    assert w == 512 or h == 288 or (w, h) == (width, height)
    scale = min(512 / width, 288 / height, 1)
    assert abs(w - width * scale) <= 1
    assert abs(h - height * scale) <= 1


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 16))
def test_padding_repeats_the_edge(width, height, multiple):
    frames = np.random.default_rng(width).integers(0, 255, (2, height, width, 3), dtype=np.uint8)
    padded, valid = pad_to_multiple(frames, multiple)
    assert valid == (width, height)
    assert padded.shape[1] % multiple == padded.shape[2] % multiple == 0
    assert padded.shape[1] - height < multiple
    assert np.array_equal(padded[:, :height, :width], frames)
    assert (padded[:, :height, width:] == frames[:, :, -1:]).all()
    assert (padded[:, height:] == padded[:, height - 1 : height]).all()


@realdata
@pytest.mark.realdata
@pytest.mark.parametrize("name", ["asl-walk.mkv", "asl-sister.mkv", "classroom.gif", "bottle-detection.mp4"])
def test_real_clips_against_a_full_decode(name):
    path = CLIPS / name
    info = probe(path)
    with av.open(path) as container:
        start = float((container.streams.video[0].start_time or 0) * container.streams.video[0].time_base)
        frames = [(f.time - start, f) for f in container.decode(video=0)]
    assert info.frames == len(frames)
    start_s, duration = (20.0, 2.0) if name.startswith("bottle") else (0.0, min(2.0, info.duration_s))
    clip = next(read_clips(path, [(start_s, duration)], size=(info.width, info.height)))
    for k in range(6):
        time = min(start_s + k / 3, start_s + duration - 2e-3)
        frame = [f for t, f in frames if t <= time + 1e-3][-1].to_ndarray(format="rgb24")
        assert np.abs(clip[k].astype(int) - frame).mean() < 1.5  # rounding of two colour conversions


def write_numbered(path: Path, codec: str, options: dict[str, str], *, count: int = 96, fps: int = 24) -> Path:
    """Write pictures that say their number in eight blocks, black or white."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt, stream.options = 128, 32, "yuv420p", options
        if codec == "mpeg4":
            stream.codec_context.max_b_frames = 2
        for number in range(count):
            bits = np.array([255 * (number >> bit & 1) for bit in range(8)], np.uint8)
            picture = np.broadcast_to(np.repeat(bits, 16)[None, :, None], (32, 128, 3))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        out.mux(stream.encode())
    return path


def numbers_in(clip: np.ndarray) -> list[int]:
    bits = clip[:, 16, 8::16, 1] > 128
    return (bits @ (1 << np.arange(8))).tolist()


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("h264.mp4", "libx264", {"crf": "8"}),
        ("h264.avi", "libx264", {"crf": "8"}),
        ("pyramid.avi", "libx264", {"crf": "8", "bf": "4", "g": "20"}),
        ("xvid.avi", "mpeg4", {"qscale": "3"}),
        ("h264.mkv", "libx264", {"crf": "8"}),
    ],
)
def test_pictures_out_of_order_come_by_the_time_they_are_shown(tmp_path, monkeypatch, name, codec, options):
    path = write_numbered(tmp_path / name, codec, options)
    info = probe(path)
    assert (info.frames, info.fps) == (96, pytest.approx(24))
    assert info.duration_s == pytest.approx(4, abs=2e-3)
    whole = next(read_clips(path, [(0.0, 4.0)], frames=96, fps=24.0, size=(128, 32)))
    assert numbers_in(whole) == list(range(96))
    monkeypatch.setattr(pictures, "SEEK_GAP_S", 0.5)  # jump
    spans = [(0.0, 0.5), (1.5, 0.5), (3.0, 0.5)]
    clips = list(read_clips(path, spans, frames=3, fps=6.0, size=(128, 32)))
    clips += read_clips(path, spans[2:], frames=3, fps=6.0, size=(128, 32))
    assert [numbers_in(clip) for clip in clips] == [[0, 4, 8], [36, 40, 44], [72, 76, 80], [72, 76, 80]]


def test_the_last_picture_is_held_as_long_as_the_film_says(tmp_path):
    path = tmp_path / "pause.gif"
    pictures = [Image.fromarray(np.full((16, 32), 20 * k, np.uint8)) for k in range(1, 11)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[100] * 9 + [1100], loop=0)
    info = probe(path)
    assert (info.duration_s, info.last_s) == (pytest.approx(2.0), pytest.approx(0.9))
    clip = next(read_clips(path, [(0.0, 2.0)], size=(32, 16)))
    assert np.abs(clip.mean((1, 2, 3)) - [20, 80, 140, 200, 200, 200]).max() < 1


@pytest.mark.parametrize("first", [24, 31, 40, 53])
def test_a_cut_without_encoding_anew_hides_its_first_pictures(tmp_path, first):
    whole = write_numbered(tmp_path / "whole.mp4", "libx264", {"crf": "8", "g": "24"})
    path = tmp_path / "cut.mp4"
    with av.open(str(whole)) as film, av.open(str(path), "w") as out:
        source = film.streams.video[0]
        stream = out.add_stream_from_template(source)
        film.seek(round(first / 24 / source.time_base), stream=source, backward=True)
        for packet in film.demux(source):
            if packet.dts is not None:
                shift = round(first / 24 / source.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                out.mux(packet)  # what lies before time zero is hidden by an edit list
    info = probe(path)
    assert info.fps == pytest.approx(24, rel=0.01)
    assert info.duration_s == pytest.approx((96 - first) / 24, abs=0.01)
    clip = next(read_clips(path, [(0.0, 1.0)], frames=6, fps=6.0, size=(128, 32)))
    assert numbers_in(clip) == [first + 4 * k for k in range(6)]
