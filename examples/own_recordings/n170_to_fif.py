"""Turn Muse recordings of the NeuroTechX N170 experiment (faces and houses) into a folder eeg2vid reads.

The experiment showed still pictures, 0.6 s apart. The clips given here stand in for them, so that the way from
own recordings to own videos can be walked; what can be decoded is face or house, not the clips' pixels.

    python n170_to_fif.py --csv-dir muse/ --clips-dir clips/ --out my-study/ --l-freq 1 --h-freq 30
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import mne
import numpy as np
from pairing import Shown, add_options, cut_into_blocks, filtered, finish

SFREQ = 256.0  # Hz; the time stamps are rounded to 4 ms and look like 250
ELECTRODES = ["TP9", "AF7", "AF8", "TP10"]  # "Right AUX" is not EEG
CONCEPTS = {1: "house", 2: "face"}


def main() -> None:
    """Convert every CSV file of a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv-dir", type=Path, required=True, help="folder of subjectN_sessionM_*.csv")
    parser.add_argument("--subjects", nargs="*", help="only these, such as 1 11 (default: all)")
    add_options(parser, blocks=1, duration=0.5)
    given = parser.parse_args()
    events: list[Shown] = []
    for path in sorted(given.csv_dir.glob("*.csv")):
        subject, session = names(path)
        if given.subjects and subject not in given.subjects:
            continue
        number = 1 + len({e.recording for e in events if e.subject == subject})
        file = f"eeg/sub-{subject}_ses-{session}_rec-{number}_eeg.fif"
        markers, n_samples = convert(path, given.out / file, given.l_freq, given.h_freq)
        block = f"sub-{subject}_rec-{number}" + ("_" if given.blocks > 1 else "")
        shown = [
            Shown(subject, session, file, block, float(sample / SFREQ), given.duration, CONCEPTS[int(markers[sample])])
            for sample in np.flatnonzero(markers)
            if sample + given.duration * SFREQ <= n_samples
        ]
        events += cut_into_blocks(shown, given.blocks, n_samples / SFREQ)
        print(f"{path.name} -> {file}: {n_samples / SFREQ:.1f} s, {np.count_nonzero(markers)} pictures")
    if not events:
        raise SystemExit(f"{given.csv_dir} holds no recording with markers.")
    finish(given, events)


def names(path: Path) -> tuple[str, str]:
    """Return subject and session from a file name."""
    match = re.match(r"subject(\d+)_session(\d+)_", path.name)
    if match is None:
        raise SystemExit(f"{path.name}: expected a name like subject1_session1_data.csv.")
    return match[1], match[2]


def convert(path: Path, target: Path, l_freq: float | None, h_freq: float | None) -> tuple[np.ndarray, int]:
    """Write one recording as FIF, in volts; return its markers, one per sample, and its length in samples."""
    with path.open(encoding="utf-8") as file:
        columns = file.readline().strip().split(",")
        table = np.loadtxt(file, delimiter=",", ndmin=2)
    seconds = table[-1, columns.index("timestamps")] - table[0, columns.index("timestamps")]
    if abs(seconds * SFREQ / (len(table) - 1) - 1) > 0.01:
        raise SystemExit(f"{path.name}: {len(table)} samples in {seconds:.1f} s are not {SFREQ:g} Hz.")
    microvolts = table[:, [columns.index(name) for name in ELECTRODES]].T
    info = mne.create_info(ELECTRODES, SFREQ, "eeg")
    info["line_freq"] = 60.0
    raw = filtered(mne.io.RawArray(microvolts * 1e-6, info, verbose="error"), l_freq, h_freq)
    target.parent.mkdir(parents=True, exist_ok=True)
    raw.save(target, overwrite=True, verbose="error")
    return table[:, columns.index("Marker0")].astype(int), len(table)


if __name__ == "__main__":
    main()
