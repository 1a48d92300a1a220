#!/usr/bin/env bash
# PyAV 18.1.0: a remuxing loop that skips packets without a decoding time (`if packet.dts is None: continue`), to skip
# the flushing packet at the end, also drops the first pictures of a Matroska film with B-pictures, the key frame among
# them.
#
# Seen: 24 pictures of H.264 with two B-pictures, written as Matroska. It stores presentation times only; FFmpeg makes
# the decoding times and has none for the first packets. The remuxed film begins without its key frame.
# `packet.size == 0` tells the flushing packet.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import av
import numpy as np

with av.open("film.mkv", "w") as out:
    stream = out.add_stream("libx264", rate=24)
    stream.width, stream.height, stream.pix_fmt, stream.options = 64, 32, "yuv420p", {"bf": "2", "g": "48"}
    for number in range(24):
        picture = np.random.default_rng(number).integers(0, 255, (32, 64, 3)).astype(np.uint8)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
    out.mux(stream.encode())
with av.open("film.mkv") as film:
    packets = [(p.dts is None, p.size > 0, p.is_keyframe) for p in film.demux(video=0)]
lost = [packet for packet in packets if packet[0] and packet[1]]
print(av.__version__, "packets without a decoding time:", len(lost), "of", sum(size for _, size, _ in packets))
assert lost and lost[0][2], "the key frame has a decoding time now"
PY
