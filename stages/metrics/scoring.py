"""From videos and probabilities to rows: every metric with its interval, chance level, p-value and controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.scores import Contrast, EventScore, Score
from eeg2vid.stages.metrics.classification import expected_hits, top_k_hits
from eeg2vid.stages.metrics.identification import Foils, area_means, correlation, identify
from eeg2vid.stages.metrics.pairing import PairMetric, paired_null
from eeg2vid.stages.metrics.psnr import psnr_matrix
from eeg2vid.stages.metrics.ssim import PairedSsim, ssim
from eeg2vid.stages.statistics.bootstrap import Interval, bootstrap_class_mean, bootstrap_mean, paired_difference
from eeg2vid.stages.statistics.permutation import label_permutation_p, permutation_p, run_permutations

Array = NDArray[np.float64]
ChanceKind = Literal["analytic", "pairing", "majority"]

DEFINITIONS = {
    "ssim": "Structural similarity of each frame with the true frame, 7x7 windows, mean over frames "
    "(scikit-image's defaults, as the published systems). A flat picture can score high.",
    "psnr": "Peak signal-to-noise ratio of each frame in dB, mean over frames. Rewards showing the mean.",
    "identification": "Share of the other test clips of the fold that are less like the decoded clip than its own "
    "stimulus is (correlation of 16x9 area means over all frames); ties count half.",
    "identification within-run": "The same among clips of the same run only: what is decoded beyond concept and time.",
    "identification between-runs": "The same against clips of other runs: concept, and whatever a run shares.",
    "identification top-1": "Share of decoded clips that are most like their own stimulus among the fold's.",
    "accuracy": "Share of test clips whose most probable class is the true one; ties shared.",
    "top-5": "Share of test clips whose true class is among the five most probable.",
    "balanced accuracy": "Mean over the classes of the share recognised: prevalence does not help.",
}

_FOILS: dict[str, Foils] = {
    "identification": "all",
    "identification within-run": "within-run",
    "identification between-runs": "between-runs",
}


@dataclass(frozen=True)
class Keys:
    """What the rows of the decoded videos stand for, each ``(event,)``."""

    subject: str
    events: Sequence[str]
    clips: Sequence[str]
    runs: NDArray
    positions: NDArray
    folds: NDArray


@dataclass
class VideoScores:
    """Rows of the score table, the contrasts, and every event's values."""

    scores: list[Score] = field(default_factory=list)
    contrasts: list[Contrast] = field(default_factory=list)
    events: list[EventScore] = field(default_factory=list)


@dataclass(frozen=True)
class _Measured:
    """One metric of one condition: values of the events, chance level, p-value."""

    values: Array
    chance: float
    chance_kind: ChanceKind
    p: float | None


def score_videos(
    decoded: Mapping[str, NDArray[np.uint8]],
    truth: NDArray[np.uint8],
    keys: Keys,
    *,
    permutations: int,
    foil_pairings: int,
    bootstraps: int,
    seed: int,
    progress: Callable[[], None] = lambda: None,
) -> VideoScores:
    """Score every condition of one subject's videos.

    Parameters
    ----------
    decoded
        Condition to uint8 ``(event, frame, row, column, rgb)``; 'full' is contrasted with all others.
    truth
        The stimuli in the same order and shape.
    keys
        What the rows stand for.
    permutations, foil_pairings
        Random pairings of runs behind p-values, and behind everything about SSIM, which is dear.
    bootstraps
        Resamplings of runs behind intervals.
    seed
        Root of all random numbers; the same for every condition, so that conditions are paired.
    progress
        Called after each condition.
    """
    result = VideoScores()
    measured: dict[str, dict[str, _Measured]] = {}
    for condition, videos in decoded.items():
        measured[condition] = _measure(videos, truth, keys, permutations, foil_pairings, seed)
        for metric, one in measured[condition].items():
            result.scores.append(_video_row(keys, condition, metric, one, bootstraps, seed))
            result.events += [
                EventScore(event=event, clip=clip, condition=condition, metric=metric, value=float(value))
                for event, clip, value in zip(keys.events, keys.clips, one.values, strict=True)
                if np.isfinite(value)
            ]
        progress()
    for metric, one in measured.get("full", {}).items():
        for control in (name for name in decoded if name != "full"):
            other = measured[control][metric].values
            found = paired_difference(one.values, other, keys.runs, np.random.default_rng(seed), n=bootstraps)
            result.contrasts.append(
                Contrast(
                    subject=keys.subject,
                    metric=metric,
                    control=control,
                    difference=found.value,
                    low=_bound(found.low, found.value),
                    high=_bound(found.high, found.value),
                    p=found.p,
                )
            )
    return result


def _measure(
    videos: NDArray[np.uint8], truth: NDArray[np.uint8], keys: Keys, permutations: int, foil_pairings: int, seed: int
) -> dict[str, _Measured]:
    """Return every video metric of one condition, identification first."""
    if is_constant(videos, keys.folds):
        pairings = np.arange(len(keys.runs))[None]  # whichever clip it is paired with: the same video
        foils = pairings
    else:
        rng = np.random.default_rng(seed)
        pairings = run_permutations(keys.runs, keys.positions, permutations, rng, keys.folds)
        foils = run_permutations(keys.runs, keys.positions, foil_pairings, rng, keys.folds, derangement=True)
    found: dict[str, _Measured] = {}
    similarity = correlation(area_means(videos), area_means(truth))
    for name, kind in _FOILS.items():
        matrices = identify(similarity, keys.runs, keys.folds, kind)
        if (matrices.foils > 0).any():
            values = matrices.two_way.diagonal()
            found[name] = _Measured(values, 0.5, "analytic", _p(values, matrices.two_way, pairings))
            if kind == "all":
                hits = matrices.top1.diagonal()
                p = _p(hits, matrices.top1, pairings)
                found["identification top-1"] = _Measured(hits, matrices.top1_chance, "analytic", p)
    levels = psnr_matrix(videos, truth, keys.folds)
    found["psnr"] = _paired(levels.diagonal(), levels, pairings, foils)
    own = ssim(videos, truth).mean(axis=1)
    if len(pairings) == 1:
        found["ssim"] = _Measured(own, float(own.mean()), "pairing", None)
    else:
        found["ssim"] = _paired(own, PairedSsim(videos, truth), pairings[:foil_pairings], foils)
    return found


def is_constant(videos: NDArray[np.uint8], folds: NDArray) -> bool:
    """Tell whether a condition shows one and the same video to every event of a fold."""
    first = {fold: index for index, fold in reversed(list(enumerate(folds)))}
    return all(np.array_equal(videos[index], videos[first[fold]]) for index, fold in enumerate(folds))


def _paired(values: Array, metric: Array | PairMetric, pairings: NDArray, foils: NDArray) -> _Measured:
    """Measure a metric whose chance level is what wrong pairings score."""
    return _Measured(values, float(paired_null(metric, foils).mean()), "pairing", _p(values, metric, pairings))


def _p(values: Array, metric: Array | PairMetric, pairings: NDArray) -> float | None:
    if len(pairings) == 1:
        return None
    return permutation_p(float(np.nanmean(values)), paired_null(metric, pairings))


def _video_row(keys: Keys, condition: str, metric: str, one: _Measured, bootstraps: int, seed: int) -> Score:
    interval = bootstrap_mean(one.values, keys.runs, np.random.default_rng(seed), n=bootstraps)
    return Score(
        subject=keys.subject,
        condition=condition,
        metric=metric,
        kind="video",
        value=interval.value,
        low=_bound(interval.low, interval.value),
        high=_bound(interval.high, interval.value),
        chance=one.chance,
        chance_kind=one.chance_kind,
        p=one.p,
        n_events=interval.n_events,
        n_runs=interval.n_runs,
    )


def _bound(bound: float, value: float) -> float:
    """Return a bound of an interval, the value itself where one run gives none."""
    return float(bound) if np.isfinite(bound) else float(value)


@dataclass(frozen=True)
class LabelledPredictions:
    """Class probabilities of one task under one condition, with the truth; each ``(event,)`` but the first."""

    subject: str
    condition: str
    task: str
    probabilities: NDArray[np.float32]
    labels: NDArray
    majority: NDArray
    runs: NDArray
    positions: NDArray
    folds: NDArray


def score_labels(given: LabelledPredictions, *, permutations: int, bootstraps: int, seed: int) -> list[Score]:
    """Score one task: accuracy against the majority class, balanced accuracy, top-5 where there are more classes.

    Parameters
    ----------
    given
        Probabilities ``(event, class)`` and what belongs to them; `majority` is the commonest class
        among the events that were learned from, per event's fold.
    permutations, bootstraps, seed
        As for `score_videos`.
    """
    pairings = run_permutations(given.runs, given.positions, permutations, np.random.default_rng(seed), given.folds)
    classes = given.probabilities.shape[1]
    probabilities = given.probabilities.astype(np.float64)
    hits = top_k_hits(probabilities, given.labels)
    expected = expected_hits(probabilities)
    majority = float(np.mean(given.majority == given.labels))
    rng = np.random.default_rng(seed)
    interval = bootstrap_mean(hits, given.runs, rng, n=bootstraps)
    rows = [
        _label_row(
            given, "accuracy", interval, majority, "majority", label_permutation_p(expected, given.labels, pairings)
        )
    ]
    balanced = bootstrap_class_mean(hits, given.labels, given.runs, np.random.default_rng(seed), n=bootstraps)
    p = label_permutation_p(expected, given.labels, pairings, balanced=True)
    rows.append(_label_row(given, "balanced accuracy", balanced, 1 / classes, "analytic", p))
    if classes > 5:
        top5 = bootstrap_mean(
            top_k_hits(probabilities, given.labels, 5), given.runs, np.random.default_rng(seed), n=bootstraps
        )
        p = label_permutation_p(expected_hits(probabilities, 5), given.labels, pairings)
        rows.append(_label_row(given, "top-5", top5, 5 / classes, "analytic", p))
    return rows


def _label_row(
    given: LabelledPredictions, metric: str, interval: Interval, chance: float, chance_kind: ChanceKind, p: float
) -> Score:
    return Score(
        subject=given.subject,
        condition=given.condition,
        metric=f"{given.task} {metric}",
        kind="classification",
        value=interval.value,
        low=_bound(interval.low, interval.value),
        high=_bound(interval.high, interval.value),
        chance=chance,
        chance_kind=chance_kind,
        p=p,
        n_events=interval.n_events,
        n_runs=interval.n_runs,
    )
