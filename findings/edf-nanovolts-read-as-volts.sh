#!/usr/bin/env bash
# MNE-Python 1.13.2: an EDF file in nV, or in `uv`, is read as volts, and channels in degC as EEG in volts.
#
# Seen: MNE knows `uV`, `µV` and `mV`; whatever else stands in the field of the physical dimension is multiplied by 1.
# 10 nV become 10 V, with no warning, though `raw._orig_units` says nV. So do `uv`, which it lists as µV, and an empty
# field. A channel in degC is of type eeg, and its unit in `raw._orig_units` is n/a, as that of a file without units.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mne==1.13.2 edfio==0.4.18 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import edfio
import mne
import numpy as np

mne.set_log_level("error")
wave = 10 * np.sin(2 * np.pi * 3.3 * np.arange(256 * 10) / 256)
units = ["uV", "mV", "nV", "uv", "degC", ""]
signals = [
    edfio.EdfSignal(wave, 256, label=f"EEG {k}", physical_dimension=unit, physical_range=(-20, 20))
    for k, unit in enumerate(units)
]
edfio.Edf(signals).write("units.edf")
raw = mne.io.read_raw_edf("units.edf")
print("MNE", mne.__version__)
seen = {}
for unit, name, kind in zip(units, raw.ch_names, raw.get_channel_types(), strict=True):
    seen[unit] = (kind, raw._orig_units[name], float(f"{raw.get_data(picks=[name]).max():.1g}"))
    print(f"{unit!r}: type {seen[unit][0]}, unit {seen[unit][1]}, largest value {seen[unit][2]:g} V")
assert seen["uV"] == ("eeg", "µV", 1e-5) and seen["mV"] == ("eeg", "mV", 1e-2)
assert seen["nV"] == ("eeg", "nV", 10.0), "nV are read as nV now"
assert seen["uv"] == ("eeg", "µV", 10.0), "uv is read as µV now"
assert seen["degC"] == seen[""] == ("eeg", "n/a", 10.0), "degC is told from no unit now"
PY
