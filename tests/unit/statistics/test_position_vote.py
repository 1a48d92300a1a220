import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.protocol import CONCEPT_ORDER, GROUPS, group_of
from eeg2vid.stages.metrics.classification import expected_hits, top_k_accuracy
from eeg2vid.stages.statistics import position_vote as module
from eeg2vid.stages.statistics.position_vote import WIDTHS_S, position_vote
from eeg2vid.stages.statistics.run_labels import run_label_permutation

KNOWN = settings(derandomize=True, deadline=None, max_examples=50)


def study(order):
    """Return labels, blocks, runs and times in the block of concepts shown in this order `(block, slot)`."""
    order = np.asarray(order)
    blocks, slots = order.shape
    times = 13.0 * np.arange(slots)[:, None] + 3.0 + 2.0 * np.arange(5)
    return (
        order.ravel().repeat(5),
        np.arange(blocks).repeat(5 * slots),
        np.arange(blocks * slots).repeat(5),
        np.tile(times.ravel(), blocks),
    )


def leave_one_block_out(labels, blocks, times, classes):
    probabilities, widths = np.zeros((len(labels), classes)), []
    for block in np.unique(blocks):
        found = position_vote(times, labels, blocks, blocks != block, blocks == block, classes=classes)
        probabilities[blocks == block] = found.probabilities
        widths.append(found.width_s)
    return probabilities, widths


def by_hand(times, labels, train, test, classes, width):
    """Count votes one by one."""
    occurring = sorted({int(labels[j]) for j in train})
    rows = []
    for i in test:
        votes = [0.0] * classes
        for c in occurring:
            mine = [j for j in train if labels[j] == c]
            share = len(train) / len(occurring) / len(mine)
            votes[c] = share * sum(math.exp(-((times[i] - times[j]) ** 2) / (2 * width**2)) for j in mine)
            votes[c] += 1 / len(occurring)
        rows.append([vote / sum(votes) for vote in votes])
    return np.array(rows)


@KNOWN
@given(st.integers(0, 2**32 - 1))
def test_equals_counting_by_hand(seed):
    rng = np.random.default_rng(seed)
    n, classes = int(rng.integers(6, 25)), int(rng.integers(1, 5))
    times, labels, blocks = rng.uniform(0, 60, n), rng.integers(0, classes, n), rng.integers(0, 3, n)
    test = np.flatnonzero(rng.random(n) < 0.3)
    test = test if 0 < len(test) < n else np.array([0])
    train = np.setdiff1d(np.arange(n), test)
    widths = (20.0, 3.0)
    found = position_vote(times, labels, blocks, train, test, classes=classes, widths_s=widths)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(found.probabilities, by_hand(times, labels, train, test, classes, found.width_s))
    if len(np.unique(blocks[train])) == 1:
        assert np.isnan(found.evidence).all() and found.width_s == 3.0
        return
    expected = []
    for width in widths:
        logs = []
        for block in np.unique(blocks[train]):
            out = train[blocks[train] == block]
            table = by_hand(times, labels, train[blocks[train] != block], out, classes, width)
            truth = table[np.arange(len(out)), labels[out]]
            logs += [math.log(p) for p in truth if p > 0]
        expected.append(np.mean(logs) if logs else np.nan)
    np.testing.assert_allclose(found.evidence, expected)
    if not np.isnan(expected).any() and abs(expected[0] - expected[1]) > 1e-9:
        assert found.width_s == widths[int(np.argmax(expected))]


@KNOWN
@given(st.integers(0, 2**32 - 1), st.floats(-500, 500), st.sampled_from([0.5, 2.0, 4.0]))
def test_only_time_differences_over_widths_count_and_test_labels_do_not(seed, shift, factor):
    rng = np.random.default_rng(seed)
    labels, blocks, _, times = study(rng.permuted(np.tile(np.arange(4), (3, 1)), axis=1))
    first = position_vote(times, labels, blocks, blocks > 0, blocks == 0, classes=4)
    hidden = np.where(blocks == 0, rng.integers(0, 4, len(labels)), labels)
    moved = position_vote(
        factor * (times + shift), hidden, blocks, np.flatnonzero(blocks), np.flatnonzero(blocks == 0), classes=4,
        widths_s=factor * np.array(WIDTHS_S),
    )  # fmt: skip
    assert moved.width_s == factor * first.width_s
    np.testing.assert_allclose(moved.probabilities, first.probabilities, rtol=1e-6)


def test_the_same_order_in_every_block_is_read_off_the_clock():
    labels, blocks, runs, times = study([np.random.default_rng(0).permutation(12)] * 4)
    probabilities, widths = leave_one_block_out(labels, blocks, times, 12)
    assert top_k_accuracy(probabilities, labels) == 1.0
    assert max(widths) < 13.0
    rng = np.random.default_rng(0)
    assert run_label_permutation(expected_hits(probabilities), labels, runs, rng, folds=blocks, n=999).p == 0.001


def test_neighbouring_positions_vote():
    """Concepts wander by a slot or two between blocks: a wider kernel is chosen, and still decodes."""
    rng = np.random.default_rng(1)
    order = np.array([np.argsort(np.arange(20) + rng.normal(0, 1.0, 20)) for _ in range(6)])
    labels, blocks, _, times = study(order)
    probabilities, widths = leave_one_block_out(labels, blocks, times, 20)
    assert min(widths) >= 13.0
    assert top_k_accuracy(probabilities, labels) > 0.2  # chance 0.05


def test_clips_of_a_run_on_both_sides_give_the_answer_away():
    """A random split of clips: the neighbours in the same run vote. Blocks in random order otherwise tell nothing."""
    rng = np.random.default_rng(2)
    labels, blocks, _, times = study(rng.permuted(np.tile(np.arange(20), (1, 1)), axis=1))
    test = rng.random(len(labels)) < 0.2
    leaking = position_vote(times, labels, blocks, ~test, test, classes=20)
    assert top_k_accuracy(leaking.probabilities, labels[test]) > 0.9


def test_random_orders_stay_at_chance():
    scores = []
    for seed in range(40):
        order = np.random.default_rng(seed).permuted(np.tile(np.arange(8), (5, 1)), axis=1)
        labels, blocks, _, times = study(order)
        scores.append(top_k_accuracy(leave_one_block_out(labels, blocks, times, 8)[0], labels))
    assert np.mean(scores) == pytest.approx(1 / 8, abs=3 * np.std(scores) / np.sqrt(40))


@pytest.mark.parametrize("groups", [False, True])
def test_the_published_order_gives_nothing_away(groups):
    """SEED-DV's own table of concepts: neither the 40 concepts nor the nine groups are told by the clock."""
    order = np.array(CONCEPT_ORDER) - 1
    if groups:
        order = np.array([list(GROUPS).index(group_of(concept)) for concept in range(1, 41)])[order]
    classes = order.max() + 1
    labels, blocks, runs, times = study(order)
    probabilities, widths = leave_one_block_out(labels, blocks, times, classes)
    found = run_label_permutation(expected_hits(probabilities), labels, runs, np.random.default_rng(0), folds=blocks)
    assert set(widths) == {max(WIDTHS_S)}  # nothing at any one position: the widest
    assert found.p > 0.1
    assert found.observed < 0.14 if groups else found.observed < 0.03


def test_rare_classes_are_not_outvoted_and_unknown_ones_not_guessed():
    times, labels = np.array([0.0, 0.0, 0.0, 0.0, 1e6, 0.0]), np.array([0, 0, 0, 1, 2, 0])
    found = position_vote(times, labels, np.zeros(6), np.arange(4), [4, 5], classes=4)
    assert found.width_s == min(WIDTHS_S)
    np.testing.assert_allclose(found.probabilities, [[0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0]])


def test_pieces_equal_the_whole(monkeypatch):
    labels, blocks, _, times = study(np.random.default_rng(0).permuted(np.tile(np.arange(6), (3, 1)), axis=1))
    whole = position_vote(times, labels, blocks, blocks > 0, blocks == 0, classes=6)
    monkeypatch.setattr(module, "_CELLS", 150)
    pieces = position_vote(times, labels, blocks, blocks > 0, blocks == 0, classes=6)
    np.testing.assert_allclose(pieces.probabilities, whole.probabilities)


def test_bad_tables():
    good = {"times_s": [0.0, 1.0, 2.0], "labels": [0, 1, 1], "blocks": [0, 0, 1], "train": [0, 1], "test": [2]}
    for sentence, changed in (
        ("one per event", {"labels": [0, 1]}),
        ("Event number 1", {"times_s": [0.0, np.nan, 2.0]}),
        ("2 classes", {"labels": [0, 1, 2]}),
        ("positive widths", {"widths_s": []}),
        ("positive widths", {"widths_s": [0.0, 1.0]}),
        ("no training event", {"train": []}),
        ("No test event", {"test": [False] * 3}),
        ("training mask", {"train": [True, False]}),
        ("training events run from", {"train": [0, 3]}),
        ("Event number 1 is in training and test", {"test": [1, 2]}),
    ):
        with pytest.raises(BadDataError, match=sentence):
            position_vote(**{**good, "classes": 2, **changed})
