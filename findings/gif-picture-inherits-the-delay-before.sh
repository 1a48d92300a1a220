#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg's GIF reader): a picture without a control block is shown as long as the one before.
#
# Seen: six pictures, of which the first, third and fifth have a graphic control block of 50, 20 and 10 hundredths of a
# second and the others none. FFmpeg's packets last 50 50 20 20 10 10. GIF89a (section 23) lets a block stand for the next
# picture only, as browsers and Pillow have it: 50, none, 20, none, 10, none. A delay of 1 is kept as it is, where
# browsers show a tenth of a second.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6 pillow==12.0.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import struct

import av
from PIL import Image, ImageSequence


def durations(delays):
    codes = [code for k in range(16) for code in ([256, 7] if k % 8 == 0 else [7])] + [257]
    bits = sum(code << 9 * place for place, code in enumerate(codes))
    picture = bits.to_bytes((9 * len(codes) + 7) // 8, "little")
    data = b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0xF7, 0, 0) + bytes(range(256)) * 3
    for delay in delays:
        if delay is not None:
            data += b"\x21\xf9\x04\x04" + struct.pack("<H", delay) + b"\0\0"
        data += b"," + struct.pack("<HHHHB", 0, 0, 4, 4, 0) + b"\x08" + bytes([len(picture)]) + picture + b"\0"
    with open("film.gif", "wb") as file:
        file.write(data + b";")
    with av.open("film.gif") as film:
        told = [packet.duration for packet in film.demux(video=0) if packet.size]
    with Image.open("film.gif") as film:
        return told, [frame.info.get("duration") for frame in ImageSequence.Iterator(film)]


some, ones = durations([50, None, 20, None, 10, None]), durations([1] * 6)
print("FFmpeg:", some[0], ones[0], "\nPillow, ms:", some[1], ones[1])
assert some[1] == [500, None, 200, None, 100, None], some
assert some[0] == [50, 50, 20, 20, 10, 10] and ones[0] == [1] * 6, (some, ones)
PY
