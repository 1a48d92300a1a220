"""Own recordings: gaps are filled as documented, and every bad row is named."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.entities import Event
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.tables import to_label

_spec = importlib.util.spec_from_file_location("_own_folder", Path(__file__).with_name("_own_folder.py"))
own = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(own)
write_recording, write_clip, write_table = own.write_recording, own.write_clip, own.write_table
fresh, SFREQ = own.fresh, own.SFREQ


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    return own.write_media(tmp_path_factory.mktemp("media"))


@pytest.fixture
def root(media, tmp_path):
    return own.link_study(media, tmp_path / "study")


def test_clip_index(root):
    data = open_dataset(root)
    assert (data.kind, data.subjects) == ("events-table", ("1",))
    study = data.study()
    assert [c.clip for c in study.clips] == ["a", "b", "c", "d"]  # e is never shown
    # bird is never shown either, so it has no number
    assert [(c.concept, c.concept_name) for c in study.clips] == [(2, "dog"), (2, "dog"), (1, "cat"), (2, "dog")]
    assert [(c.start_s, c.duration_s) for c in study.clips] == [(0, 0.5), (0.5, 0.5), (0, 1.0), (0.25, 0.75)]
    assert [c.face for c in study.clips] == [0, 0, 1, None]
    assert [(c.clip, c.caption) for c in study.captions] == [("b", "a-dog")]
    # all GIFs are alike here, and c shows the whole of what the others show a part of
    assert [c.found for c in study.checks] == ["4 shown, 1 never shown and left out", "a and b and c and d"]


def test_events_and_lazy_signals(root, media):
    source = open_dataset(root).subject("1")
    assert [(r.recording, r.block, r.start, r.length) for r in source.recordings] == [
        ("one_eeg", "one_eeg", 0, 2560),
        ("two_eeg", "two_eeg", 2560, 2560),
    ]
    # dog dog | cat | dog, then the other recording
    assert [(e.run, e.position) for e in source.events] == [
        ("one_eeg-r001", 1),
        ("one_eeg-r001", 2),
        ("one_eeg-r002", 1),
        ("one_eeg-r003", 1),
        ("two_eeg-r001", 1),
    ]
    assert source.events[1] == Event(
        event="one_eeg-e0002", subject="1", recording="one_eeg", block="one_eeg", run="one_eeg-r001", position=2,
        clip="b", onset_s=3.0, onset_sample=384, duration_s=0.5,
    )  # fmt: skip
    eeg = mne.io.read_raw(media / "eeg/two_eeg.fif", verbose="error").get_data(picks="eeg")
    signal = source.signals[1]
    assert (signal.shape, source.unit_scale, source.sfreq) == ((3, 2560), 1.0, SFREQ)
    for key in [
        np.s_[:, :],
        np.s_[:, 10:20],
        np.s_[1:, 5::7],
        np.s_[[2, 0], -50:],
        np.s_[1, 5],
        np.s_[:, -1],
        np.s_[2],
        np.s_[:, 99:3],
        np.s_[..., 2:3],
    ]:
        assert np.array_equal(signal[key], eeg[key])
    assert np.array_equal(np.asarray(signal), eeg)
    assert [e.electrode for e in source.electrodes] == ["Fz", "Cz", "Oz"]
    assert source.electrodes[2].y < -0.05


def test_clips_folder_without_a_table(root):
    (root / "clips.tsv").unlink()
    write_clip(root / "clips" / "long.gif", seconds=3.0)
    write_table(
        root / "events.tsv", "recording onset clip concept_name\neeg/one_eeg.fif 1 x dog\neeg/one_eeg.fif 4 long n/a"
    )
    data = open_dataset(root)
    study = data.study()
    assert [(c.clip, c.file, c.duration_s, c.concept) for c in study.clips] == [
        ("long", "clips/long.gif", 2.0, None),
        ("x", "clips/x.gif", 1.0, 1),
    ]
    assert [e.duration_s for e in data.subject("1").events] == [1.0, 2.0]


def test_events_without_concepts_are_runs_of_their_own(root):
    (root / "clips.tsv").unlink()
    write_table(root / "events.tsv", "recording onset clip\neeg/one_eeg.fif 1 x\neeg/one_eeg.fif 4 x")
    assert [e.position for e in open_dataset(root).subject("1").events] == [1, 1]


def test_subject_session_block_and_run_from_columns_and_names(root, media):
    (root / "sub-A7" / "ses-2").mkdir(parents=True)
    for name in ("one_eeg.fif", "two_eeg.fif"):
        (root / "sub-A7" / "ses-2" / f"sub-A7_{name}").hardlink_to(media / "eeg" / name)
    write_table(
        root / "events.tsv",
        """
        recording                      onset clip subject session block run duration
        sub-A7/ses-2/sub-A7_one_eeg.fif  1   a    n/a     n/a     1     k   0.25
        sub-A7/ses-2/sub-A7_one_eeg.fif  2   b    n/a     n/a     1     k   0
        sub-A7/ses-2/sub-A7_one_eeg.fif  3   c    n/a     n/a     2     m   n/a
        eeg/one_eeg.fif                  1   a    sub-10  ses-x   n/a   n/a n/a
        eeg/two_eeg.fif                  1   a    9       n/a     n/a   n/a n/a
        """,
    )
    data = open_dataset(root)
    assert data.subjects == ("9", "10", "A7")
    source = data.subject("A7")
    assert (source.recordings[0].session, source.recordings[0].block) == ("2", None)
    assert [(e.block, e.run[-6:], e.position, e.duration_s) for e in source.events] == [
        ("1", "-run-k", 1, 0.25),
        ("1", "-run-k", 2, 0.5),
        ("2", "-run-m", 1, 1.0),
    ]
    assert data.subject("10").events[0].session == "x"


@pytest.mark.parametrize("style", ["csv", "semicolon", "bom"])
def test_table_dialects(root, style):
    text = (root / "events.tsv").read_text()
    (root / "events.tsv").unlink()
    mark, delimiter = ("\ufeff", ",") if style == "bom" else ("", ";" if style == "semicolon" else ",")
    (root / "events.csv").write_text(mark + text.replace("\t", delimiter).replace("\n", "\r\n"), encoding="utf-8")
    assert len(open_dataset(root).subject("1").events) == 5


def test_warnings(root):
    def flat(eeg):
        eeg[1] = 0

    names = ("Fz", "X 9", "Oz")
    write_recording(fresh(root / "eeg/one_eeg.fif"), names=names, edit=flat)
    (root / "study.toml").write_text('[electrodes]\neeg = ["X 9"]\n')
    write_table(
        root / "events.tsv",
        "recording onset clip mood\neeg/one_eeg.fif 1 a good\neeg/one_eeg.fif 1.2 b bad",
    )
    data = open_dataset(root)
    assert [c.found for c in data.study().checks if c.verdict == "warning"] == [
        "mood", "1 without a row in events.tsv: eeg/two_eeg.fif",
    ]  # fmt: skip
    source = data.subject("1")
    assert [(c.item.split(",")[0], c.found) for c in source.checks if c.verdict == "warning"] == [
        ("constant electrodes", "X-9"),
        ("events", "1 of 2 start before the one before has ended"),
        ("electrode positions", "1 of 3 unknown: X-9"),
    ]
    assert source.electrodes[1].x is None


def test_files_behind_each_part(root):
    data = open_dataset(root)
    assert {p.name for p in data.study_files()} == {"events.tsv", "clips.tsv", "x.gif", "y.gif"}
    assert {p.name for p in data.subject_files("1")} == {
        "events.tsv", "clips.tsv", "x.gif", "y.gif", "one_eeg.fif", "two_eeg.fif",
    }  # fmt: skip


def test_same_stem_in_two_folders(root, media):
    (root / "more").mkdir()
    (root / "more" / "one_eeg.fif").hardlink_to(media / "eeg/one_eeg.fif")
    with (root / "events.tsv").open("a") as file:
        file.write("more/one_eeg.fif\t1\ta\n")
    source = open_dataset(root).subject("1")
    assert [r.recording for r in source.recordings] == ["eeg-one_eeg", "eeg-two_eeg", "more-one_eeg"]


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.text(max_size=120))
def test_any_text_becomes_a_label(text):
    Event(
        event=to_label(text), subject="1", recording=to_label(text, 48), block="1", run="r", position=1, clip="c",
        onset_s=0, onset_sample=0, duration_s=1,
    )  # fmt: skip


def test_what_sits_beside_the_eyes_needs_no_place(root):
    for name in ("one_eeg.fif", "two_eeg.fif"):
        write_recording(fresh(root / f"eeg/{name}"), names=("Fz", "HEOGre", "Oz", "VEOGunknown"))
    source = open_dataset(root).subject("1")
    assert [row.kind for row in source.electrodes] == ["eeg", "eeg", "eog", "eog"]
    assert [row.x for row in source.electrodes[2:]] == [None, None]
    assert [check for check in source.checks if check.item.startswith("electrode positions")] == []
