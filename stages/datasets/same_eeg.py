"""EEG that was copied is known again, however it is called, stored and cut; other EEG is not.

A digest is made at a place that the EEG itself settles, the steepest one of each electrode, from coarse steps of its
own spread around that place. So it does not depend on names, order, units, on how finely the values are stored, on
gain and offset, nor on where the event begins and ends, as long as the place lies within. Told are most of the events
of a copy, not each. EEG that was filtered, referenced or sampled anew is another; events under half a second have no
digest.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MAINS_HZ = (50.0, 60.0)  # cancelled: hum is alike everywhere
_POINTS = 40  # with half as many, slow waves of real recordings are alike
_APART_S = 0.01
_STEP = 0.5  # of the points' spread
_LEVELS = 6  # fewer different ones tell nothing: a trigger's steps, a held value
_SHARE = 0.25  # of the samples that change; fewer tell nothing: an electrode that is flat
_KEPT = 8  # electrodes' digests of an event; the smallest, so that a copy with an electrode more or less keeps the same
_NEEDED = 3  # of them, that two events have in common
_MANY = 8  # events; what more of them have in common is no mark of any
_BYTES = 8


def eeg_digest(volts: NDArray[np.float32], sfreq: float) -> str | None:
    """Return the digests of a stretch of EEG, 16 hexadecimal digits each, in one word; None if nothing is telling.

    Parameters
    ----------
    volts
        `(electrode, sample)`, in any one unit.
    sfreq
        Hz.
    """
    apart = max(1, round(_APART_S * sfreq))
    values = _without_hum(np.asarray(volts, dtype=np.float64), sfreq)
    values = values[:, apart:] - values[:, :-apart]  # drifts are alike, too
    reach = (_POINTS - 1) * apart
    places = values.shape[1] - reach
    if places < 1 or not len(values):
        return None
    changes = np.count_nonzero(volts[:, 1:] != volts[:, :-1], axis=1)
    # one place, the middle one of the points, for each electrode
    starts = np.argmax(np.abs(values[:, reach // 2 : reach // 2 + places]), axis=1)[:, None]
    points = np.take_along_axis(values, starts + apart * np.arange(_POINTS), axis=1)
    spread = points.std(axis=1, keepdims=True)
    telling = (spread[:, 0] > 0) & (changes >= _SHARE * volts.shape[1])
    levels = np.rint(points[telling] / (_STEP * spread[telling])).astype(np.int16)
    different = 1 + np.count_nonzero(np.diff(np.sort(levels, axis=1), axis=1), axis=1)
    found = {_digest(row) for row in levels[different >= _LEVELS]}
    return "-".join(sorted(found)[:_KEPT]) or None


def same_eeg(digests: Sequence[str | None]) -> NDArray[np.str_]:
    """Return one name for all events that hold the same EEG, as `eeg_digest` found; empty without a digest."""
    held = [frozenset(digest.split("-")) if digest else frozenset() for digest in digests]
    events: dict[str, list[int]] = {}
    first: dict[frozenset[str], int] = {}
    for k, words in enumerate(held):
        if first.setdefault(words, k) == k:  # of equal ones, one stands for all
            for word in words:
                events.setdefault(word, []).append(k)
    telling = [alike for alike in events.values() if len(alike) <= _MANY]
    common = Counter(pair for alike in telling for pair in itertools.combinations(alike, 2))
    group = [first[words] for words in held]
    for (one, other), n in common.items():
        if n >= min(_NEEDED, len(held[one]), len(held[other])):
            kept, lost = sorted((_root(group, one), _root(group, other)))
            group[lost] = kept
    return np.array([(digests[_root(group, k)] or "") for k in range(len(held))], dtype=str)


def _without_hum(values: NDArray[np.float64], sfreq: float) -> NDArray[np.float64]:
    """Return sums of three values half a period apart, weighted so that a sine of the mains adds up to nothing."""
    for mains in _MAINS_HZ:
        lag = max(1, round(sfreq / mains / 2))
        middle = -2 * np.cos(2 * np.pi * mains * lag / sfreq)
        values = values[:, 2 * lag :] + middle * values[:, lag : values.shape[1] - lag] + values[:, : -2 * lag]
    return values


def _digest(row: NDArray[np.int16]) -> str:
    return hashlib.blake2b(row.tobytes(), digest_size=_BYTES).hexdigest()


def _root(group: Sequence[int], k: int) -> int:
    """Return the first event of the group."""
    while group[k] != k:
        k = group[k]
    return k
