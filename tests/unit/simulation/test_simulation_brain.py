from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eeg2vid.stages.datasets.protocol import ELECTRODES
from eeg2vid.stages.simulation.brain import courses, make_subject, simulate_block, trial_jitter
from eeg2vid.stages.simulation.films import FEATURE_NAMES
from eeg2vid.stages.simulation.forward import PATCH_NAMES
from eeg2vid.stages.simulation.population import clip_population

SLOTS, N_SAMPLES = 8, 8 * 2600
HINTS = np.arange(SLOTS) * 2600
ONSETS = (HINTS[:, None] + 600 + 400 * np.arange(5)).ravel()
F = len(FEATURE_NAMES)
CONCEPTS = [1, 6, 10, 15, 20, 27, 33, 40]
OCCIPITAL = [ELECTRODES.index(name) for name in ("O1", "OZ", "O2", "POZ")]
STEADY = {"latency_jitter": 0.0, "gain_jitter": 0.0}


def block(phi, snr, *, subject=1, seed=0, person=None, **how):
    return simulate_block(
        phi, ONSETS, n_samples=N_SAMPLES, subject=person or make_subject(subject), snr=snr,
        rng=np.random.default_rng(seed), hints_samples=HINTS, **how,
    )  # fmt: skip


def evoked_only(seed, **changes):
    person = make_subject(seed)
    return dataclasses.replace(person, alpha=0 * person.alpha, gamma=0 * person.gamma, **changes)


@pytest.fixture(scope="module")
def phi():
    return np.random.default_rng(5).standard_normal((len(ONSETS), F))


def test_volts_of_a_believable_size_and_the_same_every_time(phi):
    eeg = block(phi, 1.0)
    assert eeg.shape == (62, N_SAMPLES)
    assert eeg.dtype == np.float32
    assert 5e-6 < np.median(eeg.std(axis=1)) < 25e-6
    assert np.array_equal(eeg, block(phi, 1.0))
    assert not np.array_equal(eeg, block(phi, 1.0, seed=1))
    assert not np.array_equal(eeg, block(phi, 1.0, subject=2))


def test_snr_zero_keeps_no_trace_of_the_clips(phi):
    assert np.array_equal(block(phi, 0.0), block(np.zeros_like(phi), 0.0))


def test_noise_does_not_depend_on_snr(phi):
    before_the_first_clip = slice(0, ONSETS[0])
    assert np.array_equal(block(phi, 0.0)[:, before_the_first_clip], block(phi, 5.0)[:, before_the_first_clip])


@settings(derandomize=True, deadline=None, max_examples=5)
@given(st.floats(0.1, 5), st.integers(0, 2**31))
def test_evoked_part_is_linear_in_snr(snr, seed):
    phi = np.random.default_rng(seed).standard_normal((len(ONSETS), F))
    person = evoked_only(3)
    none, one, more = (block(phi, s, person=person, seed=seed).astype(float) for s in (0.0, 1.0, snr))
    assert np.abs(one - none).max() > 1e-6
    assert np.allclose(more - none, snr * (one - none), atol=2e-10)


def test_evoked_part_is_patterns_times_courses():
    """One feature of one clip: one scalp pattern times one course, delayed and scaled as drawn for that trial."""
    person = evoked_only(3)
    only = np.zeros((len(ONSETS), F))
    only[4, 7] = 2.0
    difference = block(only, 1.0, person=person).astype(float) - block(only, 0.0, person=person)
    start = ONSETS[4]
    left, values, right = np.linalg.svd(difference[:, start : start + 450], full_matrices=False)
    assert values[1] < 1e-3 * values[0]
    assert abs(left[:, 0] @ person.evoked[7]) / np.linalg.norm(person.evoked[7]) > 0.999
    assert np.abs(difference[:, :start]).max() == 0
    assert np.abs(difference[:, start + 450 :]).max() == 0
    times = np.arange(450) / 200
    delays = np.linspace(-0.12, 0.12, 241)
    shapes = courses(person, times - delays[:, None])[:, 7]
    alike = np.abs(shapes[:, :380] @ right[0, :380]) / np.linalg.norm(shapes[:, :380], axis=1)
    best = delays[alike.argmax()]
    assert alike.max() / np.linalg.norm(right[0, :380]) > 0.999
    streams = np.random.default_rng(0).integers(2**63, size=7).tolist()
    gain, delay = trial_jitter(person, len(ONSETS), np.random.default_rng(streams[3]))
    assert best == pytest.approx(delay[4], abs=0.002)
    assert values[0] == pytest.approx(
        2 * gain[4] * np.linalg.norm(person.evoked[7]) * np.linalg.norm(shapes[alike.argmax()]), rel=0.03
    )


def test_jitter_has_the_size_asked_for():
    person = make_subject(2)
    assert 0.020 <= person.latency_jitter <= 0.050
    gain, delay = trial_jitter(person, 50_000, np.random.default_rng(0))
    assert gain.mean() == pytest.approx(1, abs=0.01) and gain.std() == pytest.approx(person.gain_jitter, rel=0.02)
    assert delay.std() == pytest.approx(0.959 * person.latency_jitter, rel=0.02)
    assert np.abs(delay).max() <= 2 * person.latency_jitter


def test_rhythms_follow_the_clip():
    """Only the gain of one patch's alpha depends on phi: its power in a clip changes by exp(2 * change * phi)."""
    person = make_subject(4)
    quiet = {name: 0 * getattr(person, name) for name in ("evoked", "gamma", "common", "background", "gamma_moment")}
    change = np.zeros_like(person.alpha)
    change[0] = 0.1
    person = dataclasses.replace(person, **quiet, **STEADY, alpha=change, sensor=0.0)
    strong = np.zeros((len(ONSETS), F))
    strong[::2, 0] = 5.0
    eeg, still = (block(values, 1.0, person=person, artefacts=False) for values in (strong, 0 * strong))
    ratio = []
    for onset in ONSETS:
        held = slice(onset + 90, onset + 390)
        ratio.append(np.square(eeg[:, held]).sum() / np.square(still[:, held]).sum())
    assert np.allclose(np.log(ratio[::2]), 2 * 0.5, atol=0.01)
    assert np.allclose(np.log(ratio[1::2]), 0, atol=0.12)  # the tail of the clip before


def test_motion_energy_shapes_the_plateau_of_motion_alone():
    person = evoked_only(3, **STEADY)
    motion = np.ones((len(ONSETS), 48))
    motion[2, 24:] = 3.0
    for k, name in enumerate(FEATURE_NAMES):
        if name.startswith("motion") or k == 0:
            only = np.zeros((len(ONSETS), F))
            only[:, k] = 1.0
            change = block(only, 1.0, person=person, motion=motion) - block(only, 1.0, person=person)
            late = np.abs(change[:, ONSETS[2] + 240 : ONSETS[2] + 380]).max()
            assert (late > 1e-7) == name.startswith("motion")
            assert np.abs(change[:, : ONSETS[2]]).max() < 1e-10


def test_spectrum_and_scalp_look_like_eeg(phi):
    person = make_subject(1)
    eeg = block(0 * phi, 0.0, person=person)
    frequency, power = welch(eeg, 200, nperseg=400)
    back, whole = power[OCCIPITAL].mean(axis=0), np.median(power, axis=0)
    peak = frequency[10:40][np.argmax(back[10:40] * frequency[10:40] ** 1.8)]
    assert 8 <= peak <= 13
    assert whole[4:8].mean() > 3 * whole[40:60].mean()  # 2-4 Hz against 20-30 Hz
    assert power.mean(axis=0)[100] > 2 * power.mean(axis=0)[[96, 97, 103, 104]].mean()  # 50 Hz
    clean = block(0 * phi, 0.0, person=person, artefacts=False)
    correlation = np.corrcoef(clean)
    near = correlation[ELECTRODES.index("C3"), ELECTRODES.index("CP3")]
    far = correlation[ELECTRODES.index("FP1"), ELECTRODES.index("O2")]
    assert near > far + 0.1


def test_artefacts_sit_where_they_belong(phi):
    person = dataclasses.replace(make_subject(1), artefacts=dataclasses.replace(make_subject(1).artefacts, pop_rate=0))
    added = block(0 * phi, 0.0, person=person) - block(0 * phi, 0.0, person=person, artefacts=False)
    peak = np.abs(added).max(axis=1)
    front, back = [peak[ELECTRODES.index(name)] for name in ("FP1", "FP2")], peak[OCCIPITAL]
    assert min(front) > 40e-6  # blinks
    assert np.median(back) < 0.6 * min(front)
    frequency, power = welch(np.diff(added), 200, nperseg=200)
    fast = power[:, (frequency > 60) & (frequency < 95)].mean(axis=1)
    assert max(fast[ELECTRODES.index(name)] for name in ("FT7", "FT8", "T7", "T8")) > 3 * np.median(fast)


def test_every_clip_evokes_the_common_response_whatever_it_shows(phi):
    person = dataclasses.replace(make_subject(1), **STEADY)
    without = dataclasses.replace(person, common=0 * person.common)
    for snr in (0.0, 1.0):
        difference = block(phi, snr, person=person).astype(float) - block(phi, snr, person=without)
        clips = np.stack([difference[:, onset : onset + 350] for onset in ONSETS])
        assert np.allclose(clips, clips[0], atol=2e-10)
        assert np.ptp(clips[0][OCCIPITAL]) > 2e-6


def test_hints_tell_nothing_unless_something_is_expected(phi):
    expected = np.zeros((SLOTS, F))
    expected[3] = 1.0
    change = block(phi, 1.0, expected=expected) - block(phi, 1.0)
    assert np.abs(change[:, : HINTS[3]]).max() == 0
    assert np.abs(change[:, HINTS[3] : HINTS[3] + 600]).max() > 1e-6
    assert np.abs(change[:, HINTS[3] + 600 :]).max() == 0


def test_bad_arguments(phi):
    with pytest.raises(ValueError, match="phi"):
        block(phi[:-1], 1.0)
    how = {"subject": make_subject(0), "snr": 1.0, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match="onsets"):
        simulate_block(phi[:1], [N_SAMPLES], n_samples=N_SAMPLES, **how)
    with pytest.raises(ValueError, match="160"):
        simulate_block(phi[:1], [0], n_samples=N_SAMPLES, sfreq=128, **how)


def test_a_clip_at_the_very_end_is_cut(phi):
    eeg = simulate_block(phi[:1], [900], n_samples=1000, subject=make_subject(0), snr=1.0, rng=np.random.default_rng(0))
    assert eeg.shape == (62, 1000)
    assert np.isfinite(eeg).all()


def held_out_correlation(snr, seed, blocks=7):
    """Return how well a ridge regression predicts phi in held-out blocks from 50-ms means, per feature."""
    rng, inputs, truth, where = np.random.default_rng(seed), [], [], []
    clips = clip_population(CONCEPTS)
    for k in range(blocks):
        shown = np.repeat(rng.permutation(CONCEPTS), 5)
        phi = np.stack([clips.phi[rng.choice(np.flatnonzero(clips.concept == concept))] for concept in shown])
        eeg = block(phi, snr, seed=[seed, k], subject=seed) * 1e6
        cut = np.stack([eeg[:, onset : onset + 400] for onset in ONSETS])
        inputs.append(cut.reshape(len(cut), 62, 40, 10).mean(axis=-1).reshape(len(cut), -1))
        truth.append(phi)
        where += [k] * len(phi)
    x, y, where = np.concatenate(inputs), np.concatenate(truth), np.array(where)
    predicted = np.empty_like(y)
    for k in range(blocks):
        ridge = make_pipeline(StandardScaler(), Ridge(alpha=2 * x.shape[1])).fit(x[where != k], y[where != k])
        predicted[where == k] = ridge.predict(x[where == k])
    return np.array([np.corrcoef(predicted[:, k], y[:, k])[0, 1] for k in range(F)])


def test_a_linear_decoder_finds_what_was_put_in_and_nothing_else():
    assert held_out_correlation(3.0, 1).mean() > 0.3
    assert abs(held_out_correlation(0.0, 1).mean()) < 0.1


def test_unknown_features_get_a_place_too():
    from eeg2vid.stages.simulation.sources import drive_of

    for name in (*FEATURE_NAMES, "contrast", "something-new", "concept-12"):
        assert set(drive_of(name).patches) <= set(PATCH_NAMES)
