"""SEED-DV folders of tiny geometry, their quirks, and every way they can be damaged."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets import protocol, seed_dv_stimuli, signal_checks
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.source import natural_order

_spec = importlib.util.spec_from_file_location("_seed_dv_folder", Path(__file__).with_name("_seed_dv_folder.py"))
folder = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(folder)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return folder.write_seed_dv(tmp_path_factory.mktemp("pristine") / "SEED-DV")


@pytest.fixture
def root(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "SEED-DV")


def meta(root: Path, name: str = "label") -> Path:
    return root / "Video" / "meta-info" / f"All_video_{name}.npy"


def change(path: Path, edit) -> None:
    """Replace an array by what `edit` returns, or by itself where it was changed in place."""
    array = np.load(path)
    edited = edit(array)
    np.save(path, array if edited is None else edited)


def test_study_joins_clips_by_time_and_label(pristine):
    data = open_dataset(pristine)
    assert (data.kind, data.subjects) == ("seed-dv", ("1", "2"))
    study = data.study()
    assert len(study.clips) == len(study.captions) == 2 * 3 * 5
    assert not study.simulated
    labels, flow = np.load(meta(pristine)), np.load(meta(pristine, "optical_flow_score"))
    clip = next(c for c in study.clips if c.clip == "b2-r03-c4")
    assert clip.concept == labels[1, 2]
    assert clip.concept_name == protocol.CONCEPT_NAMES[labels[1, 2] - 1]
    assert clip.optical_flow == flow[1, 13]
    assert (clip.file, clip.block) == ("Video/2nd_10min.mp4", "2")
    assert (clip.start_s, clip.duration_s) == (2 * 13 + 3 + 3 * 2, 2.0)
    assert next(c for c in study.captions if c.clip == "b2-r03-c4").caption == "a thing in block 2, place 13"
    assert {c.verdict for c in study.checks} == {"ok"}


def test_subject_with_a_second_session(pristine):
    source = open_dataset(pristine).subject("1")
    assert [r.recording for r in source.recordings] == [f"ses-{s}_block-{b}" for s in (1, 2) for b in (1, 2)]
    assert [r.start for r in source.recordings] == [0, 7800, 15600, 23400]
    assert [r.source for r in source.recordings][2] == "EEG/sub1_session2.npy"
    assert len(source.events) == 60
    assert len({e.event for e in source.events}) == 60
    event = next(e for e in source.events if e.event == "s2-b1-r02-c3")
    assert (event.session, event.block, event.clip, event.position) == ("2", "1", "b1-r02-c3", 3)
    assert (event.onset_s, event.onset_sample, event.duration_s, event.hint_s) == (20.0, 4000, 2.0, 3.0)
    eeg = np.load(pristine / "EEG" / "sub1_session2.npy")
    assert np.array_equal(source.signals[3][:, 100:200], eeg[1, :, 100:200])
    assert isinstance(source.signals[0], np.memmap)
    assert (source.sfreq, source.unit_scale, len(source.electrodes)) == (200.0, 1e-6, 62)
    assert source.electrodes[57].electrode == "CB1"
    assert all(e.x is not None for e in source.electrodes)


@pytest.mark.parametrize(
    ("dtype", "scale", "unit"), [("float64", 1e-6, 1.0), ("float32", 1e-6, 1.0), ("float64", 1.0, 1e-6)]
)
def test_unit_is_told_by_amplitude_in_any_memory_order(root, dtype, scale, unit):
    eeg = np.load(root / "EEG" / "sub2.npy").astype(dtype) * np.dtype(dtype).type(scale)
    np.save(root / "EEG" / "sub2.npy", np.asfortranarray(eeg))
    source = open_dataset(root).subject("2")
    assert source.unit_scale == unit
    assert source.signals[1].dtype == np.dtype(dtype)
    assert np.array_equal(source.signals[1], eeg[1])
    check = next(c for c in source.checks if c.item.startswith("unit"))
    assert check.verdict == "ok"
    # the median of |N(0, 10 uV)| is 6.74 uV
    assert "6.7" in check.found


@pytest.mark.parametrize("layout", ["beside", "appearance", "xlsx", "crlf"])
def test_quirks_of_copies_are_accepted(root, layout):
    if layout == "beside":
        for name in ("meta-info", "BLIP-caption"):
            shutil.move(root / "Video" / name, root / name)
    elif layout == "appearance":
        meta(root, "face_apperance").rename(meta(root, "face_appearance"))
    elif layout == "xlsx":
        (root / "channel_62_pos.locs").unlink()
        write_xlsx(root / "channel-order.xlsx", ["channel", *folder.ELECTRODES])
    else:
        path = root / "Video" / "BLIP-caption" / "1st_10min.txt"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    study = open_dataset(root).study()
    assert all(clip.face is not None for clip in study.clips)
    assert {c.verdict for c in study.checks} == {"ok"}
    assert study.captions[0].caption == "a thing in block 1, place 0"


def test_what_is_missing_but_not_needed_is_a_warning(root):
    (root / "channel_62_pos.locs").unlink()
    meta(root, "color").unlink()
    shutil.rmtree(root / "Video" / "BLIP-caption")
    (root / "EEG" / "notes.npy").write_bytes(b"?")
    (root / "SIMULATED.json").write_text("{}")
    study = open_dataset(root).study()
    assert study.simulated
    assert study.captions == []
    assert {c.color for c in study.clips} == {None}
    warned = {c.item for c in study.checks if c.verdict == "warning"}
    assert warned == {"electrodes", "meta-info, color", "captions", "EEG files left out"}


def test_film_rate_is_measured_and_warned_about(tmp_path):
    root = folder.write_seed_dv(
        tmp_path / "S", blocks=1, slots=1, subjects=("3",), second_sessions=(), fps=Fraction(24000, 1001)
    )
    check = next(c for c in open_dataset(root).study().checks if c.item.startswith("frame rate"))
    assert check.verdict == "warning"
    assert check.found.startswith("23.976")


def test_published_order_is_recognised():
    published = np.array(protocol.CONCEPT_ORDER)
    assert seed_dv_stimuli.label_check(published).verdict == "ok"
    swapped = published.copy()
    swapped[2, [4, 5]] = swapped[2, [5, 4]]
    check = seed_dv_stimuli.label_check(swapped)
    assert check.verdict == "warning"
    assert "2 slots differ, first block 3, slot 5" in check.found


def set_value(index, value):
    def edit(array):
        array[index] = value

    return edit


def rename_electrode(root: Path, old: str, new: str) -> None:
    path = root / "channel_62_pos.locs"
    path.write_text(path.read_text().replace(old, new))


BAD_STUDY = {
    "attribute shape": (
        lambda r: change(meta(r, "color"), lambda a: a[:, :-1]),
        r"expected \(2, 15\).*found \(2, 14\)",
    ),
    "attribute range": (
        lambda r: change(meta(r, "obj_number"), set_value((1, 3), 4)),
        "block 2, column 4: expected 1 to 3, found 4.0",
    ),
    "attribute not whole": (lambda r: change(meta(r, "color"), set_value((0, 0), 0.5)), "whole number, found 0.5"),
    "attribute NaN": (
        lambda r: change(meta(r, "optical_flow_score"), set_value((0, 1), np.nan)),
        "column 2: expected at least 0, found nan",
    ),
    "caption count": (
        lambda r: (r / "Video/BLIP-caption/2nd_10min.txt").write_text("one\ntwo\n"),
        "2nd_10min.txt: expected 15 lines.*found 2",
    ),
    "caption empty": (
        lambda r: (r / "Video/BLIP-caption/1st_10min.txt").write_text("a\n\n" + "b\n" * 13),
        "line 2: expected a caption",
    ),
    "caption file missing": (
        lambda r: (r / "Video/BLIP-caption/1st_10min.txt").unlink(),
        "1st_10min.txt: the captions cannot be read",
    ),
    "film missing": (lambda r: (r / "Video/2nd_10min.mp4").unlink(), "2nd_10min.mp4 is missing"),
    "film empty": (lambda r: (r / "Video/2nd_10min.mp4").write_bytes(b""), "2nd_10min.mp4 is empty"),
    "film no film": (
        lambda r: (r / "Video/1st_10min.mp4").write_bytes(b"no film" * 99),
        "1st_10min.mp4 cannot be read",
    ),
    "film short": (
        lambda r: folder.write_film(r / "Video/1st_10min.mp4", 24 * 38, Fraction(24)),
        r"take 39 s, the film ends at 38.000 s",
    ),
    "electrode order": (lambda r: rename_electrode(r, "FP1", "OZ"), "electrode 1 should be FP1, found OZ"),
    "electrode count": (
        lambda r: (r / "channel_62_pos.locs").write_text("1 0 0.5 FP1\n"),
        "expected 62 electrodes, found 1",
    ),
}

BAD_LABELS = {
    "twice": (
        lambda r: change(meta(r), set_value((1,), [2, 1, 2])),
        r"concept 2 is in block 2 more than once \(slots 1, 3\)",
    ),
    "zero": (lambda r: change(meta(r), set_value((0, 0), 0)), "block 1, column 1: expected 1 to"),
    "missing": (lambda r: meta(r).unlink(), "All_video_label.npy is missing"),
    "no folder": (lambda r: shutil.rmtree(meta(r).parent), "meta-info is neither in Video"),
    "objects": (lambda r: np.save(meta(r), np.array([["a", None]], object), allow_pickle=True), "Python objects"),
    "ndim": (lambda r: np.save(meta(r), np.arange(3)), "expected an array of 2 dimensions, found 1"),
    "strings": (lambda r: np.save(meta(r), np.array([["a", "b"]])), "found <U1"),
    "too many blocks": (
        lambda r: np.save(meta(r), np.tile([1, 2, 3], (8, 1))),
        "8 blocks, but the layout has films for 7",
    ),
    "no subject": (lambda r: [p.unlink() for p in (r / "EEG").iterdir()], "holds no recording"),
    "session twice": (lambda r: shutil.copy(r / "EEG/sub1.npy", r / "EEG/sub1_session1.npy"), "same session"),
}

BAD_EEG = {
    "NaN": (
        lambda p: change(p, set_value((1, 5, 777), np.nan)),
        "subject 2, block 2, electrode F7, sample 777: expected a number, found nan",
    ),
    "inf": (
        lambda p: change(p, set_value((0, 61, 7799), -np.inf)),
        "block 1, electrode CB2, sample 7799: .*found -inf",
    ),
    "objects": (lambda p: np.save(p, np.array([{}], object), allow_pickle=True), "Python objects.*never loaded"),
    "ndim": (lambda p: change(p, lambda a: a[0]), "expected an array of 3 dimensions, found 2"),
    "samples": (lambda p: change(p, lambda a: a[..., :-200]), r"expected \(2, 62, 7800\).*found \(2, 62, 7600\)"),
    "electrodes": (lambda p: change(p, lambda a: a[:, :60]), r"found \(2, 60, 7800\)"),
    "integers": (
        lambda p: change(p, lambda a: a.astype(np.int16)),
        "expected an array of float32 or float64, found int16",
    ),
    "truncated": (
        lambda p: p.write_bytes(p.read_bytes()[:-1000]),
        "truncated: float32 .* takes 3868928 bytes, found 3867928",
    ),
    "too long": (lambda p: p.write_bytes(p.read_bytes() + b"0"), "longer than its header"),
    "header cut": (lambda p: p.write_bytes(p.read_bytes()[:40]), "not a readable npy file"),
    "empty": (lambda p: p.write_bytes(b""), r"empty \(0 bytes\)"),
    "zip": (lambda p: np.savez(p.open("wb"), a=np.zeros(3)), "not a readable npy file"),
    "all zero": (lambda p: change(p, lambda a: a * 0), "one constant value"),
}


@pytest.mark.parametrize("case", BAD_STUDY)
def test_bad_stimuli(root, case):
    damage, message = BAD_STUDY[case]
    damage(root)
    data = open_dataset(root)
    with pytest.raises(BadDataError, match=message):
        data.study()


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_labels(root, case):
    damage, message = BAD_LABELS[case]
    damage(root)
    with pytest.raises(BadDataError, match=message):
        open_dataset(root)


@pytest.mark.parametrize("case", BAD_EEG)
def test_bad_eeg(root, case):
    damage, message = BAD_EEG[case]
    damage(root / "EEG" / "sub2.npy")
    data = open_dataset(root)
    data.study()  # reads no EEG, so it does not mind
    data.subject("1")
    with pytest.raises(BadDataError, match=message) as caught:
        data.subject("2")
    assert caught.value.exit_code == 4


def test_sessions_in_different_units(root):
    change(root / "EEG" / "sub1_session2.npy", lambda a: a * np.float32(1e-6))
    with pytest.raises(BadDataError, match=r"different units \(EEG/sub1.npy in uV, EEG/sub1_session2.npy in V\)"):
        open_dataset(root).subject("1")


def test_flat_electrode_and_odd_amplitude_are_warnings(root):
    def silence(array):
        array *= 1000
        array[1, 3] = 4.0

    change(root / "EEG" / "sub2.npy", silence)
    warned = [c for c in open_dataset(root).subject("2").checks if c.verdict == "warning"]
    assert [(c.item, c.found) for c in warned[:1]] == [("constant electrodes, EEG/sub2.npy, block 2", "AF3")]
    assert warned[1].item.startswith("unit")


def test_unknown_subject_and_folder(root, tmp_path):
    with pytest.raises(BadDataError, match="no subject '9'; it has 1, 2"):
        open_dataset(root).subject("9")
    with pytest.raises(BadDataError, match="does not exist"):
        open_dataset(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadDataError, match=r"looked for the folders EEG/ and Video/ .* found nothing"):
        open_dataset(tmp_path / "empty")


def test_files_behind_each_part(pristine):
    data = open_dataset(pristine)
    study, subject = data.study_files(), data.subject_files("1")
    assert len(study) == 6 + 2 + 2 + 1  # arrays, captions, films, electrodes
    assert {p.name for p in subject} == {"All_video_label.npy", "sub1.npy", "sub1_session2.npy"}
    assert all(p.is_file() for p in study + subject)


def test_scan_finds_the_first_bad_sample_across_chunks(monkeypatch):
    monkeypatch.setattr(signal_checks, "CHUNK", 100)
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(4, 350))
    signal[2] = 1.5
    scan = signal_checks.scan_signal(signal, "abcd", "here", 100.0)
    assert scan.flat == (2,)
    kept = signal[:, :: signal_checks.STRIDE]
    assert np.allclose(scan.amplitude, np.abs(kept - np.median(kept, axis=1, keepdims=True)), atol=1e-6)
    signal[3, 320] = signal[0, 210] = signal[3, 210] = np.nan
    with pytest.raises(BadDataError, match="here, electrode a, sample 210"):
        signal_checks.scan_signal(signal, "abcd", "here", 100.0)


def test_natural_order():
    assert natural_order(["10", "2", "1", "b10", "b9", "B1"]) == ("1", "2", "10", "B1", "b9", "b10")


def write_xlsx(path: Path, names: list[str]) -> None:
    """The three parts that matter of an Excel workbook, with a shared string table."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    strings = "".join(f"<si><t>{name}</t></si>" for name in names)
    cells = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>{i - 1}</v></c></row>' for i in range(1, len(names) + 1))
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/sharedStrings.xml", f"<sst {space}>{strings}</sst>")
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet {space}><sheetData>{cells}</sheetData></worksheet>")
