import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.metrics.identify import identification, identify
from eeg2vid.stages.metrics.similarity import area_means, correlation

KINDS = ("all", "within-run", "between-runs")


def by_loops(similarity, runs, folds, kind):
    """Write the definition down word by word."""
    n = len(runs)
    two_way, top1, count = np.full((n, n), np.nan), np.full((n, n), np.nan), np.zeros(n, int)
    for i in range(n):
        for j in range(n):
            if folds[i] != folds[j]:
                continue
            foils = [k for k in range(n) if k != j and folds[k] == folds[j]]
            if kind == "within-run":
                foils = [k for k in foils if runs[k] == runs[j]]
            if kind == "between-runs":
                foils = [k for k in foils if runs[k] != runs[j]]
            count[j] = len(foils)
            if not foils:
                continue
            beaten = [np.sign(similarity[i, j] - similarity[i, k]) / 2 + 0.5 for k in foils]
            two_way[i, j] = np.mean(beaten)
            rivals = [k for k in foils if similarity[i, k] == similarity[i, j]]
            top1[i, j] = 0.0 if min(beaten) == 0 else 1 / (1 + len(rivals))
    return two_way, top1, count


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), min_size=1, max_size=3),
    st.integers(0, 2**32 - 1),
)
def test_equals_the_definition_with_ties(lengths, seed):
    rng = np.random.default_rng(seed)
    runs = [f"{f}-{r}" for f, fold in enumerate(lengths) for r, n in enumerate(fold) for _ in range(n)]
    folds = [f for f, fold in enumerate(lengths) for n in fold for _ in range(n)]
    order = rng.permutation(len(runs))
    runs, folds = np.array(runs)[order], np.array(folds)[order]
    similarity = rng.integers(0, 4, (len(runs), len(runs))).astype(float)
    for kind in KINDS:
        result = identify(similarity, runs, folds, kind)
        two_way, top1, count = by_loops(similarity, runs, folds, kind)
        np.testing.assert_allclose(result.two_way, two_way, atol=1e-12)
        np.testing.assert_allclose(result.top1, top1, atol=1e-12)
        np.testing.assert_array_equal(result.foils, count)
        assert result.left_out == np.sum(count == 0)


def test_perfect_constant_and_worst():
    runs = np.repeat(np.arange(4), 5)
    perfect, constant = identify(np.eye(20), runs), identify(np.zeros((20, 20)), runs)
    assert perfect.two_way_score == perfect.top1_score == 1.0
    assert perfect.top1_chance == pytest.approx(1 / 20)
    assert identify(-np.eye(20), runs).two_way_score == 0.0
    assert constant.two_way_score == 0.5 and constant.top1_score == pytest.approx(1 / 20)
    for kind, options in (("within-run", 5), ("between-runs", 16)):
        assert identify(np.zeros((20, 20)), runs, foils=kind).two_way_score == 0.5
        assert identify(np.zeros((20, 20)), runs, foils=kind).top1_score == pytest.approx(1 / options)
        assert identify(np.eye(20), runs, foils=kind).top1_score == 1.0


def test_a_decoder_of_the_concept_alone_is_at_chance_within_runs():
    runs = np.repeat(np.arange(8), 5)
    similarity = (runs[:, None] == runs[None]).astype(float)
    assert identify(similarity, runs, foils="within-run").two_way_score == 0.5
    assert identify(similarity, runs, foils="between-runs").two_way_score == 1.0


def test_events_without_foils_are_left_out_and_counted():
    runs = np.array([0, 0, 1])
    result = identify(np.eye(3), runs, foils="within-run")
    assert result.left_out == 1 and result.two_way_score == 1.0 and np.isnan(result.two_way[2, 2])
    nothing = identify(np.eye(3), np.arange(3), foils="within-run")
    assert nothing.left_out == 3 and np.isnan(nothing.two_way_score) and np.isnan(nothing.top1_chance)


def test_area_means_whole_and_cut_pixels():
    rng = np.random.default_rng(0)
    videos = rng.integers(0, 256, (2, 3, 18, 32, 3), dtype=np.uint8)
    by_mean = videos.reshape(2, 3, 9, 2, 16, 2, 3).mean(axis=(3, 5))
    np.testing.assert_allclose(area_means(videos), by_mean, atol=1e-10)
    # a ratio that is no whole number: repeat every pixel so that it becomes one
    fine = videos.repeat(5, axis=2).repeat(7, axis=3)
    by_mean = fine.reshape(2, 3, 5, 18, 7, 32, 3).mean(axis=(3, 5))
    np.testing.assert_allclose(area_means(videos, 5, 7), by_mean, atol=1e-10)
    np.testing.assert_allclose(area_means(videos, 99, 99), videos)


def test_correlation_equals_scipy_and_constants_identify_nothing():
    rng = np.random.default_rng(0)
    decoded = rng.integers(0, 256, (6, 2, 36, 64, 3), dtype=np.uint8)
    true = rng.integers(0, 256, (6, 2, 36, 64, 3), dtype=np.uint8)
    decoded[4] = 127
    a, b = area_means(decoded, 5, 7), area_means(true, 5, 7)
    similarity = correlation(a, b)
    for i, j in ((0, 0), (1, 3), (5, 2)):
        assert similarity[i, j] == pytest.approx(pearsonr(a[i].ravel(), b[j].ravel())[0], abs=1e-11)
    assert (similarity[4] == 0.0).all()
    result = identify(similarity, np.repeat([0, 1], 3))
    assert result.two_way[4, 4] == 0.5 and result.top1[4, 4] == pytest.approx(1 / 6)


def test_equal_true_clips_tie():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(37, 432))
    true[20] = true[3]
    similarity = correlation(rng.normal(size=(37, 432)), true)
    np.testing.assert_array_equal(similarity[:, 20], similarity[:, 3])


def test_bad_input():
    with pytest.raises(BadDataError, match="expected \\(3, 3\\)"):
        identify(np.eye(4), [0, 0, 1])
    with pytest.raises(BadDataError, match="not a finite number"):
        identify(np.full((2, 2), np.nan), [0, 1])
    with pytest.raises(BadDataError, match="two folds"):
        identify(np.eye(2), [0, 0], [0, 1])
    with pytest.raises(BadDataError, match="features"):
        correlation(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(BadDataError, match="finite"):
        correlation(np.full((2, 3), np.inf), np.zeros((2, 3)))


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from(KINDS))
def test_of_values_equals_the_definition(seed, kind):
    """`identification`, as notebooks call it."""
    rng = np.random.default_rng(seed)
    folds = np.repeat([0, 1], 4)
    runs = folds * 2 + np.tile([0, 0, 1, 1], 2)
    decoded, true = rng.normal(size=(2, 8, 3, 2))
    alike = np.array([[pearsonr(one.ravel(), other.ravel())[0] for other in true] for one in decoded])
    two_way, top1, count = by_loops(alike, runs, folds, kind)
    found = identification(decoded.tolist(), true, runs, folds, kind)
    np.testing.assert_allclose(found.two_way, two_way)
    np.testing.assert_allclose(found.top1, top1)
    np.testing.assert_array_equal(found.foils, count)


def test_of_videos_looks_at_area_means():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 256, (6, 2, 18, 32, 3), dtype=np.uint8)
    decoded = rng.integers(0, 256, true.shape, dtype=np.uint8)
    cells = [side.reshape(6, 2, 9, 2, 16, 2, 3).mean(axis=(3, 5)).reshape(6, -1) for side in (decoded, true)]
    wanted = by_loops(np.corrcoef(*cells)[:6, 6:], np.arange(6), np.zeros(6), "all")[0]
    np.testing.assert_allclose(identification(decoded, true).two_way, wanted)


@pytest.mark.parametrize(
    ("args", "error", "sentence"),
    [
        ((np.ones((3, 2)), np.ones((2, 2))), BadDataError, "3 decoded and 2 true"),
        ((np.ones((3, 2)), np.ones((3, 4))), BadDataError, "true ones"),
        ((np.ones((3, 2)), np.ones((3, 2)), None, None, "within-run"), UsageError, "need the run"),
        ((np.ones((3, 2)), np.ones((3, 2)), [1, 1, 1], None, "within"), UsageError, "is one of all, within-run"),
        ((np.full((3, 2), np.nan), np.ones((3, 2))), BadDataError, "not a finite number"),
    ],
)
def test_of_values_refuses(args, error, sentence):
    with pytest.raises(error, match=sentence):
        identification(*args)
