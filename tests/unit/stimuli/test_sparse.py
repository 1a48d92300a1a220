"""Decoding little gives the same bits as decoding all, in every codec, and less is decoded."""

from __future__ import annotations

import av
import numpy as np
import pytest

from eeg2vid.stages.stimuli import pictures, sparse
from eeg2vid.stages.stimuli.video import read_clips

SIZE = (96, 64)
FILMS = {  # container, codec, options, B-pictures; whether less can be decoded
    "h264, short groups": ("mp4", "libx264", {"crf": "20", "g": "24"}, True),
    "h264, one group": ("mp4", "libx264", {"crf": "20", "g": "900"}, True),
    "h264, pyramid": ("mp4", "libx264", {"crf": "20", "g": "30", "bf": "5", "b_strategy": "2"}, True),
    "h264, no B": ("mp4", "libx264", {"crf": "20", "g": "12", "bf": "0"}, True),
    "h264, open groups": ("mp4", "libx264", {"crf": "20", "g": "12", "x264-params": "open-gop=1:bframes=3"}, False),
    "h264, matroska": ("mkv", "libx264", {"crf": "20", "g": "24"}, True),
    "h264, baseline": ("mp4", "libx264", {"profile": "baseline", "g": "24"}, True),
    "hevc": ("mp4", "libx265", {"x265-params": "keyint=24:log-level=none:open-gop=0"}, True),
    "hevc, open groups": ("mp4", "libx265", {"x265-params": "keyint=24:log-level=none"}, False),
    "mpeg4": ("mp4", "mpeg4", {"qscale": "3", "g": "20", "bf": "2"}, False),
    "vp9": ("webm", "libvpx-vp9", {"g": "24", "deadline": "realtime", "cpu-used": "8"}, True),
    "pictures by themselves": ("mov", "mjpeg", {"qscale": "3"}, True),
    "no index": ("ts", "libx264", {"crf": "20", "g": "24"}, False),
    "by order": ("avi", "mpeg4", {"qscale": "3"}, False),
}


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Write each film once: noise that moves, so that every picture differs from every other."""
    folder = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 256, (64, 96 + 240, 3), dtype=np.uint8)
    scene = (scene // 4 + np.linspace(0, 190, scene.shape[1])[None, :, None]).astype(np.uint8)

    def film(name):
        form, codec, options, _ = FILMS[name]
        path = folder / f"{name}.{form}"
        if path.exists():
            return path
        try:
            with av.open(str(path), "w") as out:
                stream = out.add_stream(codec, rate=24, options=options)
                stream.width, stream.height = SIZE
                stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
                for k in range(240):
                    picture = np.ascontiguousarray(scene[:, k : k + 96])
                    out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
                out.mux(stream.encode())
        except av.FFmpegError as error:
            pytest.skip(f"FFmpeg here does not write {codec}: {error}")
        return path

    return film


def clips_of(path, spans, frames, fps):
    return list(read_clips(path, spans, frames=frames, fps=fps, size=SIZE))


@pytest.mark.parametrize("name", FILMS)
def test_the_same_pictures_to_the_bit_and_fewer_decoded(films, monkeypatch, name):
    path = films(name)
    rng = np.random.default_rng(1)
    spans = sorted((float(start), 1.5) for start in rng.uniform(0, 8, 4))
    spans += [(0.0, 0.5), (8.5, 1.5), (3.0, 0.9)]
    decoded = []
    real = sparse.sparse_pictures

    def counted(container, stream, times, last_s):
        for frame in real(container, stream, times, last_s):
            decoded.append(frame.pts)
            yield frame

    for frames, fps in ((6, 3.0), (1, 1.0), (24, 24.0)):
        monkeypatch.setattr(pictures, "sparse_pictures", counted)
        found = clips_of(path, spans, frames, fps)
        monkeypatch.setattr(pictures, "sparse_pictures", nothing)
        whole = clips_of(path, spans, frames, fps)
        for one, other in zip(found, whole, strict=True):
            np.testing.assert_array_equal(one, other)
    assert bool(decoded) or not FILMS[name][3]


def nothing(*_):
    raise sparse.UnsureError
    yield


@pytest.mark.parametrize("name", ["h264, short groups", "h264, pyramid", "hevc"])
def test_what_no_wanted_picture_needs_is_not_decoded(films, name):
    path = films(name)
    sent = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        whole = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        real = sparse._groups

        def groups(*given):
            for group, following in real(*given):
                sent.append(len(group))
                yield group, following

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sparse, "_groups", groups)
            found = list(sparse.sparse_pictures(container, stream, [0.0, 1.0, 1.02, 4.0], 240 / 24))
    for frame, number in zip(found, (0, 24, 24, 96), strict=True):
        np.testing.assert_array_equal(frame.to_ndarray(format="rgb24"), whole[number])
    assert sum(sent) < 240  # what comes after the last wanted one is not even read


def test_a_truncated_film_is_told_as_ever(films, tmp_path):
    from eeg2vid.schemas.errors import BadDataError

    whole = films("h264, matroska").read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(BadDataError, match=r"no picture at|beyond the film's end"):
        clips_of(cut, [(0.0, 1.0), (8.0, 1.0)], 6, 3.0)
