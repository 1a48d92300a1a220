"""Quality of recordings: every number against what was planted, words against numbers, pictures that are pictures."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.quality import ElectrodeQuality, RecordingQuality
from eeg2vid.stages.datasets.held_values import Held, find_held
from eeg2vid.stages.datasets.montage import electrode_positions
from eeg2vid.stages.reporting.quality_charts import draw_excerpt, draw_numbers
from eeg2vid.stages.reporting.quality_page import QualityData, RecordingView, data_url, render_quality
from eeg2vid.stages.reporting.quality_verdict import command, merged, verdict_of
from eeg2vid.stages.signal.quality import find_blinks, line_noise, measure

SFREQ = 200.0
NAMES = "FP1 FP2 F3 F4 FZ C3 C4 CZ P3 P4 PZ O1 O2 OZ".split()
SCALP = [
    Electrode(electrode=name, x=x, y=y, z=z) for name, (x, y, z) in zip(NAMES, electrode_positions(NAMES), strict=True)
]
MINUTES = 2.0
N = int(MINUTES * 60 * SFREQ)
CLOCK = np.arange(N) / SFREQ


def quiet(seed=0):
    """Return EEG with nothing wrong: 10 µV that electrodes share, 4 µV of their own."""
    rng = np.random.default_rng(seed)
    return 10 * rng.standard_normal((1, N)) * np.ones((len(SCALP), 1)) + 4 * rng.standard_normal((len(SCALP), N))


def blinking(seconds):
    """Return 150 µV of 0.3 s at each time."""
    wave = np.zeros(N)
    wave[np.round(np.array(seconds) * SFREQ).astype(int)] = 150
    return np.convolve(wave, np.hanning(61), mode="same")


def test_numbers_are_those_planted():
    eeg = quiet()
    eeg[3] += 500
    eeg[5] += 30 * np.sin(2 * np.pi * CLOCK / 40)
    found = measure(eeg, SCALP, SFREQ, (50, 60, 150))
    sd = np.hypot(10, 4)
    np.testing.assert_allclose(found.amplitude, sd, rtol=0.03)
    np.testing.assert_allclose(found.offset, np.median(eeg, axis=1), atol=1e-9)
    assert abs(found.offset[3] - 500) < 1
    np.testing.assert_allclose(found.spread[:, 0], sd * np.array([-2.326, -0.6745, 0.6745, 2.326]), rtol=0.05)
    still = np.delete(found.drift, 5)
    np.testing.assert_allclose(still, sd / np.sqrt(SFREQ), rtol=0.3)
    assert found.drift[5] == pytest.approx(30 / np.sqrt(2), rel=0.1)
    np.testing.assert_allclose(found.density[:, 4:-4].mean(axis=1), 2 * sd**2 / SFREQ, rtol=0.1)
    assert list(found.line_db) == [50, 60] and abs(found.line_db[50]).max() < 2.5
    assert found.bad == {} and len(found.blinks) == 0 and found.eyes == ("FP1", "FP2")


def test_line_noise_by_hand():
    rng = np.random.default_rng(1)
    sd, amplitude = 10.0, 6.0
    eeg = sd * rng.standard_normal((3, N)) + amplitude * np.sin(2 * np.pi * 50 * CLOCK)
    found = measure(np.vstack([eeg] * 5)[:14], SCALP, SFREQ, (50,))
    floor = 2 * sd**2 / SFREQ
    # a sinusoid's power, all of it inside the 5 bins of 0.25 Hz that are averaged
    expected = 10 * np.log10(1 + amplitude**2 / 2 / (5 * 0.25) / floor)
    np.testing.assert_allclose(found.line_db[50][:3], expected, atol=0.6)
    flat = np.zeros((1, len(found.frequencies)))
    assert line_noise(found.frequencies, flat, 50) == [0]


def test_blinks_are_counted():
    at = np.arange(3, 118, 4.1)
    eeg = quiet()
    eeg += np.array([1, 1] + [0.3] * 3 + [0.05] * 9)[:, None] * blinking(at)
    peaks, eyes = find_blinks(eeg, SCALP, SFREQ)
    assert eyes == ("FP1", "FP2") and len(peaks) == len(at)
    assert abs(peaks / SFREQ - at).max() < 0.05
    everywhere = quiet() + blinking(at)
    assert len(find_blinks(everywhere, SCALP, SFREQ)[0]) == 0  # the whole cap moved
    assert find_blinks(eeg, SCALP, SFREQ, bad=("FP1",))[1] == ("FP2",)
    assert find_blinks(eeg[2:], SCALP[2:], SFREQ) == (None, ())


def test_words_follow_the_numbers():
    good = verdict_of(measure(quiet(), SCALP, SFREQ, (50, 60)), SCALP, MINUTES, Held())
    assert good.verdict == "ok" and good.words == "Nothing stands out." and command("1", good.options) == ""
    eeg = quiet() + 100 * np.sin(2 * np.pi * CLOCK / 30) + 20 * np.sin(2 * np.pi * 60 * CLOCK)
    eeg[:2] += blinking(np.arange(2, 118, 5))
    eeg[7] = 0
    found = measure(eeg, SCALP, SFREQ, (50, 60))
    told = verdict_of(found, SCALP, MINUTES, Held())
    assert told.verdict == "warning" and list(found.bad) == ["CZ"]
    for word in (
        "Slow drift of",
        "Line noise at 60 Hz",
        "12 blinks a minute on FP1, FP2",
        "1 of 14 electrode looks bad: CZ",
    ):
        assert word in told.words
    assert command("3", told.options) == (
        "eeg2vid preprocess --subject 3 --variant clean --new --high-pass 0.5 --notch 60 --eog regression "
        "--eog-electrodes FP1 --eog-electrodes FP2 --detect-bad --fold NAME"
    )
    assert merged(["--fold NAME", "--notch 50", "--notch 50", "--high-pass 0.5"]) == (
        "--notch 50", "--high-pass 0.5", "--fold NAME",
    )  # fmt: skip


def test_what_cannot_be_interpolated_is_left_out():
    nowhere = [Electrode(electrode=name) for name in NAMES]
    eeg = quiet()
    eeg[7] = 0
    told = verdict_of(measure(eeg, nowhere, SFREQ, (50,)), nowhere, MINUTES, Held())
    assert told.options == ("--exclude CZ",)


def test_dropouts_and_clipping_are_told():
    eeg = quiet()
    eeg[3, 2000:2100] = 0
    eeg[5] = np.clip(eeg[5], -15, 15)
    told = verdict_of(measure(eeg, SCALP, SFREQ, (50, 60)), SCALP, MINUTES, find_held(eeg, SFREQ))
    share = 100 * (abs(eeg[5]) == 15).mean()
    first = np.flatnonzero(abs(eeg[5]) == 15)[0] / SFREQ
    assert told.verdict == "warning"
    assert "Values repeated for long: F4 (0.42 %, first at 10.0 s)." in told.words  # 100 of 24,000 samples
    assert f"Clipped at the end of the scale: C3 ({share:.2g} %, first at {first:.1f} s)." in told.words


def test_poor_recordings_are_called_poor():
    eeg = quiet()
    eeg[:5] = 0
    assert verdict_of(measure(eeg, SCALP, SFREQ, (50,)), SCALP, MINUTES, Held()).verdict == "poor"
    volts = verdict_of(measure(quiet() * 1e-6, SCALP, SFREQ, (50,)), SCALP, MINUTES, Held())
    assert volts.verdict == "poor" and "not that of EEG" in volts.words


def test_eog_is_described_but_not_judged():
    electrodes = [*SCALP, Electrode(electrode="VEOG", kind="eog")]
    eeg = np.vstack([quiet(), 300 * np.random.default_rng(9).standard_normal((1, N))])
    found = measure(eeg, electrodes, SFREQ, (50,))
    assert found.bad == {} and found.amplitude[-1] == pytest.approx(300, rel=0.05)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


@pytest.mark.parametrize("kind", ["plain", "many", "few", "short", "all bad"])
def test_pictures_are_drawn_of_anything(kind):
    electrodes, eeg = SCALP, quiet()[:, : int(20 * SFREQ)]
    if kind == "many":
        electrodes = [Electrode(electrode=f"E{k}") for k in range(257)]
        eeg = np.random.default_rng(0).standard_normal((257, 1000))
    elif kind == "few":
        electrodes, eeg = SCALP[:1], eeg[:1]
    elif kind == "short":
        eeg = eeg[:, :90]
    elif kind == "all bad":
        eeg = np.zeros_like(eeg)
    found = measure(eeg, electrodes, SFREQ, (50,) if kind != "short" else (150,))
    first = draw_numbers(found, electrodes)
    assert pixels(first).std() > 5 and first == draw_numbers(found, electrodes)
    shown = {"start_s": 3.0, "bad": found.bad, "blinks_s": [4.0], "onsets_s": [5.0]}
    assert pixels(draw_excerpt(eeg, electrodes, SFREQ, **shown)).std() > 5


def test_bad_electrodes_stand_out_in_colour():
    eeg = quiet()
    bad = eeg.copy()
    bad[7] *= 30
    orange = []
    for each in (eeg, bad):
        picture = pixels(draw_numbers(measure(each, SCALP, SFREQ, (50,)), SCALP))
        orange.append(int(((picture[..., 0] > 170) & (picture[..., 2] < 60) & (picture[..., 1] < 120)).sum()))
    assert orange[0] == 0 and orange[1] > 300


def page(stamps=(), **changes):
    row = RecordingQuality(
        recording="block-1", session="1", minutes=8.7, electrodes=62, events=200, amplitude_uv=9.0, drift_uv=4.0,
        line_hz=50.0, line_db=21.0, blinks=None, blinks_per_minute=None, verdict="warning", words="<b>loud</b>",
    ).model_copy(update=changes)  # fmt: skip
    bad = ElectrodeQuality(
        recording="block-1", electrode="T7", offset_uv=1, amplitude_uv=2, low_uv=-3, high_uv=3, drift_uv=1, bad="flat"
    )
    view = RecordingView(row, [bad], data_url(b"one"), data_url(b"two"))
    return render_quality(QualityData("3", 200.0, stamps, "2026-11-21", (50.0, 60.0), [view], "eeg2vid preprocess"))


def test_page_stands_by_itself_and_says_simulated():
    text = page()
    assert "SIMULATED" not in text and "SIMULATED DATA" in page(stamps=("simulated",))
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert "&lt;b&gt;loud" in text and "<b>loud" not in text
    assert "no good electrode lies over the eyes" in text and "T7" in text and text == page()
    assert "The recording is poor." in page(verdict="poor")
