"""The catalogue of bad input, continued: settings of `preprocess` that cannot be, EEG and markers that cannot be read.

As in `test_bad_input.py`, each case ends in a sentence, the right exit code, and nothing spoilt.
"""

import re
import shutil

import numpy as np
import pytest

PREPROCESS = ("preprocess", "--subject", "1", "--variant", "mine", "--new")
FOLD = ("--fold", "block-3")

SETTINGS = {
    # -- what is learned, and from what
    "learning without a fold": (("--detect-bad",), 2, "detect_bad learns from data, so it needs the name of one fold"),
    "eog without a fold": (("--eog", "regression"), 2, "eog learns from data, so it needs the name of one fold"),
    "fold without learning": (("--high-pass", "1", *FOLD), 2, "no step .* learns from data"),
    "unknown fold": (("--detect-bad", "--fold", "block-4"), 2, "no fold 'block-4'.*Did you mean .*block-"),
    "no eog electrode": (("--eog", "regression", *FOLD), 2, "none of the 62 electrodes .* EOG.*--eog-electrodes FP1"),
    "eog electrodes unused": (("--eog-electrodes", "FP1"), 2, "nothing uses them: add --eog regression"),
    # -- filters and rates
    "high-pass above low-pass": (
        ("--high-pass", "40", "--low-pass", "30"),
        2,
        "high_pass 40 Hz must lie below",
    ),
    "low-pass at Nyquist": (("--low-pass", "100"), 2, "--low-pass 100 Hz.* 200 Hz"),
    "notch above Nyquist": (("--notch", "50", "--notch", "150"), 2, "--notch 150 Hz.*200 Hz"),
    "overlapping notches": (("--notch", "50", "--notch", "50.5"), 2, "these overlap"),
    "filter longer than the recording": (("--high-pass", "0.01"), 2, "longer than a recording"),
    "resampling to nothing": (("--resample", "0"), 2, "resample.*greater than 0"),
    "bands above the new Nyquist": (("--resample", "100"), 2, "31.* 99.* Hz reaches beyond 50 Hz"),
    "no number": (("--low-pass", "low"), 2, "low_pass.*number"),
    # -- electrodes
    "unknown reference": (("--reference", "M1"), 2, "--reference M1"),
    "average and another": (("--reference", "average", "--reference", "CZ"), 2, "'average' stands alone"),
    "bad reference": (
        ("--reference", "CZ", "--bad-electrodes", "Cz"),
        2,
        "--reference CZ: this electrode is bad",
    ),
    "unknown bad electrode": (("--bad-electrodes", "QZ"), 2, "--bad-electrodes QZ"),
    "unknown electrode": (
        ("--electrodes", "OZ", "--electrodes", "XX"),
        2,
        "--electrodes XX: there is no such",
    ),
    "unknown set": (("--electrodes", "occipitl"), 2, "Sets: frontal, central, temporal, parietal, occipital"),
    "nothing left": (("--electrodes", "occipital", "--exclude", "occipital"), 2, "leave no electrode"),
    # -- epochs
    "epoch ends before it begins": (("--tmin-s", "1", "--tmax-s", "0.5"), 2, "from 1 s to 0.5 s .* holds no sample"),
    "epoch beyond the recording": (("--tmax-s", "2.5"), 4, r"takes samples .* \(3 such events\)"),
    "epoch before the recording": (
        ("--span", "hint", "--tmin-s", "-1"),
        4,
        r"samples -200 .* \(15 such events\)",
    ),
    "span misspelt": (("--span", "clips"), 2, "span.*'clip' or 'hint'"),
    "rejecting below nothing": (("--reject-uv", "-5"), 2, "reject_uv.*greater than 0"),
    # -- features
    "window longer than the epoch": (("--window-s", "3"), 4, "400 samples|2 s.*3 s"),
    "window of half samples": (("--window-s", "0.333"), 2, "whole number"),
    "step of half samples": (("--step-s", "0.333"), 2, "whole number"),
    "band the wrong way": (("--bands", "8-4"), 2, r"8.* 4"),
    "no band": (("--bands", "alpha"), 2, "bands.*number|bands"),
    "band between bins": (("--bands", "4.2-4.8"), 2, "holds no frequency of 1 s at 200 Hz"),
    "published with fractions": (
        ("--method", "published", "--bands", "4.5-8"),
        2,
        "need whole numbers",
    ),
    "welch longer than the window": (("--spectrum", "welch", "--segment-s", "2"), 2, "segment"),
    "multitaper too narrow": (("--spectrum", "multitaper", "--bandwidth-hz", "0.5"), 2, "bandwidth"),
    "span of one window": (("--smoothing", "moving-average", "--smoothing-span", "1"), 2, "smoothing_span.*3"),
    "span of four windows": (("--smoothing", "moving-average", "--smoothing-span", "4"), 2, "odd"),
    "gain of nothing": (("--smoothing", "lds", "--smoothing-gain", "0"), 2, "smoothing_gain.*greater than 0"),
}


@pytest.mark.parametrize(("words", "code", "sentence"), SETTINGS.values(), ids=SETTINGS)
def test_preprocess_refuses(refused, words, code, sentence):
    refused([*PREPROCESS, *words], code, sentence)


def flat_window(study):
    """Make one electrode silent during one clip."""
    path = study / "data/EEG/sub1.npy"
    eeg = np.load(path)
    eeg[1, 10, 600:1000] = eeg[1, 10, 600]
    path.unlink()
    np.save(path, eeg)


def test_a_silent_electrode_is_named(study, refused, cli_ok):
    flat_window(study)
    cli_ok("ingest", "--subject", 1, "-w", study / "workspace")
    found = refused([*PREPROCESS], 4, "F2")
    assert "s1-b2-r01-c1" in found.err and "--exclude F2" in found.err


# -- own recordings ----------------------------------------------------------------------------------

SIDE = 'axes = ["electrode", "sample"]\nsfreq = 100\nunit = "uV"\nelectrodes = ["OZ", "O1", "O2"]\n'
EVENTS = "recording\tonset\tclip\nr.npy\t0\ta\nr.npy\t2\tb\n"


@pytest.fixture
def own(tmp_path):
    """Return a small data set of one plain array, two clips and a table."""
    folder = tmp_path / "own"
    (folder / "clips").mkdir(parents=True)
    rng = np.random.default_rng(0)
    np.save(folder / "r.npy", 10 * rng.standard_normal((3, 500)))
    (folder / "r.toml").write_text(SIDE)
    (folder / "events.tsv").write_text(EVENTS)
    return folder


@pytest.fixture
def with_clips(own, tiny):
    """The same with clips cut from a simulated film."""
    film = next((tiny / "data/Video").glob("*.mp4"))
    for name in "ab":
        shutil.copy(film, own / "clips" / f"{name}.mp4")
    return own


def write(name, text):
    return lambda folder: (folder / name).write_text(text)


def array(values):
    return lambda folder: np.save(folder / "r.npy", values, allow_pickle=True)


def side(old, new):
    return write("r.toml", SIDE.replace(old, new))


def nothing(folder):
    pass


RNG = np.random.default_rng(1)
OWN = {
    "nothing says what the array is": (lambda folder: (folder / "r.toml").unlink(), r"r\.toml"),
    "no toml at all": (write("r.toml", "electrodes = ["), r"r\.toml"),
    "key missing": (side("sfreq = 100\n", ""), "sfreq"),
    "key misspelt": (side("sfreq", "sfrq"), "'sfreq' is missing"),
    "key too many": (side("sfreq", 'colour = "red"\nsfreq'), "colour"),
    "rate of nothing": (side("sfreq = 100", "sfreq = 0"), "sfreq"),
    "unknown unit": (side('"uV"', '"mm"'), "expected 'V', 'mV', 'uV' or 'nV', found 'mm'"),
    "axes the wrong way": (side('["electrode", "sample"]', '["sample", "electrode"]'), "500|electrode"),
    "unknown axis": (side('["electrode", "sample"]', '["channel", "sample"]'), "channel"),
    "too few names": (side('["OZ", "O1", "O2"]', '["OZ", "O1"]'), "2.*3|3.*2"),
    "one electrode twice": (side('["OZ", "O1", "O2"]', '["T3", "O1", "T7"]'), "T3.*T7|T7.*T3"),
    "python objects": (array(np.array([{}, {}], dtype=object)), "Python objects"),
    "one axis only": (array(np.zeros(500)), "dimension|axis|axes"),
    "not a number": (array(np.full((3, 500), np.nan)), "expected a number, found nan"),
    "constant": (array(np.ones((3, 500))), "constant|never changes|no EEG"),
    "event beyond the end": (write("events.tsv", EVENTS + "r.npy\t4.9\ta\n"), "beyond the end of r.npy"),
    "two on one sample": (write("events.tsv", EVENTS + "r.npy\t2.001\ta\n"), "same sample"),
    "array outside the folder": (write("events.tsv", EVENTS + "../r.npy\t1\ta\n"), r"\.\./r\.npy"),
    "clip unknown": (write("events.tsv", EVENTS + "r.npy\t1\tz\n"), "'?z'?"),
}


@pytest.mark.parametrize(("damage", "sentence"), OWN.values(), ids=OWN)
def test_own_recordings_are_refused(with_clips, tmp_path, cli, damage, sentence):
    damage(with_clips)
    workspace = tmp_path / "workspace"
    result = cli("ingest", with_clips, "-w", workspace)
    assert result.code == 4, result.err
    assert re.search(sentence, result.err), result.err
    assert "Traceback" not in result.err and "Internal error" not in result.err
    assert not list(workspace.rglob("manifest.json")) or "sub-1" not in str(list(workspace.rglob("manifest.json")))
    checked = cli("ingest", with_clips, "-w", workspace, "--check")
    assert checked.code == 4 and "error" in checked.out, checked.out


def test_own_recordings_are_read_where_nothing_is_wrong(with_clips, tmp_path, cli_ok):
    cli_ok("ingest", with_clips, "-w", tmp_path / "workspace")
    assert "error" not in cli_ok("ingest", with_clips, "-w", tmp_path / "workspace", "--check").out
