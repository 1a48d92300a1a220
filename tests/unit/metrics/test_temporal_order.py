"""Order in time: what knows nothing is at one half, what is smooth does not win by being smooth."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from eeg2vid.stages.metrics.metric import Given, Keys, Sides
from eeg2vid.stages.metrics.scoring import Effort, score
from eeg2vid.stages.metrics.similarity import area_means
from eeg2vid.stages.metrics.temporal_order import measure, order_table, other_orders


def keys_of(n, folds=None):
    names = [f"e{k}" for k in range(n)]
    return Keys("1", names, names, np.arange(n) // 2, np.arange(n) % 2, np.zeros(n) if folds is None else folds)


def smooth(n, seed, frames=6):
    """Return clips that change slowly and by chance, uint8 `(clip, frame, 9, 16, 3)`."""
    walk = gaussian_filter1d(np.random.default_rng(seed).normal(size=(n, frames + 8, 9, 16, 3)), 1.5, axis=1)
    return np.clip(128 + 150 * walk[:, 4 : 4 + frames], 0, 255).astype(np.uint8)


def test_clips_that_know_nothing():
    """Reversed and shuffled one half by correlation; by distances between changes anything smooth beats shuffled."""
    true, decoded = smooth(60, 0), smooth(60, 1)
    found = measure(Given(keys_of(60), "full", frames=Sides(decoded, true)))
    for variant in ("", "shuffled"):
        assert found[variant].table.mean() == pytest.approx(0.5, abs=0.03) and found[variant].chance is None
    assert found["shuffled"].detail == "100 orders of 6 frames"

    def jumps(clips):
        return np.diff(area_means(clips), axis=1).reshape(len(clips), -1)

    def wins(other):
        own, far = (np.square(jumps(decoded) - jumps(side)).sum(axis=1) for side in (true, other))
        return np.mean(own < far)

    assert np.mean([wins(true[:, order]) for order in other_orders(6)[::10]]) > 0.99
    assert wins(true[:, ::-1]) == pytest.approx(0.5, abs=0.15)


def test_a_shared_trend_wins_with_wrong_pairings_too():
    """Clips that all fade in are found in order by any clip that fades in: only wrong pairings tell."""
    fade = np.linspace(-80, 80, 6)[:, None, None, None]
    true, decoded = (np.clip(smooth(40, seed) * 0.3 + 90 + fade, 0, 255).astype(np.uint8) for seed in (0, 1))
    scores, _ = score(Given(keys_of(40), "full", frames=Sides(decoded, true)), Effort(199, 0))
    for row in (one.row for one in scores if one.row.metric == "temporal-order"):
        assert row.value > 0.95 and row.chance > 0.95 and row.p > 0.05


def test_what_is_shown_in_order_is_found():
    true = smooth(60, 0)
    half = np.clip(0.5 * true + 0.5 * np.roll(true, 2, axis=0), 0, 255).astype(np.uint8)  # half of another run's clip
    scores, _ = score(Given(keys_of(60), "full", frames=Sides(half, true)), Effort(199, 0))
    for row in (one.row for one in scores if one.row.metric == "temporal-order"):
        assert row.value > 0.95 and row.chance == pytest.approx(0.5, abs=0.05) and row.p < 0.01


def test_equals_orders_tried_one_by_one():
    rng = np.random.default_rng(3)
    decoded, true = rng.normal(size=(2, 3, 4, 7))
    orders, folds = other_orders(4), np.array([0, 0, 1])
    assert len(orders) == 23 and len(other_orders(6)) == 100 and len(np.unique(other_orders(6), axis=0)) == 100
    table = order_table(decoded, true, folds, orders)
    for i in range(2):
        for j in range(2):
            own = (decoded[i] * true[j]).sum()
            assert table[i, j] == np.mean([own > (decoded[i] * true[j][order]).sum() for order in orders])
    assert np.isnan(table[2, 0]) and np.isfinite(table[2, 2])


def test_truths_that_stand_still_are_ties_and_grey_clips_too():
    still = np.random.default_rng(0).integers(0, 256, (4, 1, 9, 16, 3), dtype=np.uint8).repeat(6, 1)
    found = measure(Given(keys_of(4), "full", frames=Sides(smooth(4, 0), still)))
    assert (found[""].table == 0.5).all() and (found["shuffled"].table == 0.5).all()
    grey = measure(Given(keys_of(4), "full", frames=Sides(np.full_like(still, 128), smooth(4, 0))))
    assert (grey[""].table == 0.5).all()
    assert measure(Given(keys_of(4), "full", frames=Sides(still[:, :1], still[:, :1]))) == {}


def test_motion_turns_round_when_it_is_played_backwards():
    """A clip that moves right moves left in reverse: the truth's own motion is found, its opposite never."""
    flow = np.zeros((4, 5, 2, 3, 4))
    flow[:2, :, 0], flow[2:, :, 0] = 1.0, -1.0
    frames = Sides(smooth(4, 0), smooth(4, 0))
    found = measure(Given(keys_of(4), "full", frames=frames, percepts={"motion": {"flow": Sides(flow, flow)}}))
    same = np.array([0, 0, 1, 1])
    np.testing.assert_array_equal(found["flow"].table, same[:, None] == same[None])
    assert found["flow"].chance is None
