"""From recordings to epochs and features: what goes where, and that nothing of the test block leaks into training."""

import numpy as np
import pytest

from eeg2vid.schemas.entities import Electrode, Event, Recording
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.stages.signal.features import band_features
from eeg2vid.stages.signal.pipeline import Recorded, make_epochs, make_features

RATE, BLOCK = 200.0, 6000
NAMES = ("FP1", "FP2", "C3", "C4", "O1", "O2", "VEOG")
PLACES = {"FP1": (-3, 8), "FP2": (3, 8), "C3": (-6, 0), "C4": (6, 0), "O1": (-3, -8), "O2": (3, -8)}


def recorded(seed=0):
    """Two recordings of 30 s with three runs of two clips each; six electrodes and one beside the eye; volts."""
    rng = np.random.default_rng(seed)
    eeg = 1e-5 * rng.standard_normal((len(NAMES), 2 * BLOCK))
    blinks = 1e-4 * (rng.random(2 * BLOCK) < 0.002)
    eeg[-1] += 5 * np.convolve(blinks, np.hanning(80), "same")
    eeg[:2] += np.convolve(blinks, np.hanning(80), "same")
    events = []
    for block in (1, 2):
        for run in range(3):
            for clip in range(2):
                onset = 9 * run + 3 + 2 * clip
                events.append(
                    Event(
                        event=f"b{block}-r{run}-c{clip}",
                        subject="1",
                        recording=f"rec{block}",
                        block=str(block),
                        run=f"b{block}-r{run}",
                        position=clip + 1,
                        clip=f"clip-{block}-{run}-{clip}",
                        onset_s=onset,
                        onset_sample=round(onset * RATE),
                        duration_s=2,
                        hint_s=3,
                    )
                )
    recordings = [
        Recording(recording=f"rec{block}", block=str(block), start=(block - 1) * BLOCK, length=BLOCK, source="f")
        for block in (1, 2)
    ]
    rows = []
    for name in NAMES:
        x, y = PLACES.get(name, (None, None))
        known = {} if x is None else {"x": x / 100, "y": y / 100, "z": 0.05}
        rows.append(Electrode(electrode=name, kind="eog" if name == "VEOG" else "eeg", **known))
    return Recorded(eeg, RATE, rows, recordings, events)


def settings(**given):
    return PreprocessSettings(bands=((4.0, 8.0), (8.0, 14.0)), **given)


def test_epochs_are_slices_in_microvolts_without_the_eye():
    subject = recorded()
    found = make_epochs(subject, settings())
    assert [row.electrode for row in found.electrodes] == list(NAMES[:-1])
    assert found.values.shape == (12, 6, 400) and set(found.states) == {"ok"} and found.cleaning == ()
    for k, event in enumerate(subject.events):
        start = event.onset_sample + (0 if event.block == "1" else BLOCK)
        np.testing.assert_allclose(found.values[k], subject.eeg[:6, start : start + 400] * 1e6, rtol=1e-6)


def test_features_are_those_of_the_epochs():
    subject = recorded()
    given = settings(window_s=0.5, step_s=0.25)
    found = make_epochs(subject, given)
    de, psd = make_features(found, subject.events, given, threads=2)
    expected = band_features(found.values, RATE, given.bands, window_s=0.5, step_s=0.25, dtype=np.float32)
    np.testing.assert_array_equal(de, expected[0])
    np.testing.assert_array_equal(psd, expected[1])


def test_a_step_that_learns_sees_training_events_only():
    subject = recorded()
    training = [event for event in subject.events if event.block == "1"]
    given = settings(eog="regression", fold="block-2")
    before = make_epochs(subject, given, training)
    other = recorded()
    other.eeg[:, BLOCK:] = recorded(seed=9).eeg[:, BLOCK:]
    after = make_epochs(other, given, training)
    np.testing.assert_array_equal(before.values[:6], after.values[:6])
    assert not np.array_equal(before.values[6:], after.values[6:])
    other.eeg[:, 700:900] *= 3  # within the first training clip
    assert not np.array_equal(before.values[1], make_epochs(other, given, training).values[1])


def test_regression_takes_the_eye_out():
    subject = recorded()
    raw = make_epochs(subject, settings())
    clean = make_epochs(subject, settings(eog="regression", fold="f"), subject.events)
    eye = np.stack(
        [subject.eeg[6, (s := e.onset_sample + (e.block == "2") * BLOCK) : s + 400] for e in subject.events]
    ).ravel()

    def likeness(epochs, place):
        return abs(np.corrcoef(epochs.values[:, place].ravel(), eye)[0, 1])

    assert likeness(raw, 0) > 0.5 > 0.1 > likeness(clean, 0)
    assert any("EOG" in step or "eye" in step for step in clean.cleaning)


def test_rejected_by_peak_to_peak():
    subject = recorded()
    start = BLOCK + subject.events[8].onset_sample
    subject.eeg[3, start + 50] = 5e-3
    found = make_epochs(subject, settings(reject_uv=2000))
    assert [k for k, state in enumerate(found.states) if state == "rejected"] == [8]


def test_beyond_the_recording():
    subject = recorded()
    late = {"tmin_s": 6, "tmax_s": 8}
    with pytest.raises(BadDataError, match="takes samples"):
        make_epochs(subject, settings(**late))
    found = make_epochs(subject, settings(**late, outside="leave-out"))
    outside = [state == "outside" for state in found.states]
    assert outside == [e.onset_sample + 1600 > BLOCK for e in subject.events] and any(outside)
    de, _ = make_features(found, subject.events, settings(**late))
    assert not de[outside].any() and de[np.logical_not(outside)].all(axis=(1, 2, 3)).all()


def test_smoothing_needs_no_neighbours_of_other_runs():
    subject = recorded()
    given = settings(smoothing="lds")
    found = make_epochs(subject, given)
    before, _ = make_features(found, subject.events, given)
    found.values[:2] *= 5  # the first run
    after, _ = make_features(found, subject.events, given)
    assert not np.array_equal(before[:2], after[:2])
    np.testing.assert_array_equal(before[2:], after[2:])


def test_electrodes_are_chosen_by_name():
    subject = recorded()
    found = make_epochs(subject, settings(electrodes=("o2", "C3")))
    assert [row.electrode for row in found.electrodes] == ["C3", "O2"]
    np.testing.assert_allclose(found.values[0, 1], subject.eeg[5, 600:1000] * 1e6, rtol=1e-6)
    with pytest.raises(UsageError, match="`electrodes` VEOG"):
        make_epochs(subject, settings(electrodes=("VEOG",)))


def test_an_event_broken_off_is_rejected_and_the_others_are_as_before():
    subject, usual = recorded(), make_epochs(recorded(), settings())
    subject.events[4] = subject.events[4].model_copy(update={"duration_s": 0.5})
    found = make_epochs(subject, settings())
    np.testing.assert_array_equal(found.values, usual.values)
    assert [state for k, state in enumerate(found.states) if k != 4] == ["ok"] * 11
    assert found.states[4] == "rejected" and len(found.lengths) == 1
    assert usual.lengths == () and not usual.brief.any()


def test_a_hint_broken_off_is_no_baseline():
    subject = recorded()
    for k in (0, 1):
        subject.events[k] = subject.events[k].model_copy(update={"hint_s": 1.0})
    found = make_epochs(subject, settings(baseline="hint"))
    assert found.states == ["rejected", "rejected", *["ok"] * 10]
