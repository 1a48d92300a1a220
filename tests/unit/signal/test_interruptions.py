"""Cuts and bad spans: which epochs touch them by hand, and cleaning that is what each stretch alone would give."""

import mne
import numpy as np
import pytest

from eeg2vid.schemas.entities import Electrode, Event, MarkedSpan, Recording
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.stages.signal.interruptions import Interruptions, touching
from eeg2vid.stages.signal.pipeline import Recorded, make_epochs, make_features

RATE, LENGTH = 200.0, 8000
NAMES = ("FP1", "FP2", "C3", "C4", "O1", "O2")


def span(start, length, kind="cut"):
    return MarkedSpan(recording="r", start=start, length=length, kind=kind, text="x")


def recorded(*spans, seed=0, jump=None):
    """Forty seconds with a clip of 2 s every 4 s (samples 400, 1200, ...); the offset jumps where it is cut."""
    eeg = 1e-5 * np.random.default_rng(seed).standard_normal((len(NAMES), LENGTH))
    if jump is not None:
        eeg[:, jump:] += 1e-3
    events = [
        Event(
            event=f"e{k}", subject="1", recording="r", block="1", run="r-1", position=k + 1, clip=f"c{k}",
            onset_s=2 + 4 * k, onset_sample=400 + 800 * k, duration_s=2, hint_s=1,
        )
        for k in range(9)
    ]  # fmt: skip
    recordings = [Recording(recording="r", start=0, length=LENGTH, source="f")]
    rows = [Electrode(electrode=name, x=0.01 * k, y=0.05, z=0.05) for k, name in enumerate(NAMES)]
    return Recorded(eeg, RATE, rows, recordings, events, spans)


def settings(**given):
    return PreprocessSettings(bands=((4.0, 8.0), (8.0, 14.0)), **given)


def states(found, state="rejected"):
    return [k for k, one in enumerate(found.states) if one == state]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(0, 400, False), (400, 401, True), (799, 801, True), (800, 900, False), (0, 8000, True)],
)
def test_an_epoch_of_samples_400_to_799_touches(first, last, expected):
    assert touching(np.array([400]), 400, [(first, last)]).tolist() == [expected]


@pytest.mark.parametrize(("at", "expected"), [(399, False), (400, False), (401, True), (799, True), (800, False)])
def test_an_epoch_of_samples_400_to_799_contains_a_cut(at, expected):
    assert touching(np.array([400]), 400, [(at, at)]).tolist() == [expected]


def test_stretches_lie_between_cuts():
    marks = Interruptions(100, cuts=((10, 10), (30, 50), (50, 50)), bad=((5, 12), (98, 100)))
    assert marks.pieces == [(0, 10), (10, 30), (50, 100)]
    assert np.flatnonzero(~marks.usable()).tolist() == [*range(5, 12), *range(30, 50), 98, 99]
    assert marks.piece_of(np.array([0, 9, 10, 29, 30, 60])).tolist() == [0, 0, 1, 1, 2, 3]
    half = marks.at_rate(0.5)
    assert (half.length, half.cuts, half.bad) == (50, ((5, 5), (15, 25), (25, 25)), ((2, 6), (49, 50)))
    assert Interruptions(100).pieces == [(0, 100)]


def test_touched_epochs_are_rejected_and_can_be_kept():
    subject = recorded(span(1400, 0), span(2390, 20, "bad"), span(3600, 0), span(3200, 400, "bad"))
    # e1: 1200 to 1599 holds the cut; e2: 2000 to 2399 the first bad samples; e3: 2800 to 3199; e4: 3600 to 3999
    found = make_epochs(subject, settings())
    assert states(found) == [1, 2]
    assert np.flatnonzero(found.marks.cut).tolist() == [1] and np.flatnonzero(found.marks.bad).tolist() == [2]
    kept = make_epochs(subject, settings(reject_spans=False))
    assert states(kept) == []
    np.testing.assert_array_equal(kept.values, make_epochs(recorded(), settings()).values)


def test_a_hint_that_is_marked_spoils_the_clips_it_is_subtracted_from():
    subject = recorded(span(300, 10, "bad"))  # the hint of the one run lies from 200 to 399
    assert states(make_epochs(subject, settings())) == []
    assert states(make_epochs(subject, settings(baseline="hint"))) == list(range(9))


@pytest.mark.parametrize(
    "given", [{"high_pass": 1.0}, {"low_pass": 30.0}, {"notch": (50.0,)}, {"high_pass": 1.0, "resample": 100.0}]
)
def test_cleaning_stops_at_a_cut(given):
    """Each stretch comes out as MNE makes it of that stretch alone; what lies behind the cut does not reach over it."""
    cut = 3000
    subject = recorded(span(cut, 0), jump=cut)
    found = make_epochs(subject, settings(reference=("average",), **given))
    assert states(found) == [3]  # 2800 to 3199
    ratio = given.get("resample", RATE) / RATE
    for first, last, places in ((0, cut, (0, 1, 2)), (cut, LENGTH, (4, 5, 6, 7, 8))):
        alone = subject.eeg[:, first:last] * 1e6
        with mne.utils.use_log_level("ERROR"):
            if "notch" in given:
                alone = mne.filter.notch_filter(alone, RATE, np.array(given["notch"]))
            else:
                alone = mne.filter.filter_data(alone, RATE, given.get("high_pass"), given.get("low_pass"))
            alone = alone - alone.mean(axis=0)
            if ratio != 1:
                alone = mne.filter.resample(alone, up=100.0, down=RATE, npad="auto")
        for k in places:
            start = round((400 + 800 * k - first) * ratio)
            np.testing.assert_allclose(found.values[k], alone[:, start : start + round(400 * ratio)], atol=1e-3)
    other = recorded(span(cut, 0), jump=cut)
    other.eeg[:, cut:] *= 50
    changed = make_epochs(other, settings(reference=("average",), **given))
    np.testing.assert_array_equal(found.values[:3], changed.values[:3])


def test_bad_spans_stop_no_filter():
    spans = [span(3000, 50, "bad")]
    given = settings(high_pass=1.0)
    np.testing.assert_array_equal(make_epochs(recorded(*spans), given).values, make_epochs(recorded(), given).values)


def test_a_stretch_too_short_for_the_filter():
    """At 1 Hz a filter is 3.3 s long: between 4 s and 6.5 s there is no room, and epoch e1 (6 to 8 s) has a cut."""
    subject = recorded(span(800, 0), span(1300, 0), span(1900, 0), span(2500, 0))
    found = make_epochs(subject, settings(high_pass=1.0))
    # e0 (400 to 799) lies in 0 to 800: 4 s are enough; e2 (2000 to 2399) in 1900 to 2500: 3 s are not
    assert np.flatnonzero(found.marks.short).tolist() == [1, 2] and states(found) == [1, 2]
    assert states(make_epochs(subject, settings(high_pass=1.0, reject_spans=False))) == [1, 2]
    assert states(make_epochs(subject, settings())) == [1]
    mean = subject.eeg[:, 1900:2500].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found.values[2], 1e6 * (subject.eeg[:, 2000:2400] - mean), atol=1e-3)
    with pytest.raises(UsageError, match="longer than a recording of 40 s"):
        make_epochs(recorded(), settings(high_pass=0.05))


def test_what_was_not_recorded_has_no_features():
    """Zeros stand for a pause: they are neither filtered nor measured, and the epochs are rejected in any case."""
    subject = recorded(span(1300, 1000))
    subject.eeg[:, 1300:2300] = 0
    for given in (settings(high_pass=1.0), settings(), settings(reject_spans=False)):
        found = make_epochs(subject, given)
        assert states(found) == [1, 2]
        assert not found.values[1, :, 100:].any() and not found.values[2, :, :300].any()
        de, psd = make_features(found, subject.events, given)
        assert not de[1:3].any() and psd[[0, *range(3, 9)]].all()


def test_what_is_learned_comes_from_what_is_not_marked():
    spans = [span(1300, 100, "bad"), span(2800, 0)]
    given = settings(eog="regression", eog_electrodes=("FP1",), fold="f")
    before, other = recorded(*spans), recorded(*spans)
    other.eeg[:, 1300:1400] *= 500
    learned = [make_epochs(one, given, one.events) for one in (before, other)]
    np.testing.assert_array_equal(learned[0].values[0], learned[1].values[0])
    other.eeg[:, 1250:1260] *= 500  # of the same clip, not marked
    assert not np.array_equal(learned[0].values[0], make_epochs(other, given, other.events).values[0])


@pytest.mark.parametrize("smoothing", ["moving-average", "lds"])
def test_smoothing_stops_at_a_cut(smoothing):
    given = settings(smoothing=smoothing)
    subject = recorded(span(3000, 0))  # in e3; e0 to e2 lie before
    found = make_epochs(subject, given)
    before, _ = make_features(found, subject.events, given)
    found.values[4:] *= 7
    after, _ = make_features(found, subject.events, given)
    np.testing.assert_array_equal(before[:4], after[:4])
    assert not np.array_equal(before[4:], after[4:])
    found.values[3] *= 7  # its own windows only
    last, _ = make_features(found, subject.events, given)
    np.testing.assert_array_equal(np.delete(after, 3, axis=0), np.delete(last, 3, axis=0))


def test_nothing_marked_changes_nothing():
    given = settings(high_pass=1.0, smoothing="lds")
    subject = recorded()
    found = make_epochs(subject, given)
    with mne.utils.use_log_level("ERROR"):
        whole = mne.filter.filter_data(subject.eeg * 1e6, RATE, 1.0, None)
    np.testing.assert_array_equal(found.values[0], whole[:, 400:800].astype(np.float32))
    assert set(found.states) == {"ok"} and not found.marks.stretch.any()
