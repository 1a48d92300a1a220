"""What is attainable in the protocol: against filters and discriminants of others, and where nothing is to be had."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from eeg2vid.stages.simulation.attainable import (
    Outputs,
    attain,
    error_of,
    evoked_filters,
    outputs_of,
    rhythm_levels,
)
from eeg2vid.stages.simulation.brain import make_subject, simulate_block
from eeg2vid.stages.simulation.films import COURSE_STEPS, FEATURE_NAMES
from eeg2vid.stages.simulation.forward import PATCH_NAMES
from eeg2vid.stages.simulation.matched import cross_spectrum, match
from eeg2vid.stages.simulation.observers import observe
from eeg2vid.stages.simulation.population import NOT_ASKED, clip_population
from eeg2vid.stages.simulation.temporal_order import attain_order

CONCEPTS, BLOCKS = [1, 6, 10, 15, 20, 27, 33, 40], 5
HINTS = np.arange(8) * 2600
ONSETS = (HINTS[:, None] + 600 + 400 * np.arange(5)).ravel()
F = len(FEATURE_NAMES)
DIRECTION = FEATURE_NAMES.index("direction")


def blocks_of(person, phi, *, snr, seed=0, onsets=ONSETS, **how):
    """Return EEG block by block; `how` holds a list each."""
    return [
        simulate_block(
            one, onsets, n_samples=8 * 2600, subject=person, snr=snr, rng=np.random.default_rng([seed, k]),
            hints_samples=HINTS, **{name: values[k] for name, values in how.items()},
        )
        for k, one in enumerate(phi)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def shown():
    """Return phi and concepts of every block, five clips of a concept in a row."""
    known, rng = clip_population(CONCEPTS), np.random.default_rng(1)
    concept = [np.repeat(rng.permutation(CONCEPTS), 5) for _ in range(BLOCKS)]
    phi = [np.stack([known.phi[rng.choice(np.flatnonzero(known.concept == c))] for c in row]) for row in concept]
    return phi, concept


@pytest.fixture(scope="module")
def person():
    return make_subject(1)


@pytest.fixture(scope="module")
def outputs(person, shown):
    return {snr: outputs_of(person, blocks_of(person, shown[0], snr=snr), ONSETS) for snr in (0.0, 1.5)}


def test_it_learns_from_the_other_blocks_and_stays_below_the_ideal(person, shown, outputs):
    labels = np.concatenate(shown[1])
    found = attain(outputs[1.5], "concept", labels)
    assert (found.classes, found.train_clips) == (8, 160)
    right = []
    for block in range(BLOCKS):  # the same by another's shrinkage discriminant
        test = outputs[1.5].block == block
        values = outputs[1.5].values / outputs[1.5].values[~test].std(axis=0)
        other = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(values[~test], labels[~test])
        right.append(other.predict(values[test]) == labels[test])
    assert found.accuracy == pytest.approx(np.mean(right), abs=0.12)
    assert found.accuracy > 0.125 + 4 * found.error
    ideal = observe(match(person), clip_population(CONCEPTS), "concept", snr=1.5, rng=np.random.default_rng(0))[0]
    assert found.accuracy < ideal.accuracy + 2 * found.error


def test_chance_without_a_signal_and_for_labels_of_no_meaning(shown, outputs):
    labels = np.concatenate(shown[1])
    for values, names in (
        (outputs[0.0], labels),
        (outputs[1.5], np.concatenate([np.random.default_rng(k).permutation(shown[1][k]) for k in range(BLOCKS)])),
    ):
        found = attain(values, "concept", names)
        assert abs(found.accuracy - 0.125) < 3 * np.sqrt(7 / 64 / 40)  # of 40 independent runs


def test_what_is_not_asked_and_what_cannot_be_learned(outputs):
    values = outputs[1.5]
    labels = np.where(np.arange(200) % 4 == 0, NOT_ASKED, np.arange(200) % 2)
    assert attain(values, "face", labels).train_clips == 120
    assert attain(values, "face", np.ones(200, int)) is None
    one = Outputs(values.values[:40], values.block[:40])
    assert attain(one, "concept", np.arange(40) % 3) is None


def test_fast_is_cut_at_the_median_of_the_training_clips(outputs):
    """One output is the flow itself, and the last block is faster: most of its clips are fast, and are called so."""
    flow = np.random.default_rng(0).random(200) + 0.4 * (outputs[1.5].block == BLOCKS - 1)
    values = Outputs(np.column_stack([flow, np.random.default_rng(1).standard_normal(200)]), outputs[1.5].block)
    found = attain(values, "fast", np.zeros(200, int), flow)
    assert found.classes == 2 and found.accuracy > 0.8


def test_the_error_is_that_of_blocks_or_of_clips():
    right = np.repeat([True, False], 50)
    assert error_of(right, np.repeat([0, 1], 50)) == pytest.approx(np.sqrt(0.5) / np.sqrt(2))
    assert error_of(np.tile([True, False], 50), np.repeat([0, 1], 50)) == pytest.approx(0.05)


def test_matched_filters_give_what_noise_and_response_promise(person):
    """On noise without artefacts outputs have variance 1 or less; one response has the d' of `match`, or nearly."""
    quiet = {name: 0 * getattr(person, name) for name in ("alpha", "gamma", "common_alpha", "common_gamma", "common")}
    calm = dataclasses.replace(
        person.artefacts, blink_rate=0.0, muscle_rate=0.0, pop_rate=0.0, drift=0 * person.artefacts.drift
    )
    person = dataclasses.replace(
        person,
        **quiet,
        hint=0 * person.hint,
        line=0 * person.line,
        artefacts=calm,
        latency_jitter=1e-3,
        gain_jitter=0.0,
    )
    apart = np.arange(600, 20_000, 1200)
    still, one = np.zeros((BLOCKS, len(apart), F)), np.zeros((BLOCKS, len(apart), F))
    one[:, :, 4] = 1.0
    filters = evoked_filters(person)
    none, some = (
        np.concatenate([filters.outputs(eeg, apart) for eeg in blocks_of(person, phi, snr=1.0, onsets=apart)])
        for phi in (still, one)
    )
    assert none.std(axis=0).mean() == pytest.approx(1, abs=0.15)
    step = (some - none).mean(axis=0)
    signals = match(person).signals(np.eye(F)[[3, 4]] * [[0.0], [1.0]], 1.0)[0]
    assert np.linalg.norm(step) == pytest.approx(np.linalg.norm(signals[1] - signals[0]), rel=0.1)


def test_levels_follow_the_rhythm_of_their_patch(person):
    phi = np.zeros((40, F))
    phi[::2, 0] = 4.0
    change = np.zeros_like(person.alpha)
    patch = PATCH_NAMES.index("V1-bottom-left")
    change[0, patch] = 0.2
    person = dataclasses.replace(
        person, alpha=change, gamma=0 * person.gamma, evoked=0 * person.evoked, gain_jitter=0.0
    )
    levels = rhythm_levels(person, blocks_of(person, [phi], snr=1.0)[0], ONSETS)
    assert levels.shape == (40, 2 * len(PATCH_NAMES))
    difference = levels[::2].mean(axis=0) - levels[1::2].mean(axis=0)
    assert difference[patch] > 0.5
    assert np.abs(difference[len(PATCH_NAMES) :]).max() < 0.2  # gamma


def test_temporal_order_is_told_forward_and_wrong_backward(person):
    rng = np.random.default_rng(2)
    phi = [np.zeros((40, F)) for _ in range(2)]
    course = [np.zeros((40, COURSE_STEPS, F)) for _ in range(2)]
    for one in course:
        one[:, :, DIRECTION] = rng.standard_normal((40, COURSE_STEPS))
        one -= one.mean(axis=1, keepdims=True)
    backward = [one[:, ::-1] for one in course]
    eeg = blocks_of(person, phi, snr=2.0, course=course)
    found = attain_order(person, eeg, ONSETS, phi, course, 2.0)
    turned = attain_order(person, eeg, ONSETS, phi, backward, 2.0)
    assert found.accuracy > 0.8 and found.chance == 0.5
    assert turned.accuracy == pytest.approx(1 - found.accuracy, abs=0.03)
    assert attain_order(person, eeg, ONSETS, phi, [0 * one for one in course], 2.0) is None
    assert attain_order(person, eeg, ONSETS, phi, course, 0.0) is None


def test_temporal_order_is_as_good_as_the_distance_of_the_two_responses(person):
    """Alone, without artefacts or jitter: Phi(d' / 2), d' from a filter over space and time by brute force."""
    calm = dataclasses.replace(
        person.artefacts, blink_rate=0.0, muscle_rate=0.0, pop_rate=0.0, drift=0 * person.artefacts.drift
    )
    person = dataclasses.replace(
        person, latency_jitter=1e-9, gain_jitter=0.0, artefacts=calm, line=0 * person.line, hint=0 * person.hint
    )
    apart, snr = np.arange(600, 20_000, 1200), 1.0
    course = np.zeros((len(apart), COURSE_STEPS, F))
    course[:, :, DIRECTION] = [-0.6, -0.4, -0.2, 0.2, 0.4, 0.6]
    phi = np.zeros((len(apart), F))
    forward, backward = (
        blocks_of(person, [phi], snr=snr, onsets=apart, course=[one])[0].astype(float)
        for one in (course, course[:, ::-1])
    )
    difference = (forward - backward)[:, apart[0] : apart[0] + 1024]
    frequency = np.fft.rfftfreq(1024, 1 / 200)[1:-1]
    spectrum = np.fft.rfft(difference, axis=1)[:, 1:-1].T
    solved = np.linalg.solve(cross_spectrum(person, frequency, 1024), spectrum[..., None])[..., 0]
    d_prime = np.sqrt(2 * np.real(np.sum(spectrum.conj() * solved)))
    phis, courses = [phi] * 12, [course] * 12
    eeg = blocks_of(person, phis, snr=snr, onsets=apart, course=courses)
    found = attain_order(person, eeg, apart, phis, courses, snr)
    assert found.accuracy == pytest.approx(norm.cdf(d_prime / 2), abs=4 * np.sqrt(0.25 / 12 / len(apart)))
