#!/usr/bin/env bash
# MNE-Python 1.13.2: codes of a Status or Trigger channel are cut, not rounded (EDF), or not scaled at all (BDF).
#
# Seen: codes 1 to 5, exported by MNE itself. EDF keeps 4 as 3.99998, and the reader makes 3 of it: 1, 2, 2, 3, 5. From
# BDF come the digital numbers, cut to 17 bits: 78644, 26215, 104857, 52428, 131071. The same channel called TRIG, which
# is read as any other, is right to 2e-5.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mne==1.13.2 edfio==0.4.18 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings

import mne
import numpy as np

warnings.simplefilter("ignore")
mne.set_log_level("error")
codes = np.zeros(2000)
for code in range(1, 6):
    codes[300 * code : 300 * code + 20] = code
eeg = np.random.default_rng(0).normal(0, 1e-5, (1, 2000))
seen = {}
for kind in ("edf", "bdf"):
    for name, called in (("Status", "stim"), ("TRIG", "misc")):
        raw = mne.io.RawArray(np.vstack([eeg, codes]), mne.create_info(["Cz", name], 200, ["eeg", called]))
        mne.export.export_raw(f"a.{kind}", raw, overwrite=True)
        found = mne.io.read_raw(f"a.{kind}").get_data(picks=[1])[0]
        seen[kind, name] = [round(float(found[300 * code + 5]), 4) for code in range(1, 6)]
        print(kind, name, seen[kind, name])
for kind in ("edf", "bdf"):
    assert np.allclose(seen[kind, "TRIG"], [1, 2, 3, 4, 5], atol=1e-4), seen
assert seen["edf", "Status"] == [1, 2, 2, 3, 5], "codes of EDF are others now"
assert seen["bdf", "Status"] == [78644, 26215, 104857, 52428, 131071], "codes of BDF are others now"
PY
