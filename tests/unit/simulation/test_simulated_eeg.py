"""Simulated EEG as an EEG scientist looks at it: spectra, averages against the average reference, artefacts, eyes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.signal import find_peaks, welch
from sklearn.linear_model import LinearRegression

from eeg2vid.stages.datasets.protocol import ELECTRODES, GROUPS
from eeg2vid.stages.simulation.brain import CHANGE_GAIN, changes, courses, make_subject, simulate_block
from eeg2vid.stages.simulation.films import COURSE_STEPS, FEATURE_NAMES, concept_code
from eeg2vid.stages.simulation.gaze import FARTHEST_DEG, eye_course
from eeg2vid.stages.simulation.noise import amplitude, coloured

F = len(FEATURE_NAMES)
ONSETS = 600 + 400 * np.arange(60)
N_SAMPLES = 25_000
FACE, DIRECTION = FEATURE_NAMES.index("face"), FEATURE_NAMES.index("direction")


def at(*names):
    return [ELECTRODES.index(name) for name in names]


def record(person, phi, *, snr=1.0, seed=0, **how):
    """Return EEG against the average of all electrodes, uV, and the same cut into clips and set to 0 before them."""
    eeg = simulate_block(
        phi, ONSETS, n_samples=N_SAMPLES, subject=person, snr=snr, rng=np.random.default_rng(seed), **how
    ).astype(float)  # fmt: skip
    eeg = 1e6 * (eeg - eeg.mean(axis=0))
    return eeg, np.stack([eeg[:, onset : onset + 400] for onset in ONSETS])


@pytest.fixture(scope="module")
def people():
    return [make_subject(seed) for seed in range(8)]


def test_gamma_has_no_walls():
    frequency = np.arange(1.0, 100.0, 0.25)
    shape = amplitude("gamma", frequency, 10.0)
    seen = shape > 0.02
    assert np.abs(np.diff(np.log(shape[seen]))).max() < 0.15  # at most 1.3 dB from one quarter of a hertz to the next
    assert 45 < frequency[shape.argmax()] < 60
    noise = coloured("gamma", 8, 40_000, 200.0, np.random.default_rng(0))
    assert noise.std() == pytest.approx(1, abs=0.02)
    found, power = welch(noise, 200, nperseg=400)
    power = 10 * np.log10(power.mean(axis=0))
    for wall in (35.0, 80.0):
        below, above = (power[np.abs(found - wall - side) < 1.1].mean() for side in (-1.5, 1.5))
        assert abs(below - above) < 3  # dB


def test_any_clip_evokes_p1_and_a_negative_n1_at_the_sides_of_the_occiput(people):
    """Averages of the simulated EEG of 60 clips, whatever the person's own reference, 150 to 200 ms."""
    n1, p1 = [], []
    for person in people:
        quiet = dataclasses.replace(person, background=0.1 * person.background, alpha_moment=0.1 * person.alpha_moment)
        _, clips = record(quiet, np.zeros((60, F)), artefacts=False)
        average = clips[5:].mean(axis=0)
        average -= average[:, :10].mean(axis=1, keepdims=True)  # of the 50 ms before anything arrives
        n1.append(average[at("PO7", "PO8", "P8"), 30:40].mean(axis=1))
        p1.append(average[at("O1", "OZ", "O2"), 17:26].max())
    assert np.all(np.array(n1) < -1)
    assert np.all(np.abs(np.mean(n1, axis=0) + 4) < 2)  # -2 to -6 uV
    assert np.mean(p1) > 0.7


def test_faces_give_a_negativity_at_p8_and_po8(people):
    """Face minus no face: 1 / 0.383 standard deviations of phi, strength 1, the same noise in both."""
    difference = []
    for person in people:
        yes, no = np.zeros((60, F)), np.zeros((60, F))
        yes[:, FACE], no[:, FACE] = (1 - 0.179) / 0.383, -0.179 / 0.383
        (_, with_face), (_, without) = (record(person, phi) for phi in (yes, no))
        average = (with_face - without).mean(axis=0)
        difference.append(average[at("P8", "PO8"), 30:40].mean(axis=1))
    found = np.mean(difference, axis=0)
    assert np.all(found < -3) and np.all(found > -6)
    assert np.mean(np.array(difference) < 0) > 0.8


def test_blinks_are_seen_ten_to_twenty_times_a_minute_and_have_100_uv(people):
    sizes, rates = [], []
    for person in people:
        only = dataclasses.replace(person.artefacts, muscle_rate=0.0, pop_rate=0.0, drift=0 * person.artefacts.drift)
        person = dataclasses.replace(person, artefacts=only, line=0 * person.line)
        with_them, without = (record(person, np.zeros((60, F)), artefacts=wanted)[0] for wanted in (True, False))
        front = (with_them - without)[at("FP1", "FP2")].mean(axis=0)
        peaks, _ = find_peaks(front, height=20, distance=40)
        sizes.append(np.median(front[peaks]))
        rates.append(len(peaks) / (N_SAMPLES / 200 / 60))
        assert np.diff(peaks).min() > 0.4 * 200  # one after the other
        assert np.abs((with_them - without)[at("O1", "PZ", "T8")]).max() < 0.5 * front.max()
    assert 80 < np.mean(sizes) < 120 and min(sizes) > 60 and max(sizes) < 150
    assert 10 < np.mean(rates) < 20


def test_muscle_bursts_are_fast_and_at_the_temples(people):
    for person in people[:3]:
        only = dataclasses.replace(
            person.artefacts, blink_rate=0.0, pop_rate=0.0, drift=0 * person.artefacts.drift, muscle_rate=6.0
        )
        person = dataclasses.replace(person, artefacts=only, line=0 * person.line)
        with_them, without = (record(person, np.zeros((60, F)), artefacts=wanted)[0] for wanted in (True, False))
        frequency, power = welch(with_them - without, 200, nperseg=200)
        most = [ELECTRODES[k] for k in np.argsort(power.sum(axis=1))[-8:]]
        assert set(most) & {"T7", "FT7"} and set(most) & {"T8", "FT8"}
        shape = power[at("T7", "T8")].sum(axis=0)
        assert shape[(frequency > 20) & (frequency < 90)].mean() > 3 * shape[(frequency > 1) & (frequency < 8)].mean()


def test_eyes_follow_the_motion_only_where_asked():
    person, phi = make_subject(3), np.zeros((60, F))
    flow = np.repeat(np.random.default_rng(0).normal(0, 2, (60, 1)), 16, axis=1)
    plain, followed = record(person, phi, snr=0.0)[0], record(person, phi, snr=0.0, gaze=flow)[0]
    eyes = followed - plain
    course = eye_course(flow, ONSETS, N_SAMPLES, 200.0)
    assert np.allclose(eyes[at("F8")] - eyes[at("F7")], 10 * course, atol=1e-3)  # 10 uV a degree
    assert np.abs(eyes[at("OZ", "PZ")]).max() < 0.25 * np.abs(eyes[at("F7")]).max()
    # while a clip lasts the eyes move to where the picture moves
    assert np.corrcoef(course[ONSETS + 300], flow[:, 0])[0, 1] > 0.8


def test_eyes_by_hand():
    """Constant speed v: v T (1 - exp(-t / T)) after the latency, before the eyes saturate."""
    flow = np.full((1, 16), 0.2)
    course = eye_course(flow, np.array([0]), 600, 1000.0)
    speed = 0.2 * 24 / 512 * 28
    assert np.all(course[:120] == 0)
    assert course[520] == pytest.approx(speed * (1 - np.exp(-0.4)), rel=0.01)
    twice = eye_course(np.repeat([[0.2], [0.2]], 16, axis=1), np.array([0, 2000]), 3000, 1000.0)
    assert np.array_equal(twice[2120:], twice[120:1000])  # a cut takes the eyes back
    assert np.all(eye_course(flow, np.array([590]), 600, 1000.0) == 0)  # the block ends before the eyes move
    fast = eye_course(np.full((1, 16), -90.0), np.array([0]), 600, 1000.0)
    assert -FARTHEST_DEG <= fast.min() < -0.95 * FARTHEST_DEG


def test_steps_alike_are_one_clip():
    person, which = make_subject(2), np.array([3, FACE, DIRECTION])
    times = np.arange(450) / 200 - 0.01
    whole = courses(person, times)[which]
    steps = changes(person, times, which)
    assert steps.shape == (COURSE_STEPS, 3, 450)
    assert np.allclose(steps.sum(axis=0), whole)
    early = times < person.latency[which[0]] + 3 / 3 - 4 * person.width[which[0]] - 0.03
    assert np.abs(steps[3, 0, early]).max() < 1e-3  # the fourth third has not begun
    peak = times[np.abs(steps[3, 0]).argmax()]
    assert peak == pytest.approx(1 + person.latency[which[0]], abs=0.03)


def test_the_response_follows_what_changes_within_a_clip():
    """The difference that a course makes is, by least squares, its patterns times its responses."""
    person = dataclasses.replace(make_subject(3), latency_jitter=0.0, gain_jitter=0.0)
    course = np.zeros((60, COURSE_STEPS, F))
    course[4, :, DIRECTION] = [-1, -1, -1, 1, 1, 1]
    plain, with_course = (record(person, np.zeros((60, F)), course=c)[0] for c in (None, course))
    assert np.abs((with_course - plain)[:, : ONSETS[4]]).max() < 1e-3
    steps = changes(person, np.arange(400) / 200, np.array([DIRECTION]))[:, 0]
    shape = course[4, :, DIRECTION] @ steps
    pattern = 1e6 * (person.evoked[DIRECTION] - person.evoked[DIRECTION].mean())
    found = (with_course - plain)[:, ONSETS[4] : ONSETS[4] + 400]
    fit = LinearRegression(fit_intercept=False).fit(np.outer(pattern, shape).reshape(-1, 1), found.ravel())
    assert fit.coef_[0] == pytest.approx(CHANGE_GAIN, rel=0.01)
    assert fit.score(np.outer(pattern, shape).reshape(-1, 1), found.ravel()) > 0.99
    with pytest.raises(ValueError, match="course"):
        record(person, np.zeros((60, F)), course=course[:, :5])


def test_concepts_of_a_group_are_alike_but_not_the_same():
    code = concept_code()
    assert np.allclose(code.mean(axis=0), 0) and np.allclose(code.std(axis=0), 1)
    group = np.repeat(np.arange(len(GROUPS)), [len(ids) for ids in GROUPS.values()])
    apart = np.square(code[:, None] - code).sum(axis=-1)
    same = (group[:, None] == group) & ~np.eye(40, dtype=bool)
    assert apart[same].mean() < 0.75 * apart[group[:, None] != group].mean()
    assert apart[~np.eye(40, dtype=bool)].min() > 0.1
    guessed = np.stack([code[same[k]].mean(axis=0) for k in range(40)])  # each by the others of its group
    assert np.corrcoef(guessed.ravel(), code.ravel())[0, 1] > 0.3


def test_a_later_session_is_the_same_brain_under_another_cap():
    first, again, second = make_subject(5), make_subject(5, session=1), make_subject(5, session=2)
    assert np.array_equal(first.evoked, again.evoked) and first.session == 1
    for name in ("alpha", "gamma", "width", "wave", "line", "alpha_peak", "latency_jitter", "reference"):
        if name not in ("alpha", "gamma"):
            assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert np.ptp(second.latency - first.latency) < 1e-12  # all later, or all earlier
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(first.evoked, second.evoked, strict=True)]
    other = [np.corrcoef(a, b)[0, 1] for a, b in zip(first.evoked, make_subject(6).evoked, strict=True)]
    assert 0.9 < np.median(alike) < 0.9999 and np.median(alike) > np.median(other)
    assert not np.array_equal(second.evoked, make_subject(5, session=3).evoked)
