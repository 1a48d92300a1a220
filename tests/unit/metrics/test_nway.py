"""N-way accuracy: every draw and every order of ties counted, and the sampled version of the field."""

import itertools
import time

import numpy as np
import pytest
from scipy.stats import hypergeom

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.metrics.metric import Given, Keys, Sides
from eeg2vid.stages.metrics.nway import best_classes, nway, nway_accuracy, nway_chance, rank, standings
from eeg2vid.stages.metrics.nway_judged import NWAY_FRAME, NWAY_VIDEO, QUESTIONS, measure_frames, measure_videos
from eeg2vid.stages.metrics.scoring import Effort, score


def counted(scores, right, ways, top, lost=False):
    """All draws of distractors, and all orders of equal classes."""
    wrong = [c for c in range(len(scores)) if c not in right]
    orders = [None] if lost else list(itertools.permutations(range(len(scores))))
    hits = []
    for order in orders:
        for drawn in itertools.combinations(wrong, ways - 1):
            hit = False
            for own in right:
                if lost:
                    ahead = sum(scores[d] >= scores[own] for d in drawn)
                else:
                    ahead = sum((scores[d], order[d]) > (scores[own], order[own]) for d in drawn)
                hit |= ahead < top
            hits.append(hit)
    return np.mean(hits)


def exact(scores, right, ways, top, lost=False):
    standing = standings(rank(np.array([scores])), np.array([right]))
    return nway_accuracy(standing, len(scores), len(right), ways, top, ties_lost=lost)[0, 0]


@pytest.mark.parametrize("right", [(0,), (2, 5), (1, 3, 4)])
def test_equals_every_draw_and_every_order_of_ties(right):
    rng = np.random.default_rng(len(right))
    for levels in (2, 3, 50):
        scores = rng.integers(0, levels, 6).astype(float)
        for ways, top in ((2, 1), (3, 1), (3, 2), (4, 1)):
            if ways - 1 <= 6 - len(right):
                for lost in (False, True):
                    assert exact(scores, right, ways, top, lost) == pytest.approx(
                        counted(scores, right, ways, top, lost), abs=1e-12
                    )


def test_without_ties_equals_the_hypergeometric_of_scipy():
    rng = np.random.default_rng(0)
    for classes, count in ((128, 3), (400, 1), (1000, 3)):
        scores = rng.permutation(classes).astype(float)
        right = best_classes(rng.normal(size=(1, classes)), count)[0]
        better = int((scores > scores[right].max()).sum())
        for ways, top in ((2, 1), (40, 5), (50, 1)):
            expected = hypergeom.cdf(top - 1, classes - count, better, ways - 1)
            assert exact(scores, right, ways, top) == pytest.approx(expected, rel=1e-10)


def sampled(scores, right, ways, top, trials, rng):
    """As MinD-Video's `n_way_top_k_acc`, whose sort puts the right class before its equals."""
    others, hits = [c for c in range(len(scores)) if c not in right], 0
    for _ in range(trials):
        drawn = rng.choice(others, ways - 1, replace=False)
        for own in right:
            picked = np.concatenate([scores[[own]], scores[drawn]])
            if 0 in np.argsort(picked, kind="stable")[-top:]:
                hits += 1
                break
    return hits / trials


def test_agrees_with_the_sampled_version_of_the_field():
    """A hundred draws each, as published: within the standard error of the mean over clips."""
    rng = np.random.default_rng(3)
    decoded, true = rng.normal(size=(2, 30, 400))
    decoded += 0.2 * true
    right = best_classes(true, 3)
    standing = standings(rank(decoded), right)
    for ways, top in ((2, 1), (40, 1), (50, 5)):
        exactly = nway_accuracy(standing, 400, 3, ways, top, ties_lost=True).diagonal()
        drawn = [sampled(p, r, ways, top, 100, rng) for p, r in zip(decoded, right, strict=True)]
        error = np.sqrt(np.sum(exactly * (1 - exactly)) / 100) / 30
        assert abs(np.mean(drawn) - exactly.mean()) < 4 * error


def test_chance_is_what_exchangeable_classes_score():
    """The formulas of one k, and the mean over all orders of the classes."""
    for ways in (2, 10, 40, 50):
        assert nway_chance(ways, 1, 3) == pytest.approx(3 / (ways + 2))
        assert nway_chance(ways, 5 if ways > 5 else 1, 1) == pytest.approx((5 if ways > 5 else 1) / ways)
    orders = np.array(list(itertools.permutations(range(6))), float)
    for right in ([[0]], [[0, 1, 2]]):
        standing = standings(rank(orders), np.array(right))
        for ways, top in ((2, 1), (3, 1), (4, 2)):
            mean = nway_accuracy(standing, 6, len(right[0]), ways, top).mean()
            assert mean == pytest.approx(nway_chance(ways, top, len(right[0])))


def test_an_eye_that_says_nothing_is_at_chance():
    same = np.zeros((4, 128), np.float16)
    for right, ways, top in ((3, 2, 1), (3, 50, 5), (1, 40, 1)):
        standing = standings(rank(same), best_classes(np.random.default_rng(0).normal(size=(4, 128)), right))
        assert nway_accuracy(standing, 128, right, ways, top) == pytest.approx(nway_chance(ways, top, right))
        assert (nway_accuracy(standing, 128, right, ways, top, ties_lost=True) == 0).all()


def test_more_ways_than_classes_are_refused():
    standing = standings(rank(np.eye(5)), best_classes(np.eye(5), 3))
    with pytest.raises(UsageError, match="of 5 classes 2 are wrong"):
        nway_accuracy(standing, 5, 3, 4)
    with pytest.raises(UsageError, match="k must be"):
        nway_accuracy(standing, 5, 3, 2, 2)
    with pytest.raises(BadDataError, match="finite"):
        rank(np.full((1, 5), np.nan))
    assert UsageError.exit_code == 2


KEYS = Keys(
    "1", [f"e{k}" for k in range(12)], [f"c{k}" for k in range(12)], np.arange(12) // 2, np.arange(12) % 2,
    np.repeat(["a", "b"], 6),
)  # fmt: skip


def judged(eye, decoded, true, *extras):
    return Given(KEYS, "full", percepts={eye: {"logits": Sides(decoded, true)}}, extras=frozenset(extras))


def test_frames_are_held_against_the_true_frame_of_their_place():
    rng = np.random.default_rng(1)
    decoded, true = rng.normal(size=(2, 12, 3, 128)).astype(np.float16)
    found = measure_frames(judged("image-classifier", decoded, true, "nway-frame:40 top-5", "nway-frame:2 published"))
    assert list(found) == ["2", "40", "40 top-5", "2 strict", "40 strict", "2 published"]
    for name, measured in found.items():
        one = QUESTIONS[name]
        for i, j in ((0, 0), (0, 5), (7, 9)):
            each = []
            for frame in range(3):
                right = np.argsort(-true[j, frame].astype(float))[: one.right]
                scores = decoded[i, frame].astype(float)
                if one.published:
                    p = np.exp(scores - scores.max())
                    scores = (p / p.sum()).astype(np.float16)
                each.append(exact(scores, right, one.ways, one.top, one.published))
            assert measured.table[i, j] == pytest.approx(np.mean(each))
        assert np.isnan(measured.table[0, 6:]).all() and measured.detail.startswith("128 classes")
        others = [measured.table[i, j] for i in range(12) for j in range(12) if KEYS.runs[i] != KEYS.runs[j]]
        assert measured.empirical == pytest.approx(np.nanmean(others))
    assert [found[name].chance for name in ("2", "2 strict", "40 strict")] == pytest.approx([0.75, 0.5, 1 / 40])


def test_clips_become_rows_beside_both_chance_levels():
    rng = np.random.default_rng(2)
    true = rng.normal(size=(12, 40))
    rows = [one.row for one in score(judged("video-classifier", true, true), Effort(19, 0))[0]]
    ours = {row.variant: row for row in rows if row.metric == "nway-video"}
    assert set(ours) == {"2", "2 strict", "40 strict"}  # 37 wrong classes are too few for 39 distractors
    assert {row.value for row in ours.values()} == {1.0} and ours["2"].chance == 0.75
    assert 0.5 < ours["2"].empirical_chance < 1.0
    with pytest.raises(UsageError, match="knows 40 classes, of which 37 are wrong"):
        measure_videos(judged("video-classifier", true, true, "nway-video:50"))
    assert NWAY_VIDEO.variants["2"].lenient and not NWAY_FRAME.variants["2 strict"].lenient


def test_ties_of_half_precision_are_told():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(12, 128))
    found = measure_videos(judged("video-classifier", np.round(true, 0).astype(np.float16), true))
    assert "ties with a wrong class in" in found["2"].detail


@pytest.mark.study
def test_all_pairs_are_at_least_a_hundred_times_faster_than_draws():
    """200 x 200 clips, 6 frames, 1000 classes, four questions; draws timed on 20 pairs."""
    rng = np.random.default_rng(0)
    decoded, true = rng.normal(size=(2, 200, 6, 1000)).astype(np.float16)
    keys = Keys("1", [""] * 200, [""] * 200, np.arange(200) // 5, np.arange(200) % 5, np.zeros(200))
    given = Given(keys, "full", percepts={"image-classifier": {"logits": Sides(decoded, true)}})
    start = time.perf_counter()
    found = measure_frames(given)
    took = time.perf_counter() - start
    right = best_classes(true[:20, 0], 3)
    start = time.perf_counter()
    for scores, own in zip(decoded[:20, 0].astype(float), right, strict=True):
        sampled(scores, own, 40, 1, 100, rng)
    draws = (time.perf_counter() - start) / 20 * 6 * 200 * 200 * len(found)
    print(f"all pairs {took:.2f} s, draws of all pairs {draws:.0f} s, of the true pairs {draws / 200:.1f} s")
    assert draws > 100 * took and draws / 200 > 40 * took  # all pairs against all, and against the true ones


def test_of_scores_and_labels_equals_every_draw():
    """`nway`, as notebooks call it."""
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 4, (4, 6)).astype(float)
    one, three = rng.integers(0, 6, 4), np.argsort(rng.normal(size=(4, 6)), axis=1)[:, :3]
    for right in (one, three):
        groups = right.reshape(4, -1)
        for ways, top in ((2, 1), (3, 2), (4, 1)):
            for lost in (False, True):
                found = nway(scores, right, ways, top, ties_lost=lost)
                wanted = [counted(row, tuple(own), ways, top, lost) for row, own in zip(scores, groups, strict=True)]
                np.testing.assert_allclose(found.hits, wanted, atol=1e-12)
                assert found.accuracy == pytest.approx(np.mean(wanted))
                assert found.chance == nway_chance(ways, top, groups.shape[1])


@pytest.mark.parametrize(
    ("scores", "right", "how", "error", "sentence"),
    [
        ([[0.1, 0.9]], [2], {"ways": 2}, BadDataError, "run 2 to 2, expected 0 to 1"),
        ([[0.1, 0.9]], [-1], {"ways": 2}, BadDataError, "run -1 to -1"),
        ([[0.1, 0.9]], [0.0], {"ways": 2}, BadDataError, "whole numbers"),
        ([[0.1, 0.9]], [0, 1], {"ways": 2}, BadDataError, "right class of 1 clips"),
        ([[0.1, 0.9, 0.3]], [[1, 1]], {"ways": 2}, BadDataError, "twice"),
        ([[0.1, float("nan")]], [0], {"ways": 2}, BadDataError, "finite scores"),
        ([[0.1, 0.9]], [0], {}, UsageError, "draws 49 wrong classes"),
        ([[0.1, 0.9]], [0], {"ways": 2, "top": 2}, UsageError, "is no question"),
    ],
)
def test_of_scores_and_labels_refuses(scores, right, how, error, sentence):
    with pytest.raises(error, match=sentence):
        nway(scores, right, **how)
