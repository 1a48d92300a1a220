#!/usr/bin/env bash
# scikit-image 0.26.0: structural_similarity does not ignore win_size where gaussian_weights is set.
#
# Documented: "If gaussian_weights is True, this is ignored and the window size will depend on sigma."
# Seen: the window does depend on sigma alone (11 x 11 for 1.5), but win_size still says how many pixels a sample has
# (variances times 121/120, or 9/8 for win_size=3), and how much of the border is cut off (5 pixels, or 1, where windows
# reach over the border into a mirror). Scores printed with win_size=3, gaussian_weights=True differ from the default's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-image==0.26.0 numpy==2.4.6 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import skimage
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

rng = np.random.default_rng(0)
a = gaussian_filter(rng.normal(size=(40, 56)), 2)
a = 255 * (a - a.min()) / np.ptp(a)
b = np.clip(a + rng.normal(0, 25, a.shape), 0, 255)


def by_hand(sample, border):
    """Eleven taps whatever is asked; `sample` and `border` are what win_size leaves behind."""
    mean = lambda x: gaussian_filter(x, 1.5, truncate=3.5, mode="reflect")
    ma, mb = mean(a), mean(b)
    va, vb, ab = (sample * (mean(x * y) - mx * my) for x, y, mx, my in ((a, a, ma, ma), (b, b, mb, mb), (a, b, ma, mb)))
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = (2 * ma * mb + c1) * (2 * ab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    return values[border:-border, border:-border].mean()


default = structural_similarity(a, b, data_range=255, gaussian_weights=True)
three = structural_similarity(a, b, data_range=255, gaussian_weights=True, win_size=3)
print(f"scikit-image {skimage.__version__}: default {default:.6f}, win_size=3 {three:.6f}")
assert abs(default - by_hand(121 / 120, 5)) < 1e-9
assert abs(three - by_hand(9 / 8, 1)) < 1e-9
assert abs(default - three) > 1e-3, "win_size is ignored now"
PY
