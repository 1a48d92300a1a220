#!/usr/bin/env bash
# MNE 1.13.2 with eeglabio 0.1.4: epochs exported to EEGLAB's .set come back with other event codes and other times.
#
# Expected: after Epochs.export("x.set") and read_epochs_eeglab("x.set"), `events` is what it was: the sample of the recording
# at which each event was, and its code; or a warning that it is not.
# Seen: no warning. Signals, names of conditions, tmin and electrode positions are right. But `events[:, 0]` counts samples in the
# concatenated epochs: the first is at -tmin * rate, each next one epoch later, so gaps, blocks and the place in the session are gone.
# And `events[:, 2]` is numbered anew, in the order in which conditions appear: where the first epoch of the second condition was dropped,
# code 2 means what code 3 meant. Who selects by name is right, who selects by code trains on the wrong classes; what controls
# for the time in the session (drift, block designs) has no time any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mne==1.13.2 eeglabio==0.1.4 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings

import mne
import numpy as np

mne.set_log_level("WARNING")
rate, tmin, length = 200.0, -0.5, 400
names = ["Fz", "Cz", "Pz", "Oz"]
codes = {"face": 1, "house": 2, "car": 3}
when = np.array([250, 990, 1503, 2777, 9000])
shown = np.array([1, 2, 3, 2, 1])
data = np.random.default_rng(0).normal(0, 1e-5, (len(when), len(names), length))
events = np.column_stack([when, np.zeros_like(when), shown])
epochs = mne.EpochsArray(data, mne.create_info(names, rate, "eeg"), events, tmin=tmin, event_id=codes, baseline=None)
epochs.drop([1], verbose="ERROR")  # the first house was rejected

with warnings.catch_warnings():
    warnings.simplefilter("error")
    epochs.export("epochs.set")
    back = mne.read_epochs_eeglab("epochs.set")

print(f"mne {mne.__version__}: codes {epochs.event_id} came back as {back.event_id}")
print(f"samples {epochs.events[:, 0].tolist()} came back as {back.events[:, 0].tolist()}")
assert np.allclose(back.get_data(), epochs.get_data(), atol=1e-9) and back.tmin == tmin
of = [{code: name for name, code in one.event_id.items()} for one in (epochs, back)]
assert [of[0][code] for code in epochs.events[:, 2]] == [of[1][code] for code in back.events[:, 2]]
assert of[0][2] == "house" and of[1][2] == "car", "codes are kept now"
first = round(-tmin * rate)
assert back.events[:, 0].tolist() == [first + k * length for k in range(len(epochs))], "times are kept now"
PY
