"""Captions in another order: planted embeddings whose pairing is known."""

from __future__ import annotations

import numpy as np
import pytest

from eeg2vid.stages.statistics.captions import FEWEST, agreement

COUNT = 120


@pytest.fixture(scope="module")
def pairs():
    """Return pictures and sentences of one space: a common part, their own noise, a gap between the two kinds."""
    rng = np.random.default_rng(3)
    topic = np.repeat(rng.normal(size=(COUNT // 5, 64)), 5, axis=0)  # five neighbours share a topic
    common = topic + rng.normal(size=(COUNT, 64))
    gap = 4 * rng.normal(size=64)
    return common + rng.normal(size=(COUNT, 64)) + gap, common + rng.normal(size=(COUNT, 64)) - gap


def orders():
    rng = np.random.default_rng(4)
    rows = np.arange(COUNT)
    blocks = [rng.permutation(block) for block in np.array_split(rows, 3)]
    return {
        "next": (np.roll(rows, 1), "1 row below"),
        "previous": (np.roll(rows, -1), "1 row above"),
        "three": (np.roll(rows, 3), "3 rows below"),
        "reversed": (rows[::-1], "in reverse order"),
        "shuffled": (rng.permutation(rows), "another order would fit"),
        "within blocks": (np.concatenate(blocks), "another order would fit"),
        "last block": (np.concatenate([rows[:80], blocks[2]]), "in rows 81 to 120 it fits no better"),
    }


@pytest.mark.parametrize("name", list(orders()))
def test_another_order_is_told(pairs, name):
    images, texts = pairs
    order, said = orders()[name]
    found = agreement(images, texts[order])
    assert said in found.wrong
    assert found.pairing_z > 5


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_the_right_order_is_silent(pairs, scale):
    images, texts = pairs
    found = agreement(images * scale, texts)
    assert found.wrong == ""
    assert found.identified > 0.9
    assert found.p_value == pytest.approx(0.001)
    one_topic = agreement(images[:FEWEST], np.repeat(texts[:1], FEWEST, axis=0))
    assert (one_topic.wrong, one_topic.identified) == ("", 0.5)  # equal captions tell nothing


def test_the_share_identified_is_counted_by_hand():
    """Three of 20 pictures have each other's sentences in a space of one axis each."""
    images = np.eye(20)
    texts = np.eye(20)[[1, 2, 0, *range(3, 20)]]
    # the own sentence of 17 fits best of all; that of 3 is one of 19 that fit equally little, one fits better
    assert agreement(images, texts).identified == pytest.approx((17 * 1 + 3 * (0.5 * 18 / 19)) / 20)


def test_what_cannot_tell_is_silent():
    """Pictures and sentences of the same strong axes, without any relation: no alarm."""
    rng = np.random.default_rng(5)
    spread = np.linspace(2, 0.1, 64) ** 2
    found = [agreement(*(rng.normal(size=(2, 60, 64)) * spread)) for _ in range(12)]
    assert [one.wrong for one in found if one.wrong] == []
    assert max(one.pairing_z for one in found) < 4
    assert agreement(*rng.normal(size=(2, FEWEST - 1, 64))) is None
