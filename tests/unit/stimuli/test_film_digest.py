"""One film is known again in every container and under every name; what differs in one picture is another film."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext
from PIL import Image

from eeg2vid.stages.stimuli.film_digest import pictures_digest, same_films
from eeg2vid.stages.stimuli.video import pictures_between, probe

_spec = importlib.util.spec_from_file_location(
    "_seed_dv_folder", Path(__file__).parents[1] / "datasets" / "_seed_dv_folder.py"
)
folder = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(folder)
CLIPS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "clips" / "intel-samples"
realdata = pytest.mark.skipif(not CLIPS.is_dir(), reason=f"no real clips at {CLIPS}")
FPS = Fraction(25)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two seconds of H.264 with B-pictures, their number told by their grey."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    folder.write_film(path, 50, FPS)
    return path


def remux(source: Path, target: Path, **metadata: str) -> Path:
    """Put the same packets into another container, as `ffmpeg -c copy` does."""
    with av.open(source) as found, av.open(target, "w") as out:
        out.metadata.update(metadata)
        stream = found.streams.video[0]
        copy = out.add_stream_from_template(stream)
        annexb = target.suffix in (".avi", ".ts") and stream.codec_context.name == "h264"
        turned = BitStreamFilterContext("h264_mp4toannexb", stream, copy) if annexb else None
        for packet in found.demux(stream):
            if not packet.size:
                continue
            for one in turned.filter(packet) if turned else [packet]:
                one.stream = copy
                out.mux(one)
    return target


def write_greys(path: Path, levels, codec="ffv1", fmt="gray") -> Path:
    """Write a film whose every picture is one grey, without loss."""
    with av.open(path, "w") as out:
        stream = out.add_stream(codec, rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 32, 18, fmt
        for level in levels:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((18, 32), level, np.uint8), format="gray")))
        out.mux(stream.encode())
    return path


def whole(*paths: Path):
    """Each file as a clip."""
    return {f"c{k}": (path, 0.0, min(2.0, probe(path).duration_s)) for k, path in enumerate(paths)}


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".avi", ".ts"])
def test_the_container_does_not_matter(film, tmp_path, ending):
    other = remux(film, tmp_path / f"renamed{ending}", title="another", comment="of another day")
    assert other.read_bytes() != film.read_bytes()
    clips = whole(film, other)
    digests = same_films(clips)
    assert set(digests) == {"c0", "c1"} and digests["c0"] == digests["c1"]


def test_sound_and_the_names_of_files_do_not_matter(film, tmp_path):
    shutil.copy(film, tmp_path / "copy.mp4")
    with av.open(tmp_path / "sound.mp4", "w") as out, av.open(film) as found:
        copy, sound = out.add_stream_from_template(found.streams.video[0]), out.add_stream("aac", rate=44100)
        for packet in found.demux(found.streams.video[0]):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
        noise = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        noise.sample_rate = 44100
        out.mux(sound.encode(noise))
        out.mux(sound.encode())
    assert len(set(same_films(whole(film, tmp_path / "copy.mp4", tmp_path / "sound.mp4")).values())) == 1


def test_other_pictures_are_another_film(tmp_path):
    greys = [100] * 25
    films = [
        write_greys(tmp_path / "static.mkv", greys),
        write_greys(tmp_path / "one_level.mkv", [101] * 25),
        write_greys(tmp_path / "last_picture.mkv", [*greys[:-1], 101]),
        write_greys(tmp_path / "longer.mkv", [*greys, 100]),
    ]
    assert same_films(whole(*films)) == {}
    twin = write_greys(tmp_path / "twin.avi", greys)
    assert set(same_films(whole(*films, twin))) == {"c0", "c4"}


def test_gifs(tmp_path):
    pictures = [Image.new("RGB", (16, 16), (40 * k, 90, 90)) for k in range(5)]
    for name, last in (("a", 5), ("b", 5), ("c", 4)):
        pictures[0].save(tmp_path / f"{name}.gif", save_all=True, append_images=pictures[1:last], duration=200)
    assert set(same_films(whole(*(tmp_path / f"{name}.gif" for name in "abc")))) == {"c0", "c1"}


def test_what_lies_between_is_what_pyav_decodes(film):
    with av.open(film) as container:
        stored = [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    start, end = 0.5, 1.3
    first = max(time for time, _ in stored if time <= start)
    wanted = [levels for time, levels in stored if first <= time < end]
    found = [frame.to_ndarray(format="gray") for frame in pictures_between(film, start, end)]
    assert len(found) == len(wanted) == 21
    assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))
    assert len(list(pictures_between(film, 0.0, 2.0))) == 50


def test_places_of_a_film_that_holds_several_clips(film, tmp_path):
    other = remux(film, tmp_path / "renamed.mkv")
    clips = {
        "a": (film, 0.0, 0.5),
        "again": (film, 0.0, 0.5),
        "b": (film, 0.5, 0.5),
        "c": (other, 0.5, 0.5),
        "d": (other, 1.0, 0.5),
    }
    digests = same_films(clips)
    assert set(digests) == {"a", "again", "b", "c"}
    assert digests["a"] == digests["again"] != digests["b"] == digests["c"]


def test_a_clip_of_a_longer_film(film, tmp_path):
    shutil.copy(film, tmp_path / "copy.mp4")
    assert same_films({"a": (film, 0.2, 0.5), "b": (tmp_path / "copy.mp4", 0.2, 0.5)}).keys() == {"a", "b"}
    assert same_films({"a": (film, 0.2, 0.5), "b": (tmp_path / "copy.mp4", 0.2, 0.7)}) == {}


def test_what_cannot_be_read_is_nobodys_twin(film, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no film")
    (tmp_path / "b.mp4").write_bytes(b"no film")
    clips = {"a": (tmp_path / "a.mp4", 0.0, 2.0), "b": (tmp_path / "b.mp4", 0.0, 2.0), "c": (film, 0.0, 2.0)}
    assert same_films(clips) == {} and pictures_digest(tmp_path / "a.mp4", 0.0, 2.0) is None


@realdata
def test_real_clips_are_all_different(tmp_path):
    paths = sorted(CLIPS.glob("*.mkv"))
    assert same_films(whole(*paths)) == {}
    other = remux(paths[3], tmp_path / "other.mp4")
    assert set(same_films(whole(*paths, other))) == {"c3", f"c{len(paths)}"}
