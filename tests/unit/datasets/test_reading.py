"""What MNE's readers settle in silence: two channels of one name, parts of one recording, what a sample is."""

from __future__ import annotations

import struct

import edfio
import mne
import numpy as np
import pybv
import pytest
import scipy.io

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.channels import ElectrodeWishes
from eeg2vid.stages.datasets.fif_parts import is_later_part, parts_beside
from eeg2vid.stages.datasets.lazy_signal import unreadable
from eeg2vid.stages.datasets.recordings import companions, open_recording, open_stretches
from eeg2vid.stages.datasets.study_file import EventSource, find_recordings, read_study_file

RATE = 200.0


def noise(n_electrodes, n_samples=4000):
    return np.random.default_rng(0).normal(0, 10e-6, (n_electrodes, n_samples))


def write_edf(path, names):
    signals = [
        edfio.EdfSignal(row * 1e6, RATE, label=name, physical_dimension="uV")
        for name, row in zip(names, noise(len(names)), strict=True)
    ]
    edfio.Edf(signals).write(path)


@pytest.mark.parametrize("names", [("Fz", "Cz", "Cz", "Oz"), ("Fz", "Cz", "Cz", "Cz"), ("Fz", "Cz", "Oz", "CZ")])
def test_two_channels_of_one_name_are_one_electrode(tmp_path, names):
    write_edf(tmp_path / "a.edf", names)
    with pytest.raises(BadDataError, match=r"are both electrode C[zZ]") as caught:
        open_recording(tmp_path / "a.edf")
    assert caught.value.exit_code == 4


def test_the_study_says_which_of_them_is_meant(tmp_path):
    path = tmp_path / "a.edf"
    write_edf(path, ("EEG Fz", "EEG Cz", "EEG Cz", "EEG Oz"))
    for name in ("Cz-1", "EEG Cz-1"):
        signal = open_recording(path, ElectrodeWishes(drop=(name,)))
        assert signal.electrodes == ("Fz", "Cz", "Oz")
        np.testing.assert_allclose(signal[1, :], noise(4)[1], atol=2e-9)
    other = open_recording(path, ElectrodeWishes(rename={"Cz-0": "CPz"}))
    assert other.electrodes == ("Fz", "CPz", "Cz", "Oz")
    np.testing.assert_allclose(other[2, :], noise(4)[2], atol=2e-9)


def test_twins_that_are_no_electrodes_and_names_with_hyphens_trip_nobody(tmp_path):
    names = ("Fp1-F7", "Fp1-F3", "Cz", "EXG-1", "EXG-0", "Trigger", "Trigger")
    write_edf(tmp_path / "a.edf", names)
    wishes = ElectrodeWishes(eeg=("Fp1-F7", "Fp1-F3", "EXG-1", "EXG-0"))
    assert open_recording(tmp_path / "a.edf", wishes).electrodes == names[:5]


def test_twins_that_mne_cannot_read(tmp_path):
    """It numbers them in the header, and not in the list of units."""
    pybv.write_brainvision(
        data=noise(3), sfreq=RATE, ch_names=["Fz", "Cz", "x"], fname_base="a", folder_out=tmp_path
    )  # fmt: skip
    path = tmp_path / "a.vhdr"
    path.write_text(path.read_text().replace("=x,", "=Cz,"))
    with pytest.raises(BadDataError, match=r"several channels are called 'Cz'; expected a name of its own for each"):
        open_recording(path)


def test_twins_of_eeglab(tmp_path):
    labels = np.array([(name,) for name in ("Fz", "Cz", "Cz", "Oz")], dtype=[("labels", object)])
    eeg = {
        "setname": "s", "nbchan": 4, "pnts": 4000, "trials": 1, "srate": RATE, "xmin": 0, "xmax": 19.995,
        "data": (noise(4) * 1e6).astype("f4"), "chanlocs": labels, "epoch": [], "event": [],
        "icawinv": [], "icaweights": [], "icasphere": [], "icachansind": [],
    }  # fmt: skip
    scipy.io.savemat(tmp_path / "a.set", {"EEG": eeg})
    with pytest.raises(BadDataError, match="are both electrode Cz"):
        open_recording(tmp_path / "a.set")


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """One recording of 100 s in parts, under both of MNE's names; and one called as if it were a part."""
    root = tmp_path_factory.mktemp("parts")
    raw = mne.io.RawArray(noise(32, 50000), mne.create_info(32, 500.0, "eeg"), verbose="error")
    raw.rename_channels({name: f"E{k + 1}" for k, name in enumerate(raw.ch_names)})
    for file, naming in (("sub-1_eeg.fif", "bids"), ("sub-2_eeg.fif", "neuromag")):
        raw.save(root / file, split_size="3MB", split_naming=naming, buffer_size_sec=1, verbose="error")
    raw.copy().crop(0, 10).save(root / "sub-3-1.fif", verbose="error")
    return root, raw.get_data()


def test_parts_are_read_once(split):
    root, data = split
    found = find_recordings(root, EventSource())
    assert found == ["sub-1_split-01_eeg.fif", "sub-2_eeg.fif", "sub-3-1.fif"]
    assert find_recordings(root, EventSource(files=("sub-1*.fif",))) == found[:1]
    for file in found[:2]:
        signal = open_recording(root / file)
        np.testing.assert_allclose(signal[:, :], data, atol=1e-10)
        later = parts_beside(root / file)
        assert later and set(companions(root / file)) == {root / file, *later}
    assert not is_later_part(root / "sub-3-1.fif") and open_recording(root / "sub-3-1.fif").shape[1] == 5001


def test_a_later_part_is_no_recording(split):
    with pytest.raises(BadDataError, match=r"split-02_eeg.fif is a later part of a recording; expected its first part"):
        open_recording(split[0] / "sub-1_split-02_eeg.fif")


@pytest.mark.parametrize(
    ("gone", "opened", "told"),
    [
        ("sub-1_split-01_eeg.fif", "sub-1_split-02_eeg.fif", "the part before it, .*, is not beside it"),
        ("sub-1_split-02_eeg.fif", "sub-1_split-01_eeg.fif", "next file .* does not exist"),
        ("sub-2_eeg-1.fif", "sub-2_eeg.fif", "next file .* does not exist"),
    ],
)
def test_a_missing_part_is_told(split, tmp_path, gone, opened, told):
    for path in split[0].glob("*.fif"):
        if path.name != gone:
            (tmp_path / path.name).hardlink_to(path)
    assert opened in find_recordings(tmp_path, EventSource())
    with pytest.raises(BadDataError, match=told):
        open_recording(tmp_path / opened)


def test_a_damaged_file_is_no_part(tmp_path):
    """A tag that sends the reader back to itself, one of a size below 0, a text that ends too soon, no FIF at all."""
    for head in (
        struct.pack(">iIii", 100, 3, 4, 0),
        struct.pack(">iIii", 100, 3, -4, 0),
        struct.pack(">iIii", 118, 10, 99, 0),
    ):
        for following in (0, 4, -1):
            path = tmp_path / "a-1.fif"
            path.write_bytes(head + b"1234" + struct.pack(">iIii", 115, 3, 4, following) + struct.pack(">i", 1))
            assert not is_later_part(path)
    path.write_bytes(b"no FIF")
    assert not is_later_part(path)


def test_a_file_that_ends_before_its_header_says_is_told(tmp_path):
    path = tmp_path / "a.edf"
    write_edf(path, ("Fz", "Cz"))
    assert open_recording(path).checks == []
    whole = path.read_bytes()
    path.write_bytes(whole[: 256 * 3 + (len(whole) - 256 * 3) // 2])
    signal = open_recording(path)
    assert signal.shape[1] == 2000
    (check,) = signal.checks
    assert check.item == "size of the file, a.edf" and "does not match the file size" in check.found


def write_cnt(path, bits, honest=True):
    """A Neuroscan file of two channels, 1000 samples and no events; what its header says of sizes may be of no use."""
    names, n_samples, kind = ("Fz", "Cz"), 1000, f"<i{bits // 8}"
    data = np.arange(2 * n_samples).reshape(n_samples, 2) % 120 + 1
    head = bytearray(900)
    head[0:12] = b"Version 3.0\x00"
    head[225:235], head[235:247] = b"01/01/20\x00\x00", b"10:00:00\x00\x00\x00\x00"
    struct.pack_into("<H", head, 370, len(names))
    struct.pack_into("<H", head, 376, 250)
    struct.pack_into("<i", head, 864, n_samples if honest else 0)
    end = 900 + 75 * len(names) + data.size * bits // 8
    struct.pack_into("<i", head, 886, end)
    electrodes = bytearray(75 * len(names))
    for k, name in enumerate(names):
        electrodes[75 * k : 75 * k + len(name)] = name.encode()
        struct.pack_into("<f", electrodes, 75 * k + 59, 204.8)  # sensitivity: one unit is 1 uV
        struct.pack_into("<f", electrodes, 75 * k + 71, 1.0)
        struct.pack_into("<ff", electrodes, 75 * k + 19, 1.0 + k, 2.0 - k)
    table = struct.pack("<Bii", 1, 0, 0)
    path.write_bytes(bytes(head) + bytes(electrodes) + data.astype(kind).tobytes() + table)
    return data.T * 1e-6


@pytest.mark.parametrize("bits", [16, 32])
def test_neuroscan_samples_are_what_the_study_says(tmp_path, bits):
    path = tmp_path / "a.cnt"
    data = write_cnt(path, bits)
    np.testing.assert_allclose(open_recording(path)[:, :], data, rtol=1e-6)
    write_cnt(path, bits, honest=False)
    with pytest.raises(BadDataError, match=r'16 or 32 bits.*data_format = "int16"'):
        open_recording(path)
    (tmp_path / "study.toml").write_text(f'[recordings]\ndata_format = "int{bits}"\n')
    said, _ = read_study_file(tmp_path)
    (signal,) = open_stretches(path, data_format=said.recordings.data_format)
    np.testing.assert_allclose(signal[:, :], data, rtol=1e-6)


def test_a_sample_format_that_is_none(tmp_path):
    (tmp_path / "study.toml").write_text('[recordings]\ndata_format = "int24"\n')
    with pytest.raises(BadDataError, match=r"data_format.*int16"):
        read_study_file(tmp_path)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AssertionError(), "AssertionError: without a reason"),
        (ValueError("\n  \n"), "ValueError: without a reason"),
        (KeyError("eeg"), "KeyError: 'eeg'"),
        (ValueError("Bad header, see the manual.\nmore"), "Bad header, see the manual"),
    ],
)
def test_a_reader_without_words_is_named(tmp_path, error, reason):
    assert f"({reason})." in str(unreadable(tmp_path / "a.cnt", error))
