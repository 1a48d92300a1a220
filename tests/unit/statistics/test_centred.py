import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.centred import centred


def test_equals_least_squares_over_the_wrong_pairs():
    rng = np.random.default_rng(0)
    table, runs = rng.random((9, 9)), np.array([0, 0, 0, 1, 1, 2, 2, 2, 3])
    i, j = np.nonzero(runs[:, None] != runs)
    design = np.zeros((len(i), 18))
    design[np.arange(len(i)), i] = design[np.arange(len(i)), 9 + j] = 1
    effects = np.linalg.lstsq(design, table[i, j], rcond=None)[0]
    bare = table.diagonal() - effects[:9] - effects[9:]
    expected = table.diagonal().mean() + (bare - bare.mean()) * np.sqrt((4 - 2) / 4)
    np.testing.assert_allclose(centred(table, runs), expected, atol=1e-9)


def test_the_mean_stays_and_ease_goes():
    rng = np.random.default_rng(0)
    runs = np.repeat(np.arange(10), 3)
    table = rng.random((30, 30))
    easy = table + 5 * rng.random((30, 1)) + 5 * rng.random((1, 30))
    values = centred(easy, runs)
    assert values.mean() == pytest.approx(easy.diagonal().mean())
    np.testing.assert_allclose(values - values.mean(), centred(table, runs) - table.diagonal().mean(), atol=1e-9)


def test_varies_as_the_score_does_under_exchanged_runs():
    """Ease three times as large as all else: plain values vary by far too much."""
    rng = np.random.default_rng(0)
    table = rng.normal(0, 1, (60, 60)) + 3 * rng.normal(0, 1, (60, 1)) + 3 * rng.normal(0, 1, (1, 60))
    orders = np.stack([rng.permutation(60) for _ in range(4000)])
    spread = table[np.arange(60), orders].mean(axis=1).std() * np.sqrt(60)
    assert centred(table, np.arange(60)).std(ddof=1) == pytest.approx(spread, rel=0.2)
    assert table.diagonal().std() > 3 * spread


def test_folds_by_themselves_and_holes():
    rng = np.random.default_rng(0)
    table, runs, folds = rng.random((12, 12)), np.repeat(np.arange(6), 2), np.repeat([0, 1], 6)
    apart = np.where(folds[:, None] == folds, table, np.nan)
    np.testing.assert_allclose(centred(table, runs, folds), centred(apart, runs, folds))
    holed = apart.copy()
    holed[3, 3] = np.nan
    found = centred(holed, runs, folds)
    assert np.isnan(found[3]) and np.isfinite(np.delete(found, 3)).all()
    assert np.nanmean(found) == pytest.approx(np.nanmean(holed.diagonal()))
    alone = np.where(np.eye(4, dtype=bool), 0.5, np.nan)
    np.testing.assert_array_equal(centred(alone, [0, 1, 2, 3]), 0.5)
    np.testing.assert_array_equal(centred(table[:4, :4], [0, 0, 1, 1]), table.diagonal()[:4])
    with pytest.raises(BadDataError, match="shape"):
        centred(table[:5], runs)
