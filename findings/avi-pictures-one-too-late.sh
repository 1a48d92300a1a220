#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg's AVI demuxer): time stamps of pictures in AVI are not when the pictures are shown.
#
# Seen: 24 pictures of H.264 at 24 per second, the same settings for mp4 and for AVI. From mp4 they come at times
# 0, 1, 2 ... 23 (in pictures). From AVI the pictures come in the same order at 1, 2, 3 ... 24: AVI stores no
# presentation times, and FFmpeg makes them of the order of decoding. Read by time, every picture is one too late.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import av
import numpy as np


def stamps(name):
    with av.open(name, "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt, stream.options = 64, 32, "yuv420p", {"crf": "8"}
        for number in range(24):
            bits = np.array([255 * (number >> bit & 1) for bit in range(8)], np.uint8)
            picture = np.ascontiguousarray(np.broadcast_to(np.repeat(bits, 8)[None, :, None], (32, 64, 3)))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    with av.open(name) as film:
        film.streams.video[0].thread_count = 1
        frames = [(f.pts, f.time_base, f.to_ndarray(format="gray")[16, 4::8] > 128) for f in film.decode(video=0)]
    times = [None if pts is None else round(float(pts * base) * 24) for pts, base, _ in frames]
    order = [int(bits @ (1 << np.arange(8))) for _, _, bits in frames]
    return times, order


mp4, avi = stamps("film.mp4"), stamps("film.avi")
print("mp4 stamps", mp4[0], "\navi stamps", avi[0], "\navi order ", avi[1])
assert mp4[0] == list(range(24)), mp4
assert avi[1] == mp4[1] == list(range(24)), "the order of pictures"
assert avi[0] == list(range(1, 25)), "AVI's stamps are others now"
PY
