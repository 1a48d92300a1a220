import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import balanced_accuracy_score

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.classification import balanced_accuracy, expected_hits
from eeg2vid.stages.statistics.permutation import (
    label_null,
    label_permutation_p,
    permutation_p,
    plan_exchange,
    run_permutations,
)

STUDIES = st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=6), min_size=1, max_size=3)


def table(lengths, rng):
    """Return runs, places and folds of a study, its events in random order."""
    rows = [(f"{f}-{r}", place, f) for f, fold in enumerate(lengths) for r, n in enumerate(fold) for place in range(n)]
    columns = zip(*(rows[i] for i in rng.permutation(len(rows))), strict=True)
    return tuple(np.array(column) for column in columns)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(STUDIES, st.integers(0, 2**32 - 1), st.booleans())
def test_runs_move_whole_within_their_fold(lengths, seed, derangement):
    rng = np.random.default_rng(seed)
    runs, places, folds = table(lengths, rng)
    drawn = run_permutations(runs, places, 8, rng, folds, derangement)
    assert drawn.shape == (8, len(runs))
    assert (folds[drawn] == folds).all()
    for pairing in drawn:
        for run in np.unique(runs):
            mine = np.flatnonzero(runs == run)
            fold = lengths[folds[mine[0]]]
            partners = set(runs[pairing[mine]])
            if len(set(fold)) == 1:
                assert len(partners) == 1  # whole
            if len(fold) > 1:
                assert not derangement or run not in partners
                if not derangement:
                    np.testing.assert_array_equal(places[pairing[mine]], places[mine])
            elif derangement and len(mine) > 1:
                assert (pairing[mine] != mine).all()
    if not derangement or all(len(set(fold)) == 1 for fold in lengths):
        assert (np.sort(drawn, axis=1) == np.arange(len(runs))).all()  # each clip once, whatever the lengths


@settings(derandomize=True, deadline=None, max_examples=50)
@given(STUDIES, st.integers(0, 2**32 - 1))
def test_no_run_is_stuck_with_itself(lengths, seed):
    runs, places, folds = table(lengths, np.random.default_rng(seed))
    drawn = run_permutations(runs, places, 60, np.random.default_rng(seed), folds)
    moved = (drawn != np.arange(len(runs))).any(axis=0)
    for event in np.flatnonzero(~moved):
        fold = lengths[folds[event]]
        length = np.count_nonzero(runs == runs[event])
        assert fold == [1] or fold.count(length) == 1  # nothing there to change places with, or the end of a long run


def test_equal_lengths_stay_together_and_the_rest_find_partners():
    runs = np.repeat(["a", "b", "c", "d", "e"], [5, 5, 3, 8, 1])
    places = np.concatenate([np.arange(n) for n in (5, 5, 3, 8, 1)])
    plan = plan_exchange(runs, places)
    assert (plan.uneven, plan.alone) == (3, 0)
    partners = [set(runs[plan.draw(200, np.random.default_rng(0))[:, runs == run]].ravel()) for run in "abcde"]
    assert partners[:2] == [{"a", "b"}] * 2 and partners[2:] == [{"c", "d", "e"}] * 3
    one_odd = plan_exchange(runs[:13], places[:13])  # 5, 5, 3: the odd one joins the nearest
    assert (one_odd.uneven, one_odd.alone) == (3, 0)
    even = plan_exchange(runs[:10], places[:10])
    assert (even.uneven, even.alone) == (0, 0)
    single = plan_exchange(runs[:5], places[:5])
    assert (single.uneven, single.alone) == (0, 1)


def test_a_longer_run_repeats_its_shorter_partner():
    runs, places = np.array([0, 0, 0, 0, 0, 1, 1]), np.array([1, 2, 3, 4, 5, 1, 2])
    swap = run_permutations(runs, places, 1, np.random.default_rng(0), derangement=True)[0]
    np.testing.assert_array_equal(swap, [5, 6, 5, 6, 5, 0, 1])


def test_draws_are_uniform():
    runs, places = np.repeat(np.arange(4), 2), np.tile([1, 2], 4)
    for derangement, kinds in ((False, 24), (True, 9)):
        drawn = run_permutations(runs, places, 9000, np.random.default_rng(0), derangement=derangement)
        allowed = {
            p for p in itertools.permutations(range(4)) if not derangement or all(i != j for i, j in enumerate(p))
        }
        found, counts = np.unique(drawn[:, ::2] // 2, axis=0, return_counts=True)
        assert {tuple(map(int, row)) for row in found} == allowed and len(allowed) == kinds
        expected = 9000 / kinds
        assert np.sum((counts - expected) ** 2 / expected) < 60  # chi-square, far in the tail


def test_seeded_and_independent_of_row_order():
    runs, places, folds = table([[5] * 8, [5] * 8], np.random.default_rng(0))
    first = run_permutations(runs, places, 50, np.random.default_rng(3), folds)
    np.testing.assert_array_equal(first, run_permutations(runs, places, 50, np.random.default_rng(3), folds))
    order = np.random.default_rng(1).permutation(len(runs))
    other = run_permutations(runs[order], places[order], 50, np.random.default_rng(3), folds[order])
    np.testing.assert_array_equal(order[other], first[:, order])


def test_p_by_hand():
    null = np.array([0.1, 0.2, 0.3, 0.4])
    assert permutation_p(0.3, null) == 3 / 5
    assert permutation_p(0.3, null, "less") == 4 / 5
    assert permutation_p(0.5, null) == 1 / 5 and permutation_p(0.5, null, "two-sided") == 2 / 5
    assert permutation_p(0.25, null, "two-sided") == 1.0
    assert permutation_p(0.3, [0.1 + 0.2, 0.3 - 1e-16]) == 1.0  # rounding is no evidence
    for observed, values in ((np.nan, null), (0.1, []), (0.1, [np.nan])):
        with pytest.raises(BadDataError, match="finite"):
            permutation_p(observed, values)


def test_label_null_equals_sklearn_per_permutation():
    rng = np.random.default_rng(0)
    runs, places = np.repeat(np.arange(12), 4), np.tile(np.arange(4), 12)
    labels = rng.integers(0, 3, 48)  # attributes change within a run
    probabilities = rng.dirichlet(np.ones(3), 48)
    drawn = run_permutations(runs, places, 20, rng)
    hits, guess = expected_hits(probabilities), probabilities.argmax(axis=1)
    np.testing.assert_allclose(label_null(hits, labels, drawn), [(labels[p] == guess).mean() for p in drawn])
    expected = [balanced_accuracy_score(labels[p], guess) for p in drawn]
    np.testing.assert_allclose(label_null(hits, labels, drawn, balanced=True), expected)
    observed = balanced_accuracy(probabilities, labels)
    assert label_permutation_p(hits, labels, drawn, balanced=True) == permutation_p(observed, expected)
    with pytest.raises(BadDataError, match="do not fit"):
        label_null(hits, labels[:-1], drawn)
    with pytest.raises(BadDataError, match="3 classes"):
        label_null(hits, labels + 1, drawn)


def test_p_values_of_clustered_nulls_are_uniform():
    """A decoder that repeats one guess through each run deceives a test over clips, not one over runs."""
    runs, places = np.repeat(np.arange(20), 5), np.tile(np.arange(5), 20)
    labels = np.repeat(np.tile(np.arange(4), 5), 5)
    small_over_runs, small_over_clips = 0, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        hits = np.eye(4)[np.repeat(rng.integers(0, 4, 20), 5)]
        small_over_runs += label_permutation_p(hits, labels, run_permutations(runs, places, 199, rng)) <= 0.05
        clips = rng.permuted(np.tile(np.arange(100), (199, 1)), axis=1)
        small_over_clips += label_permutation_p(hits, labels, clips) <= 0.05
    assert small_over_runs <= binom.isf(0.005, 200, 0.05)
    assert small_over_clips > 2 * small_over_runs


def test_continuous_null_rejects_at_its_level():
    runs, places = np.repeat(np.arange(12), 3), np.tile(np.arange(3), 12)
    p = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        similarity = rng.normal(size=(12, 12))[np.ix_(runs, runs)] + 0.3 * rng.normal(size=(36, 36))
        drawn = run_permutations(runs, places, 99, rng)
        null = similarity[np.arange(36), drawn].mean(axis=1)
        p.append(permutation_p(similarity.diagonal().mean(), null))
    assert binom.ppf(0.005, 200, 0.05) <= np.sum(np.array(p) <= 0.05) <= binom.isf(0.005, 200, 0.05)
    assert binom.ppf(0.005, 200, 0.5) <= np.sum(np.array(p) <= 0.5) <= binom.isf(0.005, 200, 0.5)


def test_bad_tables():
    with pytest.raises(BadDataError, match="Run a has events in two folds"):
        plan_exchange(["a", "a"], [1, 2], [1, 2])
    with pytest.raises(BadDataError, match="same position"):
        plan_exchange(["a", "a"], [1, 1])
    with pytest.raises(BadDataError, match="positions"):
        plan_exchange(["a", "a"], [1])
    with pytest.raises(BadDataError, match="no event"):
        plan_exchange([], [])
    with pytest.raises(BadDataError, match="fold labels"):
        plan_exchange(["a"], [1], [1, 2])
