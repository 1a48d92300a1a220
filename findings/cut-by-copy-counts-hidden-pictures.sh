#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg's mp4 reader): the number of pictures that a film tells counts those that are never shown.
#
# Seen: 96 pictures at 24 per second, key pictures a second apart, cut from picture 40 on by copying packets: what
# is needed for decoding comes along and is hidden by an edit list. `stream.frames` is 72, of which 56 are shown;
# `frames` by `duration` is 30.9 pictures per second where 24 is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import av
import numpy as np

with av.open("whole.mp4", "w") as out:
    stream = out.add_stream("libx264", rate=24)
    stream.width, stream.height, stream.pix_fmt, stream.options = 64, 32, "yuv420p", {"g": "24"}
    for number in range(96):
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((32, 64, 3), 2 * number, np.uint8), format="rgb24")))
    out.mux(stream.encode())
with av.open("whole.mp4") as film, av.open("cut.mp4", "w") as out:
    source = film.streams.video[0]
    stream, shift = out.add_stream_from_template(source), round(40 / 24 / source.time_base)
    film.seek(shift, stream=source, backward=True)
    for packet in film.demux(source):
        if packet.dts is not None:
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
            out.mux(packet)
with av.open("cut.mp4") as film:
    stream = film.streams.video[0]
    told, length = stream.frames, float(stream.duration * stream.time_base)
    times = [frame.time for frame in film.decode(stream)]
shown = (len(times) - 1) / (times[-1] - times[0])
print(f"told: {told} pictures, {told / length:.1f} per second; shown: {len(times)}, {shown:.1f} per second")
assert len(times) == 56 and abs(shown - 24) < 0.01, (shown, len(times))
assert told == 72 and told / length > 30, (told, length)
PY
