"""Temporal order: whether a decoded clip is more like the true clip than like the true clip in another order.

A clip that knows nothing is as often like one direction as like the other, unless all clips share a trend, e.g. fade
in: wrong pairings show it. Likeness is a correlation here. By the distance between changes from frame to frame, any
smooth clip beats shuffled frames in .99 of cases, whatever it shows, since shuffled frames jump; by correlation it does
not.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.metrics.frames import FloatArray, IntArray
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant
from eeg2vid.stages.metrics.similarity import area_means

_DECIMALS = 12  # likenesses closer than this are ties
_FLAT = 1e-9  # what is no longer than this is constant
_MOST_ORDERS = 100
_BLOCK = 50  # true clips at once

TEMPORAL_ORDER = Metric(
    name="temporal-order",
    form="pair",
    needs=(FRAMES,),
    direction="higher",
    bounds=(0.0, 1.0),
    variants={
        "": Variant(
            "temporal order",
            "Share of decoded clips that are more like their true clip than like it played backwards (correlation of "
            "16x9 area means over all frames); ties count half. Wrong pairings have one half, unless clips share "
            "a trend.",
            "pairing",
        ),
        "shuffled": Variant(
            "temporal order among shuffled",
            "Share of orders of the true frames that are less like the decoded clip than the true one is (the same "
            "correlation); ties count half. What moves one way exceeds one half with wrong pairings, too.",
            "pairing",
            lead=False,
        ),
        "flow": Variant(
            "temporal order of motion",
            "Share of decoded clips whose motion is more like the true clip's than like its motion played backwards; "
            "ties count half. Where all clips move alike, wrong pairings exceed one half, too.",
            "pairing",
            lead=False,
        ),
    },
    builds="eeg2vid.stages.metrics.temporal_order:measure",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure all pairs of a fold; of motion where an eye saw it."""
    assert given.frames is not None
    folds = np.asarray(given.keys.folds)
    steps = given.frames.true.shape[1]
    if steps < 2:
        return {}
    decoded, true = area_means(given.frames.decoded), area_means(given.frames.true)
    found = {"": Measured(order_table(decoded, true, folds, np.arange(steps)[::-1][None]))}
    orders = other_orders(steps)
    if len(orders) > 1:  # of two frames the reversed order is the only other one
        found["shuffled"] = Measured(
            order_table(decoded, true, folds, orders), detail=f"{len(orders)} orders of {steps} frames"
        )
    if "motion" in given.percepts:
        flow = given.percepts["motion"]["flow"]
        back = np.arange(flow.true.shape[1])[::-1][None]
        found["flow"] = Measured(order_table(flow.decoded, flow.true, folds, back, motion=True))
    return found


def order_table(
    decoded: NDArray[np.floating], true: NDArray[np.floating], folds: IntArray, orders: IntArray, motion: bool = False
) -> FloatArray:
    """Return the share of other orders that are less like each decoded clip than each true clip is; ties count half.

    Parameters
    ----------
    decoded, true
        ``(event, frame, ...)``; what is constant is like nothing, so that all orders tie.
    folds
        ``(event,)``; pairs across folds are NaN.
    orders
        Which frame comes at each place, int ``(order, frame)``.
    motion
        Frames are motion, which turns round when it is reversed, and whose zero means something: likeness is a cosine,
        not a correlation.

    Returns
    -------
    numpy.ndarray
        float64 ``(decoded event, true event)`` in [0, 1].
    """
    table = np.full((len(true),) * 2, np.nan)
    steps = true.shape[1]
    picks, sign = _picks(orders), -1.0 if motion else 1.0
    for fold in np.unique(folds):
        events = np.flatnonzero(folds == fold)
        flat = _unit(decoded[events], centred=not motion).reshape(len(events) * steps, -1)
        for start in range(0, len(events), _BLOCK):
            block = events[start : start + _BLOCK]
            alike = flat @ _unit(true[block], centred=not motion).reshape(len(block) * steps, -1).T
            alike = alike.reshape(len(events), steps, len(block), steps)
            each = alike.transpose(0, 2, 1, 3).reshape(len(events), len(block), steps**2)
            own = np.round(each @ np.eye(steps).ravel(), _DECIMALS)[..., None]
            others = np.round(sign * (each @ picks), _DECIMALS)
            table[np.ix_(events, block)] = ((own > others) + 0.5 * (own == others)).mean(axis=-1)
    return table


def _picks(orders: IntArray) -> FloatArray:
    """Return what adds up the products of frames that meet in each order, ``(frame x frame, order)``."""
    count, steps = orders.shape
    picks = np.zeros((count, steps, steps))
    picks[np.arange(count)[:, None], np.arange(steps), orders] = 1.0
    return picks.reshape(count, steps**2).T


def other_orders(frames: int) -> IntArray:
    """Return the orders of some frames but the first, int ``(order, frame)``: all of them, or a fixed sample of 100."""
    if math.factorial(frames) - 1 <= _MOST_ORDERS:
        return np.array(list(itertools.permutations(range(frames)))[1:], dtype=np.int64).reshape(-1, frames)
    rng = np.random.default_rng(frames)
    found: set[tuple[int, ...]] = set()
    while len(found) < _MOST_ORDERS:
        order = tuple(rng.permutation(frames).tolist())
        if order != tuple(range(frames)):
            found.add(order)
    return np.array(sorted(found), dtype=np.int64)


def _unit(values: NDArray[np.floating], centred: bool) -> FloatArray:
    """Return values ``(event, all of it)`` of length 1, centred or not; 0 where all are equal."""
    flat = values.reshape(len(values), -1).astype(np.float64)
    if centred:
        flat -= flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, norm, out=np.zeros_like(flat), where=norm > _FLAT)
