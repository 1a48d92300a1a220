"""N-way accuracy of what classifiers see: of every frame (ViT) and of whole clips (VideoMAE)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.metric import Given, Measured, Metric, Sides, Variant
from eeg2vid.stages.metrics.nway import Standing, best_classes, nway_accuracy, nway_chance, rank, standings

FRAME_EYE, VIDEO_EYE = "image-classifier", "video-classifier"
_RARE = 10  # with as many ways or more, hits are few where nothing is known


@dataclass(frozen=True)
class Question:
    """One way to ask: N, k, how many classes are right, and whether as the published code counts."""

    ways: int
    top: int
    right: int
    published: bool = False

    @property
    def variant(self) -> str:
        """Its name."""
        top = f" top-{self.top}" if self.top > 1 else ""
        return f"{self.ways}{top}{' published' if self.published else '' if self.right > 1 else ' strict'}"


_SIZES = [(2, 1), (10, 1), (20, 1), (30, 1), (40, 1), (50, 1), (40, 5), (50, 5)]
QUESTIONS = {
    one.variant: one
    for right, published in ((3, False), (1, False), (3, True))
    for one in (Question(ways, top, right, published) for ways, top in _SIZES)
}
_ASKED = {"2", "40", "2 strict", "40 strict"}  # the rest says the same again: where it is named
_LEAD = {"2", "40"}  # what every paper prints


def _row(name: str, eye: str, title: str, what: str, function: str) -> Metric:
    def variant(one: Question) -> Variant:
        top, best = (f" top-{one.top}" if one.top > 1 else ""), ("best", f"{one.top} best")[one.top > 1]
        of = f"among the {best} of itself and {one.ways - 1} others drawn at random"
        if one.top == 1:
            of = f"more probable than {one.ways - 1} others drawn at random"
        right = "any of the three classes that it is likeliest to take the true one for" if one.right > 1 else (
            "the class that it takes the true one for"
        )  # fmt: skip
        how = "ties shared"
        if one.published:
            how = "as published: probabilities in half precision, ties lost"
        name = {"strict": ", strict", "published": ", as published"}.get(one.variant.split()[-1], "")
        return Variant(
            f"{one.ways}-way{top} accuracy {title}{name}",
            f"How often {what} makes {right} {of}; the exact mean over all draws, {how}.",
            "analytic",
            lenient=one.right > 1,
            hits=one.ways >= _RARE,
            lead=one.variant in _LEAD,
            extra=one.variant not in _ASKED,
        )

    return Metric(
        name=name,
        form="pair",
        needs=(f"percepts:{eye}",),
        direction="higher",
        bounds=(0.0, 1.0),
        variants={one.variant: variant(one) for one in QUESTIONS.values()},
        builds=f"eeg2vid.stages.metrics.nway_judged:{function}",
        source="Chen et al., NeurIPS 2023 (MinD-Video)",
    )


NWAY_FRAME = _row(
    "nway-frame", FRAME_EYE, "of frames", "a classifier of pictures, shown a decoded frame,", "measure_frames"
)
NWAY_VIDEO = _row(
    "nway-video", VIDEO_EYE, "of clips", "a classifier of films, shown the decoded clip,", "measure_videos"
)


def measure_frames(given: Given) -> dict[str, Measured]:
    """Measure every frame against the true frame of its place; the mean over frames."""
    return _measure(given, NWAY_FRAME, FRAME_EYE)


def measure_videos(given: Given) -> dict[str, Measured]:
    """Measure whole clips."""
    return _measure(given, NWAY_VIDEO, VIDEO_EYE)


def _measure(given: Given, metric: Metric, eye: str) -> dict[str, Measured]:
    logits = given.percepts[eye].get("logits")
    if logits is None:
        return {}
    classes, folds = logits.true.shape[-1], np.asarray(given.keys.folds)
    asked = [one for one in QUESTIONS.values() if given.asks(metric, one.variant) and _possible(metric, one, classes)]
    tables = {one.variant: np.full((len(folds), len(folds)), np.nan) for one in asked}
    tied, ways = {one.variant: 0.0 for one in asked}, {one.published for one in asked}
    for fold in np.unique(folds):
        here = np.flatnonzero(folds == fold)
        sums = {one.variant: np.zeros((len(here), len(here))) for one in asked}
        for decoded, true in _frames(logits, here):
            seen: dict[tuple[int, bool], Standing] = {}
            ranks = {published: rank(_half(decoded) if published else decoded) for published in ways}
            for one in asked:
                way = (one.right, one.published)
                if way not in seen:
                    seen[way] = standings(ranks[one.published], best_classes(true, one.right))
                sums[one.variant] += nway_accuracy(
                    seen[way], classes, one.right, one.ways, one.top, ties_lost=one.published
                )
                tied[one.variant] += float((seen[way].tied.diagonal() > 0).sum())
        for name, total in sums.items():
            tables[name][np.ix_(here, here)] = total / _count(logits)
    shown = len(folds) * _count(logits)
    return {
        one.variant: Measured(
            tables[one.variant],
            nway_chance(one.ways, one.top, one.right),
            empirical=other_runs(tables[one.variant], given.keys.runs),
            detail=f"{classes} classes{_ties(tied[one.variant] / shown)}",
        )
        for one in asked
    }


def other_runs(table: FloatArray, runs: NDArray) -> float | None:
    """Return the mean over all pairs of clips of different runs ``(decoded, true)``; None where there is none."""
    apart = (np.asarray(runs)[:, None] != np.asarray(runs)[None]) & np.isfinite(table)
    return float(table[apart].mean()) if apart.any() else None


def _possible(metric: Metric, one: Question, classes: int) -> bool:
    """Tell whether there are classes enough.

    Raises
    ------
    UsageError
        If there are not, and the variant was asked for by name.
    """
    enough = one.ways - 1 <= classes - one.right
    if not enough and metric.variants[one.variant].extra:
        raise UsageError(
            f"{metric.name} '{one.variant}' draws {one.ways - 1} wrong classes; the eye behind it knows {classes} "
            f"classes, of which {max(0, classes - one.right)} are wrong.",
            "Ask fewer ways, or let an eye with more classes look.",
        )
    return enough


def _frames(logits: Sides, here: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """Yield the decoded and the true logits of some events, frame by frame, each ``(event, class)``."""
    decoded, true = logits.decoded[here], logits.true[here]
    if true.ndim == 2:
        yield decoded, true
        return
    for frame in range(true.shape[1]):
        yield decoded[:, frame], true[:, frame]


def _count(logits: Sides) -> int:
    return int(logits.true.shape[1]) if logits.true.ndim == 3 else 1


def _half(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return probabilities as the published code compares them."""
    return np.asarray(softmax(logits.astype(np.float64), axis=1).astype(np.float16))


def _ties(share: float) -> str:
    return f"; ties with a wrong class in {100 * share:.2g} %" if share else ""
