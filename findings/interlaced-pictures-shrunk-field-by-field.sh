#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg's libswscale): a picture that is flagged interlaced is resized field by field.
#
# Seen: the same planes of yuv420p, bit for bit, once encoded with H.264's flag for interlaced pictures and once without.
# Reduced to half the size by `reformat`, the unflagged rows rise evenly (35 41 47 54: each is the mean of two rows); the
# flagged ones go up and down (19 57 31 69), a comb. Progressive films in interlaced streams (DVDs, camcorders) are such.
# The flag cannot be taken off a frame (`interlaced_frame` is read-only): copy its planes into a new one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import av
import numpy as np
from av.video.reformatter import Interpolation

rows = np.linspace(30, 200, 64).astype(np.uint8) + 30 * (np.arange(64) % 2).astype(np.uint8)
planes = [np.tile(rows[:, None], 128), np.full((32, 64), 128, np.uint8), np.full((32, 64), 128, np.uint8)]


def decoded(flag):
    with av.open("film.mkv", "w") as out:
        stream = out.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        stream.options = {"qp": "0", "x264-params": f"tff={flag}"}
        frame = av.VideoFrame(128, 64, "yuv420p")
        for plane, values in zip(frame.planes, planes):
            wide = np.zeros((plane.height, plane.line_size), np.uint8)
            wide[:, : values.shape[1]] = values
            plane.update(wide.tobytes())
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with av.open("film.mkv") as film:
        return next(film.decode(video=0))


exact = Interpolation.AREA | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
small = {}
for flag in (0, 1):
    frame = decoded(flag)
    assert frame.interlaced_frame == bool(flag)
    luma = np.frombuffer(frame.planes[0], np.uint8).reshape(64, -1)[:, :128]
    assert (luma == planes[0]).all()
    small[flag] = frame.reformat(width=64, height=32, format="rgb24", interpolation=exact).to_ndarray()[:, 8, 0].astype(int)
print("rows, unflagged:", small[0][:8].tolist(), "\nrows, flagged:  ", small[1][:8].tolist())
assert (np.diff(small[0]) > 0).all()
assert (np.diff(small[1]) < 0).sum() > 8, "flagged pictures are resized whole now"
PY
