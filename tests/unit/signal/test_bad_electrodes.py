"""Bad electrodes by each criterion alone, and cleaning settings that cannot be."""

import numpy as np
import pytest
from scipy.stats import iqr

from eeg2vid.schemas.cleaning import CleaningSettings
from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.signal.bad_electrodes import find_bad, window_numbers
from eeg2vid.stages.signal.cleaning import clean, fit_cleaning
from eeg2vid.stages.signal.interpolation import interpolation_weights

SFREQ = 256.0
NAMES = [f"E{k}" for k in range(20)]


def mixed(n_samples=15_360, seed=0, sources=3):
    """Return EEG-like noise `(electrode, sample)`, µV, that electrodes share."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal((sources, n_samples)))
    spectrum /= np.maximum(np.fft.rfftfreq(n_samples, 1 / SFREQ), 0.5) ** 0.75
    courses = np.fft.irfft(spectrum, n_samples)
    eeg = rng.uniform(0.5, 1, (len(NAMES), sources)) @ (20 * courses / courses.std())
    return eeg + 0.5 * rng.standard_normal(eeg.shape)


def judged(eeg, wanted=None):
    wanted = np.ones(eeg.shape[1], dtype=bool) if wanted is None else wanted
    return find_bad([window_numbers(eeg, wanted, SFREQ)], NAMES[: len(eeg)])


def test_a_good_cap_is_good():
    for seed in range(5):
        assert judged(mixed(seed=seed)) == {}


def test_each_criterion_names_its_electrode():
    rng = np.random.default_rng(1)
    eeg = mixed()
    eeg[2] = 7.0
    eeg[4, 5000:6000] = eeg[4, 5000]
    eeg[6] *= 8
    eeg[10] += 40 * np.diff(rng.standard_normal(eeg.shape[1] + 1))
    eeg[12] = mixed(seed=99)[0]
    found = judged(eeg)
    assert list(found) == ["E2", "E4", "E6", "E10", "E12"]
    assert found["E2"] == "flat in 100% of the time"
    assert found["E4"].startswith("drops out in 5%")
    assert "amplitude" in found["E6"] and "z +" in found["E6"]
    assert "high-frequency noise" in found["E10"]
    assert found["E12"].startswith("unlike all others")


def test_line_noise_and_offsets_make_no_electrode_bad():
    clock = np.arange(15_360) / SFREQ
    eeg = mixed() + 5000 * np.linspace(-1, 1, len(NAMES))[:, None]
    assert judged(eeg) == {}
    eeg[3] += 15 * np.sin(2 * np.pi * 60 * clock)
    assert "high-frequency" not in judged(eeg).get("E3", "")


def test_numbers_by_hand():
    eeg = mixed(3 * 256)
    wanted = np.zeros(3 * 256, dtype=bool)
    wanted[100 : 100 + 256 + 255] = True  # one whole window
    found = window_numbers(eeg, wanted, SFREQ)
    assert found.amplitude.shape == (1, len(NAMES))
    piece = eeg[:, 100:356]
    line = np.array([np.polyval(np.polyfit(np.arange(256), row, 1), np.arange(256)) for row in piece])
    np.testing.assert_allclose(found.amplitude[0], iqr(piece - line, axis=1) * 0.7413, rtol=1e-6)
    tapered = (piece - line) * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 256))
    kept = [hz for hz in range(1, 50) if hz <= 47]  # 48 and 49 Hz are within 2 Hz of the line at 50
    basis = np.exp(-2j * np.pi * np.outer(np.arange(256), kept) / 256)
    parts = (tapered @ basis).view(float)
    parts /= np.linalg.norm(parts, axis=1, keepdims=True)
    table = abs(parts @ parts.T) - np.eye(len(NAMES))
    np.testing.assert_allclose(found.correlation[0], np.percentile(table, 98, axis=1), rtol=1e-6, atol=1e-9)


def test_short_pieces_make_short_windows():
    eeg, wanted = mixed(), np.zeros(15_360, dtype=bool)
    for start in range(0, 15_000, 300):
        wanted[start : start + 192] = True
    found = window_numbers(eeg, wanted, SFREQ)
    assert found.window_s == 0.75 and len(found.dead) == 50
    wanted[:] = False
    wanted[::2] = True
    assert len(window_numbers(eeg, wanted, SFREQ).dead) == 0


def test_few_electrodes_are_looked_at_for_silence_only():
    eeg = np.random.default_rng(0).standard_normal((4, 5000)) * [[1], [100], [10], [0]]
    assert list(judged(eeg)) == ["E3"]


def ring(count=12, **odd):
    """Return electrodes on a spiral around a head of 95 mm."""
    height = np.linspace(-0.2, 0.95, count)
    around = 2.4 * np.arange(count)
    wide = np.sqrt(1 - height**2)
    places = 0.095 * np.stack([wide * np.cos(around), wide * np.sin(around), height], axis=1)
    rows = [Electrode(electrode=f"E{k}", x=x, y=y, z=z) for k, (x, y, z) in enumerate(places)]
    return [*rows, *(Electrode(electrode=name, **what) for name, what in odd.items())]


def test_interpolation_is_exact_for_a_constant_and_uses_good_electrodes_only():
    rows = ring(20)
    weights = interpolation_weights(rows, [3, 7])
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-4)
    assert not weights[:, [3, 7]].any() and weights[:, [0, 1, 2]].all()
    swapped = interpolation_weights(rows, [7, 3])
    np.testing.assert_allclose(swapped[::-1], weights, atol=1e-12)
    unplaced = interpolation_weights([Electrode(electrode="X1"), *rows], [4, 8])
    np.testing.assert_allclose(unplaced[:, 1:], weights, atol=1e-12)
    assert not unplaced[:, 0].any()


FOLD = {"fold": "block-7"}
REFUSED = [
    ({"low_pass": 128}, "`low_pass` 128 Hz reaches 128 Hz"),
    ({"high_pass": 200}, "`high_pass` 200 Hz"),
    ({"notch": (50, 127.9)}, "`notch` 127.9 Hz"),
    ({"notch": (0.4,)}, "expected a frequency above"),
    ({"notch": (50, 50.5)}, "these overlap"),
    ({"reference": ("M1",)}, "`reference` M1: there is no such electrode"),
    ({"reference": ("average", "E1")}, "'average' stands alone"),
    ({"reference": ("EYE",)}, "`reference` EYE: this electrode was recorded as EOG"),
    ({"bad_electrodes": ("Q1",)}, "`bad_electrodes` Q1: there is no such electrode"),
    ({"bad_electrodes": ("EYE",)}, "`bad_electrodes` EYE"),
    ({"bad_electrodes": ("E3",), "reference": ("e3",)}, "`reference` e3: this electrode is bad"),
    ({"eog": "regression", "eog_electrodes": ("V1",), **FOLD}, "`eog_electrodes` V1: there is no such"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED, ids=[text for _, text in REFUSED])
def test_impossible_settings_are_refused(options, said):
    with pytest.raises(UsageError, match="^.*" + said.replace("(", r"\(")):
        fit_cleaning([], ring(EYE={"kind": "eog"}), SFREQ, CleaningSettings(**options))


def test_without_eog_electrodes_those_near_the_eyes_are_named():
    rows = ring(FP1={}, FP2={}, AF7={})
    with pytest.raises(UsageError, match=r"none of the 15 electrodes .* `eog_electrodes` FP1 `eog_electrodes` FP2"):
        fit_cleaning([], rows, SFREQ, CleaningSettings(eog="regression", **FOLD))


@pytest.mark.parametrize("options", [{"high_pass": 0.1}, {"low_pass": 40}, {"notch": (50,)}], ids=str)
def test_a_filter_longer_than_the_recording_is_refused(options):
    asked, rows = CleaningSettings(**options), ring()
    fitted = fit_cleaning([], rows, SFREQ, asked)
    with pytest.raises(UsageError, match="longer than a recording of"):
        clean(np.zeros((len(rows), 60)), rows, SFREQ, asked, fitted)


def test_what_cannot_be_learned_or_rebuilt_is_refused():
    rng = np.random.default_rng(5)
    rows = ring(EYE={"kind": "eog"}, EXTRA={"kind": "eog"})
    shared, all_of_it = rng.standard_normal((1, 5000)) * 20, np.ones(5000, dtype=bool)
    eeg = shared + rng.standard_normal((len(rows), 5000))
    bad, eog = CleaningSettings(detect_bad=True, **FOLD), CleaningSettings(eog="regression", **FOLD)

    def fit(eeg, asked, chosen=all_of_it, rows=rows):
        return fit_cleaning([(eeg, chosen)], rows, SFREQ, asked)

    for asked in (bad, eog):
        with pytest.raises(BadDataError, match="leave no EEG to learn from"):
            fit(eeg, asked, ~all_of_it)
    with pytest.raises(BadDataError, match="flat or copies"):
        fit(np.vstack([eeg[:-2], eeg[-1:], eeg[-1:]]), eog)
    with pytest.raises(BadDataError, match="flat or copies"):
        fit(np.vstack([eeg[:-1], np.ones((1, 5000))]), eog)
    with pytest.raises(BadDataError, match="12 of 12 electrodes look bad"):
        fit(np.zeros_like(eeg), bad)
    flat = eeg.copy()
    flat[3] = 0
    with pytest.raises(UsageError, match="`reference` E3: this electrode is bad"):
        fit(flat, CleaningSettings(detect_bad=True, reference=("E3",), **FOLD))
    nowhere = [row.model_copy(update={"x": None}) if row.electrode == "E3" else row for row in rows]
    with pytest.raises(UsageError, match="E3 cannot be interpolated: its position is not known"):
        fit(flat, bad, rows=nowhere)
    with pytest.raises(BadDataError, match="interpolation needs at least 4"):
        fit(eeg[:5], CleaningSettings(bad_electrodes=("E0", "E1")), rows=rows[:5])
