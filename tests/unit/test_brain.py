from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.signal import welch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eeg2vid.stages.datasets.protocol import ELECTRODES
from eeg2vid.stages.simulation.brain import make_subject, simulate_block
from eeg2vid.stages.simulation.films import FEATURE_NAMES, feature_vector, sample_specs

SLOTS, N_SAMPLES = 8, 8 * 2600
HINTS = np.arange(SLOTS) * 2600
ONSETS = (HINTS[:, None] + 600 + 400 * np.arange(5)).ravel()
F = len(FEATURE_NAMES)
OCCIPITAL = [ELECTRODES.index(name) for name in ("O1", "OZ", "O2", "POZ")]


def block(phi, snr, *, subject=1, seed=0, person=None):
    return simulate_block(
        phi, ONSETS, n_samples=N_SAMPLES, subject=person or make_subject(subject), snr=snr,
        rng=np.random.default_rng(seed), hints_samples=HINTS,
    )  # fmt: skip


@pytest.fixture(scope="module")
def phi():
    return np.random.default_rng(5).standard_normal((len(ONSETS), F))


def test_volts_of_a_believable_size_and_the_same_every_time(phi):
    eeg = block(phi, 1.0)
    assert eeg.shape == (62, N_SAMPLES)
    assert eeg.dtype == np.float32
    assert 4e-6 < eeg.std() < 30e-6
    assert np.array_equal(eeg, block(phi, 1.0))
    assert not np.array_equal(eeg, block(phi, 1.0, seed=1))
    assert not np.array_equal(eeg, block(phi, 1.0, subject=2))


def test_snr_zero_keeps_no_trace_of_the_clips(phi):
    assert np.array_equal(block(phi, 0.0), block(np.zeros_like(phi), 0.0))


def test_noise_does_not_depend_on_snr(phi):
    before_the_first_clip = slice(0, ONSETS[0])
    assert np.array_equal(block(phi, 0.0)[:, before_the_first_clip], block(phi, 5.0)[:, before_the_first_clip])


def test_evoked_part_is_linear_in_snr(phi):
    person = dataclasses.replace(make_subject(3), alpha=np.zeros((F, 62)), gamma=np.zeros((F, 62)))
    none, one, three = (block(phi, snr, person=person).astype(float) for snr in (0.0, 1.0, 3.0))
    assert np.abs(one - none).max() > 1e-6
    assert np.allclose(three - none, 3 * (one - none), atol=5e-11)


def test_evoked_part_is_patterns_times_courses(phi):
    """One feature alone: the difference is one scalp pattern times one time course."""
    person = dataclasses.replace(make_subject(3), alpha=np.zeros((F, 62)), gamma=np.zeros((F, 62)))
    only = np.zeros((len(ONSETS), F))
    only[4, 7] = 2.0
    difference = block(only, 1.0, person=person).astype(float) - block(only, 0.0, person=person)
    start = ONSETS[4]
    left, values, _ = np.linalg.svd(difference[:, start : start + 450], full_matrices=False)
    assert values[1] < 1e-3 * values[0]
    assert abs(left[:, 0] @ person.evoked[7]) / np.linalg.norm(person.evoked[7]) > 0.999
    assert np.abs(difference[:, :start]).max() == 0
    assert np.abs(difference[:, start + 450 :]).max() == 0


def test_rhythms_follow_the_clip():
    """Only the gain of alpha depends on phi: its power in a clip changes by exp(2 * pattern * phi)."""
    person = make_subject(4)
    person = dataclasses.replace(person, evoked=np.zeros((F, 62)), gamma=np.zeros((F, 62)), common=0 * person.common)
    person = dataclasses.replace(person, alpha=np.full((F, 62), 0.1), noise=0.0, line_rms=0 * person.line_rms)
    strong = np.zeros((len(ONSETS), F))
    strong[::2, 0] = 5.0
    eeg = block(strong, 1.0, person=person)
    clips = np.stack([eeg[:, onset + 100 : onset + 400] for onset in ONSETS])[:, OCCIPITAL]
    frequency, power = welch(clips, 200, nperseg=200)
    alpha = power[..., (frequency >= 9) & (frequency <= 12)].mean(axis=(1, 2))
    assert np.log(alpha[::2].mean() / alpha[1::2].mean()) == pytest.approx(2 * 0.5, abs=0.4)


def test_spectrum_and_scalp_look_like_eeg(phi):
    eeg = block(0 * phi, 0.0)
    frequency, power = welch(eeg, 200, nperseg=400)
    back = power[OCCIPITAL].mean(axis=0)
    whole = power.mean(axis=0)
    peak = frequency[6:40][np.argmax(back[6:40] * frequency[6:40] ** 1.5)]
    assert 8 <= peak <= 13
    assert whole[4:8].mean() > 3 * whole[40:60].mean()  # 2-4 Hz against 20-30 Hz
    assert whole[100] > 2 * whole[[96, 97, 103, 104]].mean()  # 50 Hz
    correlation = np.corrcoef(eeg)
    near = correlation[ELECTRODES.index("C3"), ELECTRODES.index("CP3")]
    far = correlation[ELECTRODES.index("FP1"), ELECTRODES.index("O2")]
    assert near > far + 0.1


def test_every_clip_evokes_the_common_response_whatever_it_shows(phi):
    person = make_subject(1)
    without = dataclasses.replace(person, common=0 * person.common)
    for snr in (0.0, 1.0):
        difference = block(phi, snr, person=person).astype(float) - block(phi, snr, person=without)
        clips = np.stack([difference[:, onset : onset + 350] for onset in ONSETS])
        assert np.allclose(clips, clips[0], atol=1e-10)
        assert np.ptp(clips[0][OCCIPITAL]) > 2e-6


def test_brains_share_part_of_their_patterns():
    one, two = make_subject(1), make_subject(2)
    assert np.array_equal(one.evoked, make_subject(1).evoked)
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(one.evoked, two.evoked, strict=True)]
    assert 0.4 < np.mean(alike) < 0.9
    layout = [k for k, name in enumerate(FEATURE_NAMES) if name.startswith("luminance")]
    size = np.abs(one.evoked[layout]).mean(axis=0)
    assert size[OCCIPITAL].mean() > 3 * size[:5].mean()


def test_bad_arguments(phi):
    with pytest.raises(ValueError, match="phi"):
        block(phi[:-1], 1.0)
    with pytest.raises(ValueError, match="onsets"):
        simulate_block(
            phi[:1], [N_SAMPLES], n_samples=N_SAMPLES, subject=make_subject(0), snr=1.0, rng=np.random.default_rng(0)
        )


def test_a_clip_at_the_very_end_is_cut(phi):
    eeg = simulate_block(phi[:1], [900], n_samples=1000, subject=make_subject(0), snr=1.0, rng=np.random.default_rng(0))
    assert eeg.shape == (62, 1000)
    assert np.isfinite(eeg).all()


def recordings(snr, seed, blocks=7):
    """Return averages, band power, phi, concept and block of every clip of a small study."""
    rng = np.random.default_rng(seed)
    evoked, power, features, concepts = [], [], [], []
    for k in range(blocks):
        shown = np.repeat(rng.permutation([1, 6, 10, 15, 20, 27, 33, 40]), 5)
        phi = feature_vector(sample_specs(shown.tolist(), rng))
        eeg = block(phi, snr, seed=[seed, k], subject=seed)
        clips = np.stack([eeg[:, onset : onset + 400] for onset in ONSETS]) * 1e6
        evoked.append(clips.reshape(len(clips), 62, 10, 40).mean(axis=-1).reshape(len(clips), -1))
        spectrum = np.abs(np.fft.rfft(clips * np.hanning(400), axis=-1)) ** 2
        bands = [np.log(spectrum[..., low:high].mean(axis=-1)) for low, high in ((16, 26), (70, 160))]
        power.append(np.concatenate(bands, axis=1))
        features.append(phi)
        concepts.append(shown)
    where = np.repeat(np.arange(blocks), len(ONSETS))
    return np.concatenate(evoked), np.concatenate(power), np.concatenate(features), np.concatenate(concepts), where


def held_out(inputs, phi, concepts, where):
    """Return the mean correlation of held-out predicted phi, and the accuracy for the concept."""
    predicted, right = np.empty_like(phi), 0
    for k in np.unique(where):
        train, test = where != k, where == k
        ridge = make_pipeline(StandardScaler(), Ridge(alpha=inputs.shape[1])).fit(inputs[train], phi[train])
        predicted[test] = ridge.predict(inputs[test])
        lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        right += (
            lda.fit(ridge.predict(inputs[train]), concepts[train]).predict(predicted[test]) == concepts[test]
        ).sum()
    together = [np.corrcoef(predicted[:, k], phi[:, k])[0, 1] for k in range(F)]
    return np.array(together), right / len(concepts)


def test_a_linear_decoder_finds_what_was_put_in():
    evoked, power, phi, concepts, where = recordings(1.0, 1)
    for inputs in (evoked, power):
        together, accuracy = held_out(inputs, phi, concepts, where)
        assert together[:18].mean() > 0.4  # layout
        assert accuracy > 0.25  # chance 0.125
    together, accuracy = held_out(
        np.concatenate([evoked / evoked.std(), power / power.std()], axis=1), phi, concepts, where
    )
    assert together[:18].mean() > 0.5


def test_nothing_is_found_at_snr_zero():
    accuracies, correlations = [], []
    for seed in range(4):
        _, power, phi, concepts, where = recordings(0.0, seed)
        together, accuracy = held_out(power, phi, concepts, where)
        accuracies.append(accuracy)
        correlations.append(together.mean())
    n = 4 * 280
    assert abs(np.mean(accuracies) - 0.125) < 3.5 * np.sqrt(0.125 * 0.875 / n) * np.sqrt(3)  # runs are clusters
    assert np.mean(correlations) < 0.1
