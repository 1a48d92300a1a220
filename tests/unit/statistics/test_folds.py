import numpy as np
import pytest
from scipy.stats import binom

from eeg2vid.stages.metrics.classification import expected_hits
from eeg2vid.stages.statistics.folds import shared_variance, widen
from eeg2vid.stages.statistics.run_labels import run_label_permutation


def test_a_null_is_widened_around_its_mean():
    null = np.random.default_rng(0).normal(0.5, 0.1, 1000)
    assert widen(null, ["a"] * 4) is null
    for shared, times in ((1.0, 2.0), (0.29, 1.29), (0.0, 1.0)):
        wide = widen(null, ["a", "a", "b", "b"], shared)
        assert wide.mean() == pytest.approx(null.mean())
        assert wide.var() == pytest.approx(times * null.var())


def shared(tables):
    """Return what folds share that test each class once: tables `(fold, class, name)`."""
    folds, classes, _ = tables.shape
    labels, fold_of = np.tile(np.arange(classes), folds), np.repeat(np.arange(folds), classes)
    return shared_variance(tables.reshape(-1, classes), labels, np.ones(len(labels), int), fold_of)


def test_two_folds_that_are_each_other_transposed_share_all():
    one = np.random.default_rng(0).normal(size=(30, 30))
    assert shared(np.stack([one, one.T])) == 1.0
    assert shared(np.stack([one, one.T, np.zeros((30, 30))])) == 1.0  # correlation is of what varies


def test_what_is_shared_is_found_beside_noise_margins_and_signal():
    """Fold B's table is s(B, A) + noise for two folds; rows, columns and right names add nothing."""
    rng, classes, found = np.random.default_rng(1), 40, []
    for _ in range(20):
        pairs, own = rng.normal(size=(classes, classes)), rng.normal(size=(2, classes, classes))
        tables = np.stack([pairs, pairs.T]) + own  # half of the variance is shared
        tables += 3 * rng.normal(size=(2, classes, 1)) + 3 * rng.normal(size=(2, 1, classes)) + 9 * np.eye(classes)
        found.append(shared(tables))
    error = 1 / np.sqrt(classes * (classes - 1) - (2 * classes - 1))  # one standard error is added
    assert np.mean(found) == pytest.approx(0.5 + error, abs=0.02)


def test_what_cannot_be_told_is_all():
    rng = np.random.default_rng(0)
    assert shared(rng.normal(size=(7, 3, 3))) == 1.0  # three classes
    assert shared(np.ones((7, 8, 8))) == 1.0  # nothing varies
    labels, folds = np.repeat(np.arange(4), [5, 1, 1, 1]), np.zeros(8, int)
    hits, ones = rng.normal(size=(16, 4)), np.ones(16, int)
    assert shared_variance(hits, np.tile(labels, 2), ones, np.concatenate([folds, folds + 1])) == 1.0  # a majority
    apart = np.repeat(np.arange(8), 2)  # folds without a common class
    assert shared_variance(rng.normal(size=(16, 8)), apart, ones, apart // 4) == 1.0


def test_classes_that_do_not_occur_change_nothing():
    tables = np.random.default_rng(2).normal(size=(3, 12, 12))
    more = np.concatenate([tables, np.ones((3, 12, 5))], axis=2)
    labels, folds = np.tile(np.arange(12), 3), np.repeat(np.arange(3), 12)
    assert 0 < shared(tables) < 1
    assert shared_variance(more.reshape(36, 17), labels, np.ones(36, int), folds) == shared(tables)


@pytest.mark.parametrize(("classes", "runs"), [(8, 8), (2, 16)])
def test_nearest_means_that_know_nothing(classes, runs):
    """Leave one of seven blocks out, nearest class mean, no signal: p < .05 in one study of twenty, and no rarer."""
    blocks, clips, studies = 7, 2, 200
    run = np.repeat(np.arange(blocks * runs), clips)
    block = run // runs
    small = {"none": 0, "mutual": 0}
    for seed in range(studies):
        rng = np.random.default_rng(seed)
        labels = rng.permuted(np.tile(np.arange(classes), (blocks, runs // classes)), axis=1).ravel()
        seen = rng.normal(size=(blocks * runs, 40))[run] + rng.normal(size=(len(run), 40))
        scores = np.zeros((len(run), classes))
        for out in range(blocks):
            learn = block != out
            means = np.stack([seen[learn & (labels[run] == label)].mean(axis=0) for label in range(classes)])
            scores[~learn] = seen[~learn] @ means.T - 0.5 * np.square(means).sum(axis=1)
        for sharing in ("none", "mutual"):
            rng = np.random.default_rng(seed)
            found = run_label_permutation(
                expected_hits(scores), labels[run], run, rng, folds=block, n=199, sharing=sharing
            )
            small[sharing] += found.p <= 0.05
    assert small["mutual"] <= binom.isf(0.005, studies, 0.05)
    assert small["mutual"] < small["none"]
