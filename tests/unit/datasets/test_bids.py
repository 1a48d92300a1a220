"""BIDS-EEG folders, written by mne-bids: channels, sessions, runs, events joined by file or by code."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import warnings
from pathlib import Path

import mne
import mne_bids
import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.checkup import examine
from eeg2vid.stages.datasets.opening import open_dataset

_spec = importlib.util.spec_from_file_location("_own_folder", Path(__file__).with_name("_own_folder.py"))
own = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(own)

NAMES = ("Fz", "Cz", "Oz", "VEOG", "GSR")
TYPES = ["eeg", "eeg", "eeg", "eog", "misc"]
FILE = "sub-01/ses-1/eeg/sub-01_ses-1_task-watch_run-2_events.tsv"


def write_bids(root: Path, subject="01", session="1", run="1", task="watch", names=NAMES, events=((1, 1), (3, 2))):
    """One run, written as BrainVision; returns its data in volts."""
    data = own.noise(len(names), int(own.SECONDS * own.SFREQ), int(run))
    raw = own.raw_of(names, TYPES[: len(names)], data=data)
    raw.info["line_freq"], raw.info["bads"] = 50, ["Cz"]
    raw.set_montage(mne.channels.make_standard_montage("biosemi64"), on_missing="ignore", verbose="error")
    found = np.array([[round(onset * own.SFREQ), 0, code] for onset, code in events])
    place = mne_bids.BIDSPath(subject=subject, session=session, task=task, run=run, root=root, datatype="eeg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mne_bids.write_raw_bids(
            raw, place, events=found, event_id={"dog": 1, "cat": 2, "key": 3}, format="BrainVision",
            allow_preload=True, verbose="error",
        )  # fmt: skip
    return data


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("bids")
    data = [write_bids(root, run=run, events=((1, 1), (3, 2), (4, 3), (6, 1))) for run in ("1", "2")]
    write_bids(root, session="2")
    write_bids(root, subject="02", names=NAMES[1:3])
    for clip in ("dog", "cat", "cow"):
        own.write_clip(root / f"stimuli/{clip}.gif", 0.5)
    (root / "stimuli.tsv").write_text("code\tclip\tconcept_name\ndog\tdog\tanimal\n2\tcat\tpet\n9\tcow\tanimal\n")
    return root, data


@pytest.fixture
def root(written, tmp_path):
    root = tmp_path / "study"
    for path in written[0].rglob("*"):
        if path.is_file():
            (target := root / path.relative_to(written[0])).parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return root


def stim_files(root: Path, rows: dict[str, str]) -> None:
    """Give events a column stim_file, by their trial_type."""
    path = root / FILE
    heading, *lines = path.read_text().splitlines()
    place = heading.split("\t").index("trial_type")
    lines = [f"{line}\t{rows.get(line.split(chr(9))[place], 'n/a')}" for line in lines]
    path.write_text("\n".join([f"{heading}\tstim_file", *lines]) + "\n")


def test_by_trial_type_and_value(root, written):
    data = open_dataset(root)
    assert (data.kind, data.subjects) == ("bids", ("01", "02"))
    study = data.study()
    assert [(c.clip, c.file, c.concept_name) for c in study.clips] == [
        ("cat", "stimuli/cat.gif", "pet"), ("dog", "stimuli/dog.gif", "animal"),
    ]  # fmt: skip
    source = data.subject("01")
    assert [(r.session, r.block, r.length) for r in source.recordings] == [
        ("1", "1", 2560), ("1", "2", 2560), ("2", "1", 2560),
    ]  # fmt: skip
    assert [(e.clip, e.onset_sample, e.duration_s, e.block) for e in source.events[:3]] == [
        ("dog", 128, 0.5, "1"), ("cat", 384, 0.5, "1"), ("dog", 768, 0.5, "1"),
    ]  # fmt: skip
    assert [(e.electrode, e.kind) for e in source.electrodes] == [
        ("Fz", "eeg"), ("Cz", "eeg"), ("Oz", "eeg"), ("VEOG", "eog"),
    ]  # fmt: skip
    assert np.allclose(source.signals[1][:, :], written[1][1][:4], atol=1e-7)  # float32 in BrainVision
    told = {c.item: c.found for c in source.checks}
    assert any("marked bad" in item and found.startswith("Cz") for item, found in told.items())
    assert [c.found for c in source.checks if c.item.startswith("markers that")] == ["1 of 4: key (1)"] * 2
    assert told["codes, subject 01"] == "1 of 3 never occur: 9"
    assert "1 misc (GSR)" in told["channels left out, subject 01"]
    assert len(data.subject("02").electrodes) == 2


def test_positions_are_those_of_the_folder(root):
    source = open_dataset(root).subject("01")
    xyz = {e.electrode: (e.x, e.y, e.z) for e in source.electrodes}
    path = mne_bids.BIDSPath(subject="01", session="1", task="watch", run="1", root=root, datatype="eeg")
    raw = mne_bids.read_raw_bids(path, verbose="error")
    for name in ("Fz", "Oz"):
        assert np.allclose(xyz[name], raw.info["chs"][raw.ch_names.index(name)]["loc"][:3], atol=1e-6)


def test_by_stim_file(root):
    (root / "stimuli.tsv").unlink()
    stim_files(root, {"dog": "cow.gif", "cat": "stimuli/cat.gif"})
    data = open_dataset(root)
    assert data.subjects == ("01",)
    assert [c.clip for c in data.study().clips] == ["cat", "cow"]
    source = data.subject("01")
    assert [(e.clip, e.onset_s) for e in source.events] == [("cow", 1.0), ("cat", 3.0), ("cow", 6.0)]
    assert [r.block for r in source.recordings] == ["2"]
    assert any(c.item.startswith("recordings left out") and "run-1_eeg.vhdr" in c.found for c in source.checks)


@pytest.mark.parametrize("name", ["dog.png", "faces/dog.JPG", "stimuli/dog.tiff"])
def test_still_pictures_beside_films_are_left_out_by_name(root, name):
    stim_files(root, {"dog": name, "cat": "stimuli/cat.gif"})
    source = open_dataset(root).subject("01")
    assert [(e.clip, e.onset_s) for e in source.events if e.block == "2"] == [("cat", 3.0)]
    found = {c.item: c.found for c in source.checks if c.verdict == "warning"}
    assert found[f"still pictures left out, {FILE.replace('events.tsv', 'eeg.vhdr')}"] == f"2 events: {name}"


def test_study_toml_beside_bids(root):
    said = '[events]\nfiles = ["sub-01/*/eeg/*_eeg.vhdr"]\nonset_shift_s = 0.5\n[electrodes]\neog = ["Fz"]\n'
    (root / "study.toml").write_text(said)
    data = open_dataset(root)
    assert data.subjects == ("01",)
    source = data.subject("01")
    assert source.events[0].onset_s == 1.5
    assert [e.electrode for e in source.electrodes if e.kind == "eog"] == ["Fz", "VEOG"]


def test_files_behind_a_subject(root):
    names = {p.relative_to(root).as_posix() for p in open_dataset(root).subject_files("02")}
    stem = "sub-02/ses-1/eeg/sub-02_ses-1_task-watch_run-1"
    assert {f"{stem}_{end}" for end in ("eeg.vhdr", "eeg.eeg", "events.tsv", "channels.tsv")} <= names
    assert "stimuli.tsv" in names and not any(name.startswith("sub-01/") for name in names)


def test_the_doctor_reads_it_too(root):
    checks = {c.item: c for c in examine(root)}
    assert {c.verdict for c in checks.values()} == {"ok", "warning"}
    assert checks["data set"].found == "bids, 2 subjects, 4 recordings, 2 clips shown"
    file = "sub-01/ses-2/eeg/sub-01_ses-2_task-watch_run-1_eeg.vhdr"
    assert checks[file].found.startswith("BrainVision via MNE, 3 EEG and 1 EOG electrodes, 3 with a position, 128 Hz")
    (root / file).with_suffix(".eeg").unlink()
    assert {c.item for c in examine(root) if c.verdict == "error"} == {file}


def retime(root: Path, onsets: dict[int, str], file: str = FILE) -> None:
    """Give rows of an events table other onsets; row 2 is the first below the heading."""
    lines = [line.split("\t") for line in (root / file).read_text().splitlines()]
    for row, onset in onsets.items():
        lines[row - 1][lines[0].index("onset")] = onset
    (root / file).write_text("\n".join("\t".join(line) for line in lines) + "\n")


@pytest.mark.parametrize("absent", ["n/a", ""])
@pytest.mark.parametrize("by", ["code", "file"])
def test_an_event_without_an_onset_is_left_out_by_name(root, absent, by):
    if by == "file":
        stim_files(root, {"dog": "dog.gif", "cat": "cat.gif"})
    # dog at 1 s, cat at 3 s, a key at 4 s, dog at 6 s
    retime(root, {3: absent, 4: absent})
    source = open_dataset(root).subject("01")
    shown = [(e.clip, e.onset_s, e.onset_sample) for e in source.events if e.recording.endswith("run-2_eeg")]
    assert shown == [("dog", 1.0, 128), ("dog", 6.0, 768)]
    told = {c.item: (c.found, c.verdict) for c in source.checks}
    recording = FILE.replace("events.tsv", "eeg.vhdr")
    assert told[f"events without an onset left out, {recording}"] == ("1 of 3 that show a clip: row 3", "warning")
    assert told[f"markers that show no clip, {recording}"][0] == "1 of 3: key (1)"


def test_a_recording_whose_events_have_no_onset_is_named(root):
    retime(root, dict.fromkeys(range(2, 6), "n/a"))
    source = open_dataset(root).subject("01")
    assert [(r.session, r.block) for r in source.recordings] == [("1", "1"), ("2", "1")]
    found = {c.item: c.found for c in source.checks}
    recording = FILE.replace("events.tsv", "eeg.vhdr")
    assert found[f"events without an onset left out, {recording}"] == "3 of 3 that show a clip: row 2, row 3, row 5"


def count_markers(root: Path) -> None:
    recording = FILE.replace("events.tsv", "eeg.vhdr")
    (root / "stimuli.tsv").write_text(f"recording\tnth\tclip\n{recording}\t2\tcow\n")
    retime(root, {2: "n/a"})


def forget_onsets(root: Path) -> None:
    for path in root.glob("sub-*/*/eeg/*_events.tsv"):
        n = len(path.read_text().splitlines())
        retime(root, dict.fromkeys(range(2, n + 1), "n/a"), path.relative_to(root).as_posix())


def test_companions_that_macos_leaves_are_no_data(root):
    before, told = open_dataset(root).subject_files("01"), examine(root)
    for path in [p for p in root.rglob("*") if p.is_file()]:
        path.with_name(f"._{path.name}").write_bytes(b"\x00\x05\x16\x07" + bytes(4092))
    (root / "stimuli/.DS_Store").write_bytes(bytes(6148))
    data = open_dataset(root)
    assert [c.file for c in data.study().clips] == ["stimuli/cat.gif", "stimuli/dog.gif"]
    assert [(e.clip, e.onset_s) for e in data.subject("02").events] == [("dog", 1.0), ("cat", 3.0)]
    assert data.subject_files("01") == before
    assert examine(root) == told
    (root / "study.toml").write_text('[events]\nfiles = ["sub-0*/*/eeg/*.vhdr"]\n')
    assert open_dataset(root).subjects == ("01", "02")


RECORDING_2 = "sub-02/ses-1/eeg/sub-02_ses-1_task-watch_run-1_eeg.vhdr"


def forget(root: Path) -> None:
    retime(root, {2: "n/a", 3: "n/a"}, RECORDING_2.replace("eeg.vhdr", "events.tsv"))


def other_codes(root: Path) -> None:
    path = root / RECORDING_2.replace("eeg.vhdr", "events.tsv")
    lines = path.read_text().splitlines()
    column = [lines[0].split("\t").index(name) for name in ("trial_type", "value")]
    cells = [[("77" if k in column else cell) for k, cell in enumerate(line.split("\t"))] for line in lines[1:]]
    path.write_text("\n".join([lines[0], *("\t".join(row) for row in cells)]) + "\n")


def no_events(root: Path) -> None:
    path = root / RECORDING_2.replace("eeg.vhdr", "events.tsv")
    path.write_text(path.read_text().splitlines()[0] + "\n")


LOST = {
    "no event": (no_events, f"no event that shows a clip in {RECORDING_2}"),
    "no table": (lambda r: drop("sub-02/*/eeg/*_events.tsv")(r), f"no table of events for {RECORDING_2}"),
    "no recording": (lambda r: drop("sub-02/*/eeg/*")(r), "no EEG recording (.vhdr, .edf, .bdf, .set) in sub-02/"),
    "no folder": (lambda r: shutil.rmtree(r / "sub-02"), "row 3 of participants.tsv, but no folder sub-02/"),
    "no onset": (forget, f"no event that shows a clip in {RECORDING_2}"),
    "no clip": (other_codes, f"no event that shows a clip in {RECORDING_2}"),
}  # fmt: skip


@pytest.mark.parametrize("case", LOST)
def test_somebody_of_whom_nothing_is_read_is_named(root, case):
    lose, why = LOST[case]
    assert not [c for c in open_dataset(root).study().checks if "left out" in c.item]
    lose(root)
    data = open_dataset(root)
    assert data.subjects == ("01",)
    wanted = ("subject 02 left out", why, "warning")
    assert [(c.item, c.found, c.verdict) for c in data.study().checks if c.item.startswith("subject")] == [wanted]
    assert [(c.item, c.found, c.verdict) for c in examine(root) if c.item.startswith("subject")] == [wanted]


def test_participants_that_cannot_be_read_hinder_nothing(root):
    (root / "participants.tsv").write_text("name\nsub-01\n")
    data = open_dataset(root)
    checks = {c.item: c.found for c in data.study().checks if c.verdict == "warning"}
    assert data.subjects == ("01", "02")
    assert "the column 'participant_id' is missing; found name" in checks["participants.tsv"]


def test_only_those_whom_study_toml_asks_for_are_missed(root):
    (root / "study.toml").write_text('[events]\nfiles = ["sub-01/*/eeg/*_eeg.vhdr"]\n')
    assert not [c for c in open_dataset(root).study().checks if c.item.startswith("subject")]


def test_events_are_inherited_from_the_nearest_folder_above(root):
    drop("sub-*/*/eeg/*_events.tsv")(root)
    heading = "onset\tduration\ttrial_type\n"
    (root / "task-watch_events.tsv").write_text(heading + "2.0\t0.5\t2\n")
    (root / "task-rest_events.tsv").write_text(heading + "7.0\t0.5\t2\n")
    (root / "sub-01/sub-01_task-watch_events.tsv").write_text(heading + "4.0\t0.5\tdog\n")
    (root / "sub-01/sub-01_task-watch_run-2_events.tsv").write_text(heading + "5.0\t0.5\tdog\n")
    (root / "sub-01/ses-2/eeg/sub-01_ses-2_task-watch_events.tsv").write_text(heading + "6.0\t0.5\t2\n")
    data = open_dataset(root)
    shown = {s: [(e.session, e.block, e.clip, e.onset_s) for e in data.subject(s).events] for s in data.subjects}
    assert shown == {
        "01": [("1", "1", "dog", 4.0), ("1", "2", "dog", 5.0), ("2", "1", "cat", 6.0)],
        "02": [("1", "1", "cat", 2.0)],
    }
    names = {p.relative_to(root).as_posix() for p in data.subject_files("02")}
    assert "task-watch_events.tsv" in names


def two_tables(root: Path) -> None:
    drop("sub-02/*/eeg/*_events.tsv")(root)
    for name in ("task-watch_events.tsv", "run-1_events.tsv"):
        (root / name).write_text("onset\tduration\ttrial_type\n2.0\t0.5\t2\n")


def edit(old, new, place=FILE):
    return lambda root: (root / place).write_text((root / place).read_text().replace(old, new))


def drop(glob):
    return lambda root: [path.unlink() for path in root.glob(glob)]


BAD = {
    "no events": (drop("sub-*/*/eeg/*_events.tsv"), "none of 4 recordings has a table of events beside it"),
    "no recordings": (drop("sub-*/*/eeg/*"), "none of 0 recordings"),
    "nothing joins": (lambda r: (r / "stimuli.tsv").write_text("code\tclip\nx\tdog"), "clip: found 'dog', 'cat'"),
    "no stimuli": (drop("stimuli.tsv"), "No marker of .* shows a clip: found"),
    "stim_file absent": (lambda r: stim_files(r, {"dog": "pig.gif"}), r"row 2: the file .*stimuli/pig.gif is missing"),
    "stim_file outside": (lambda r: stim_files(r, {"dog": "../x.gif"}), r"row 2: ../x.gif is not inside"),
    "no onset": (edit("onset", "begin"), "_events.tsv: the column 'onset' is missing"),
    "two tables": (two_tables, "run-1_events.tsv and task-watch_events.tsv both hold for sub-02/ses-1/eeg/sub-02"),
    "places without onsets": (count_markers, r"row 2: expected an onset, s, found 'n/a': stimuli.tsv counts"),
    "no onset known": (forget_onsets, r"row 2: expected an onset, s, found 'n/a'; no event that shows a clip has one"),
    "only pictures": (
        lambda r: stim_files(r, dict.fromkeys(("dog", "cat", "key"), "a/dog.png")) or drop("stimuli.tsv")(r),
        r"row 2: a/dog.png is a still picture, and these are not supported yet; expected a film \(.mp4, ",
    ),
    "no rows at all": (
        lambda r: [p.write_text("onset\tduration\n") for p in r.glob("sub-*/*/eeg/*_events.tsv")],
        "No marker of sub-01/.* shows a clip: found none",
    ),
    "text onset": (edit("1.0\t", "one\t"), "row 2: onset: expected a number, found 'one'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_folders(root, case):
    damage, message = BAD[case]
    damage(root)
    with pytest.raises(BadDataError, match=message):
        open_dataset(root)


def test_channels_that_disagree_with_the_recording(root):
    edit("Oz", "Pz", FILE.replace("events", "channels"))(root)
    with pytest.raises(BadDataError, match=r"run-2_eeg.vhdr cannot be read as an EEG recording"):
        open_dataset(root).subject("01")


def marked(root, subject="01"):
    """What is marked in the first recording: start, length, kind, text."""
    source = open_dataset(root).subject(subject)
    first = source.recordings[0].recording
    return [(row.start, row.length, row.kind, row.text) for row in source.spans if row.recording == first]


def add_rows(path, *rows):
    """Write events of onset, duration and trial_type below those of a table."""
    heading = path.read_text().splitlines()[0].split("\t")
    lines = [dict(zip(("onset", "duration", "trial_type"), row.split(), strict=True)) for row in rows]
    text = "".join("\t".join(line.get(name, "n/a") for name in heading) + "\n" for line in lines)
    path.write_text(path.read_text() + text)


def test_rows_that_mark_spans(root):
    assert marked(root) == []
    path = root / FILE.replace("run-2", "run-1")
    add_rows(path, "2 0.5 BAD_blink", "4.5 10 boundary", "10 n/a bad", "n/a 1 BAD", "12 0 badminton")
    expected = [(256, 64, "bad", "BAD_blink"), (576, 0, "cut", "boundary"), (1280, 1, "bad", "bad")]
    assert marked(root) == expected
    # the same in a table that holds for all: mne-bids reads none of those
    for run in ("1", "2"):
        (root / FILE.replace("run-2", f"run-{run}")).unlink(missing_ok=run == "2")
    (root / "task-watch_events.tsv").write_text(
        "onset\tduration\ttrial_type\n1\t0\tdog\n2\t0.5\tBAD_blink\n4.5\t10\tboundary\n10\tn/a\tbad\n"
    )
    assert marked(root) == expected


def test_the_file_s_own_marks_count_beside_a_table(root):
    """mne-bids puts the table's rows in the place of the recording's own annotations."""
    path = next(root.rglob("sub-01_ses-1_task-watch_run-1_eeg.vmrk"))
    marks = path.read_text().rstrip().splitlines()
    path.write_text(
        "\n".join([*marks, "Mk90=New Segment,,513,1,0,20200101000500000000", "Mk91=Comment,BAD,129,2,0"]) + "\n"
    )
    assert marked(root) == [(128, 2, "bad", "Comment/BAD"), (512, 0, "cut", "New Segment/")]


def test_channels_of_several_rates_are_read_whole(tmp_path):
    edfio = pytest.importorskip("edfio")
    time = {rate: np.arange(20 * rate) / rate for rate in (128, 512)}
    wave = {rate: 40 + 30 * np.sin(2 * np.pi * 3.3 * t) for rate, t in time.items()}
    signals = [
        edfio.EdfSignal(wave[rate], rate, label=name, physical_dimension="uV", physical_range=(-200, 200))
        for name, rate in (("Fz", 128), ("Cz", 128), ("Oz", 512))
    ]
    folder = tmp_path / "sub-1/eeg"
    folder.mkdir(parents=True)
    edfio.Edf(signals).write(folder / "sub-1_task-x_eeg.edf")
    (folder / "sub-1_task-x_events.tsv").write_text("onset\tduration\tstim_file\n5\t1\ta.gif\n")
    own.write_clip(tmp_path / "stimuli/a.gif")
    source = open_dataset(tmp_path).subject("1")
    found = 1e6 * source.signals[0][:, 2560 + 77 : 3200]
    assert np.abs(found - wave[512][2560 + 77 : 3200]).max() < 0.2
    (check,) = [check for check in source.checks if check.item.startswith("electrodes resampled")]
    assert check.verdict == "warning" and check.found.startswith("2 from 128 to 512 Hz")


def test_one_recording_under_several_names_is_told(root):
    """The toy's second session repeats the first one's run 1, and so does whoever is written like it."""
    write_bids(root, subject="03", session="b", task="look")
    shutil.copy(root / "stimuli/dog.gif", root / "stimuli/again.gif")
    found = {check.item: check.found for check in examine(root) if check.verdict == "warning"}
    told = found["the same EEG twice, in all that was looked at"]
    first, second = "sub-01_ses-1_task-watch_run-1_eeg", "sub-01_ses-2_task-watch_run-1_eeg"
    assert f"subject 01, {first} and subject 01, {second} (2 events)" in told
    assert f"subject 01, {first} and subject 03, sub-03_ses-b_task-look_run-1_eeg (2 events)" in told
    assert "run-2" not in told
    assert found["one film as several clips"] == "cat and dog"  # of one kind; `again` is never shown
