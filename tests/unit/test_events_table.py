"""Own recordings: gaps are filled as documented, and every bad row is named."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.datasets.recordings import companions, open_recording
from eeg2vid.stages.datasets.source import open_dataset
from eeg2vid.stages.datasets.tables import to_label

REPO = Path(__file__).resolve().parents[2]
SHARED = REPO.parent / "shared" / "data"
realdata = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no real recordings at {SHARED}")
SFREQ = 128.0
SECONDS = 20


def write_recording(path: Path, names=("Fz", "Cz", "Oz"), sfreq=SFREQ, seconds=SECONDS, edit=None) -> np.ndarray:
    """A FIF file of 10-uV noise with a stimulus channel beside the EEG; returns the EEG in volts."""
    rng = np.random.default_rng(len(path.name))
    eeg = rng.normal(0, 10e-6, (len(names), int(seconds * sfreq)))
    if edit:
        edit(eeg)
    info = mne.create_info([*names, "STI"], sfreq, [*["eeg"] * len(names), "stim"])
    raw = mne.io.RawArray(np.vstack([eeg, np.zeros(eeg.shape[1])]), info, verbose="error")
    path.parent.mkdir(parents=True, exist_ok=True)
    raw.save(path, overwrite=True, fmt="double", verbose="error")
    return eeg


def write_clip(path: Path, seconds: float = 1.0) -> None:
    frames = [Image.new("RGB", (16, 16), (40 * i, 90, 90)) for i in range(5)]
    path.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=int(seconds * 200))


def write_table(path: Path, text: str, delimiter: str = "\t") -> None:
    path.write_text("\n".join(delimiter.join(line.split()) for line in text.strip().splitlines()) + "\n")


EVENTS = """
recording        onset  clip
eeg/one_eeg.fif  1.0    a
eeg/one_eeg.fif  3.0    b
eeg/one_eeg.fif  5.0    c
eeg/one_eeg.fif  9.0    d
eeg/two_eeg.fif  2.0    a
"""
CLIPS = """
clip  file          concept_name  start  duration  face  caption
a     clips/x.gif   dog           0      0.5       0     n/a
b     clips/x.gif   dog           0.5    0.5       0     a-dog
c     clips/y.gif   cat           n/a    n/a       1     n/a
d     clips/y.gif   dog           0.25   n/a       n/a   n/a
e     clips/y.gif   bird          0      0.5       n/a   n/a
"""


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    root = tmp_path_factory.mktemp("media")
    for name in ("one_eeg.fif", "two_eeg.fif"):
        write_recording(root / "eeg" / name)
    for name in ("x.gif", "y.gif"):
        write_clip(root / "clips" / name)
    return root


@pytest.fixture
def root(media, tmp_path):
    root = tmp_path / "study"
    for path in media.rglob("*.*"):
        (target := root / path.relative_to(media)).parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(path)
    write_table(root / "events.tsv", EVENTS)
    write_table(root / "clips.tsv", CLIPS)
    return root


def fresh(path: Path) -> Path:
    """Break the hard link before a file is changed."""
    path.unlink()
    return path


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
    assert [c.found for c in study.checks] == ["4 shown, 1 never shown and left out"]


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
    write_table(
        root / "events.tsv",
        "recording onset clip mood\neeg/one_eeg.fif 1 a good\neeg/one_eeg.fif 1.2 b bad",
    )
    data = open_dataset(root)
    assert [c.found for c in data.study().checks if c.verdict == "warning"] == ["mood"]
    source = data.subject("1")
    assert [(c.item.split(",")[0], c.found) for c in source.checks if c.verdict == "warning"] == [
        ("constant electrodes", "X-9"),
        ("events", "1 of 2 start before the one before has ended"),
        ("electrode positions", "1 of 3 unknown: X-9"),
    ]
    assert source.electrodes[1].x is None


HEAD = "recording onset clip duration subject concept concept_name run\n"
BAD_TABLES = {
    "column missing": ("recording onsets clip\na 1 b", r"'onset' is missing.*Was 'onsets' meant to be 'onset'\?"),
    "no rows": ("recording onset clip", "has a heading but no rows"),
    "fields": ("recording onset clip\neeg/one_eeg.fif 1", "row 2: expected 3 fields, found 2"),
    "column twice": ("recording onset clip clip\na 1 b b", "'clip' is there twice"),
    "file missing": (HEAD + "eeg/three.fif 1 a 1 n/a n/a n/a n/a", r"row 2: the file .*three.fif is missing"),
    "outside": (HEAD + "../x.fif 1 a 1 n/a n/a n/a n/a", "row 2: ../x.fif is not inside"),
    "NaN onset": (HEAD + "eeg/one_eeg.fif nan a 1 n/a n/a n/a n/a", "row 2: onset: .* at least 0, found nan"),
    "no onset": (HEAD + "eeg/one_eeg.fif n/a a 1 n/a n/a n/a n/a", "row 2: an event needs a recording, an onset"),
    "text onset": (HEAD + "eeg/one_eeg.fif 1s a 1 n/a n/a n/a n/a", "row 2: onset: expected a number, found '1s'"),
    "negative onset": (HEAD + "eeg/one_eeg.fif -1 a 1 n/a n/a n/a n/a", "row 2: onset: .* found -1"),
    "unknown clip": (HEAD + "eeg/one_eeg.fif 1 aa 1 n/a n/a n/a n/a", r"row 2: clip 'aa' is not in .*clips.tsv"),
    "clip label": (HEAD + "eeg/one_eeg.fif 1 a/b 1 n/a n/a n/a n/a", "row 2: clip 'a/b' is not a label"),
    "subject label": (HEAD + "eeg/one_eeg.fif 1 a 1 a-b n/a n/a n/a", "row 2: subject 'a-b': expected letters"),
    "concept zero": (HEAD + "eeg/one_eeg.fif 1 a 1 n/a 0 n/a n/a", "row 2: concept: .* at least 1, found 0"),
    "concept half": (HEAD + "eeg/one_eeg.fif 1 a 1 n/a 1.5 n/a n/a", "row 2: concept: expected a whole number"),
    "name contradicts": (HEAD + "eeg/one_eeg.fif 1 a 1 n/a n/a cat n/a", "row 2: concept_name 'cat' contradicts 'dog'"),
    "two names": (
        HEAD + "eeg/one_eeg.fif 1 a 1 n/a 1 n/a n/a\neeg/one_eeg.fif 2 c 1 n/a 1 n/a n/a",
        "concept 1 is called 'cat' here and 'dog' elsewhere",
    ),
    "two owners": (
        HEAD + "eeg/one_eeg.fif 1 a 1 1 n/a n/a n/a\neeg/one_eeg.fif 2 a 1 2 n/a n/a n/a",
        "row 3: eeg/one_eeg.fif belongs to subject 2, session 1 here, but to subject 1, session 1 in row 2",
    ),
}
BAD_PLACES = {
    "beyond the end": (HEAD + "eeg/one_eeg.fif 19.5 a 0.6 n/a n/a n/a n/a", "row 2: .*beyond the end of .* 20.000 s"),
    "same row": (
        HEAD + "eeg/one_eeg.fif 1 a 1 n/a n/a n/a n/a\neeg/one_eeg.fif 1 a 1 n/a n/a n/a n/a",
        "row 3: repeats row 2",
    ),
    "same sample": (
        HEAD + "eeg/one_eeg.fif 1 a 1 n/a n/a n/a n/a\neeg/one_eeg.fif 1.001 b 1 n/a n/a n/a n/a",
        r"row 3: is on the same sample \(128 of eeg/one_eeg.fif\) as row 2",
    ),
    "run interrupted": (
        HEAD + "".join(f"eeg/one_eeg.fif {i} a 1 n/a n/a n/a {run}\n" for i, run in enumerate("kmk", start=1)),
        "row 4: the run 'k' of eeg/one_eeg.fif is interrupted",
    ),
    "run of two concepts": (
        HEAD + "eeg/one_eeg.fif 1 a 1 n/a n/a n/a k\neeg/one_eeg.fif 2 c 1 n/a n/a n/a k",
        "row 3: the run 'k' of eeg/one_eeg.fif holds two concepts",
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables(root, case):
    text, message = BAD_TABLES[case]
    write_table(root / "events.tsv", text)
    with pytest.raises(BadDataError, match=message):
        open_dataset(root)


@pytest.mark.parametrize("case", BAD_PLACES)
def test_bad_places(root, case):
    text, message = BAD_PLACES[case]
    write_table(root / "events.tsv", text)
    data = open_dataset(root)
    with pytest.raises(BadDataError, match=message):
        data.subject("1")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a clips/x.gif dog 0.8 0.5 0 n/a", r"row 2: clip a from 0.8 s to 1.3 s does not lie within x.gif"),
        ("a clips/x.gif dog 1.5 n/a 0 n/a", "row 2: clip a from 1.5 s"),
        ("a clips/z.gif dog 0 n/a 0 n/a", r"row 2: the file .*z.gif is missing"),
        ("a clips/x.gif dog 0 n/a 2 n/a", "row 2: face: expected a number of 0 to 1, found 2"),
        ("b clips/x.gif dog 0 n/a 0 n/a", "row 3: clip 'b' is also in row 2"),
    ],
)
def test_bad_clips(root, row, message):
    heading, _, *rest = CLIPS.strip().splitlines()
    write_table(root / "clips.tsv", "\n".join([heading, row, *rest]))
    with pytest.raises(BadDataError, match=message):
        open_dataset(root).study()


def test_two_files_of_one_clip_or_two_tables(root):
    (root / "clips.tsv").unlink()
    write_clip(root / "clips" / "x.webm.gif")
    (root / "clips" / "x.mp4").write_bytes(b"")
    with pytest.raises(BadDataError, match=r"x.gif and x.mp4 are both clip x"):
        open_dataset(root)
    (root / "events.csv").write_text("")
    with pytest.raises(BadDataError, match=r"both events.tsv and events.csv"):
        open_dataset(root)


def nan_at(eeg):
    eeg[2, 300] = np.nan


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sfreq": 256.0}, "two_eeg.fif is sampled at 256 Hz, but eeg/one_eeg.fif at 128 Hz"),
        ({"names": ("Fz", "Cz", "Pz")}, "only in eeg/one_eeg.fif: Oz; only in eeg/two_eeg.fif: Pz"),
        ({"names": ("Cz", "Fz", "Oz")}, "the same electrodes in another order"),
        ({"edit": nan_at}, "subject 1, electrode Oz, sample 300: expected a number, found nan"),
    ],
)
def test_bad_recordings(root, given, message):
    write_recording(fresh(root / "eeg/two_eeg.fif"), **given)
    with pytest.raises(BadDataError, match=message):
        open_dataset(root).subject("1")


def test_unreadable_recordings(root):
    fresh(root / "eeg/two_eeg.fif").write_bytes(b"not a recording")
    with pytest.raises(BadDataError, match=r"two_eeg.fif cannot be read as an EEG recording"):
        open_dataset(root).subject("1")
    raw = mne.io.RawArray(np.zeros((1, 10)), mne.create_info(["STI"], 10.0, "stim"), verbose="error")
    raw.save(root / "eeg/stim_raw.fif", verbose="error")
    with pytest.raises(BadDataError, match="has no EEG channel; found 1 stim"):
        open_recording(root / "eeg/stim_raw.fif")


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


@realdata
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "n_electrodes", "sfreq", "placed"),
    [
        ("eeglab/eeglab_data.set", 32, 128, 32),
        ("eeglab-formats/testbva.vhdr", 29, 200, 29),
        ("eeglab-formats/test.bdf", 16, 256, 0),
        ("eeguana/bv_export_edf+.edf", 34, 512, 32),
        ("mne-testing/edf-138ch.edf", 138, 512, 0),
    ],
)
def test_real_formats(file, n_electrodes, sfreq, placed):
    path = SHARED / "eeg" / file
    signal = open_recording(path)
    assert (signal.shape[0], signal.sfreq) == (n_electrodes, sfreq)
    assert signal[:, 100:200].shape == (n_electrodes, 100)
    assert np.isfinite(signal.positions).all(axis=1).sum() == placed
    if file.endswith(".set"):
        assert {p.suffix for p in companions(path)} == {".set", ".fdt"}
    if file.endswith(".vhdr"):
        assert {p.suffix for p in companions(path)} == {".vhdr", ".vmrk", ".dat"}


@realdata
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "package"), [("test_egi_multiepoch_eprime.mff", "mffpy"), ("test-na-271.cnt", "antio")]
)
def test_formats_that_need_a_package_say_so(file, package):
    path = SHARED / "eeg" / "mne-testing" / file
    try:
        __import__(package)
    except ImportError:
        with pytest.raises(MissingPackageError, match=package) as caught:
            open_recording(path)
        assert caught.value.exit_code == 5
    else:
        assert open_recording(path).shape[0] > 32


@realdata
@pytest.mark.realdata
@pytest.mark.parametrize("script", ["n170_to_fif", "annotations_to_events"])
def test_examples_make_folders_that_are_read(script, tmp_path, monkeypatch, capsys):
    arguments = {
        "n170_to_fif": ["--csv-dir", SHARED / "eeg/neurotechx-n170", "--subjects", "1"],
        "annotations_to_events": ["--recording", SHARED / "eeg/eeglab/eeglab_data.set", "--marker", "square"],
    }[script]
    given = [*arguments, "--clips-dir", SHARED / "clips/intel-samples", "--out", tmp_path / "study"]
    examples = REPO / "examples" / "own_recordings"
    monkeypatch.setattr(sys, "argv", [script, *map(str, given)])
    monkeypatch.syspath_prepend(str(examples))
    runpy.run_path(str(examples / f"{script}.py"), run_name="__main__")
    assert "eeg2vid ingest" in capsys.readouterr().out
    data = open_dataset(tmp_path / "study")
    study, source = data.study(), data.subject("1")
    blocks: dict[str, set[str]] = {}
    for event in source.events:
        blocks.setdefault(event.clip, set()).add(event.block)
    assert all(len(where) == 1 for where in blocks.values())
    if script == "n170_to_fif":
        assert (len(source.recordings), len(source.events), source.sfreq) == (3, 587, 256)
        assert {c.concept_name for c in study.clips} == {"face", "house"}
        assert [e.electrode for e in source.electrodes] == ["TP9", "AF7", "AF8", "TP10"]
        path = SHARED / "eeg/neurotechx-n170/subject1_session1_data_2017-09-13-15.32.50.csv"
        table = np.genfromtxt(path, delimiter=",", skip_header=1)
        assert np.allclose(source.signals[1][:, :], table[:, 1:5].T * 1e-6, atol=1e-10)
        second = [e for e in source.events if e.recording == source.recordings[1].recording]
        assert [e.onset_sample for e in second] == np.flatnonzero(table[:, 6]).tolist()
    else:
        assert len(source.events) == 80
        assert {e.block for e in source.events} == {"part-1", "part-2", "part-3"}
