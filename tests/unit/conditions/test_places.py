"""Whose EEG, and whose clip: who changes places with whom."""

import numpy as np
import pytest

from eeg2vid.stages.conditions import shuffled_clips, shuffled_training

RUNS = np.repeat(["a", "b", "c", "d"], [5, 3, 1, 2])
POSITIONS = np.concatenate([np.arange(n) for n in (5, 3, 1, 2)])


def test_clips_change_places_within_their_run_and_none_keeps_its_own():
    seen = set()
    for seed in range(40):
        places = shuffled_clips.sources(RUNS, POSITIONS, np.random.default_rng(seed))
        assert sorted(places) == list(range(11))
        assert (RUNS[places] == RUNS).all()
        assert [k for k in range(11) if places[k] == k] == [8]  # alone in its run
        seen.add(tuple(places[5:8]))
    assert seen == {(6, 7, 5), (7, 5, 6)}  # both derangements of three


def test_clips_change_places_whatever_the_order_of_the_rows():
    order = np.random.default_rng(1).permutation(11)
    places = shuffled_clips.sources(RUNS[order], POSITIONS[order], np.random.default_rng(0))
    assert (RUNS[order][places] == RUNS[order]).all()
    assert ((places == np.arange(11)) == (RUNS[order] == "c")).all()


def blocks_of_runs(n_blocks, n_runs, length):
    blocks = np.repeat(np.arange(n_blocks), n_runs * length)
    runs = np.repeat(np.arange(n_blocks * n_runs), length)
    return blocks, runs, np.tile(np.arange(length), n_blocks * n_runs)


def test_training_pairs_move_whole_runs_within_blocks():
    blocks, runs, positions = blocks_of_runs(3, 4, 5)
    for seed in range(20):
        places = shuffled_training.partners(blocks, runs, positions, np.random.default_rng(seed))
        assert sorted(places) == list(range(60))
        assert (blocks[places] == blocks).all() and (positions[places] == positions).all()
        partner = runs[places].reshape(12, 5)
        assert (partner == partner[:, :1]).all()


def test_training_pairs_tell_nothing_on_average():
    """Each run draws each run of its block equally often, itself too: a derangement would tell what was not shown."""
    blocks, runs, positions = blocks_of_runs(2, 4, 1)
    rng = np.random.default_rng(0)
    counts = np.zeros((8, 8))
    for _ in range(4000):
        counts[np.arange(8), shuffled_training.partners(blocks, runs, positions, rng)] += 1
    share = counts / 4000
    assert np.abs(share[:4, :4] - 0.25).max() < 0.03 and np.abs(share[4:, 4:] - 0.25).max() < 0.03
    assert share[:4, 4:].max() == share[4:, :4].max() == 0


def test_training_pairs_are_never_all_true():
    blocks, runs, positions = blocks_of_runs(1, 2, 3)
    for seed in range(20):
        places = shuffled_training.partners(blocks, runs, positions, np.random.default_rng(seed))
        assert places.tolist() == [3, 4, 5, 0, 1, 2]


@pytest.mark.parametrize("count", [0, 1])
def test_where_nothing_can_change_places_nothing_does(count):
    labels = np.arange(count)
    assert shuffled_training.partners(labels, labels, labels, np.random.default_rng(0)).tolist() == list(range(count))
