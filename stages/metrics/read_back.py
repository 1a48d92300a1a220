"""Read back: what classifiers say that a decoded clip shows, against what its true clip shows.

A classifier answers of every decoded clip; the answer is held against the truth of every event, so wrong pairings of
runs say what knowing nothing scores. What the same classifier answers of the true clips stands beside it: no decoder
can be expected to do better. Only what the classifier has a head for is asked, and the concept only where it is known
which of its classes belong to which concept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from eeg2vid.stages.metrics.classification import expected_hits
from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.metric import Given, Judge, Measured, Metric, Sides, Variant

_HEADS = {
    "color": "colour",
    "number": "number of things",
    "human": "human",
    "face": "face",
}
_SPEED, _FAST = "speed", "fast"
_SAME = {"1": "one", "2": "two", "3": "many"}, {"0": "no", "1": "yes"}  # the clip index says it in numbers


@dataclass(frozen=True)
class Answers:
    """What a classifier answers of the clips, and what they show.

    Attributes
    ----------
    decoded, true
        Hits ``(event, answer)`` in [0, 1], of the decoded and the true clip, were each answer the right one.
    right
        The right answer of each event, -1 where it is not asked, ``(event,)``.
    """

    decoded: FloatArray
    true: FloatArray
    right: NDArray[np.int64]


def _row(name: str, eye: str, who: str, function: str, *, moving: bool) -> Metric:
    of = {"concept": "concept", **_HEADS, **({_FAST: "speed"} if moving else {})}
    how = {
        "concept": "the sum of the probabilities of a concept's classes",
        _FAST: "the speed that it sees, against the median of the true clips as it sees them",
    }
    return Metric(
        name=name,
        form="pair",
        needs=(f"percepts:{eye}",),
        direction="higher",
        bounds=(0.0, 1.0),
        variants={
            variant: Variant(
                f"{title} seen by {who}",
                f"Share of decoded clips in which {who} sees the {title} of the true clip, by "
                f"{how.get(variant, 'the most probable answer')}; ties shared.",
                "pairing",
                hits=True,
                lead=moving and variant in ("concept", _FAST),
            )
            for variant, title in of.items()
        },
        builds=f"eeg2vid.stages.metrics.read_back:{function}",
    )


READ_BACK_FRAME = _row(
    "read-back-frame", "image-classifier", "the classifier of pictures", "measure_frames", moving=False
)
READ_BACK_VIDEO = _row("read-back-video", "video-classifier", "the classifier of films", "measure_videos", moving=True)


def measure_frames(given: Given) -> dict[str, Measured]:
    """Measure by a classifier of pictures: probabilities are means over a clip's frames."""
    return _measure(given, READ_BACK_FRAME, "image-classifier")


def measure_videos(given: Given) -> dict[str, Measured]:
    """Measure by a classifier of films."""
    return _measure(given, READ_BACK_VIDEO, "video-classifier")


def _measure(given: Given, metric: Metric, eye: str) -> dict[str, Measured]:
    if eye not in given.judges:
        return {}
    judge, arrays, runs = given.judges[eye], given.percepts[eye], np.asarray(given.keys.runs)
    found = {}
    for variant in metric.variants:
        answers = _answers(given, judge, arrays, variant)
        if answers is None:
            continue
        asked = np.flatnonzero(answers.right >= 0)
        if len(np.unique(runs[asked])) < 2 or len(np.unique(answers.right[asked])) < 2:
            continue
        found[variant] = _measured(answers, asked, np.asarray(given.keys.folds))
    return found


def _measured(answers: Answers, asked: NDArray[np.intp], folds: NDArray) -> Measured:
    right, choices = answers.right[asked], answers.decoded.shape[1]
    table = np.full((len(folds), len(folds)), np.nan)
    table[:, asked] = answers.decoded[:, right]
    table[folds[:, None] != folds[None]] = np.nan
    majority = np.bincount(right).max() / len(right)
    ceiling = answers.true[asked, right].mean()
    detail = f"{choices} answers; of the true clips it sees {ceiling:.3f}"
    return Measured(table, baseline=float(max(majority, 1 / choices)), detail=detail)


def _answers(given: Given, judge: Judge, arrays: Mapping[str, Sides], variant: str) -> Answers | None:
    """Return what is answered; None where it cannot be asked."""
    if variant == "concept":
        return _concepts(given, judge, arrays)
    if variant == _FAST:
        return _speeds(given, arrays)
    labels = judge.classes.get(variant, ())
    if variant not in arrays or variant not in given.truths or not labels:
        return None
    right = _translated(given.truths[variant], given.truth_classes[variant], labels)
    seen = arrays[variant]
    return Answers(_hits(_probabilities(seen.decoded)), _hits(_probabilities(seen.true)), right)


def _concepts(given: Given, judge: Judge, arrays: Mapping[str, Sides]) -> Answers | None:
    belongs = np.asarray(judge.concept_of_class, dtype=np.int64)
    concepts = np.unique(belongs[belongs > 0])
    if "logits" not in arrays or len(concepts) < 2 or given.keys.concepts is None:
        return None
    member = (belongs[:, None] == concepts[None]).astype(np.float64)  # (class, concept)
    seen, shown = arrays["logits"], np.asarray(given.keys.concepts)
    place = np.searchsorted(concepts, shown).clip(max=len(concepts) - 1)
    right = np.where(concepts[place] == shown, place, -1)
    decoded, true = (_hits(_probabilities(side) @ member) for side in (seen.decoded, seen.true))
    return Answers(decoded, true, right)


def _speeds(given: Given, arrays: Mapping[str, Sides]) -> Answers | None:
    if _SPEED not in arrays or _FAST not in given.truths:
        return None
    seen = arrays[_SPEED]
    middle = np.median(seen.true.astype(np.float64))
    right = _translated(given.truths[_FAST], given.truth_classes[_FAST], ("slow", "fast"))
    decoded, true = (np.stack([side < middle, side >= middle], axis=1).astype(np.float64) for side in
                     (seen.decoded, seen.true))  # fmt: skip
    return Answers(decoded, true, right)


def _translated(truth: NDArray, names: tuple[str, ...], labels: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the truth by place among a head's labels, -1 where it is not asked or the head has no such label."""
    said = next((words for words in _SAME if set(words.values()) & set(labels)), {})
    place = {label: k for k, label in enumerate(labels)}
    by_class = np.array([*(place.get(said.get(name, name), -1) for name in names), -1], dtype=np.int64)
    return by_class[np.asarray(truth, dtype=np.int64)]  # -1 takes the last


def _probabilities(logits: NDArray[np.floating]) -> FloatArray:
    """Return ``(event, class)``, the mean over frames if there are any."""
    found = softmax(logits.astype(np.float64), axis=-1)
    return np.asarray(found if found.ndim == 2 else found.mean(axis=1))


def _hits(probabilities: FloatArray) -> FloatArray:
    return expected_hits(np.round(probabilities, 12))  # sums in another order are the same number
