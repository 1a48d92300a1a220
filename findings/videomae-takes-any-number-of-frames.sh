#!/usr/bin/env bash
# transformers 5.23.0: VideoMAE loaded with another num_frames than its weights learned from raises nothing and warns of nothing.
#
# Expected: six frames for a network of sixteen are refused, or new weights are named, as for every other shape that differs.
# Seen: the position table is no weight. It is worked out anew from num_frames when the model is built, so the file fits
# all the same. Of six frames the table is the first three eighths of that of sixteen: the third pair of frames
# of a clip, shown as six, stands where the third of eight pairs stood. Two seconds are taken for the first three
# quarters of a second, and the same six pictures, spread over the sixteen places, give other logits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.23.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import contextlib
import io
import logging

import torch
import transformers
from transformers import VideoMAEConfig, VideoMAEForVideoClassification

shape = {"image_size": 32, "patch_size": 8, "tubelet_size": 2, "hidden_size": 32, "num_hidden_layers": 2}
config = VideoMAEConfig(**shape, num_attention_heads=2, intermediate_size=64, num_frames=16, num_labels=5)
torch.manual_seed(0)
VideoMAEForVideoClassification(config).save_pretrained("sixteen")

said = io.StringIO()
logging.getLogger("transformers").addHandler(logging.StreamHandler(said))
with contextlib.redirect_stderr(said):
    whole = VideoMAEForVideoClassification.from_pretrained("sixteen").eval()
    said.truncate(0), said.seek(0)
    short, told = VideoMAEForVideoClassification.from_pretrained("sixteen", num_frames=6, output_loading_info=True)
short.eval()
print(f"transformers {transformers.__version__}: loaded as six frames, told {sum(map(len, told.values()))} differences")
assert not any(told.values()), "it is told now"
assert "num_frames" not in said.getvalue()

tables = [one.videomae.embeddings.position_embeddings[0] for one in (whole, short)]
print(f"position tables of {len(tables[0])} and {len(tables[1])} places")
assert torch.equal(tables[0][: len(tables[1])], tables[1])

clip = torch.rand(1, 6, 3, 32, 32)
spread = clip[:, [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5]]
with torch.no_grad():
    six, sixteen = short(clip).logits, whole(spread).logits
print(f"logits of the same six pictures differ by up to {(six - sixteen).abs().max():.3f}")
assert (six - sixteen).abs().max() > 1e-3
PY
