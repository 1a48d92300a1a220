#!/usr/bin/env bash
# MNE-Python 1.13.2: an EDF file of channels with two rates gives other samples in slices than as a whole.
#
# Seen: an EEG channel of 256 Hz beside a belt of 1024 Hz. MNE brings all to 1024 Hz, each stretch that is read by
# itself: `raw[0, a:b]` of a file that is not preloaded differs by tens of µV from the same samples of the preloaded
# one where a and b are no whole records. At 3.3 Hz and 30 µV that is a shift in time, not a rounding.
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
wave = 30 * np.sin(2 * np.pi * 3.3 * np.arange(256 * 60) / 256)
belt = np.random.default_rng(0).normal(0, 10, 1024 * 60)
unit = {"physical_dimension": "uV", "physical_range": (-200, 200)}
signals = [edfio.EdfSignal(wave, 256, label="EEG Cz", **unit), edfio.EdfSignal(belt, 1024, label="Resp Belt", **unit)]
edfio.Edf(signals).write("two-rates.edf")
lazy, whole = mne.io.read_raw_edf("two-rates.edf"), mne.io.read_raw_edf("two-rates.edf", preload=True)
worst = {}
for first, last in ((10 * 1024, 12 * 1024), (10 * 1024 + 300, 11 * 1024 + 700), (20 * 1024 + 100, 20 * 1024 + 600)):
    off = 1e6 * np.abs(lazy[0, first:last][0] - whole[0, first:last][0])
    worst[first, last] = round(float(off.max()), 2)
print(f"at {whole.info['sfreq']:g} Hz, largest difference, µV, by stretch of samples:", worst)
assert worst[10540, 11964] > 5 and worst[20580, 21080] > 5, "slices are as the whole now"
PY
