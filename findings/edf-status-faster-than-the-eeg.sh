#!/usr/bin/env bash
# MNE-Python 1.13.2: an EDF file whose Status channel is faster than its EEG comes with the wrong sampling rate.
#
# Seen: 12 s of EEG at 200 Hz beside a Status channel of 400 Hz. All channels are brought to 400 Hz, 4800 samples, but
# `info["sfreq"]` is 200: the recording lasts 24 s, a wave of 10 Hz has 5 Hz, an event at 3 s is found at 6 s. The same
# file with the channel called Resp, which is no trigger channel, has 400 Hz and 12 s.
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
wave = 30 * np.sin(2 * np.pi * 10 * np.arange(200 * 12) / 200)
codes = np.zeros(400 * 12)
codes[3 * 400 : 3 * 400 + 40] = 7
seen = {}
for name in ("Status", "Resp"):
    eeg = edfio.EdfSignal(wave, 200, label="Cz", physical_dimension="uV", physical_range=(-200, 200))
    edfio.Edf([eeg, edfio.EdfSignal(codes, 400, label=name, physical_range=(0, 255))]).write("a.edf")
    raw = mne.io.read_raw_edf("a.edf", preload=True)
    spectrum = np.abs(np.fft.rfft(raw.get_data()[0]))
    peak = np.fft.rfftfreq(raw.n_times, 1 / raw.info["sfreq"])[spectrum.argmax()]
    at = np.flatnonzero(raw.get_data()[1] > 3)[0] / raw.info["sfreq"]
    seen[name] = raw.info["sfreq"], raw.n_times / raw.info["sfreq"], round(float(peak), 2), float(at)
    print(f"{name}: {seen[name][0]:g} Hz, {seen[name][1]:g} s, a wave of {seen[name][2]:g} Hz, the code at {at:g} s")
assert seen["Resp"] == (400, 12, 10, 3), seen
assert seen["Status"] == (200, 24, 5, 6), "the rate is right now"
PY
