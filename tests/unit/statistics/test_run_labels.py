import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.classification import balanced_accuracy, expected_hits, top_k_accuracy
from eeg2vid.stages.statistics import run_labels
from eeg2vid.stages.statistics.folds import shared_variance, widen
from eeg2vid.stages.statistics.permutation import label_null, permutation_p, run_permutations
from eeg2vid.stages.statistics.run_labels import merge_p, run_label_permutation

CLASSES = 4
STUDIES = st.lists(st.lists(st.integers(1, 6), min_size=2, max_size=7), min_size=1, max_size=4)
KNOWN = settings(derandomize=True, deadline=None, max_examples=50)


def study(lengths, seed):
    """Return probabilities, labels, runs and folds of runs of these lengths `[fold][run]`, events in random order."""
    rng = np.random.default_rng(seed)
    rows = [(f"{f}-{r}", f) for f, fold in enumerate(lengths) for r, n in enumerate(fold) for _ in range(n)]
    label_of = {run: int(rng.integers(CLASSES)) for run in dict.fromkeys(run for run, _ in rows)}
    runs, folds = (np.array(column) for column in zip(*(rows[i] for i in rng.permutation(len(rows))), strict=True))
    probabilities = rng.integers(1, 4, (len(rows), CLASSES)).astype(float)  # with ties
    return probabilities, np.array([label_of[str(run)] for run in runs]), runs, folds


@KNOWN
@given(STUDIES, st.integers(0, 2**32 - 1))
def test_scores_are_those_of_the_metrics(lengths, seed):
    probabilities, labels, runs, folds = study(lengths, seed)
    for balanced, metric in ((True, balanced_accuracy), (False, top_k_accuracy)):
        hits, rng = expected_hits(probabilities), np.random.default_rng(seed)
        found = run_label_permutation(hits, labels, runs, rng, folds=folds, n=20, balanced=balanced)
        assert found.observed == pytest.approx(metric(probabilities, labels))
        by_fold = [metric(probabilities[folds == fold], labels[folds == fold]) for fold in np.unique(folds)]
        np.testing.assert_allclose(found.fold_observed, by_fold)
        assert (found.fold_p >= 1 / 21).all() and (found.fold_p <= 1).all() and 1 / 21 <= found.p <= 1
        assert found.n_runs == sum(len(fold) for fold in lengths)


@KNOWN
@given(STUDIES, st.integers(0, 2**32 - 1))
def test_neither_the_order_of_rows_nor_names_of_classes_matter(lengths, seed):
    probabilities, labels, runs, folds = study(lengths, seed)
    order = np.random.default_rng(seed).permutation(len(labels))
    names = np.random.default_rng(seed + 1).permutation(CLASSES)
    renamed = np.empty_like(probabilities)
    renamed[:, names] = probabilities
    first = run_label_permutation(
        expected_hits(probabilities), labels, runs, np.random.default_rng(1), folds=folds, n=30
    )
    for other in (
        run_label_permutation(
            expected_hits(probabilities[order]), labels[order], runs[order], np.random.default_rng(1),
            folds=folds[order], n=30,
        ),
        run_label_permutation(expected_hits(renamed), names[labels], runs, np.random.default_rng(1), folds=folds, n=30),
    ):  # fmt: skip
        assert other.p == first.p
        np.testing.assert_array_equal(other.fold_p, first.fold_p)


@pytest.mark.parametrize("balanced", [True, False])
def test_one_fold_agrees_with_all_orders_tried(balanced):
    """Runs of unequal length, two of one label: every order of the labels, scored by scikit-learn."""
    rng = np.random.default_rng(1)
    runs, label_of = np.repeat(np.arange(6), [2, 5, 3, 5, 4, 1]), np.array([0, 1, 2, 3, 1, 2])
    guess = np.where(rng.random(20) < 0.2, label_of[runs], rng.integers(0, CLASSES, 20))
    score = balanced_accuracy_score if balanced else accuracy_score
    every = np.array([score(np.array(order)[runs], guess) for order in itertools.permutations(label_of)])
    observed = score(label_of[runs], guess)
    tail = np.mean(every >= observed - 1e-12)
    hits = np.eye(CLASSES)[guess]
    found = run_label_permutation(hits, label_of[runs], runs, rng, n=20000, balanced=balanced)
    assert found.observed == found.fold_observed[0] == pytest.approx(observed)
    assert found.p == found.fold_p[0] == pytest.approx(tail, abs=5 * np.sqrt(tail / 20000))
    assert 0.02 < tail < 0.5  # a tail worth the test
    assert found.chance == pytest.approx(every.mean(), abs=0.01)
    assert found.spread == pytest.approx(every.std(), rel=0.05)


def test_several_folds_agree_with_moving_events():
    """Runs of one length: the same null as exchanging runs event by event, here with 4 x 6 runs of 5."""
    rng = np.random.default_rng(0)
    runs, folds, places = np.repeat(np.arange(24), 5), np.repeat(np.arange(4), 30), np.tile(np.arange(5), 24)
    labels = np.concatenate([rng.permutation(6) for _ in range(4)]).repeat(5)
    hits = expected_hits(rng.dirichlet(np.ones(6), 120) + 0.08 * np.eye(6)[labels])
    null = label_null(hits, labels, run_permutations(runs, places, 20000, rng, folds), balanced=True)
    shared = shared_variance(hits, labels, np.ones(120, int), folds)
    assert 0 < shared < 1
    for sharing, other in (("none", null), ("mutual", widen(null, folds, shared))):
        found = run_label_permutation(hits, labels, runs, rng, folds=folds, n=20000, sharing=sharing)
        assert found.spread == pytest.approx(null.std(), rel=0.05)
        assert found.chance == pytest.approx(null.mean(), abs=2e-3)
        assert found.p == pytest.approx(permutation_p(found.observed, other), rel=0.25)
        assert 0.001 < found.p < 0.3
    unknown = run_label_permutation(hits, labels, runs, rng, folds=folds, sharing="unknown")
    assert unknown.p == min(1.0, 2 * np.sort(unknown.fold_p)[1])


def test_extremes():
    runs, labels = np.repeat(np.arange(10), 5), np.repeat(np.arange(10), 5)
    right, rng = np.eye(10)[labels], np.random.default_rng(0)
    for sharing in ("none", "mutual", "unknown"):
        assert run_label_permutation(right, labels, runs, rng, n=999, sharing=sharing).p == 1 / 1000
        same = run_label_permutation(np.full((50, 10), 0.1), labels, runs, rng, n=99, sharing=sharing)
        assert same.p == 1.0 and same.observed == pytest.approx(0.1)
    lonely = run_label_permutation(right, labels, runs, rng, n=99, folds=np.repeat([0] * 9 + [1], 5))
    assert lonely.fold_p.tolist() == [0.01, 1.0]


def test_draws_in_pieces_are_the_same_draws(monkeypatch):
    probabilities, labels, runs, _ = study([[5] * 8], 0)
    hits = expected_hits(probabilities)
    whole = run_label_permutation(hits, labels, runs, np.random.default_rng(0), n=50)
    monkeypatch.setattr(run_labels, "_CELLS", 7 * CLASSES)
    pieces = run_label_permutation(hits, labels, runs, np.random.default_rng(0), n=50)
    assert (pieces.p, pieces.chance) == (whole.p, pytest.approx(whole.chance))


def test_one_guess_through_each_run_does_not_deceive():
    """What clips of a run share is no evidence: p < .05 no more often than one time in twenty."""
    runs = np.repeat(np.arange(20), 5)
    labels = np.repeat(np.tile(np.arange(4), 5), 5)
    small = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        hits = np.eye(4)[np.repeat(rng.integers(0, 4, 20), 5)]
        small += run_label_permutation(hits, labels, runs, rng, n=199).p <= 0.05
    assert small <= binom.isf(0.005, 300, 0.05)


def test_merged_p_by_hand():
    assert merge_p([0.3]) == 0.3
    assert merge_p([0.5, 0.01]) == 0.02  # two: twice the smaller, which is Bonferroni's
    assert merge_p([0.9, 0.04, 0.02]) == pytest.approx(3 / 2 * 0.04)
    assert merge_p([1.0, 1.0, 0.9, 0.9]) == 1.0
    for wrong in ([], [0.1, np.nan], [-0.1, 0.5], [0.5, 1.1]):
        with pytest.raises(BadDataError, match="p-values"):
            merge_p(wrong)


@KNOWN
@given(st.integers(1, 9), st.integers(0, 99))
def test_merged_p_is_valid_where_all_are_one(k, seed):
    """Fully dependent p-values, the same K times: never below the one."""
    p = np.random.default_rng(seed).random()
    assert merge_p(np.full(k, p)) >= min(1.0, p) - 1e-15


def test_bad_tables():
    hits, labels, runs, rng = (
        np.eye(3)[[0, 0, 1, 1]],
        np.array([0, 0, 1, 1]),
        np.array(list("aabb")),
        np.random.default_rng(0),
    )
    for sentence, changed in (
        ("do not fit", {"labels": labels[:3]}),
        ("do not fit", {"hits": hits[:3]}),
        ("do not fit", {"hits": hits[:, 0]}),
        ("3 classes", {"labels": labels + 2}),
        ("Event number 1", {"hits": np.where(np.arange(4)[:, None] == 1, np.nan, hits)}),
        ("Run b has events of two labels", {"labels": np.array([0, 0, 1, 2])}),
        ("No fold has two runs", {"folds": [0, 0, 1, 1]}),
        ("two folds", {"folds": [0, 1, 1, 1]}),
        ("no event", {"hits": hits[:0], "labels": labels[:0], "runs": runs[:0]}),
        ("at least one", {"n": 0}),
    ):
        with pytest.raises(BadDataError, match=sentence):
            run_label_permutation(**{"hits": hits, "labels": labels, "runs": runs, "rng": rng, **changed})
