"""EEG that was copied is known again, whatever it is called and however it is stored; other EEG never is."""

from __future__ import annotations

import datetime
import importlib.util
import shutil
import sys
from pathlib import Path

import mne
import numpy as np
import pytest

from eeg2vid.stages.datasets import twins
from eeg2vid.stages.datasets.checkup import examine
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.twins import eeg_digest, eeg_twins, with_digests


def _module(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


own, seed_dv = _module("_own_folder"), _module("_seed_dv_folder")
NAMES = ("Fz", "Cz", "Pz", "Oz")
ONSETS = (1.0, 3.0, 5.5, 9.0)
TOML = 'axes = ["electrode", "sample"]\nsfreq = 128.0\nunit = "{}"\nelectrodes = {}\n'


def noise(seed=0, n=4, samples=2560):
    """EEG of 10 uV, in volts, single precision."""
    return np.random.default_rng(seed).normal(0, 1e-5, (n, samples)).astype(np.float32)


# -- one stretch ------------------------------------------------------------------------------------------------


def test_order_names_and_a_channel_more_do_not_matter():
    eeg = noise()
    assert eeg_digest(eeg) == eeg_digest(eeg[::-1])
    stretches = [(noise(seed), noise(seed + 100, 1)) for seed in range(40)]
    found = [eeg_digest(np.vstack([eeg, more])) == eeg_digest(eeg) for eeg, more in stretches]
    assert 20 < sum(found) < 40  # the smallest of five is one of the four, four times of five


def test_units_and_precision_do_not_matter():
    volts = noise(samples=256).astype(np.float64) * 1.2345
    microvolts = (volts * 1e6).astype(np.float32)
    back = microvolts.astype(np.float64) * 1e-6
    assert (volts != back).any()
    assert eeg_digest(volts.astype(np.float32)) == eeg_digest(back.astype(np.float32))
    assert eeg_digest(np.array([[0.0, -0.0] * 3 + list(range(99))], np.float32)) == eeg_digest(
        np.array([[0.0, 0.0] * 3 + list(range(99))], np.float32)
    )


def test_one_sample_of_every_electrode_makes_another():
    eeg = noise()
    other = eeg.copy()
    other[:, 100] *= 1.01
    assert eeg_digest(other) != eeg_digest(eeg) != eeg_digest(eeg[:, 1:])


@pytest.mark.parametrize("n", [0, 1, 10, 400])
def test_what_hardly_changes_tells_nothing(n):
    flat = np.zeros((3, n), np.float32)
    flat[1] = 7e-6
    flat[2, ::50] = 1.0  # a trigger's pulses
    assert eeg_digest(flat) is None
    assert eeg_digest(np.empty((0, n), np.float32)) is None


def test_a_flat_electrode_beside_others_does_not_make_twins():
    one, other = noise(1), noise(2)
    one[0] = other[0] = 0
    assert eeg_digest(one) != eeg_digest(other) and eeg_digest(one) is not None


# -- recordings of a folder -------------------------------------------------------------------------------------


def write_fif(path, eeg, names=NAMES, fmt="double", tmin=0.0):
    raw = own.raw_of(names, data=eeg.astype(np.float64)).crop(tmin=tmin)
    path.parent.mkdir(parents=True, exist_ok=True)
    raw.save(path, overwrite=True, fmt=fmt, verbose="error")


def write_array(path, values, unit, names=NAMES):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)
    path.with_suffix(".toml").write_text(TOML.format(unit, list(names)))


def as_single(path, eeg):
    write_fif(path.with_suffix(".fif"), eeg, fmt="single")


def as_microvolts(path, eeg):
    write_array(path.with_suffix(".npy"), (eeg * 1e6).astype(np.float32), "uV")


def as_millivolts(path, eeg):
    write_array(path.with_suffix(".npy"), eeg.astype(np.float64) * 1e3, "mV")


def shuffled_with_one_more(path, eeg):
    write_fif(path.with_suffix(".fif"), np.vstack([eeg[[2, 0, 3, 1]], noise(9, 1)]), ("Pz", "Fz", "Oz", "Cz", "C3"))


def renamed(path, eeg):
    write_fif(path.with_suffix(".fif"), eeg, ("F3", "C3", "P3", "O1"))


def trimmed(path, eeg):
    write_fif(path.with_suffix(".fif"), eeg, tmin=0.75)


WAYS = [as_single, as_microvolts, as_millivolts, shuffled_with_one_more, renamed, trimmed]


def write_study(root, ways, owners=("sub-1", "sub-2")):
    """Recordings of some owners, `way(path, eeg)` each; four clips in each."""
    rows = ["recording\tonset\tclip"]
    for owner, way in zip(owners, ways, strict=True):
        stem = root / owner / f"{owner.replace('/', '_')}_eeg"
        way(stem, noise())
        file = next(p for p in sorted((root / owner).iterdir()) if p.suffix in (".fif", ".npy", ".vhdr", ".edf"))
        shift = 0.75 if way is trimmed else 0.0
        rows += [f"{file.relative_to(root)}\t{t - shift}\tc{k}" for k, t in enumerate(ONSETS)]
    (root / "events.tsv").write_text("\n".join(rows) + "\n")
    (root / "clips").mkdir()
    for k in range(4):
        pictures = [own.Image.new("L", (16, 16), grey) for grey in (60 * k, 9, 9, 9, 9)]
        pictures[0].save(root / f"clips/c{k}.gif", save_all=True, append_images=pictures[1:], duration=200)
    return root


def as_double(path, eeg):
    write_fif(path.with_suffix(".fif"), eeg)


def another(path, eeg):
    write_fif(path.with_suffix(".fif"), noise(5))


def warned(root):
    return [check for check in examine(root) if check.item.startswith("the same EEG twice")]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_copied_subject_is_told_by_the_doctor(tmp_path, way):
    (check,) = warned(write_study(tmp_path, [as_double, way]))
    assert check.verdict == "warning"
    assert "subject 1, sub-1_eeg and subject 2, sub-2_eeg (" in check.found
    if way is not shuffled_with_one_more:
        assert "(4 events)" in check.found


def test_a_copied_session_is_told_by_ingest_and_by_the_doctor(tmp_path):
    root = write_study(tmp_path, [as_double, trimmed], ("sub-1/ses-a", "sub-1/ses-b"))
    source = open_dataset(root).subject("1")
    events = with_digests(source.events, source.signal_of, source.sfreq, source.unit_scale)
    (check,) = eeg_twins(events, "subject 1")
    assert check.item == "the same EEG twice, subject 1"
    assert check.found == "subject 1, sub-1_ses-a_eeg and subject 1, sub-1_ses-b_eeg (4 events)"
    assert len(warned(root)) == 1


@pytest.mark.parametrize("ending", [".edf", ".bdf", ".vhdr"])
def test_what_an_amplifier_wrote_and_its_copy_in_fif(tmp_path, ending):
    """An exporter rounds to its steps: the file as read, and its copy in FIF, single precision, are twins."""
    root = write_study(tmp_path, [as_double, as_single])
    for path in (root / "sub-1").iterdir():
        path.unlink()
    first = root / "sub-1" / f"first{ending}"
    raw = own.raw_of(NAMES, data=noise().astype(np.float64))
    raw.set_meas_date(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    mne.export.export_raw(first, raw, verbose="error", overwrite=True)
    read = mne.io.read_raw(first, preload=True, verbose="error")
    read.save(root / "sub-2" / "sub-2_eeg.fif", overwrite=True, fmt="single", verbose="error")
    events = (root / "events.tsv").read_text().replace("sub-1/sub-1_eeg.fif", f"sub-1/first{ending}")
    (root / "events.tsv").write_text(events)
    (check,) = warned(root)
    assert "subject 1, first and subject 2, sub-2_eeg (4 events)" in check.found


def test_other_eeg_is_no_copy(tmp_path):
    root = write_study(tmp_path, [as_double, another])
    assert warned(root) == []
    for subject in ("1", "2"):
        source = open_dataset(root).subject(subject)
        events = with_digests(source.events, source.signal_of, source.sfreq, source.unit_scale)
        assert len({event.eeg_sha for event in events}) == 4 and eeg_twins(events, "") == []


def test_how_much_is_read_at_once_does_not_matter(tmp_path, monkeypatch):
    source = open_dataset(write_study(tmp_path, [as_double, another])).subject("1")
    digests = []
    for at_once in (1, 300, 1 << 16):
        monkeypatch.setattr(twins, "AT_ONCE", at_once)
        events = with_digests(source.events[::-1], source.signal_of, source.sfreq, source.unit_scale)
        digests.append([event.eeg_sha for event in events])
        assert [event.event for event in events] == [event.event for event in source.events[::-1]]
    eeg = noise()
    by_hand = [eeg_digest(eeg[:, round(t * 128) : round(t * 128) + 128]) for t in reversed(ONSETS)]
    assert digests == [by_hand] * 3


# -- SEED-DV ----------------------------------------------------------------------------------------------------


def test_seed_dv_copied_sessions_and_subjects(tmp_path):
    root = seed_dv.write_seed_dv(tmp_path / "SEED-DV", subjects=("1", "2", "3"))
    assert warned(root) == []
    eeg = np.load(root / "EEG" / "sub1.npy")
    np.save(root / "EEG" / "sub1_session2.npy", eeg.astype(np.float64) * 1e-6)
    shutil.copy(root / "EEG" / "sub2.npy", root / "EEG" / "sub3.npy")
    (check,) = warned(root)
    assert check.found.split("; ") == [
        "subject 1, ses-1_block-1 and subject 1, ses-2_block-1 (15 events)",
        "subject 1, ses-1_block-2 and subject 1, ses-2_block-2 (15 events)",
        "subject 2, ses-1_block-1 and subject 3, ses-1_block-1 (15 events)",
        "subject 2, ses-1_block-2 and subject 3, ses-1_block-2 (15 events)",
    ]


def test_one_block_stored_as_two(tmp_path):
    root = seed_dv.write_seed_dv(tmp_path / "SEED-DV", subjects=("1",), second_sessions=())
    eeg = np.load(root / "EEG" / "sub1.npy")
    eeg[1] = eeg[0]
    np.save(root / "EEG" / "sub1.npy", eeg)
    (check,) = warned(root)
    assert check.found == "subject 1, ses-1_block-1 and subject 1, ses-1_block-2 (15 events)"


# -- films ------------------------------------------------------------------------------------------------------


def test_a_film_under_two_clip_ids(tmp_path):
    root = write_study(tmp_path, [as_double, another])
    assert all(clip.film_sha is None for clip in open_dataset(root).study().clips)
    shutil.copy(root / "clips" / "c0.gif", root / "clips" / "c2.gif")
    study = open_dataset(root).study()
    films = {clip.clip: clip.film_sha for clip in study.clips}
    assert films["c0"] == films["c2"] is not None and films["c1"] is films["c3"] is None
    rows = [[c for c in checks if c.item == "one film as several clips"] for checks in (study.checks, examine(root))]
    assert [[(c.found, c.verdict) for c in found] for found in rows] == [[("c0 and c2", "warning")]] * 2
