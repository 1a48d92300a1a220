"""What names say: every electrode of every cap MNE knows stays one; vendors' names for what is no brain do not."""

from __future__ import annotations

import warnings

import mne
import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets import protocol
from eeg2vid.stages.datasets.channel_names import is_electrode, on_the_head, says_other
from eeg2vid.stages.datasets.channels import ElectrodeWishes, nowhere_check, plain_name, select_channels
from eeg2vid.stages.datasets.recordings import open_recording

CAPS = [name for name in mne.channels.get_builtin_montages() if not name.startswith("artinis")]  # light, no EEG


def names_of(cap):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mne.channels.make_standard_montage(cap).ch_names


def kinds(names, **wishes):
    """What becomes of channels that a file calls EEG, all in one file with a Cz."""
    found = select_channels(["Cz", *names], ["eeg"] * (len(names) + 1), ElectrodeWishes(**wishes), "a.edf")
    left = {name: kind for kind, some in found.left_out.items() for name in some}
    return {name: left.get(name) or next(c.kind for c in found.channels if c.name == name) for name in names}


@pytest.mark.parametrize("cap", CAPS)
@pytest.mark.parametrize("dressed", ["{}", "EEG {}", "EEG {}-Ref", "{}.", "POL {}", "{}-LE"])
def test_every_electrode_of_every_cap_is_one(cap, dressed):
    names = names_of(cap)
    for spelled in (names, [n.upper() for n in names], [n.lower() for n in names]):
        given = [plain_name(dressed.format(name)) for name in spelled]
        assert {name: told for name in given if (told := says_other(name, given))} == {}


def test_every_name_of_the_10_05_system_alone():
    for name in (*names_of("standard_1005"), *protocol.ELECTRODES):
        assert says_other(name) is None and is_electrode(name), name
        assert says_other(f"{name}-A2") is None and is_electrode(f"{name} - M1"), name


# as the vendors' own files and manuals write them
SAID = {
    "eog": [
        "EOG", "EOG1", "EOG 2", "EOGL", "EOGR", "EOG_L", "EOG(L)", "EOG Left", "Left EOG", "L-EOG", "leftEOG", "LEOG",
        "HEOG", "VEOG", "HEO", "VEO", "heo", "Veo", "HEOGL", "HEOGR", "VEOGL", "VEOGU", "hEOG_bip", "VEOG+",
        "HEOGli", "HEOGre", "VEOGo", "VEOGu", "VEOGup", "VEOG_lower", "EOG VEOG_I", "EOG-LOC", "EOG horizontal",
        "EOG LOC-A2", "LOC", "ROC", "LOC-M2", "ROC-A1", "E1", "E2", "E1-M2", "E2-M1", "E1-E2", "EEG LOC-REF",
        "EEG ROC-LE", "EEG LUC-REF", "EEG RLC-REF", "LO1", "IO1", "IO2", "SO1", "SO2", "LO2-M1", "Eye L", "REye",
    ],
    "emg": ["EMG", "EMG1", "EMG_L", "EMG chin", "EMG submental", "EEG EMG-REF", "Chin1-Chin2", "LAT", "Leg/L"],
    "ecg": ["ECG", "EKG", "ECG1", "ECG II", "ECG EKG-REF", "EEG EKG1-REF", "ECGL", "EKG-R", "ecg_chest"],
    "stim": [
        "TRIG", "Trig1", "TRIGGER", "Trigger In", "STI", "STI 014", "STI014", "STI101", "STATUS", "Status", "MARKER",
        "Marker 1", "Mark1", "EVENT", "Event marker", "Events", "DIN1", "DIN 4", "TTL", "EDF Annotations", "stim_code",
        "UDIO001", "Sync", "EEG Trigger-Ref", "Stimulus",
    ],
    "photodiode": [
        "Photo", "PHOTO", "photo sensor", "PhotoSensor", "Photodiode", "photo_diode", "Diode", "PD", "PD1", "Light",
        "Light Sensor 1", "LightSensor", "PHOTIC-REF", "EEG PHOTO",
    ],
    "resp": [
        "RESP", "Resp1", "Resp oro-nasal", "Respiration", "THOR", "Thorax", "ABD", "Abdomen", "airflow",
        "EEG RESP1-REF",
    ],
    "gsr": ["GSR", "GSR1", "GSR_MR_100_left", "EDA", "eda 1", "SCR"],
    "motion": [
        "ACC", "ACC_X", "ACC-Z", "AccX", "accelerometer X", "X", "Y", "Z", "x_dir", "Z_Dir", "GYROX", "Gyro_Y",
        "X gyro",
    ],
    "temperature": ["Temp", "Temp rectal", "temperature"],
    "bio": ["SpO2", "SPO2", "SaO2", "Pulse", "PULSE RATE", "PPG", "Pleth", "Plet", "HR", "OSAT", "CO2", "EtCO2"],
    "audio": ["Audio", "AUDIO_L", "Mic", "Microphone 1", "Sound"],
    "misc": [
        "EXG1", "EXG8", "EX3", "AUX", "Aux 1", "BIP4", "DC", "DC1", "POL DC01", "EEG DC3-DC", "Battery", "BATT",
        "COUNTER", "Counter", "INTERPOLATED", "CQ_AF3", "RAW_CQ", "SampleNumber", "Ana1", "Erg1", "CMS", "DRL",
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", SAID)
def test_vendors_names_for_what_is_no_brain(kind):
    for name in SAID[kind]:
        assert kinds([name]) == {name: kind}
        # the user knows better
        assert kinds([name], eeg=(name,)) == {name: "eeg"}


def test_eyes_of_the_sleep_laboratory_and_numbers_of_a_net():
    assert kinds(["E1", "E2", "F3"]) == {"E1": "eog", "E2": "eog", "F3": "eeg"}
    assert set(kinds([f"E{i}" for i in range(1, 129)]).values()) == {"eeg"}
    assert [says_other(name, ("E1", "E2", "E11")) for name in ("E1", "E2", "E11")] == [None] * 3
    assert says_other("E1", placed=True) is None and says_other("HEO", placed=True) == "eog"


@pytest.mark.parametrize(
    "name", ["Nz", "T1", "SP1", "EEG", "EEG 001", "12", "Ref", "VREF", "Left", "X9", "Compz", "TPD"]
)
def test_names_that_say_nothing(name):
    assert says_other(plain_name(name)) is None


@pytest.mark.parametrize("cap", CAPS)
@pytest.mark.parametrize("dressed", ["{}", "EEG {}", "EEG {}-Ref", "{}.", "POL {}"])
def test_every_electrode_of_every_cap_is_on_the_head(cap, dressed):
    names = [name for name in names_of(cap) if name != "Ref"]
    for spelled in (names, [n.upper() for n in names], [n.lower() for n in names]):
        given = [plain_name(dressed.format(name)) for name in spelled]
        assert [name for name, known in zip(given, on_the_head(given), strict=True) if not known] == []


def test_electrodes_against_any_reference():
    names = [f"{name}-{reference}" for name in protocol.ELECTRODES for reference in ("A1A2", "AA", "Avg", "Cz", "0")]
    assert all(on_the_head(names)) and on_the_head(["Fp1 raw", "1_Oz", "Box A1", "M1 input", "C3 left"]) == [
        True, True, False, False, True,
    ]  # fmt: skip


def test_numbers_are_electrodes_where_they_are_the_cap():
    for name in ("A{}", "E{}", "EEG {:03}", "CH{}", "{}", "EEG-{}"):
        numbers = [name.format(k) for k in range(1, 9)]
        assert all(on_the_head(numbers)), name
        assert on_the_head([*numbers, "Fz", "Cz", "Foo"]) == [True] * 10 + [False]
    cap = protocol.ELECTRODES
    beside = [f"{letter}{k}" for letter in ("E", "Ch", "") for k in range(1, 9)]
    assert on_the_head([*cap, *beside]) == [True] * len(cap) + [False] * len(beside)
    assert on_the_head(["CH1", "CH2", "CH3"]) == [False] * 3


def test_what_is_nowhere_on_the_head_is_no_electrode_unless_the_user_says_so():
    found = select_channels(["Cz", "Foo", "K 7"], ["eeg"] * 3, ElectrodeWishes(), "a.edf")
    assert ([c.name for c in found.channels], found.nowhere) == (["Cz"], ("Foo", "K 7"))
    (row,) = nowhere_check(found, "a.edf")
    assert (row.item, row.verdict) == ("channels of unknown place left out, a.edf", "warning")
    assert row.found.startswith("Foo, K 7; if they are electrodes") and row.found.endswith("eeg = ['Foo', 'K 7']")
    assert kinds(["Foo", "K 7"], eeg=("foo",), rename={"K 7": "Pz"}) == {"Foo": "eeg", "K 7": "eeg"}
    with pytest.raises(BadDataError, match=r"found 2 eeg; by name HEO .*; nowhere on the head Foo") as caught:
        select_channels(["Foo", "HEO"], ["eeg"] * 2, ElectrodeWishes(eog=()), "a.edf")
    assert "[electrodes] eeg" in str(caught.value.hint)


@pytest.mark.parametrize("cap", ["GSN-HydroCel-128", "biosemi128"])
def test_a_net_with_positions_in_the_file(cap, tmp_path):
    names = [*names_of(cap)[:12], "Foo", "Bar"]
    raw = mne.io.RawArray(np.zeros((14, 100)), mne.create_info(names, 100.0, "eeg"), verbose="error")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw.set_montage(cap, on_missing="ignore")
    raw.info["chs"][13]["loc"][:3] = (0.0, 0.05, 0.08)
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    signal = open_recording(tmp_path / "a_raw.fif")
    assert signal.electrodes == (*names[:12], "Bar")
    assert [c.found.split(";")[0] for c in signal.checks] == ["Foo"]
    # two of a net whose names alone would not do
    raw.pick([names[3], names[7]]).save(tmp_path / "b_raw.fif", verbose="error")
    assert open_recording(tmp_path / "b_raw.fif").electrodes == (names[3], names[7])


def test_a_plain_array_lists_its_electrodes_itself(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 50)))
    said = 'axes = ["electrode", "sample"]\nsfreq = 100\nunit = "uV"\nelectrodes = ["Foo", "Cz", "HEO"]\n'
    (tmp_path / "a.toml").write_text(said)
    signal = open_recording(tmp_path / "a.npy")
    assert [(c.electrode, c.kind) for c in signal.channels] == [("Foo", "eeg"), ("Cz", "eeg"), ("HEO", "eog")]


def test_a_position_in_the_file_makes_e1_an_electrode(tmp_path):
    raw = mne.io.RawArray(np.zeros((3, 100)), mne.create_info(["E1", "E2", "Cz"], 100.0, "eeg"), verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    assert [c.kind for c in open_recording(tmp_path / "a_raw.fif").channels] == ["eeg", "eog", "eog"]
    places = {"E1": (0.0, 0.09, 0.03), "E2": (0.03, 0.09, 0.03), "Cz": (0.0, 0.0, 0.1)}
    raw.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))
    raw.save(tmp_path / "b_raw.fif", verbose="error")
    assert [c.kind for c in open_recording(tmp_path / "b_raw.fif").channels] == ["eeg"] * 3
