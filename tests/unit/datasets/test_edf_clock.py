"""EDF+D and BDF+D: records that do not follow each other; times of the clock against samples counted by hand."""

from __future__ import annotations

import edfio
import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.edf_clock import read_clock
from eeg2vid.stages.datasets.marked_spans import Span
from eeg2vid.stages.datasets.markers import texts
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.recordings import open_recording

RATE, SECONDS = 200, 40
NAMES = ("Fz", "Cz", "Pz", "Oz")


def write(path, onsets, notes=(), record_s=1.0, kind="+D"):
    """Noise in records that begin at `onsets`, s, as written; `notes` are onset, duration and text."""
    bdf = path.suffix == ".bdf"
    signal, whole = (edfio.BdfSignal, edfio.Bdf) if bdf else (edfio.EdfSignal, edfio.Edf)
    rng = np.random.default_rng(0)
    given = [
        signal(rng.normal(0, 10, round(RATE * record_s * len(onsets))), RATE, label=name, physical_dimension="uV")
        for name in NAMES
    ]
    whole(given, data_record_duration=record_s, annotations=[edfio.EdfAnnotation(0, None, 200 * "x")]).write(path)
    data = bytearray(path.read_bytes())
    data[192:236] = (b"BDF" if bdf else b"EDF").ljust(3) + kind.encode().ljust(41)
    n, width = int(data[252:256]), 3 if bdf else 2
    samples = [int(data[256 + 216 * n + 8 * k :][:8]) for k in range(n)]
    length, room = width * sum(samples), width * samples[-1]
    for k, onset in enumerate(onsets):
        at = int(data[184:192]) + k * length + length - room
        told = [f"+{onset}\x14\x14\0"]
        if k == 0:  # wherever a note stands, its time counts
            told += [
                f"+{at_s}" + (f"\x15{lasts}" if lasts else "") + f"\x14{text}\x14\0" for at_s, lasts, text in notes
            ]
        data[at : at + room] = "".join(told).encode().ljust(room, b"\0")
    path.write_bytes(data)
    return path


def clock_of(*pauses, record_s=1.0):
    """Onsets of 40 records with `(record, s)`: so long a gap before it."""
    return [f"{k * record_s + sum(gap for record, gap in pauses if k >= record):g}" for k in range(SECONDS)]


@pytest.mark.parametrize("ending", [".edf", ".bdf"])
def test_times_are_those_of_the_samples(tmp_path, ending):
    """Ten seconds, a gap of 100 s, twenty, a gap of 1.5 s, ten."""
    notes = [(5, None, "a"), (112, None, "b"), (139, 2.0, "BAD over the gap"), (135.5, None, "c"), (132.5, None, "d")]
    path = write(tmp_path / f"a{ending}", clock_of((10, 100), (30, 1.5)), notes)
    signal = open_recording(path)
    assert signal.shape == (4, RATE * SECONDS)
    # b: 2 s after the 10 s before the gap; c: 131.5 s begin the third stretch, at 30 s of samples
    found = {text: onset for onset, text in texts(signal.raw)}
    assert found == {"a": 5, "b": 12, "c": 34, "d": 31, "BAD over the gap": 37.5}
    cuts = [span for span in signal.spans if span.kind == "cut"]
    assert cuts == [Span(2000, 0, "cut", "gap of 100 s"), Span(6000, 0, "cut", "gap of 1.5 s")]
    assert [(s.start, s.length) for s in signal.spans if s.kind == "bad"] == [(7500, 400)]


def test_what_lies_in_a_gap_has_no_sample(tmp_path):
    notes = [(15, 2.0, "lost"), (9, 3.0, "BAD into the gap"), (10, None, "edge of it")]
    signal = open_recording(write(tmp_path / "a.edf", clock_of((10, 100)), notes))
    assert [text for _, text in texts(signal.raw)] == ["BAD into the gap", "edge of it"]
    assert Span(1800, 200, "bad", "BAD into the gap") in signal.spans
    (check,) = [check for check in signal.checks if "gap" in check.item]
    assert check.verdict == "warning" and check.found == "1 left out: 'lost'"


def test_unbroken_files_have_no_clock_of_their_own(tmp_path):
    later = [f"{k + 0.25:g}" for k in range(SECONDS)]  # the file's start was rounded down to a second
    for kind in ("+C", "+D"):
        assert read_clock(write(tmp_path / "a.edf", clock_of(), kind=kind)) is None
        assert read_clock(write(tmp_path / "a.edf", later, kind=kind)) is None
    shorter = [f"{k * 0.125:.2f}" for k in range(SECONDS)]  # written to fewer digits than they have
    assert read_clock(write(tmp_path / "a.edf", shorter, record_s=0.125)) is None
    gap = [f"{k * 0.125 + (k > 9):.2f}" for k in range(SECONDS)]
    assert read_clock(write(tmp_path / "a.edf", gap, record_s=0.125)).gaps == (10,)


def test_records_that_overlap_are_refused(tmp_path):
    path = write(tmp_path / "a.edf", clock_of((10, -5)))
    with pytest.raises(BadDataError, match=r"record 11 begins 5 s after .* ends at 10 s; expected records in order"):
        open_recording(path)


def study(root, source):
    path = write(root / "sub-1_eeg.edf", clock_of((20, 6)), [(5, None, "c0"), (31, None, "c1")])
    from PIL import Image

    (root / "clips").mkdir()
    for k in range(2):
        frames = [Image.new("RGB", (16, 16), (40 * k, 90, 20 * n)) for n in range(5)]
        frames[0].save(root / f"clips/c{k}.gif", save_all=True, append_images=frames[1:], duration=200)
    if source == "annotations":
        (root / "study.toml").write_text('[events]\nfrom = "annotations"\n')
        (root / "stimuli.tsv").write_text("code\tclip\nc0\tc0\nc1\tc1\n")
    else:
        rows = "".join(f"{path.name}\t{onset}\tc{k}\n" for k, onset in enumerate((5, 31)))
        (root / "events.tsv").write_text("recording\tonset\tclip\n" + rows)
    return open_dataset(root).subject("1")


def test_a_study_by_annotations(tmp_path):
    source = study(tmp_path, "annotations")
    assert [(event.clip, event.onset_sample) for event in source.events] == [("c0", 1000), ("c1", 5000)]
    assert [(row.start, row.length, row.kind) for row in source.spans] == [(4000, 0, "cut")]
    (check,) = [check for check in source.checks if check.item.startswith("cuts")]
    assert check.verdict == "ok" and "gap of 6 s" in check.found


def test_a_table_behind_a_gap_is_refused(tmp_path):
    """31 s may be 31 s of the clock or of the samples: nothing says which."""
    with pytest.raises(BadDataError, match=r"gap of 6 s after 20 s of samples .*whether 31 s counts it is not known"):
        study(tmp_path, "table")
