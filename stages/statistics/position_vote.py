"""What the clock alone tells: a decoder that sees no EEG, only when in its block an event came.

If concepts come at similar times in every block, or anything drifts in step with the blocks, a decoder can name the
class from the time in the block and never look at the brain. This one does just that. Training events vote for their
class at their own time; an event's probabilities are the votes around its time, over all training blocks. What it
reaches is the part of a decoder's score that needs no EEG; at chance it acquits the order of presentation.

It scores and is tested like any decoder: `expected_hits` of its probabilities, then `run_label_permutation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.runs import FloatArray, IntArray

WIDTHS_S = (1.0, 3.25, 6.5, 13.0, 26.0, 52.0)
"""Widths tried, s: from half a clip over half a run of SEED-DV (13 s) to four runs."""

_CELLS = 2**21  # events x training events held at a time: 16 MiB


@dataclass(frozen=True)
class PositionVote:
    """Class probabilities of the test events and how they came about.

    Attributes
    ----------
    probabilities
        float64 `(test event, class)`, rows sum to 1.
    width_s
        The kernel's standard deviation that was chosen, s.
    evidence
        What it was chosen by: mean log probability of the true class in left-out training blocks, of each width tried
        `(width,)`; nats. A uniform guess has -ln(classes); NaN where there was only one training block.
    """

    probabilities: FloatArray
    width_s: float
    evidence: FloatArray


def position_vote(
    times_s: npt.ArrayLike,
    labels: npt.ArrayLike,
    blocks: npt.ArrayLike,
    train: npt.ArrayLike,
    test: npt.ArrayLike,
    *,
    classes: int,
    widths_s: Sequence[float] = WIDTHS_S,
) -> PositionVote:
    r"""Predict the class of test events from their time in the block.

    With w(d) = exp(-d^2 / 2h^2), training events of class c at times t_j, n_c of them and n/m in the mean of the m
    classes that occur, class c gets

    .. math:: v_c(t) = \frac{n}{m\,n_c} \sum_{j: y_j = c} w(t - t_j), \qquad
              P(c \mid t) = \frac{v_c(t) + 1/m}{\sum_{c'} v_{c'}(t) + 1}

    so common classes have no advantage (as balanced accuracy asks), one vote is spread over all occurring classes, and
    far from every training event all are alike. Classes that do not occur get probability 0. It is a Nadaraya-Watson
    estimate (Nadaraya, Theory Probab. Appl. 1964) with equal priors.

    The width h is the one with the largest mean log probability when each training block is predicted from the other
    training blocks; of equals the widest. Test labels are never looked at. With one training block nothing can be left
    out, and the narrowest width is used.

    Parameters
    ----------
    times_s
        Start of each event `(event,)`, s since the start of its block.
    labels
        Class `(event,)`, 0-based.
    blocks
        Label of each event's block `(event,)`.
    train, test
        Indices of events, or masks `(event,)`, that share no event. Whole blocks, unless leakage between clips of one
        block is what is to be shown.
    classes
        Number of classes, the columns of the result.
    widths_s
        Widths to choose from, s.

    Raises
    ------
    BadDataError
        If lengths differ, a time is not finite, a label is no class, a side is empty, an event is on both sides, or
        there is no positive width.
    """
    table = _Votes.of(times_s, labels, blocks, classes)
    learned, asked = _sides(train, test, len(table.times))
    widths = np.unique(np.asarray(widths_s, dtype=np.float64))
    if widths.size == 0 or not (np.isfinite(widths).all() and widths[0] > 0.0):
        raise BadDataError(f"Expected positive widths in s, found {list(widths_s)}.")
    evidence = np.array([table.evidence(learned, width) for width in widths])
    best = 0 if np.isnan(evidence).any() else len(widths) - 1 - int(np.argmax(evidence[::-1]))
    width = float(widths[best])
    as_given = evidence[np.searchsorted(widths, np.asarray(widths_s, dtype=np.float64))]
    return PositionVote(table.probabilities(learned, asked, width), width, as_given)


@dataclass(frozen=True)
class _Votes:
    """Events with their times, classes and blocks."""

    times: FloatArray
    labels: IntArray
    blocks: IntArray
    classes: int

    @classmethod
    def of(cls, times_s: npt.ArrayLike, labels: npt.ArrayLike, blocks: npt.ArrayLike, classes: int) -> _Votes:
        """Return the checked table."""
        times, truth, names = np.asarray(times_s, dtype=np.float64), np.asarray(labels), np.asarray(blocks)
        if times.ndim != 1 or not times.shape == truth.shape == names.shape:
            raise BadDataError(
                f"There are {times.size} times, {truth.size} labels and {names.size} blocks, expected one per event."
            )
        if not np.isfinite(times).all():
            raise BadDataError(f"Event number {int(np.argmin(np.isfinite(times)))} has a time that is not finite.")
        whole = np.issubdtype(truth.dtype, np.integer)
        if truth.size and not (whole and truth.min() >= 0 and truth.max() < classes):
            raise BadDataError(
                f"Labels run from {truth.min()} to {truth.max()}, but there are {classes} classes.",
                "Labels are 0-based column numbers.",
            )
        return cls(times, truth.astype(np.int64), np.unique(names, return_inverse=True)[1].astype(np.int64), classes)

    def probabilities(self, learned: IntArray, asked: IntArray, width: float) -> FloatArray:
        """Return `(asked event, class)` from the votes of the learned events."""
        counts = np.bincount(self.labels[learned], minlength=self.classes)
        occurring = counts > 0
        weight = len(learned) / np.maximum(counts, 1) / occurring.sum()
        ballots = np.zeros((len(learned), self.classes))
        ballots[np.arange(len(learned)), self.labels[learned]] = weight[self.labels[learned]]
        votes = np.empty((len(asked), self.classes))
        at_once = max(1, _CELLS // len(learned))
        for start in range(0, len(asked), at_once):
            chunk = slice(start, start + at_once)
            distance = (self.times[asked[chunk], None] - self.times[learned]) / width
            votes[chunk] = np.exp(-0.5 * distance**2) @ ballots
        votes += occurring / occurring.sum()
        return np.asarray(votes / votes.sum(axis=1, keepdims=True))

    def evidence(self, learned: IntArray, width: float) -> float:
        """Return the mean log probability of the true class, each block predicted from the others; NaN for one block.

        A class that the other blocks do not show cannot be voted for at any width; its events are left out.
        """
        found: list[FloatArray] = []
        for block in np.unique(self.blocks[learned]):
            out = self.blocks[learned] == block
            if out.all():
                return float("nan")
            mine = learned[out]
            truth = self.probabilities(learned[~out], mine, width)[np.arange(len(mine)), self.labels[mine]]
            found.append(np.log(truth[truth > 0.0]))
        together = np.concatenate(found)
        return float(together.mean()) if together.size else float("nan")


def _sides(train: npt.ArrayLike, test: npt.ArrayLike, events: int) -> tuple[IntArray, IntArray]:
    """Return training and test events as indices."""
    sides: list[IntArray] = []
    for name, chosen in (("training", np.asarray(train)), ("test", np.asarray(test))):
        if chosen.dtype == np.bool_ and chosen.shape != (events,):
            raise BadDataError(f"The {name} mask has the shape {chosen.shape}, expected ({events},).")
        indices = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64)
        if indices.size == 0:
            raise BadDataError(f"There is no {name} event to vote with." if name == "training" else "No test event.")
        if indices.min() < 0 or indices.max() >= events:
            raise BadDataError(f"The {name} events run from {indices.min()} to {indices.max()} of {events}.")
        sides.append(indices)
    both = np.intersect1d(sides[0], sides[1])
    if both.size:
        raise BadDataError(f"Event number {both[0]} is in training and test.")
    return sides[0], sides[1]
