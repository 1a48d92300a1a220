import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.identify import identify
from eeg2vid.stages.metrics.pairing import paired_null, paired_scores
from eeg2vid.stages.metrics.psnr import psnr_matrix
from eeg2vid.stages.metrics.similarity import area_means, correlation
from eeg2vid.stages.metrics.ssim_pairs import PairedSsim, ssim
from eeg2vid.stages.statistics.permutation import permutation_p, run_permutations

RUNS, PLACES = np.repeat(np.arange(6), 3), np.tile(np.arange(3), 6)


def pairings(n, derangement=False, seed=0):
    return run_permutations(RUNS, PLACES, n, np.random.default_rng(seed), derangement=derangement)


def videos(seed):
    return np.random.default_rng(seed).integers(0, 256, (18, 2, 12, 16, 3), dtype=np.uint8)


def test_matrix_and_callable_agree_and_pairs_are_computed_once():
    matrix = np.random.default_rng(0).normal(size=(18, 18))
    asked = []

    def metric(i, j):
        asked.extend(zip(i, j, strict=True))
        assert np.all(np.diff(j) >= 0)  # ordered by true clip, so that its window sums serve all partners
        return matrix[i, j]

    drawn = pairings(200)
    np.testing.assert_array_equal(paired_null(metric, drawn), paired_null(matrix, drawn))
    assert len(asked) == len(set(asked)) == 18 * 6  # runs move whole: R pairs per event, not one per event
    np.testing.assert_array_equal(paired_scores(metric, drawn[0]), matrix[np.arange(18), drawn[0]])
    np.testing.assert_allclose(paired_null(matrix, drawn), [matrix[np.arange(18), p].mean() for p in drawn])


def test_ssim_through_pairs():
    decoded, true = videos(0), videos(1)
    drawn = pairings(3, derangement=True)
    expected = [ssim(decoded, true[p]).mean() for p in drawn]
    np.testing.assert_allclose(paired_null(PairedSsim(decoded, true), drawn), expected, atol=1e-12)


def test_signal_is_found_and_a_grey_video_has_p_one():
    true = videos(1)
    rng = np.random.default_rng(2)
    decoded = np.clip(true + rng.normal(0, 120, true.shape), 0, 255).astype(np.uint8)
    grey = np.full_like(true, 127)
    drawn = pairings(400)
    for side, verdict in ((decoded, 0.01), (grey, 1.0)):
        scores = identify(correlation(area_means(side), area_means(true)), RUNS)
        for metric, observed in (
            (PairedSsim(side, true), ssim(side, true).mean()),
            (psnr_matrix(side, true), psnr_matrix(side, true).diagonal().mean()),
            (scores.two_way, scores.two_way_score),
            (scores.top1, scores.top1_score),
        ):
            p = permutation_p(observed, paired_null(metric, drawn))
            assert p == 1.0 if verdict == 1.0 else p < verdict


def test_events_without_foils_do_not_count():
    runs, places = np.array([0, 0, 1, 1, 2, 3]), np.array([1, 2, 1, 2, 1, 1])
    matrix = identify(np.random.default_rng(0).normal(size=(6, 6)), runs, foils="within-run").two_way
    null = paired_null(matrix, run_permutations(runs, places, 20, np.random.default_rng(0)))
    assert np.isfinite(null).all() and set(null) <= {0.0, 0.25, 0.5, 0.75, 1.0}
    with pytest.raises(BadDataError, match="No event"):
        paired_null(np.full((6, 6), np.nan), np.arange(6)[None])


def test_bad_pairings():
    with pytest.raises(BadDataError, match="outside"):
        paired_scores(np.eye(3), np.array([0, 1, 3]))
    with pytest.raises(BadDataError, match="of 2 events"):
        paired_scores(np.eye(3), np.array([0, 1]))
