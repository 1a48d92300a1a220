"""Markers from the codes of a trigger channel: bits that do not rise at once, pulses, what lies on top of a code."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

STEP_S = 0.002  # bits of one code rise within this time, or within one sample
_EPS = 1e-6  # samples


@dataclass(frozen=True)
class Code:
    """A code that stands from one sample for some samples."""

    value: int
    start: int
    length: int


@dataclass
class Settled:
    """What became of a trigger channel.

    Attributes
    ----------
    marks
        Where a code begins, and the code, in order.
    steps
        Codes that others pass through as they rise or fall, or that interrupt another for so short a time.
    short
        Lone codes that are shorter than was asked for.
    resumed
        Codes that go on after more bits lay on top of them: no new markers.
    covered
        Unknown codes that are a known one and the bits that stood before.
    standing
        The code that stands as the recording begins, if any: when it began is not known.
    """

    marks: list[Code] = field(default_factory=list)
    steps: list[Code] = field(default_factory=list)
    short: list[Code] = field(default_factory=list)
    resumed: list[Code] = field(default_factory=list)
    covered: list[Code] = field(default_factory=list)
    standing: Code | None = None


def settle(
    codes: NDArray[np.int64], sfreq: float, min_duration_s: float | None = None, known: Collection[int] = ()
) -> Settled:
    """Return the markers of a trigger channel: where it takes another value than 0 and holds it.

    What is held for a short time right before or after another code is a step of its bits, and its marker begins as
    the first of them rises; 7 that falls through 3 to 0 is no marker 3. A code that stands alone between zeros is a
    marker however short it is, unless `min_duration_s` says otherwise. A code on top of a known one, with all its bits
    and more, such as a response, does not end it where it is itself unknown.

    Parameters
    ----------
    codes
        `(sample,)`; what they begin with is no marker.
    sfreq
        Hz.
    min_duration_s
        What is held for less is short, s, also where it stands alone; none: one sample, or 2 ms, beside other codes
        only; 0: every change is a marker.
    known
        Codes that stand for clips; none: nothing is known of them.
    """
    if min_duration_s is None:
        brief: float = max(1, math.floor(STEP_S * sfreq + _EPS))
    else:
        brief = math.ceil(min_duration_s * sfreq - _EPS) - 1  # samples at most
    settled = Settled()
    for group in _groups(codes):
        if group[0].start == 0:
            settled.standing = group[0]
        if group[0].start > 0 and all(code.length <= brief for code in group):
            _pulse(group, brief if min_duration_s is not None else 0, settled)
        else:
            steps = [code for code in group if code.length <= brief and code.start > 0]
            settled.steps += steps
            _held(group, steps, known, settled)
    return settled


def _pulse(group: Sequence[Code], least: float, settled: Settled) -> None:
    """Note codes between zeros none of which is held: one pulse, of the code that has the bits of the others."""
    largest = max(group, key=lambda code: code.value)
    others = [code for code in group if code is not largest]
    length = sum(code.length for code in group)
    if length <= least:
        settled.short += group
        return
    settled.marks.append(Code(largest.value, group[0].start, length))
    settled.steps += others


def _held(group: Sequence[Code], steps: Sequence[Code], known: Collection[int], settled: Settled) -> None:
    """Note the markers among codes between zeros some of which are held."""
    before = standing = 0
    for place, code in enumerate(group):
        if code in steps:
            continue
        first = _rise(group, place, steps, before)
        if code.start == 0 or code.value == before:
            pass  # stood before
        elif code.value == standing and before != standing:
            settled.resumed.append(code)
        else:
            settled.marks.append(Code(code.value, first, code.start + code.length - first))
        on_top = standing in known and code.value not in known and code.value & standing == standing
        if before & code.value == before and code.value not in known and code.value & ~before in known:
            settled.covered.append(code)
        before = code.value
        if not on_top:
            standing = code.value


def _rise(group: Sequence[Code], place: int, steps: Collection[Code], before: int) -> int:
    """Return where a code's bits begin to rise: at the first of the steps before it with bits of old and new only."""
    code = group[place]
    first = code.start
    for step in reversed(group[:place]):
        if step not in steps or step.value & ~(before | code.value):
            break
        first = step.start
    return first


def _groups(codes: NDArray[np.int64]) -> Iterator[list[Code]]:
    """Yield the codes between zeros, in order."""
    if not codes.size:
        return
    starts = np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])
    lengths = np.diff(starts, append=codes.size)
    group: list[Code] = []
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        if codes[start]:
            group.append(Code(int(codes[start]), start, length))
        elif group:
            yield group
            group = []
    if group:
        yield group
