"""Scores of videos and labels: against independent computations, with planted information and with none."""

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.stats import binom, kstest
from skimage.metrics import structural_similarity
from sklearn.metrics import accuracy_score, balanced_accuracy_score, top_k_accuracy_score

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics import ssim as ssim_file
from eeg2vid.stages.metrics.contrasts import contrast
from eeg2vid.stages.metrics.metric import Given, Keys, Labels, Sides
from eeg2vid.stages.metrics.nulls import is_constant
from eeg2vid.stages.metrics.psnr import psnr_matrix
from eeg2vid.stages.metrics.scoring import Effort, definitions_of, rows_of, score
from eeg2vid.stages.metrics.ssim_pairs import PairedSsim
from eeg2vid.stages.metrics.table import METRICS as TABLE
from eeg2vid.stages.statistics.differences import paired_difference
from eeg2vid.stages.statistics.permutation import run_permutations

IDENTIFICATION = ("", "identification", "")
WITHIN = ("", "identification", "within-run")
BETWEEN = ("", "identification", "between-runs")
TOP1, IN_FIVE = ("", "identification", "top-1"), ("", "identification", "top-5")
ACCURACY, TOP5, BALANCED = (
    ("concept", "accuracy", ""),
    ("concept", "accuracy", "top-5"),
    ("concept", "balanced-accuracy", ""),
)
RUN, RUN_TOP5, RUN_BALANCED = (
    ("concept", "accuracy", "per-run"),
    ("concept", "accuracy", "per-run top-5"),
    ("concept", "balanced-accuracy", "per-run"),
)
PSNR, SSIM, MSE = ("", "psnr", ""), ("", "ssim", ""), ("", "mse", "")
ORDER, HUE = ("", "temporal-order", ""), ("", "hue", "")
METRICS = [IDENTIFICATION, TOP1, IN_FIVE, WITHIN, BETWEEN, ORDER, SSIM, PSNR, MSE, HUE]


def name(row):
    """What a row is of: target, metric, variant."""
    return row.target, row.metric, row.variant


def make_keys(lengths, folds=1):
    """Runs of the given lengths, dealt to the folds in turn."""
    runs = np.repeat(np.arange(len(lengths)), lengths)
    return Keys(
        subject="1",
        events=[f"e{k}" for k in range(len(runs))],
        clips=[f"c{k}" for k in range(len(runs))],
        runs=np.array([f"r{run}" for run in runs]),
        positions=np.concatenate([np.arange(1, n + 1) for n in lengths]),
        folds=np.array([f"f{run % folds}" for run in runs]),
    )


def noise(keys, rng):
    return rng.integers(0, 256, (len(keys.events), 2, 12, 16, 3), dtype=np.uint8)


def blend(truth, other, share):
    return np.round(share * truth.astype(float) + (1 - share) * other).astype(np.uint8)


@dataclass
class Found:
    scores: list
    contrasts: list
    values: list
    keys: Keys


def run_scores(decoded, truth, keys, permutations=99, seed=0):
    """Score condition by condition, as the stage does, then contrast."""
    effort, n = Effort(permutations, seed), len(keys.events)
    found = [score(Given(keys, one, frames=Sides(v, truth)), effort)[0] for one, v in decoded.items()]
    values = [row for one in found for row in rows_of(one, range(n), n)]
    contrasts = contrast(values, keys.subject, keys.runs, effort)
    return Found([one.row for scores in found for one in scores], contrasts, values, keys)


def table(found):
    return {(row.condition, name(row)): row for row in found.scores}


def values_of(found, metric, condition="full"):
    (row,) = (row for row in found.values if (row.condition, name(row)) == (condition, metric))
    return {event: value for event, value in zip(found.keys.events, row.values, strict=True) if value is not None}


def test_values_equal_independent_computations():
    keys = make_keys([3, 3, 3, 3, 3, 3], folds=2)
    rng = np.random.default_rng(0)
    truth = noise(keys, rng)
    decoded = blend(truth, noise(keys, rng), 0.2)
    found = run_scores({"full": decoded}, truth, keys)
    assert [name(row) for row in found.scores] == METRICS

    n = len(keys.events)
    flat_decoded = [shrunk(video) for video in decoded]
    flat_truth = [shrunk(video) for video in truth]
    kinds = {IDENTIFICATION: (True, True), WITHIN: (True, False), BETWEEN: (False, True)}  # fmt: skip
    for metric, (within, between) in kinds.items():
        scores = values_of(found, metric)
        for i in range(n):
            foils = [
                k for k in range(n)
                if k != i and keys.folds[k] == keys.folds[i] and (within if keys.runs[k] == keys.runs[i] else between)
            ]  # fmt: skip
            own = np.corrcoef(flat_decoded[i], flat_truth[i])[0, 1]
            beaten = [own > np.corrcoef(flat_decoded[i], flat_truth[k])[0, 1] for k in foils]
            assert scores[keys.events[i]] == pytest.approx(np.mean(beaten))
            if metric == IDENTIFICATION:
                assert values_of(found, TOP1)[keys.events[i]] == all(beaten)
    for i, event in enumerate(keys.events):
        errors = ((decoded[i].astype(float) - truth[i]) ** 2).mean(axis=(1, 2, 3))
        assert values_of(found, PSNR)[event] == pytest.approx(np.mean(10 * np.log10(255**2 / errors)))
        frames = [structural_similarity(a, b, channel_axis=-1) for a, b in zip(decoded[i], truth[i], strict=True)]
        assert values_of(found, SSIM)[event] == pytest.approx(np.mean(frames))
    for row in found.scores:
        assert row.value == pytest.approx(np.mean(list(values_of(found, name(row)).values())))
        assert row.low <= row.value <= row.high
        assert (row.n_events, row.n_runs, row.note) == (18, 6, "")
    assert table(found)["full", TOP1].chance == pytest.approx(1 / 9)


def shrunk(video):
    """Mean over 9 x 16 areas of 12 x 16 pixels: a row is three thirds, an area four of them."""
    fine = np.repeat(video.astype(float), 3, axis=1)
    return fine.reshape(2, 9, 4, 16, 3).mean(axis=2).ravel()


@pytest.mark.parametrize("lengths", [[2] * 5, [1, 2, 4], [3]])
def test_chance_and_p_come_from_runs_that_change_places(lengths):
    keys = make_keys(lengths)
    rng = np.random.default_rng(3)
    truth = noise(keys, rng)
    decoded = blend(truth, noise(keys, rng), 0.05)
    rows = table(run_scores({"full": decoded}, truth, keys, permutations=600, seed=11))
    draw = np.random.default_rng(11)
    random = run_permutations(keys.runs, keys.positions, 600, draw, keys.folds)
    foils = run_permutations(keys.runs, keys.positions, 600, draw, keys.folds, derangement=True)

    def ssim_of(pairing):
        return np.mean(
            [
                structural_similarity(a, b, channel_axis=-1)
                for i, k in enumerate(pairing)
                for a, b in zip(decoded[i], truth[k], strict=True)
            ]
        )

    row = rows["full", SSIM]
    pairs = {pairing.tobytes(): ssim_of(pairing) for pairing in np.unique(np.concatenate([random, foils]), axis=0)}
    assert row.chance == pytest.approx(np.mean([pairs[pairing.tobytes()] for pairing in foils]), abs=1e-6)
    null = np.array([pairs[pairing.tobytes()] for pairing in random])
    assert row.p == pytest.approx((1 + np.sum(null >= row.value - 1e-6)) / 601)
    assert [rows["full", metric].chance_kind for metric in (SSIM, PSNR)] == ["pairing", "pairing"]
    assert rows["full", IDENTIFICATION].chance == 0.5


def test_a_pair_is_computed_once(monkeypatch):
    keys = make_keys([3] * 4)
    truth = noise(keys, np.random.default_rng(0))
    asked = []

    class Counted(PairedSsim):
        def __call__(self, decoded_index, true_index):
            asked.extend(zip(decoded_index.tolist(), true_index.tolist(), strict=True))
            assert np.all(np.diff(true_index) >= 0)  # the windows of a true clip serve all its partners
            return super().__call__(decoded_index, true_index)

    monkeypatch.setattr(ssim_file, "PairedSsim", Counted)
    run_scores({"full": truth[::-1].copy()}, truth, keys, permutations=300)
    assert len(asked) == len(set(asked)) == 12 * 4  # runs x events, however many pairings
    asked.clear()
    run_scores({"grey": np.full_like(truth, 127)}, truth, keys, permutations=300)
    assert asked == [(k, k) for k in range(12)]


def test_planted_information_is_found():
    keys = make_keys([2] * 10, folds=2)
    rng = np.random.default_rng(1)
    truth = noise(keys, rng)
    rows = table(run_scores({"full": blend(truth, noise(keys, rng), 0.5)}, truth, keys, permutations=499))
    for metric in METRICS:
        row = rows["full", metric]
        assert row.p <= 0.01, metric
        better = row.high < row.chance if metric == MSE else row.low > row.chance
        assert better, metric
    concept = truth[[np.flatnonzero(keys.runs == run)[0] for run in keys.runs]]  # the run's first clip for all of it
    rows = table(run_scores({"full": concept}, concept, keys, permutations=499))
    assert rows["full", BETWEEN].value == 1.0
    assert rows["full", BETWEEN].p <= 0.01
    assert rows["full", WITHIN].value == 0.5  # nothing beyond the run was shown
    assert rows["full", WITHIN].p == 1.0


def test_without_information_p_is_uniform():
    keys = make_keys([2] * 6)
    found = {metric: [] for metric in METRICS}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        truth = noise(keys, rng)
        for row in run_scores({"full": noise(keys, rng)}, truth, keys, permutations=99, seed=seed).scores:
            found[name(row)].append(row.p)
    for metric, p in found.items():
        for level in (0.05, 0.25, 0.5, 0.75):
            low, high = binom.interval(0.99, 100, level)
            count = np.count_nonzero(np.array(p) <= level)
            assert count <= high, (metric, level)
            if metric in (PSNR, SSIM):  # the others tie, which makes p larger
                assert count >= low, (metric, level)


def test_a_constant_condition_scores_chance_and_has_no_p():
    keys = make_keys([2] * 6, folds=2)
    truth = noise(keys, np.random.default_rng(0))
    mean = np.empty_like(truth)
    for fold in ("f0", "f1"):
        mean[keys.folds == fold] = truth[keys.folds != fold].mean(axis=0).round()
    assert is_constant(mean, keys.folds)
    assert not is_constant(mean, np.repeat("f0", len(mean)))
    found = run_scores({"grey": np.full_like(truth, 127), "mean-video": mean}, truth, keys)
    assert len(found.scores) == 2 * len(METRICS)
    for row in found.scores:
        assert row.p is None, row
        assert row.value == pytest.approx(row.chance), row
        assert row.note == ""
    assert found.contrasts == []


def test_contrasts_are_paired_differences():
    keys = make_keys([2] * 5)
    rng = np.random.default_rng(2)
    truth = noise(keys, rng)
    other = noise(keys, rng)
    decoded = {"full": blend(truth, other, 0.6), "shuffled-runs": other, "grey": np.full_like(truth, 90)}
    found = run_scores(decoded, truth, keys, seed=4)
    assert [(name(row), row.control) for row in found.contrasts] == [
        (metric, control) for metric in METRICS for control in ("shuffled-runs", "grey")
    ]
    for row in found.contrasts:
        full = np.array(list(values_of(found, name(row)).values()))
        control = np.array(list(values_of(found, name(row), row.control).values()))
        bounds = TABLE[row.metric].bounds
        expected = paired_difference(full, control, keys.runs, np.random.default_rng(4), 99, bounds=bounds)
        assert (row.difference, row.low, row.high, row.p) == (
            expected.value, expected.low, expected.high, expected.p
        )  # fmt: skip
        rows = table(found)
        difference = rows["full", name(row)].value - rows[row.control, name(row)].value
        assert row.difference == pytest.approx(difference)
    by = {(name(row), row.control): row for row in found.contrasts}
    assert by[SSIM, "shuffled-runs"].p == pytest.approx(2 / 2**5)  # all five runs gain: the least p of five runs


@pytest.mark.parametrize(
    ("lengths", "folds", "note"),
    [
        ([2, 2, 2], 1, ""),
        ([2, 3, 4], 1, "p is approximate: 3 runs change places with runs of another length"),
        ([2, 2, 3], 1, "p is approximate: 3 runs change places with runs of another length"),
        ([2, 2, 5, 4, 4], 1, "p is approximate: 3 runs change places with runs of another length"),
        ([3, 3, 3], 2, "p is approximate: 1 run is alone in its fold: its clips were shuffled"),
        ([3, 4], 2, "p is approximate: 2 runs are alone in their fold: their clips were shuffled"),
        ([3, 3, 2], 2, "p is approximate: 2 runs change places with runs of another length; "
                       "1 run is alone in its fold: its clips were shuffled"),
    ],
)  # fmt: skip
def test_inexact_exchanges_are_noted(lengths, folds, note):
    keys = make_keys(lengths, folds)
    rng = np.random.default_rng(0)
    truth = noise(keys, rng)
    rows = run_scores({"full": noise(keys, rng), "grey": np.full_like(truth, 9)}, truth, keys).scores
    assert {row.note for row in rows if row.condition == "full"} == {note}
    assert {row.note for row in rows if row.condition == "grey"} == {""}  # no p, nothing to say about it
    mixed = score_labels(mix_runs(make_labels(keys, rng)), Effort(20, 0))
    assert {row.note for row in mixed} == {note}
    whole = score_labels(make_labels(keys, rng), Effort(20, 0))
    movable = max(len(set(keys.runs[keys.folds == fold])) for fold in keys.folds) > 1
    assert {row.note for row in whole} == {"" if movable else note}  # labels of whole runs change places exactly


def test_a_single_run_has_no_interval():
    keys = make_keys([4])
    rng = np.random.default_rng(0)
    truth = noise(keys, rng)
    decoded = {"full": blend(truth, noise(keys, rng), 0.5), "grey": np.full_like(truth, 9)}
    found = run_scores(decoded, truth, keys)
    assert [name(row) for row in found.scores if row.condition == "full"] == [
        one for one in METRICS if one not in (BETWEEN, IN_FIVE)
    ]
    for row in (*found.scores, *found.contrasts, *score_labels(make_labels(keys, rng), FEW)):
        assert row.low is None and row.high is None
    assert {row.p for row in found.contrasts} == {1.0}
    assert all(row.p is not None for row in found.scores if row.condition == "full")


def test_runs_of_one_clip_have_no_row_within_runs():
    keys = make_keys([1] * 6)
    rng = np.random.default_rng(0)
    truth = noise(keys, rng)
    found = run_scores({"full": noise(keys, rng)}, truth, keys)
    assert [name(row) for row in found.scores] == [one for one in METRICS if one != WITHIN]


def test_every_event_has_its_rows():
    keys = make_keys([1, 2, 2])
    rng = np.random.default_rng(0)
    truth = noise(keys, rng)
    found = run_scores({"full": noise(keys, rng), "shuffled-runs": noise(keys, rng)}, truth, keys, permutations=20)
    for row in found.scores:
        events = values_of(found, name(row), row.condition)
        within = name(row) == WITHIN
        assert list(events) == (keys.events[1:] if within else keys.events)  # a run of one has no foils within
        assert row.n_events == len(events)


def test_values_and_nulls_are_what_the_scores_rest_on():
    keys = make_keys([2] * 5)
    rng = np.random.default_rng(6)
    truth = noise(keys, rng)
    given = Given(keys, "full", frames=Sides(blend(truth, noise(keys, rng), 0.3), truth))
    scores, _ = score(given, Effort(199, 0))
    for one in scores:
        assert np.nanmean(one.values) == pytest.approx(one.row.value)
        sign = -1 if one.row.metric == "mse" else 1  # low is good
        assert one.row.p == pytest.approx((1 + np.sum(sign * one.null >= sign * one.row.value - 1e-12)) / 200)
        assert one.row.p_adjusted >= one.row.p
    psnr_row = next(one for one in scores if one.row.metric == "psnr")
    table = psnr_matrix(given.frames.decoded, truth)
    run, place = keys.runs, keys.positions
    others = [[table[j, i] for j in range(10) if run[j] != run[i] and place[j] == place[i]] for i in range(10)]
    assert psnr_row.wrong == pytest.approx([np.mean(row) for row in others], abs=0.3)  # over 199 draws of the foils
    assert psnr_row.row.above_chance == pytest.approx(
        (psnr_row.row.value - psnr_row.row.chance) / (100 - psnr_row.row.chance)
    )
    labels = make_labels(keys, rng, share=0.2)
    for one in score(labels, FEW)[0]:
        assert np.mean(one.values) == pytest.approx(one.row.value)


def test_runs_that_are_alike_are_relabeled_alike_in_everybody():
    keys = make_keys([2] * 5)
    rng = np.random.default_rng(0)
    truth = noise(keys, rng)

    def exchanges(of):
        decoded = noise(of, rng)
        scores, _ = score(Given(of, "full", frames=Sides(decoded, truth[: len(decoded)])), FEW)
        return {one.row.exchange for one in scores}

    first, second, other = (exchanges(of) for of in (keys, replace(keys, subject="2"), make_keys([2] * 4)))
    assert first == second
    assert len(first) == 1 and first.isdisjoint(other)


def test_a_control_that_shuffles_is_held_against_all_draws():
    """Of a single draw of the shuffle the difference would depend on which it was."""
    keys = make_keys([2] * 5)
    rng = np.random.default_rng(2)
    truth = noise(keys, rng)
    decoded = blend(truth, noise(keys, rng), 0.5)
    effort, values = Effort(99, 0), []
    for condition, videos in (("full", decoded), ("shuffled-runs", decoded[[2, 3, 4, 5, 6, 7, 8, 9, 0, 1]])):
        found = score(Given(keys, condition, frames=Sides(videos, truth)), effort)[0]
        values += rows_of(found, range(10), 10)
    rows = contrast(values, "1", keys.runs, effort, shuffles=("shuffled-runs",))
    for row in rows:
        full = next(v for v in values if name(v) == name(row) and v.condition == "full")
        assert row.difference == pytest.approx(np.mean(full.values) - np.mean(full.wrong))
    assert contrast(values, "1", keys.runs, effort, apart=("shuffled-runs",)) == []


def test_scores_are_the_same_again():
    keys = make_keys([2] * 4)
    rng = np.random.default_rng(0)
    truth, decoded = noise(keys, rng), noise(keys, rng)
    first, second = (run_scores({"full": decoded}, truth, keys, seed=5) for _ in range(2))
    assert first == second


def test_bad_videos_are_refused():
    keys = make_keys([2, 2])
    truth = noise(keys, np.random.default_rng(0))
    for wrong in (truth.astype(np.float32), truth[:, :1], truth[:, :, :6]):
        with pytest.raises(BadDataError):
            run_scores({"full": wrong}, truth, keys)


FEW = Effort(99, 0)


def score_labels(given, effort):
    scores, looks = score(given, effort)
    assert looks == []
    return [one.row for one in scores]


def make_labels(keys, rng, classes=7, share=0.0, target="concept", **changes):
    """Runs of one class each; probabilities that follow the truth as much as asked."""
    numbers = np.unique(keys.runs, return_inverse=True)[1]
    labels = (numbers * 3) % classes
    probabilities = rng.dirichlet(np.ones(classes), len(labels)) * (1 - share)
    probabilities[np.arange(len(labels)), labels] += share
    found = {"probabilities": probabilities.astype(np.float32), "true": labels, "majority": np.zeros(len(labels))}
    return Given(keys, "full", target=target, labels=Labels(**found | changes))


def mix_runs(given):
    """The same with labels that differ within runs, as colours do."""
    mixed = (given.labels.true + given.keys.positions) % given.labels.probabilities.shape[1]
    return replace(given, labels=replace(given.labels, true=mixed))


def test_labels_equal_independent_computations():
    given = make_labels(make_keys([1, 2, 3, 4, 5, 6, 7, 8]), np.random.default_rng(0), share=0.1)
    rows = {name(row): row for row in score_labels(given, FEW)}
    assert list(rows) == [ACCURACY, TOP5, RUN, RUN_TOP5, BALANCED, RUN_BALANCED]
    predicted = given.labels.probabilities.argmax(axis=1)
    assert rows[ACCURACY].value == pytest.approx(accuracy_score(given.labels.true, predicted))
    assert rows[ACCURACY].chance == pytest.approx(np.mean(given.labels.true == 0))
    assert rows[BALANCED].value == pytest.approx(balanced_accuracy_score(given.labels.true, predicted))
    assert rows[BALANCED].chance == 1 / 7
    expected = top_k_accuracy_score(given.labels.true, given.labels.probabilities, k=5, labels=range(7))
    assert rows[TOP5].value == pytest.approx(expected)
    assert rows[TOP5].chance == 5 / 7
    commonest = np.bincount(given.labels.true).max() / 36  # of the tested labels
    assert [rows[one].baseline for one in (ACCURACY, TOP5, BALANCED)] == [commonest, None, None]
    logs = np.log(given.labels.probabilities.astype(float))
    together = np.array([logs[given.keys.runs == run].sum(axis=0) for run in given.keys.runs])
    assert rows[RUN].value == pytest.approx(accuracy_score(given.labels.true, together.argmax(axis=1)))
    assert rows[RUN_BALANCED].value == pytest.approx(
        balanced_accuracy_score(given.labels.true, together.argmax(axis=1))
    )
    assert rows[RUN_TOP5].value == pytest.approx(
        top_k_accuracy_score(given.labels.true, together, k=5, labels=range(7))
    )
    assert [row.chance_kind for row in rows.values()] == ["majority", "analytic"] * 2 + ["analytic"] * 2
    assert {(row.kind, row.n_events, row.n_runs) for row in rows.values()} == {("classification", 36, 8)}
    two = make_labels(make_keys([2] * 6), np.random.default_rng(0), classes=2, target="fast")
    assert [name(row) for row in score_labels(two, FEW)] == [
        ("fast", metric, variant) for metric in ("accuracy", "balanced-accuracy") for variant in ("", "per-run")
    ]
    mixed = score_labels(mix_runs(given), FEW)
    assert [name(row) for row in mixed] == [ACCURACY, TOP5, BALANCED]  # no run has one label: none is asked as a whole


def test_p_of_labels_comes_from_runs_that_change_places():
    keys = make_keys([1, 2, 2, 3, 3, 5, 5])
    given = mix_runs(make_labels(keys, np.random.default_rng(1)))
    given.labels.probabilities[np.arange(21), given.labels.true] += 0.1
    found = score_labels(given, Effort(400, 3))
    pairings = run_permutations(keys.runs, keys.positions, 400, np.random.default_rng(3), keys.folds)
    guesses = np.argsort(-given.labels.probabilities, axis=1)

    def balanced(labels):
        right = guesses[:, 0] == labels
        return np.mean([right[labels == one].mean() for one in np.unique(labels)])

    ways = [
        lambda labels: np.mean(guesses[:, 0] == labels),
        lambda labels: np.mean((guesses[:, :5] == labels[:, None]).any(axis=1)),
        balanced,
    ]
    for row, way in zip(found, ways, strict=True):
        null = np.array([way(given.labels.true[pairing]) for pairing in pairings])
        p = (1 + np.sum(null >= way(given.labels.true) - 1e-12)) / 401
        if row.baseline is not None:  # one class is shown more often than others: it must be beaten, too
            right, rng = guesses[:, 0] == given.labels.true, np.random.default_rng(3)
            vote = given.labels.majority == given.labels.true
            if vote.mean() > 1 / 7:
                against = paired_difference(right, vote, keys.runs, rng, 400, alternative="greater")
                p = max(p, against.p)
        assert row.p == pytest.approx(p), (row.metric, row.variant)
    assert len({row.p for row in found}) >= 2


def test_below_the_majority_is_never_better_than_chance():
    """A rate of .593 where .725 have one label: above 1/2, and worse than never looking."""
    keys = make_keys([5] * 40)
    labels = np.repeat(np.arange(40) < 29, 5).astype(int)
    rng = np.random.default_rng(0)
    right = np.zeros(200, bool)
    right[rng.choice(200, 119, replace=False)] = True
    guesses = np.where(right, labels, 1 - labels)
    given = Given(keys, "full", "human", labels=Labels(np.eye(2)[guesses], labels, np.ones(200, int)))
    accuracy = next(row for row in score_labels(given, FEW) if name(row) == ("human", "accuracy", ""))
    assert (accuracy.value, accuracy.baseline) == pytest.approx((0.595, 0.725)) and accuracy.p > 0.9
    better = Labels(np.eye(2)[np.where(rng.random(200) < 0.95, labels, 1 - labels)], labels, np.ones(200, int))
    assert score_labels(replace(given, labels=better), FEW)[0].p < 0.05


def test_ties_at_random_make_p_uniform_where_nothing_is_known():
    """Hits of eight runs take few values: with all ties counted p < .3 is too seldom, with some as often as said."""
    keys = make_keys([2] * 8)
    found = {False: [], True: []}
    for seed in range(200):
        given = make_labels(keys, np.random.default_rng(seed))
        for random, p in found.items():
            p.append(next(row.p for row in score_labels(given, Effort(99, seed, random)) if name(row) == BALANCED))
    assert kstest(found[True], "uniform").pvalue > 0.01
    assert np.mean(np.array(found[False]) <= 0.3) < 0.25 < np.mean(np.array(found[True]) <= 0.3) + 0.02
    assert all(some <= everything for some, everything in zip(found[True], found[False], strict=True))


def test_labels_of_whole_runs_change_places_whatever_the_runs_lengths():
    """All 720 orders of the labels of six runs, against as many drawn as make the difference small."""
    keys = make_keys([1, 2, 2, 3, 5, 5])
    given = make_labels(keys, np.random.default_rng(4), share=0.05)
    right = given.labels.probabilities.argmax(axis=1)
    run = np.unique(keys.runs, return_inverse=True)[1]
    own = given.labels.true[np.unique(run, return_index=True)[1]]
    orders = np.array([np.array(order)[run] for order in itertools.permutations(own)])
    weights = 1 / np.bincount(run)[run] / 6  # every run has a class of its own
    scores = (orders == right) @ weights
    exact = np.mean(scores >= (given.labels.true == right) @ weights - 1e-12)
    assert 0.01 < exact < 0.5
    row = next(row for row in score_labels(given, Effort(20_000, 0)) if name(row) == BALANCED)
    assert row.p == pytest.approx(exact, abs=4 * np.sqrt(exact / 20_000))


def test_planted_labels_are_found_and_constant_answers_score_chance():
    keys = make_keys([5] * 14, folds=2)
    for row in score_labels(make_labels(keys, np.random.default_rng(0), share=0.5), FEW):
        if name(row) == RUN_TOP5:
            continue  # five of seven: nearly every order of 14 runs has all of them right
        assert row.p == 0.01
        assert row.low > row.chance
    majority = np.full(70, 3)
    always = np.zeros((70, 7), np.float32)
    always[:, 3] = 1.0
    given = make_labels(keys, np.random.default_rng(0), probabilities=always, majority=majority)
    for row in (row for row in score_labels(given, FEW) if name(row) not in (TOP5, RUN_TOP5)):
        assert row.value == pytest.approx(row.chance)
        assert row.p == 1.0


def test_without_information_the_p_of_labels_keeps_its_promise():
    keys = make_keys([3] * 8)
    found = {}
    for seed in range(100):
        given = make_labels(keys, np.random.default_rng(seed))
        for row in score_labels(given, Effort(99, seed)):
            found.setdefault(name(row), []).append(row.p)
    for metric, p in found.items():
        for level in (0.05, 0.25, 0.5, 0.75):
            assert np.count_nonzero(np.array(p) <= level) <= binom.interval(0.99, 100, level)[1], (metric, level)


def test_clips_of_a_run_are_not_told_apart_where_they_are_mixed():
    keys = make_keys([3] * 4)
    rng = np.random.default_rng(0)
    truth = noise(keys, rng)
    given = Given(keys, "full", frames=Sides(noise(keys, rng), truth), apart=False)
    scores = [one.row for one in score(given, Effort(20, 0))[0]]
    assert [name(row) for row in scores] == [one for one in METRICS if one != WITHIN]
    assert [(row.metric, row.variant) for row in definitions_of(scores)] == [
        (m, v) for _, m, v in METRICS if v != "within-run"
    ]
