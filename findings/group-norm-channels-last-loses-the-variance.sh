#!/usr/bin/env bash
# torch 2.13.0, on a CPU: group_norm of channels-last memory loses the variance where the mean is large.
#
# Expected: memory format changes speed and last digits.
# Seen: contiguous memory is normalised to seven digits whatever the mean. Channels last, the variance is a mean of squares
# less the square of the mean, in float32: with standard deviation 1 and mean 10 the error is 3e-4, with 100 it is .03,
# and from 1000 on values that should be about 1 come out in the hundreds, finite and without a warning. A UNet or VAE laid
# out channels last, as is advised for speed, has the same norms: right only while means stay near the deviations.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import torch
from torch.nn.functional import group_norm

torch.manual_seed(0)
noise = torch.randn(2, 320, 36, 64)
errors = {}
for mean in (0, 1, 10, 100, 1000, 3000):
    x = noise + mean
    exact = group_norm(x.double(), 32)
    kinds = (torch.contiguous_format, torch.channels_last)
    errors[mean] = [float((group_norm(x.contiguous(memory_format=kind), 32) - exact).abs().max()) for kind in kinds]
    print(f"torch {torch.__version__}, mean {mean}: contiguous {errors[mean][0]:.1e}, channels last {errors[mean][1]:.1e}")
assert all(contiguous < 1e-3 for contiguous, _ in errors.values())
assert errors[0][1] < 1e-5
assert errors[10][1] > 5e-5
assert errors[100][1] > 1e-3, "the variance is right now"
assert errors[1000][1] > 10, "the variance is right now"
PY
