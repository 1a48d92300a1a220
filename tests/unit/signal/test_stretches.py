"""Where epochs lie: against sample numbers worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.entities import Event, Recording
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.datasets.protocol import CLIPS_PER_RUN, HINT_S, RUN_S
from eeg2vid.stages.signal.stretches import Stretch, place_spans, refuse_outside, samples_of

RATE = 200.0


def event(number, run, onset, recording="r1", duration=2.0, hint=HINT_S):
    return Event(
        event=f"e{number}",
        subject="1",
        recording=recording,
        block="1",
        run=f"{recording}-{run}",
        position=1 + number % CLIPS_PER_RUN,
        clip=f"c{number}",
        onset_s=onset,
        onset_sample=round(onset * RATE),
        duration_s=duration,
        hint_s=hint,
    )


def protocol(n_runs=3, recording="r1"):
    """SEED-DV's timing: 3 s of hint, five clips of 2 s."""
    events = [
        event(5 * run + k, run, RUN_S * run + HINT_S + 2 * k, recording) for run in range(n_runs) for k in range(5)
    ]
    return events, Recording(recording=recording, start=0, length=round(n_runs * RUN_S * RATE), source="f")


def test_clips_lie_where_the_protocol_says():
    events, recording = protocol()
    spans = place_spans(events, [recording], RATE)
    assert spans.length == 400
    assert spans.first.tolist()[:6] == [600, 1000, 1400, 1800, 2200, 3200]
    assert spans.inside.all()


def test_hints_lie_before_the_run_for_all_of_its_clips():
    events, recording = protocol()
    spans = place_spans(events, [recording], RATE, span="hint")
    assert spans.length == 600
    assert spans.first.tolist() == [0] * 5 + [2600] * 5 + [5200] * 5


def test_a_lag_leaves_the_last_clip_outside():
    events, recording = protocol()
    spans = place_spans(events, [recording], RATE, tmin_s=0.8, tmax_s=2.8)
    assert spans.first[0] == 760 and spans.length == 400
    assert np.flatnonzero(~spans.inside).tolist() == [14]
    with pytest.raises(BadDataError, match=r"'e14' takes samples 7560 to 7960 of recording 'r1', which has 7800"):
        refuse_outside(spans, events, [recording])


def test_another_rate_moves_samples_in_proportion():
    events, recording = protocol()
    spans = place_spans(events, [recording], RATE, resample=128.0)
    assert spans.length == 256
    assert spans.first.tolist()[:3] == [384, 640, 896]
    assert spans.inside.all()


def test_the_shortest_clip_sets_the_length_where_clips_differ():
    events, recording = protocol()
    for k, duration in ((1, 1.7), (3, 1.5), (6, 1.9), (9, 1.6)):
        events[k] = events[k].model_copy(update={"duration_s": duration})
    spans = place_spans(events, [recording], RATE)
    assert (spans.length, spans.brief.any()) == (300, False)
    assert spans.said.startswith("epochs end with the shortest event, after 1.5 s: 4 of 15 are shorter (1.5 to 1.9 s)")
    assert place_spans(events, [recording], RATE, tmin_s=0.5).length == 200
    assert place_spans(events, [recording], RATE, tmax_s=2.0).said == ""


@pytest.mark.parametrize("last", [0.1, 0.5, 1.0, 1.5, 1.9])
def test_a_few_that_were_broken_off_shorten_no_other(last):
    events, recording = protocol()
    events[3] = event(3, 0, 9.0, duration=last)
    events[7] = event(7, 1, 20.0, duration=1.98)  # a picture shorter: sets the length
    spans = place_spans(events, [recording], RATE)
    assert (spans.length, np.flatnonzero(spans.brief).tolist()) == (396, [3])
    assert spans.said.startswith(f"Warning: 1 of 15 events end short of the usual 2 s (after {last:g} s)")


def test_the_last_one_may_be_broken_off_with_the_recording():
    events, recording = protocol()
    events[14] = event(14, 2, 38.0, duration=0.5)
    recording = recording.model_copy(update={"length": 7700})  # 38.5 s
    spans = place_spans(events, [recording], RATE)
    assert spans.length == 400
    assert np.flatnonzero(~spans.inside).tolist() == np.flatnonzero(spans.brief).tolist() == [14]
    refuse_outside(spans, events, [recording])


@pytest.mark.parametrize(("last", "samples"), [(2.0, 400), (1.9995, 400), (5.0, 400)])
def test_events_of_one_length_say_nothing(last, samples):
    events, recording = protocol()
    events[3] = event(3, 0, 9.0, duration=last)
    spans = place_spans(events, [recording], RATE)
    assert (spans.length, spans.said, spans.brief.any()) == (samples, "", False)


def test_a_picture_more_or_less_is_told_and_rejects_nothing():
    events, recording = protocol()
    events[3] = event(3, 0, 9.0, duration=1.96)
    spans = place_spans(events, [recording], RATE)
    assert (spans.length, spans.brief.any()) == (392, False)
    assert spans.said.startswith("epochs end with the shortest event, after 1.96 s: 1 of 15 are shorter (1.96 s)")


def test_impossible_epochs_are_refused():
    events, recording = protocol()
    with pytest.raises(UsageError, match="holds no sample"):
        place_spans(events, [recording], RATE, tmin_s=1.0, tmax_s=0.5)
    with pytest.raises(UsageError, match="'e0' knows of no hint"):
        place_spans([event(0, 0, 3.0, hint=None)], [recording], RATE, span="hint")


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_a_stretch_reads_as_a_slice_does(seed):
    rng = np.random.default_rng(seed)
    whole = rng.standard_normal((3, 50))
    start, length = int(rng.integers(0, 30)), int(rng.integers(1, 20))
    part = Stretch(whole, start, length)
    first, last = sorted(rng.integers(0, length + 1, 2).tolist())
    assert part.shape == (3, length)
    np.testing.assert_array_equal(part[1:, first:last], whole[:, start : start + length][1:, first:last])
    np.testing.assert_array_equal(part[:, :], whole[:, start : start + length])


def test_training_samples_are_those_of_the_events():
    events, recording = protocol(2)
    other = Recording(recording="r2", start=0, length=100, source="g")
    chosen = samples_of(events[1:3], recording, RATE)
    assert np.flatnonzero(chosen).tolist() == list(range(1000, 1800))
    assert not samples_of(events, other, RATE).any()


def test_a_rate_kept_in_single_precision_is_not_resampled():
    events, recording = protocol()
    for rate in (RATE * (1 + 1e-7), RATE):
        spans = place_spans(events, [recording], rate, resample=RATE * (1 - 1e-7))
        assert (spans.length, spans.inside.all()) == (400, True)
        assert spans.first.tolist()[:3] == [600, 1000, 1400]
