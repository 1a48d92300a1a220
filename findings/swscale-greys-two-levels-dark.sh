#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg's libswscale): `reformat(format="rgb24")` of 8-bit BT.709 yuv420p comes out too dark.
#
# Seen: with accurate rounding and bit-exact flags, and as many columns and rows as before, grey 255 (Y 235) is read
# as 253, 128 (Y 126) as 126, 64 (Y 71) as 62. The same call with FULL_CHR_H_INT gives 255, 128 and 64.
# Right, by BT.709: R = G = B = 255 (Y - 16) / 219 for Cb = Cr = 128.
# Who decodes, stores and decodes again darkens at each turn.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import av
import numpy as np
from av.video.reformatter import Interpolation

exact = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
found = {}
for luma in (16, 71, 126, 235):
    frame = av.VideoFrame(64, 48, "yuv420p")
    for plane, value in zip(frame.planes, (luma, 128, 128)):
        plane.update(np.full((plane.height, plane.line_size), value, np.uint8).tobytes())
    frame.colorspace, frame.color_range = 1, 1  # BT.709, 16 to 235
    as_it_is = frame.reformat(format="rgb24", interpolation=exact).to_ndarray()
    full = frame.reformat(format="rgb24", interpolation=exact | Interpolation.FULL_CHR_H_INT).to_ndarray()
    found[luma] = round(255 * (luma - 16) / 219), int(as_it_is[24, 32, 1]), int(full[24, 32, 1])
print("Y: (right, without, with FULL_CHR_H_INT)", found)
assert found == {16: (0, 0, 0), 71: (64, 62, 64), 126: (128, 126, 128), 235: (255, 253, 255)}, found
PY
