"""The traps: what a careless evaluation finds in them, and what a careful one does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.datasets.protocol import CONCEPT_ORDER, ELECTRODES
from eeg2vid.stages.simulation.brain import make_subject, simulate_block
from eeg2vid.stages.simulation.films import FEATURE_NAMES, feature_vector, make_spec, rightward_flow
from eeg2vid.stages.simulation.plan import plan_study
from eeg2vid.stages.simulation.population import clip_population
from eeg2vid.stages.simulation.worlds import DRIFT_LN, World, block_drift, expectation


def describe(clips):
    """Return 200-ms means and ln power of alpha and gamma of every electrode, each of unit spread, `(clip, value)`."""
    spectrum = np.abs(np.fft.rfft(clips * np.hanning(clips.shape[-1]), axis=-1)) ** 2
    bands = [np.log(spectrum[..., low:high].mean(axis=-1)) for low, high in ((16, 26), (70, 160))]
    means = clips.reshape(*clips.shape[:2], 10, 40).mean(axis=-1).reshape(len(clips), -1)
    return [part / part.std(axis=0) for part in (means, np.concatenate(bands, axis=1))]


def record(world, *, concepts=8, blocks=7, seed=0):
    """Return means, log power, concept and block of every clip of a study in a world."""
    plan = plan_study(blocks=blocks, concepts=concepts, seed=seed, order=world.order)
    clips, subject, known = [], make_subject(1), clip_population(np.unique(plan.order).tolist())
    for k, shown in enumerate(np.repeat(plan.order, 5, axis=1)):
        phi = np.stack([known.phi[known.concept == concept][5 * k + j % 5] for j, concept in enumerate(shown)])
        if world.hint_only:
            phi = expectation(phi)
        eeg = simulate_block(
            phi, plan.onsets, n_samples=plan.n_samples, subject=subject, snr=world.snr, hints_samples=plan.hints,
            rng=np.random.default_rng([seed, k]), expected=phi[::5] if world.hint_only else None,
            drift=block_drift(world.drift, concepts, [seed, 1], k),
        )  # fmt: skip
        clips.append(np.stack([eeg[:, onset : onset + 400] for onset in plan.onsets]) * 1e6)
    means, power = describe(np.concatenate(clips))
    return means, power, np.repeat(plan.order, 5, axis=1).ravel(), np.repeat(np.arange(blocks), 5 * concepts)


def accuracy(values, labels, part):
    """Return the accuracy of shrinkage LDA; each value of `part` is left out in turn."""
    right = []
    for k in np.unique(part):
        lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(values[part != k], labels[part != k])
        right.append(lda.predict(values[part == k]) == labels[part == k])
    return np.concatenate(right).mean()


def at_random(labels):
    part = np.empty(len(labels), int)
    for k, (_, test) in enumerate(StratifiedKFold(5, shuffle=True, random_state=0).split(labels, labels)):
        part[test] = k
    return part


CHANCE, SPREAD = 1 / 8, np.sqrt(7 / 64 / 56)  # of 56 independent runs


def test_free_drift_soars_in_a_random_split_and_nowhere_else():
    means, power, labels, block = record(World(0.0, drift="free", order="random"))
    assert accuracy(means, labels, at_random(labels)) > 0.5
    assert accuracy(power, labels, at_random(labels)) > 0.25
    for values in (means, power):
        assert abs(accuracy(values, labels, block) - CHANCE) < 3 * SPREAD


def test_without_drift_neither_split_finds_anything():
    _, power, labels, block = record(World(0.0, order="random"))
    assert abs(accuracy(power, labels, at_random(labels)) - CHANCE) < 3 * SPREAD
    assert abs(accuracy(power, labels, block) - CHANCE) < 3 * SPREAD


def test_locked_drift_tells_the_time_and_so_the_concept_where_the_order_repeats():
    _, values, labels, block = record(World(0.0, drift="locked", order="same"))
    assert accuracy(values, labels, block) > 0.4
    _, values, labels, block = record(World(0.0, drift="locked", order="random"))
    assert abs(accuracy(values, labels, block) - CHANCE) < 3 * SPREAD
    position = np.tile(np.repeat(np.arange(8), 5), 7)
    assert accuracy(values, position, block) > 0.4  # the time is there all the same


def test_hint_only_names_the_concept_but_no_clip_of_it():
    world = World(3.0, hint_only=True, order="random")
    _, values, labels, block = record(world)
    assert accuracy(values, labels, block) > CHANCE + 4 * SPREAD
    within = values - np.repeat(values.reshape(-1, 5, values.shape[1]).mean(axis=1), 5, axis=0)
    plan = plan_study(blocks=7, concepts=8, seed=0, order="random")
    known = clip_population(np.unique(plan.order).tolist())
    position = np.tile(np.arange(5), 56) + 5 * np.repeat(np.arange(7), 40)  # another clip each time
    shown = np.repeat(plan.order, 5, axis=1).ravel()
    phi = np.stack([known.phi[known.concept == concept][k] for concept, k in zip(shown, position, strict=True)])
    phi = phi - np.repeat(phi.reshape(-1, 5, phi.shape[1]).mean(axis=1), 5, axis=0)
    hits = []
    for k in range(7):  # ridge from EEG to phi, clips of a run told apart by the nearest
        train, test = block != k, block == k
        weights = np.linalg.solve(
            within[train].T @ within[train] + 50 * np.eye(within.shape[1]), within[train].T @ phi[train]
        )
        guess = (within[test] @ weights).reshape(8, 5, -1)
        scores = np.einsum("rif,rjf->rij", guess, phi[test].reshape(8, 5, -1))
        hits.append(scores.argmax(axis=2) == np.arange(5))
    assert abs(np.mean(hits) - 0.2) < 3 * np.sqrt(0.16 / 280)


def test_expectation_is_the_same_for_all_clips_of_a_concept():
    plan = plan_study(blocks=2, concepts=4, seed=3)
    phi = np.concatenate([expectation(feature_vector(specs)) for specs in plan.clips])
    shown = np.repeat(plan.order, 5, axis=1).ravel()
    for concept in np.unique(shown):
        assert np.ptp(phi[shown == concept], axis=0).max() == 0
    constant = np.array([name.startswith("concept") for name in FEATURE_NAMES])
    assert (phi[:, ~constant] == 0).all()


def test_drift_over_time():
    hints = np.array([0, 2600, 5200])
    drift = block_drift("free", 3, [0, 1], 0)
    course = drift.course(1, hints, 7800, 600)
    for run, hint in enumerate(hints):
        assert np.allclose(course[:, hint + 600 : hint + 2600], drift.levels[run, 1][:, None], atol=1e-6)
    assert np.abs(np.diff(course)).max() < 0.02
    other, again = block_drift("free", 3, [0, 1], 1), block_drift("free", 3, [0, 1], 0)
    assert np.array_equal(drift.levels, again.levels) and not np.array_equal(drift.levels, other.levels)
    first, second = block_drift("locked", 3, [0, 1], 0), block_drift("locked", 3, [0, 1], 5)
    assert np.array_equal(first.levels, second.levels)
    assert block_drift("none", 3, [0, 1], 0) is None
    many = block_drift("free", 4000, [0, 2], 0).levels[:, 1]
    assert np.allclose(many.std(axis=0), DRIFT_LN, rtol=0.15)


def test_orders():
    assert plan_study(blocks=7, concepts=40, seed=0).order.tolist() == [list(row) for row in CONCEPT_ORDER]
    random = [plan_study(blocks=3, concepts=40, seed=seed, order="random").order for seed in (0, 1)]
    assert not np.array_equal(random[0], random[1]) and not np.array_equal(random[0][0], random[0][1])
    assert (np.sort(random[0], axis=1) == np.arange(1, 41)).all()
    for concepts in (5, 40):
        same = plan_study(blocks=4, concepts=concepts, seed=0, order="same").order
        assert (same == same[0]).all() and len(set(same[0].tolist())) == concepts
    with pytest.raises(UsageError, match="order"):
        plan_study(blocks=1, concepts=3, seed=0, order="alphabetical")


@pytest.mark.parametrize(("wrong", "message"), [({"snr": -1.0}, "snr"), ({"snr": 1.0, "drift": "wild"}, "drift")])
def test_bad_worlds(wrong, message):
    with pytest.raises(UsageError, match=message):
        World(**wrong)


def test_gaze_tells_direction_and_speed_from_two_electrodes_and_is_gone_without():
    """Sign and size of F8 - F7 while real clips run, at strength 0, against the films' own flow."""
    specs = [make_spec(concept, 50 + k) for concept in range(1, 41) for k in range(2)]
    flow, onsets = np.stack([rightward_flow(spec) for spec in specs]), 600 + 400 * np.arange(80)
    right = flow.mean(axis=1)
    found = {}
    for gaze in (None, flow):
        eeg = simulate_block(
            np.zeros((80, len(FEATURE_NAMES))), onsets, n_samples=33_000, subject=make_subject(1), snr=0.0,
            rng=np.random.default_rng(0), gaze=gaze,
        )  # fmt: skip
        sides = 1e6 * (eeg[ELECTRODES.index("F8")] - eeg[ELECTRODES.index("F7")])
        shift = np.stack([sides[on + 200 : on + 440].mean() - sides[on + 20 : on + 60].mean() for on in onsets])
        shift -= np.median(shift)
        found[gaze is None] = [spearmanr(shift, right)[0], spearmanr(np.abs(shift), np.abs(right))[0]]
    assert found[False][0] > 0.4 and found[False][1] > 0.35
    assert np.abs(found[True]).max() < 3.3 / np.sqrt(80)


def test_sessions_out_of_bounds():
    with pytest.raises(UsageError, match="sessions"):
        World(1.0, sessions=10)
