"""Identification in every space, with its galleries: against sklearn, scipy and the definition."""

import numpy as np
import pytest
from scipy.stats import skew
from sklearn.metrics import roc_auc_score, top_k_accuracy_score

from eeg2vid.stages.metrics import identification as rows
from eeg2vid.stages.metrics.hubness import hubness, named, skewness
from eeg2vid.stages.metrics.identify import identify, identify_top
from eeg2vid.stages.metrics.metric import Given, Keys, Sides
from eeg2vid.stages.metrics.similarity import correlation

RNG = np.random.default_rng(0)


def keys(runs, folds, concepts=None):
    n = len(runs)
    names = [f"c{k}" for k in range(n)]
    return Keys("1", names, names, np.asarray(runs), np.arange(n), np.asarray(folds), concepts)


def test_two_way_is_the_area_under_the_curve_of_retrieval():
    similarity = RNG.integers(0, 6, (15, 15)).astype(float)
    two_way = identify(similarity, np.arange(15)).two_way.diagonal()
    area = [roc_auc_score(np.arange(15) == k, similarity[k]) for k in range(15)]
    assert two_way == pytest.approx(area)


def test_top_k_equals_sklearn_and_shares_ties():
    similarity = RNG.normal(size=(20, 20))
    folds = np.repeat([0, 1], [12, 8])
    for k in (1, 5):
        hits, chance = identify_top(similarity, folds, k)
        score = [
            top_k_accuracy_score(np.arange(len(block)), block, k=k, labels=range(len(block)))
            for block in (similarity[:12, :12], similarity[12:, 12:])
        ]
        assert hits.diagonal()[:12].mean() == pytest.approx(score[0])
        assert hits.diagonal()[12:].mean() == pytest.approx(score[1])
        assert chance == pytest.approx((12 * k / 12 + 8 * k / 8) / 20)
        assert np.isnan(hits[:12, 12:]).all() and np.nansum(hits) == pytest.approx(20 * k)
    constant, chance = identify_top(np.zeros((8, 8)), np.zeros(8), 5)
    assert (constant == 5 / 8).all() and chance == 5 / 8
    assert identify_top(np.zeros((4, 4)), np.zeros(4), 5)[1] == 1.0


def test_hubness_is_worked_by_hand():
    """Four of five decoded clips name the third true clip; one is constant and names each a fifth of the time."""
    similarity = np.zeros((5, 5))
    similarity[:4, 2] = 1.0
    assert named(similarity, 1) == pytest.approx([0.2, 0.2, 4.2, 0.2, 0.2])
    assert hubness(similarity, np.zeros(5)) == "gallery of 5; the commonest first clip is first 84 % of the time"
    counts = RNG.poisson(5, 50).astype(float)
    assert skewness(counts) == pytest.approx(skew(counts)) and skewness(np.full(9, 5.0)) == 0.0
    block = RNG.normal(size=(30, 30))
    nearest = np.argsort(-block, axis=1)[:, :5]
    assert named(block, 5) == pytest.approx(np.bincount(nearest.ravel(), minlength=30))
    two = np.full((37, 37), np.nan)
    two[:30, :30], two[30:, 30:] = block, np.eye(7)
    text = hubness(two, np.repeat(["a", "b"], [30, 7]))
    assert text.startswith("gallery of 7 to 30; ") and "skewness of 5-occurrence" in text


@pytest.mark.parametrize(
    ("measure", "seen"),
    [
        (rows.measure_clip, ("image-encoder", "image")),
        (rows.measure_clip, ("image-encoder", "frames")),
        (rows.measure_video, ("video-classifier", "features")),
        (rows.measure_i3d, ("i3d", "features")),
        (rows.measure_target, ()),
    ],
)
def test_every_space_is_ranked_by_correlation(measure, seen):
    true = RNG.normal(size=(16, 3, 20)).astype(np.float16)
    decoded = (0.3 * true + RNG.normal(size=true.shape)).astype(np.float16)
    sides = Sides(decoded, true)
    runs, folds = np.arange(16) // 2, np.repeat(["a", "b"], 8)
    found = {"percepts": {seen[0]: {seen[1]: sides}}} if seen else {"values": sides, "target": "text"}
    measured = measure(Given(keys(runs, folds), "full", **found))
    assert list(measured) == ["", "top-1", "top-5", "within-run", "between-runs"]
    expected = identify(correlation(decoded, true), runs, folds)
    np.testing.assert_array_equal(measured[""].table, expected.two_way)
    np.testing.assert_array_equal(measured["top-1"].table, expected.top1)
    within = identify(correlation(decoded, true), runs, folds, "within-run")
    np.testing.assert_array_equal(measured["within-run"].table, within.two_way)
    assert measured["top-5"].chance == 5 / 8 and measured[""].chance == 0.5
    assert measured[""].detail.startswith("gallery of 8; ") and measured["within-run"].detail == ""


def test_an_eye_that_keeps_no_features_is_not_asked():
    sides = Sides(RNG.normal(size=(4, 5)), RNG.normal(size=(4, 5)))
    one = Given(keys(range(4), [0] * 4), "full", percepts={"video-classifier": {"logits": sides}})
    assert rows.measure_video(one) == {}


def test_concepts_are_asked_where_they_part_clips_otherwise_than_runs():
    """Two concepts, each in two runs of the fold: foils of the other run count within the concept."""
    values = Sides(RNG.normal(size=(8, 6)), RNG.normal(size=(8, 6)))
    runs, concepts = np.repeat([0, 1, 2, 3], 2), np.array([7, 7, 3, 3, 7, 7, 3, 3])
    found = rows.measure_target(Given(keys(runs, [0] * 8, concepts), "full", "text", values=values))
    similarity = correlation(values.decoded, values.true)
    foils = [k for k in range(8) if concepts[k] == 7 and k != 1]
    assert found["within-concept"].table[4, 1] == np.mean(similarity[4, foils] < similarity[4, 1])
    foils = [k for k in range(8) if concepts[k] == 3]
    assert found["between-concepts"].table[4, 1] == np.mean(similarity[4, foils] < similarity[4, 1])
    for same in (runs, np.full(8, -1), None):  # the same parts as runs, or not known
        one = Given(keys(runs, [0] * 8, same), "full", "text", values=values)
        assert not {"within-concept", "between-concepts"} & set(rows.measure_target(one))
    two_folds = keys(runs, [0] * 4 + [1] * 4, concepts)  # one run of a concept in each fold
    assert "within-concept" not in rows.measure_target(Given(two_folds, "full", "text", values=values))
    assert "within-run" not in rows.measure_target(
        Given(keys(runs, [0] * 8), "full", "text", values=values, apart=False)
    )
