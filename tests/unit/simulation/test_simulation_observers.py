from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal.windows import tukey
from scipy.stats import multivariate_normal, norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.simulation.brain import make_subject, simulate_block
from eeg2vid.stages.simulation.matched import Matched, cross_spectrum, match
from eeg2vid.stages.simulation.observers import (
    accuracy_of,
    d_prime_of,
    efficiency,
    observe,
)
from eeg2vid.stages.simulation.population import TASKS, Population, clip_population

CONCEPTS = [1, 6, 10, 15, 20, 27, 33, 40]


@pytest.fixture(scope="module")
def population():
    return clip_population(CONCEPTS, per_concept=40)


@pytest.fixture(scope="module")
def person():
    return match(make_subject(1))


def seen(person, population, task, snr, *counts, seed=0, draws=4000):
    found = observe(
        person, population, task, snr=snr, rng=np.random.default_rng(seed), train_clips=counts or (None,), draws=draws
    )
    return found if counts else found[0]


def test_nothing_is_seen_without_a_signal(person, population):
    for task in TASKS:
        for one in seen(person, population, task, 0.0, None, 240):
            assert abs(one.accuracy - one.chance) < 4 * one.error + 1e-3, task


def test_more_signal_is_seen_better(person, population):
    for task in ("concept", "fast", "human"):
        rising = [seen(person, population, task, snr) for snr in (0.0, 0.3, 1.0, 3.0)]
        for weak, strong in pairwise(rising):
            assert strong.accuracy > weak.accuracy - 3 * (weak.error + strong.error)
        assert rising[-1].accuracy > rising[0].accuracy + 0.2


def test_training_clips_limit_and_more_of_them_limit_less(person, population):
    for task in ("concept", "fast", "color"):
        ideal, few, more, many = seen(person, population, task, 0.6, None, 60, 600, 1_000_000)
        assert few.accuracy < more.accuracy + 2 * few.error
        assert few.accuracy < ideal.accuracy
        assert abs(many.accuracy - ideal.accuracy) < 2 * ideal.error
        assert all(one.accuracy < ideal.accuracy + 3 * ideal.error for one in (few, more, many))


def test_same_seed_same_answer(person, population):
    assert seen(person, population, "group", 0.5, None, 100) == seen(person, population, "group", 0.5, None, 100)


def test_hint_only_population_knows_the_concept_alone(person):
    population = clip_population(CONCEPTS, per_concept=20, hint_only=True)
    for concept in CONCEPTS:
        assert np.ptp(population.phi[population.concept == concept], axis=0).max() == 0
    assert seen(person, population, "concept", 1.0).accuracy > 0.3


def test_questions_without_an_answer(person, population):
    with pytest.raises(UsageError, match="task"):
        seen(person, population, "sound", 1.0)
    one = clip_population([19], per_concept=6)
    with pytest.raises(UsageError, match="nothing to decode"):
        seen(person, one, "concept", 1.0)


def test_accuracy_is_that_of_the_best_classifier_where_it_is_known(person):
    """Two classes of one phi each, no jitter, no power change: Phi(d'/2) with d' the distance of the whitened means."""
    steady = dataclasses.replace(
        person.subject,
        latency_jitter=0.0,
        gain_jitter=0.0,
        alpha=0 * person.subject.alpha,
        gamma=0 * person.subject.gamma,
    )
    matched = match(steady)
    phi = np.zeros((40, len(steady.alpha)))
    phi[20:, 3] = 1.0
    label = np.repeat([0, 1], 20)
    population = Population(phi, label + 1, {"concept": label})
    signals = matched.signals(phi, 1.0)[0]
    expected = norm.cdf(np.linalg.norm(signals[0] - signals[-1]) / 2)
    found = seen(matched, population, "concept", 1.0, draws=40_000)
    assert 0.6 < expected < 0.999
    assert abs(found.accuracy - expected) < 4 * found.error


def test_the_statistic_of_a_matched_filter_on_simulated_eeg():
    """A brute-force matched filter over space and time on simulated noise has the d' that `match` says."""
    person = make_subject(2)
    quiet = {name: 0 * getattr(person, name) for name in ("alpha", "gamma", "common_alpha", "common_gamma")}
    person = dataclasses.replace(person, **quiet, latency_jitter=0.0, gain_jitter=0.0)
    features, length = len(person.alpha), 1024
    onsets = np.arange(1000, 60_000, 1200)

    def eeg(snr, seed):
        phi = np.zeros((len(onsets), features))
        phi[:, 5] = 1.0
        return simulate_block(
            phi, onsets, n_samples=62_000, subject=person, snr=snr, rng=np.random.default_rng(seed), artefacts=False
        ).astype(float)  # fmt: skip

    none, some = eeg(0.0, 0), eeg(1.0, 0)
    response = (some - none)[:, onsets[0] : onsets[0] + length]
    frequency = np.fft.rfftfreq(length, 1 / 200)[1:-1]
    inverse = np.linalg.inv(cross_spectrum(person, frequency, length))
    spectrum = np.fft.rfft(response, axis=1)[:, 1:-1]
    filtered = np.einsum("kij,jk->ik", inverse, spectrum)
    outputs, taper = [], tukey(length, 0.1)
    for seed in range(6):
        noise = eeg(0.0, seed + 1)
        clips = np.stack([np.fft.rfft(noise[:, on - 287 : on + 737] * taper, axis=1)[:, 1:-1] for on in onsets])
        clips *= np.exp(2j * np.pi * frequency * 287 / 200)  # the clip's onset is time 0
        outputs.append(2 * np.real(np.einsum("ik,cik->c", filtered.conj(), clips)))
    gain = 2 * np.real(np.einsum("ik,ik->", filtered.conj(), spectrum))  # d'^2 if the noise is as assumed
    measured = gain / np.std(np.concatenate(outputs))
    assert measured == pytest.approx(np.sqrt(gain), rel=0.10)
    matched = match(person)
    one = np.zeros((2, features))
    one[1, 5] = 1.0
    first, second = matched.signals(one, 1.0)[0]
    assert np.linalg.norm(second - first) == pytest.approx(np.sqrt(gain), rel=0.02)


def test_shrinkage_lda_stays_between_chance_and_the_ideal(population):
    """Real decoding of simulated clips, eight concepts, leave one block out."""
    subject, slots = make_subject(1), len(CONCEPTS)
    rng, hints = np.random.default_rng(0), np.arange(slots) * 2600
    onsets = (hints[:, None] + 600 + 400 * np.arange(5)).ravel()
    values, labels = [], []
    for k in range(7):
        order = rng.permutation(CONCEPTS)
        shown = np.repeat(order, 5)
        phi = np.stack([population.phi[rng.choice(np.flatnonzero(population.concept == c))] for c in shown])
        eeg = simulate_block(
            phi, onsets, n_samples=slots * 2600, subject=subject, snr=1.5, hints_samples=hints,
            rng=np.random.default_rng([0, k]),
        )  # fmt: skip
        clips = np.stack([eeg[:, onset : onset + 400] for onset in onsets]) * 1e6
        values.append(clips.reshape(len(clips), 62, 20, 20).mean(axis=-1).reshape(len(clips), -1))
        labels.append(shown)
    x, y, block = np.concatenate(values), np.concatenate(labels), np.repeat(np.arange(7), 40)
    right = []
    for k in range(7):
        lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(x[block != k], y[block != k])
        right.append(lda.predict(x[block == k]) == y[block == k])
    accuracy = np.mean(right)
    ideal, limited = seen(match(subject), population, "concept", 1.5, None, 240)
    spread = np.sqrt(0.125 * 0.875 / 280)
    assert accuracy > 0.125 + 2.6 * spread
    assert accuracy < ideal.accuracy and accuracy < limited.accuracy + 3 * spread
    assert 0 < efficiency(accuracy, limited.accuracy, 8) < 1.1


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.floats(-3, 6), st.integers(2, 60))
def test_d_prime_and_accuracy_are_inverse(d_prime, classes):
    accuracy = accuracy_of(d_prime, classes)
    assert 0 < accuracy < 1
    if 1e-9 < accuracy < 1 - 1e-9:
        assert d_prime_of(accuracy, classes) == pytest.approx(d_prime, abs=1e-4)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.floats(0.01, 0.99))
def test_two_alternatives(accuracy):
    assert d_prime_of(accuracy, 2) == pytest.approx(np.sqrt(2) * norm.ppf(accuracy), abs=1e-6)


def test_m_alternatives_by_brute_force():
    rng = np.random.default_rng(0)
    for classes, d_prime in ((3, 1.0), (8, 0.5), (40, 2.0)):
        values = rng.standard_normal((200_000, classes)).astype(np.float32)
        values[:, 0] += d_prime
        assert accuracy_of(d_prime, classes) == pytest.approx((values.argmax(axis=1) == 0).mean(), abs=0.005)
    # three alternatives: the chance that two correlated differences are positive
    both = multivariate_normal([0, 0], [[2, 1], [1, 2]]).cdf([1.0, 1.0])
    assert accuracy_of(1.0, 3) == pytest.approx(both, abs=1e-4)
    assert accuracy_of(0.0, 40) == pytest.approx(1 / 40, abs=1e-9)


def test_efficiency_at_the_ends():
    assert efficiency(0.5, 0.9, 2) == pytest.approx(0)
    assert efficiency(0.9, 0.9, 2) == pytest.approx(1)
    assert np.isnan(efficiency(0.6, 0.5, 2))
    assert np.isnan(efficiency(1.0, 1.0, 2))
    assert d_prime_of(1 - 1e-17, 40) == np.inf and d_prime_of(1e-300, 2) == -12
    assert d_prime_of(0.0, 2) == -np.inf and d_prime_of(1.0, 5) == np.inf
    with pytest.raises(ValueError, match="accuracy"):
        d_prime_of(1.2, 2)


def test_power_information_adds_up():
    """Halving the waxing or adding a patch's change never hides what was there: outputs grow with the change."""
    matched: Matched = match(make_subject(3))
    phi = np.zeros((3, len(matched.subject.alpha)))
    phi[1, 0], phi[2, 0] = 0.5, 1.0
    none, half, whole = matched.signals(phi, 0.5)[0][:, len(matched.evoked[0]) :]
    assert np.allclose(whole - none, 2 * (half - none))
    assert np.linalg.norm(whole) > 0
