#!/usr/bin/env bash
# MNE 1.13.2: samples of a discontinuous EDF+ file (EDF+D) are read as if there were no gap, annotations are not.
#
# Seen: ten records of a second, and after five of them a gap of 3 s. `raw` lasts 10 s; a note made 6 s into the samples
# (at 9 s of the clock) is an annotation at 9 s, 3 s late. One at 8 s of the samples (11 s of the clock) is left out as
# lying beyond the recording, and nothing says that the file has a gap.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mne==1.13.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings

import mne
import numpy as np

# a header of EDF+, https://www.edfplus.info/specs/edfplus.html: one channel at 100 Hz, and the annotations
fields = [("Cz", 16), ("", 80), ("uV", 8), ("-100", 8), ("100", 8), ("-32768", 8), ("32767", 8), ("", 80), ("100", 8)]
notes = [("EDF Annotations", 16), ("", 80), ("", 8), ("-1", 8), ("1", 8), ("-32768", 8), ("32767", 8), ("", 80), ("30", 8)]
head = "0".ljust(8) + "X X X X".ljust(80) + "Startdate 01-JAN-2020 X X X".ljust(80) + "01.01.2010.00.00"
head += "768".ljust(8) + "EDF+D".ljust(44) + "10".ljust(8) + "1".ljust(8) + "2".ljust(4)
head += "".join(text.ljust(size) for pair in zip(fields, notes) for text, size in pair) + 64 * " "
body = b""
for record in range(10):
    onset = record + (3 if record >= 5 else 0)
    told = f"+{onset}\x14\x14\0" + {6: "+9\x14six\x14\0", 8: "+11\x14eight\x14\0"}.get(record, "")
    body += np.full(100, 1000 * record, "<i2").tobytes() + told.encode().ljust(60, b"\0")
with open("gap.edf", "wb") as file:
    file.write(head.encode() + body)
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    raw = mne.io.read_raw_edf("gap.edf", verbose="warning")
found = [(float(onset), str(text)) for onset, text in zip(raw.annotations.onset, raw.annotations.description)]
told = [str(one.message) for one in warned]
there = round(float(raw.get_data()[0, 600]) * 1e6 / 200 * 65535 / 1000)
print("MNE", mne.__version__, raw.n_times / 100, "s", found, "record at 6 s:", there, "warnings:", told)
assert raw.n_times == 1000 and there == 6
assert (9.0, "six") in found, "the annotation moved: MNE knows of the gap now"
assert "eight" not in [text for _, text in found], "what lies beyond the samples is kept now"
assert not any("gap" in text or "discontin" in text for text in told), "MNE tells of the gap now"
PY
