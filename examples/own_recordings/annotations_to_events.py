"""Turn one recording with annotations or trigger codes (EEGLAB, BrainVision, BDF, EDF+, ...) into such a folder.

A single recording would be a single block, and nothing could be held out: it is cut into stretches of equal
length in time, each a block of its own.

    python annotations_to_events.py --recording eeglab_data.set --marker square --clips-dir clips/ --out my-study/
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pairing import Shown, add_options, cut_into_blocks, filtered, finish

from eeg2vid.stages.datasets.markers import texts, triggers
from eeg2vid.stages.datasets.recordings import RawSignal, open_recording
from eeg2vid.stages.datasets.study_file import EventSource


def main() -> None:
    """Convert one recording."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recording", type=Path, required=True, help="any file MNE reads")
    parser.add_argument(
        "--marker", action="append", required=True, help="annotation or trigger code that marks a clip; repeatable"
    )
    parser.add_argument("--subject", default="1", help="label of the person")
    add_options(parser, blocks=3, duration=1.0)
    given = parser.parse_args()
    signal = open_recording(given.recording)
    if not isinstance(signal, RawSignal):
        raise SystemExit(f"{given.recording} is a plain array and has no markers.")
    raw = signal.raw.load_data(verbose="error")
    length = raw.n_times / raw.info["sfreq"]
    file = f"eeg/sub-{given.subject}_eeg.fif"
    found = marks(signal)
    events = [
        # with one kind of marker there are no concepts to tell apart
        Shown(given.subject, "1", file, "", onset, given.duration, marker if len(given.marker) > 1 else "")
        for onset, marker in found
        if marker in given.marker and onset + given.duration <= length
    ]
    if not events:
        known = ", ".join(sorted({marker for _, marker in found})) or "none"
        raise SystemExit(f"{given.recording} has no event {' or '.join(given.marker)}; it has {known}.")
    (given.out / "eeg").mkdir(parents=True, exist_ok=True)
    filtered(raw, given.l_freq, given.h_freq).save(given.out / file, overwrite=True, verbose="error")
    finish(given, cut_into_blocks(events, given.blocks, length))


def marks(signal: RawSignal) -> list[tuple[float, str]]:
    """Return onset, s from the first sample, and name of every annotation and of every code of a trigger channel."""
    found = texts(signal.raw)
    if "stim" in signal.raw:
        codes, checks = triggers(signal, EventSource.model_validate({"from": "stim"}))
        found += codes
        for check in checks:
            print(f"{check.item}: {check.found}")
    return sorted(found)


if __name__ == "__main__":
    main()
