"""Events from annotations and trigger channels: joined by code or by order, placed like any other."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.channels import ElectrodeWishes
from eeg2vid.stages.datasets.markers import texts, triggers
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.recordings import RawSignal, open_recording
from eeg2vid.stages.datasets.stimuli_table import plain_code
from eeg2vid.stages.datasets.study_file import EventSource, Whose

_spec = importlib.util.spec_from_file_location("_own_folder", Path(__file__).with_name("_own_folder.py"))
own = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(own)

MARKS = [(1.0, "S  1"), (3.0, "S  2"), (3.5, "response"), (5.0, "S  1")]
STIM = [(1.0, 1), (3.0, 2), (3.5, 99), (5.0, 1)]
BY_CODE = "code\tclip\tconcept_name\nS  1\ta\tdog\nS  2\tb\tcat\n"
BY_PLACE = "recording\tnth\tclip\nraw/one_raw.fif\t1\tb\nraw/one_raw.fif\t4\ta\n"


@pytest.fixture
def root(tmp_path):
    own.write_marked(tmp_path / "raw/one_raw.fif", MARKS)
    for clip in "ab":
        own.write_clip(tmp_path / f"clips/{clip}.gif", 0.5)
    (tmp_path / "study.toml").write_text('[events]\nfrom = "annotations"\n')
    (tmp_path / "stimuli.tsv").write_text(BY_CODE)
    return tmp_path


def told(source):
    return [(e.clip, e.onset_s, e.onset_sample, e.duration_s, e.run[-4:]) for e in source.events]


EXPECTED = [("a", 1.0, 128, 0.5, "r001"), ("b", 3.0, 384, 0.5, "r002"), ("a", 5.0, 640, 0.5, "r003")]


def test_annotations_joined_by_code(root):
    data = open_dataset(root)
    assert (data.kind, data.subjects) == ("markers", ("1",))
    assert [(c.clip, c.concept_name) for c in data.study().clips] == [("a", "dog"), ("b", "cat")]
    source = data.subject("1")
    assert told(source) == EXPECTED
    lost = next(c for c in source.checks if c.item.startswith("markers that show no clip"))
    assert (lost.found, lost.verdict) == ("1 of 4: response (1)", "ok")
    assert {p.name for p in data.study_files()} == {"study.toml", "stimuli.tsv", "a.gif", "b.gif"}
    assert {p.name for p in data.subject_files("1")} >= {"one_raw.fif", "study.toml", "stimuli.tsv"}


def test_trigger_channel_joined_by_code_however_it_is_written(root):
    own.write_marked(root / "raw/one_raw.fif", STIM, stim=True)
    (root / "study.toml").write_text('[events]\nfrom = "stim"\nstim = "STI"\n')
    (root / "stimuli.tsv").write_text("code\tclip\n1.0\ta\n002\tb\n77\tb\n")
    source = open_dataset(root).subject("1")
    assert [row[:4] for row in told(source)] == [row[:4] for row in EXPECTED]
    warned = {c.item: c.found for c in source.checks if c.verdict == "warning"}
    assert warned["codes, subject 1"] == "1 of 3 never occur: 77"


def test_order_of_presentation(root):
    (root / "stimuli.tsv").write_text(BY_PLACE)
    assert [(e.clip, e.onset_s) for e in open_dataset(root).subject("1").events] == [("b", 1.0), ("a", 5.0)]
    # only some markers count: the third of these is the fourth of all
    (root / "study.toml").write_text('[events]\nfrom = "annotations"\nmarkers = ["S *"]\n')
    (root / "stimuli.tsv").write_text(BY_PLACE.replace("\t4\t", "\t3\t"))
    assert [(e.clip, e.onset_s) for e in open_dataset(root).subject("1").events] == [("b", 1.0), ("a", 5.0)]


def test_markers_of_other_things_beyond_the_table_do_no_harm(root):
    own.write_marked(root / "raw/one_raw.fif", [*MARKS, (6.0, "end"), (7.0, "response")])
    (root / "stimuli.tsv").write_text(BY_PLACE)
    assert [(e.clip, e.onset_s) for e in open_dataset(root).subject("1").events] == [("b", 1.0), ("a", 5.0)]


@pytest.mark.parametrize("marks", [[], [(1.0, "response")]])
def test_a_recording_whose_markers_show_nothing_is_told(root, marks):
    own.write_marked(root / "raw/two_raw.fif", marks)
    source = open_dataset(root).subject("1")
    warned = {c.item: c.found for c in source.checks if c.verdict == "warning"}
    many = "1 marker" if len(marks) == 1 else f"{len(marks)} markers"
    assert warned == {"events, raw/two_raw.fif": f"none of {many} shows a clip"}


def test_marker_delay_paths_and_columns(root):
    (root / "raw/one_raw.fif").unlink()
    for subject, session, block in (("7", "1", "2"), ("7", "1", "1"), ("7", "2", "1"), ("10", "1", "1")):
        own.write_marked(root / f"raw/p{subject}/day{session}-film{block}_raw.fif", MARKS)
    (root / "study.toml").write_text(
        '[events]\nfrom = "annotations"\nonset_shift_s = 0.25\npath = "raw/p{subject}/day{session}-film{block}_raw.fif"'
    )
    (root / "stimuli.tsv").write_text("code\tclip\tduration\thint\nS  1\ta\t0.75\t2.0\nS  2\tb\tn/a\tn/a\n")
    data = open_dataset(root)
    assert data.subjects == ("7", "10")
    source = data.subject("7")
    assert [(r.session, r.block) for r in source.recordings] == [("1", "1"), ("1", "2"), ("2", "1")]
    assert [(e.onset_s, e.duration_s, e.hint_s) for e in source.events[:2]] == [(1.25, 0.75, 2.0), (3.25, 0.5, None)]


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(3, 60), st.integers(0, 300)), max_size=12), st.sampled_from([None, 255]))
def test_triggers_are_mnes(steps, mask):
    values = np.zeros(1000)
    at = 1
    for length, code in steps:
        values[at : at + length] = code
        at += length
    raw = own.raw_of(["Cz", "STI"], ["eeg", "stim"], data=np.vstack([own.noise(1, 1000), values]))
    said = EventSource.model_validate({"from": "stim", "stim_mask": mask})
    ours, checks = triggers(RawSignal(Path("x"), raw, ElectrodeWishes()), said)
    assert checks == []
    theirs = mne.find_events(raw, "STI", consecutive=True, shortest_event=1, mask=None, verbose="error")
    if mask is not None:  # MNE masks the values too
        theirs = mne.find_events(
            raw, "STI", consecutive=True, shortest_event=1, mask=mask, mask_type="and", verbose="error"
        )
    assert ours == [(sample / own.SFREQ, str(code)) for sample, _, code in theirs]


def test_annotations_count_from_the_first_sample_that_is_there(tmp_path):
    raw = own.raw_of()
    raw.set_annotations(mne.Annotations([2.0, 6.0], 0, ["x", "y"]))
    raw.crop(1.5, 10.0).save(tmp_path / "cut_raw.fif", verbose="error")
    signal = open_recording(tmp_path / "cut_raw.fif")
    assert texts(signal.raw) == [(0.5, "x"), (4.5, "y")]
    theirs = mne.events_from_annotations(signal.raw, verbose="error")[0][:, 0] - signal.raw.first_samp
    assert [round(onset * own.SFREQ) for onset, _ in texts(signal.raw)] == theirs.tolist()


def test_a_clip_cut_off_by_the_end_is_left_out(root):
    said('[events]\nfrom = "annotations"\nonset_shift_s = 16.5')(root)
    source = open_dataset(root).subject("1")
    assert [e.onset_s for e in source.events] == [17.5, 19.5]  # ends with the recording, at 20 s
    (row,) = [c for c in source.checks if c.item.startswith("events beyond the end")]
    assert (row.verdict, row.found) == ("warning", "1 of 3, the first at 21.5 s; the recording ends at 20.000 s")


def test_paths():
    whose = Whose("eeg/*/S{subject}-b{block}_*.vhdr")
    assert whose.tell("eeg/x y/S03-b2_z.vhdr") == {"subject": "03", "block": "2"}
    with pytest.raises(BadDataError, match=r"S3.vhdr does not fit path = 'eeg"):
        whose.tell("eeg/x/S3.vhdr")
    assert Whose(None).tell("sub-A/ses-2/r.edf") == {"subject": "A", "session": "2"}


def test_codes():
    assert [plain_code(c) for c in ("7", "7.0", "007", " x ", "S  1", "1.5")] == ["7", "7", "7", "x", "S  1", "1.5"]


def said(text):
    return lambda root: (root / "study.toml").write_text(text)


def stimuli(text):
    return lambda root: (root / "stimuli.tsv").write_text(text)


BAD_FOLDERS = {
    "no toml": (said("[events\n"), "study.toml cannot be read as TOML"),
    "unknown key": (said('[events]\nform = "stim"'), r"'events.form' is unknown. Was 'from' meant\?"),
    "unknown source": (said('[events]\nfrom = "triggers"'), "events.from: expected 'annotations', 'stim' or 'table'"),
    "shift text": (said('[events]\nfrom = "stim"\nonset_shift_s = "1"'), "events.onset_shift_s: .* found '1'"),
    "hostile files": (said('[events]\nfrom = "stim"\nfiles = ["../*"]'), "'../.' is not inside the data folder"),
    "hostile path": (said('[events]\nfrom = "stim"\npath = "/{subject}.fif"'), "is not inside the data folder"),
    "path without field": (said('[events]\nfrom = "stim"\npath = "{person}.fif"'), "expected {subject}, {session} or"),
    "rename to no label": (said('[electrodes]\nrename = { E1 = "../x" }'), r"'E1' cannot be called '../x'"),
    "nothing fits": (said('[events]\nfrom = "stim"\nfiles = ["*.edf"]'), r"no file fits '\*.edf'"),
    "no source": (said(""), "from is missing, and .* has no events.tsv"),
    "table absent": (said('[events]\nfrom = "table"'), "events come from a table, but .* has no events.tsv"),
    "table beside": (lambda r: (r / "events.tsv").write_text(""), "from annotations, but events.tsv is there too"),
    "stimuli absent": (lambda r: (r / "stimuli.tsv").unlink(), "annotations, but there is no stimuli.tsv"),
    "stimuli columns": (stimuli("clip\tnth\na\t1"), "expected the column 'code', or the columns 'recording' and 'nth'"),
    "code twice": (stimuli("clip\tcode\na\t1\nb\t1.0"), r"row 3: the code '1.0' is also in row 2"),
    "place twice": (stimuli(BY_PLACE + "raw/one_raw.fif\t4\tb"), "row 4: place 4 of raw/one_raw.fif is also in row 3"),
    "unknown clip": (stimuli("clip\tcode\nz\t1"), "row 2: clip 'z' is not in"),
    "stimulus outside": (stimuli("recording\tnth\tclip\n../x.fif\t1\ta"), "row 2: ../x.fif is not inside"),
}  # fmt: skip
BAD_MARKERS = {
    "no marker joins": (stimuli("clip\tcode\na\t5"), "No marker of raw/one_raw.fif shows a clip: found 'S  1', .* '5'"),
    "nth beyond": (stimuli(BY_PLACE.replace("\t4\t", "\t5\t")), "row 3: nth is 5, but raw/one_raw.fif has 4 markers"),
    "more of the clips' markers": (
        stimuli("recording\tnth\tclip\nraw/one_raw.fif\t1\tb\nraw/one_raw.fif\t2\ta\n"),
        r"row 3: nth ends with 2, but raw/one_raw.fif has 4 .*, and 1 of those beyond .* \(the first 'S  1' at 5.000 s",
    ),
    "channel absent": (said('[events]\nfrom = "stim"\nstim = "TRIG"'), "the trigger channel 'TRIG', found STI"),
    "before the start": (
        said('[events]\nfrom = "annotations"\nonset_shift_s = -2.0'), "marker 1: onset 1 s, moved .* before the rec",
    ),
    "beyond the end": (said('[events]\nfrom = "annotations"\nonset_shift_s = 19.5'), "every clip reaches beyond"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_bad_folders(root, case):
    damage, message = BAD_FOLDERS[case]
    damage(root)
    with pytest.raises(BadDataError, match=message):
        open_dataset(root)


@pytest.mark.parametrize("case", BAD_MARKERS)
def test_bad_markers(root, case):
    damage, message = BAD_MARKERS[case]
    damage(root)
    data = open_dataset(root)
    with pytest.raises(BadDataError, match=message):
        data.subject("1")


def test_no_trigger_channel_at_all(root):
    own.raw_of().save(root / "raw/one_raw.fif", overwrite=True, verbose="error")
    said('[events]\nfrom = "stim"')(root)
    with pytest.raises(BadDataError, match="exactly one trigger channel, found none among Fz, Cz, Oz"):
        open_dataset(root).subject("1")


def marked_study(root, names, stimuli, source="annotations"):
    """Each name 0.5 s long, every 2 s, twice; a mark of somebody's at 18.5 s."""
    marks = [(1.0 + 2 * k, names[k % len(names)]) for k in range(2 * len(names))]
    raw = own.raw_of()
    raw.set_annotations(mne.Annotations([*(o for o, _ in marks), 18.5], 0.5, [*(n for _, n in marks), "BAD_eye"]))
    raw.save(root / "raw/one_raw.fif", overwrite=True, verbose="error")
    (root / "stimuli.tsv").write_text(stimuli)
    return open_dataset(root).subject("1")


@pytest.mark.parametrize("names", [("bad film", "good film"), ("edge", "corner"), ("bad", "boundary"),
                                   ("New Segment/", "BAD_ACQ_SKIP")])  # fmt: skip
@pytest.mark.parametrize("by", ["code", "place"])
def test_a_text_that_shows_a_clip_marks_nothing(root, names, by):
    coded = "code\tclip\n" + "".join(f"{name}\t{clip}\n" for name, clip in zip(names, "ab", strict=True))
    placed = "recording\tnth\tclip\n" + "".join(f"raw/one_raw.fif\t{k + 1}\t{'ab'[k % 2]}\n" for k in range(4))
    source = marked_study(root, names, coded if by == "code" else placed)
    assert [event.clip for event in source.events] == ["a", "b", "a", "b"]
    assert [(span.start, span.length, span.text) for span in source.spans] == [(2368, 64, "BAD_eye")]


def test_a_text_that_shows_no_clip_marks_still(root):
    source = marked_study(root, ("bad film", "bad cat"), "code\tclip\nbad film\ta\n")
    assert [span.text for span in source.spans] == ["bad cat", "bad cat", "BAD_eye"]


def test_codes_are_no_numbers_with_underscores():
    assert [plain_code(code) for code in ("1_2", "12", "12.0", "inf")] == ["1_2", "12", "12", "inf"]
