"""From videos and probabilities to rows: every metric with its interval, chance level, p-value and controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.scores import Contrast, EventScore, Score
from eeg2vid.stages.metrics.classification import expected_hits, top_k_hits
from eeg2vid.stages.metrics.identification import Foils, area_means, correlation, identify
from eeg2vid.stages.metrics.pairing import paired_null
from eeg2vid.stages.metrics.psnr import psnr_matrix
from eeg2vid.stages.metrics.ssim import PairedSsim
from eeg2vid.stages.statistics.bootstrap import Interval, bootstrap_class_mean, bootstrap_mean, paired_difference
from eeg2vid.stages.statistics.label_tests import LabelNull
from eeg2vid.stages.statistics.permutation import permutation_p, plan_exchange, pooled_null

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
ChanceKind = Literal["analytic", "pairing", "majority"]
Kind = Literal["video", "classification"]

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


@dataclass(frozen=True)
class _Test:
    """What a score is held against: its chance level, and a p-value with what must be known about it."""

    chance: float
    chance_kind: ChanceKind
    p: float | None
    note: str


@dataclass(frozen=True)
class _Measured:
    """One metric of one condition: the values of the events and their test."""

    values: Array
    test: _Test


@dataclass(frozen=True)
class _Pairings:
    """Wrong partners of the decoded videos, each int ``(pairing, event)``; see `run_permutations`.

    Attributes
    ----------
    random
        Behind the p-value; None where every pairing scores the same and nothing can be tested.
    foils
        Behind chance levels without a formula: no run is paired with itself.
    note
        What the p-values must be read with.
    folds
        Fold of each event; p-values over several folds allow for what their trainings share.
    """

    random: Indices | None
    foils: Indices
    note: str
    folds: NDArray

    def p(self, matrix: Array) -> float | None:
        """Return the p-value of the mean of a metric ``(decoded event, true event)`` over the true pairs."""
        if self.random is None:
            return None
        null = pooled_null(paired_null(matrix, self.random), self.folds)
        return permutation_p(float(np.nanmean(matrix.diagonal())), null)


def score_videos(
    condition: str,
    videos: NDArray[np.uint8],
    truth: NDArray[np.uint8],
    keys: Keys,
    *,
    permutations: int,
    bootstraps: int,
    seed: int,
    within_runs: bool = True,
) -> tuple[list[Score], list[EventScore]]:
    """Score one condition of one subject's videos.

    Parameters
    ----------
    condition
        Its name.
    videos
        Decoded, uint8 ``(event, frame, row, column, rgb)``.
    truth
        The stimuli in the same order and shape.
    keys
        What the rows stand for.
    permutations
        Random pairings of runs behind each p-value, and as many wrong ones behind the chance level of SSIM and PSNR.
    bootstraps
        Resamplings of runs behind intervals.
    seed
        Root of all random numbers; the same for every condition, so that conditions are paired.
    within_runs
        Whether clips of a run are told apart at all: not where smoothing has mixed them.

    Returns
    -------
    Rows of the score table, and every event's values where they are finite.

    Raises
    ------
    BadDataError
        If videos are not uint8, differ in shape or are smaller than SSIM's window; if a run spans two folds.
    """
    scores: list[Score] = []
    events: list[EventScore] = []
    for metric, one in _measure(videos, truth, keys, _draw(keys, permutations, seed), within_runs).items():
        interval = bootstrap_mean(one.values, keys.runs, np.random.default_rng(seed), n=bootstraps)
        scores.append(_row(keys.subject, condition, metric, "video", interval, one.test))
        events += [
            EventScore(event=event, clip=clip, condition=condition, metric=metric, value=float(value))
            for event, clip, value in zip(keys.events, keys.clips, one.values, strict=True)
            if np.isfinite(value)
        ]
    return scores, events


def contrast_videos(events: Sequence[EventScore], keys: Keys, *, bootstraps: int, seed: int) -> list[Contrast]:
    """Contrast `full` with every other condition, event by event.

    Parameters
    ----------
    events
        What `score_videos` returned for each condition.
    keys, bootstraps, seed
        As there.
    """
    place = {event: index for index, event in enumerate(keys.events)}
    values: dict[str, dict[str, Array]] = {}  # metric -> condition -> (event,)
    for row in events:
        of_metric = values.setdefault(row.metric, {})
        of_metric.setdefault(row.condition, np.full(len(place), np.nan))[place[row.event]] = row.value
    found = []
    for metric, conditions in values.items():
        for control in (name for name in conditions if name != "full" and "full" in conditions):
            difference = paired_difference(
                conditions["full"], conditions[control], keys.runs, np.random.default_rng(seed), n=bootstraps
            )
            found.append(
                Contrast(
                    subject=keys.subject,
                    metric=metric,
                    control=control,
                    difference=difference.value,
                    low=_bound(difference.low),
                    high=_bound(difference.high),
                    p=difference.p,
                )
            )
    return found


def _draw(keys: Keys, permutations: int, seed: int) -> _Pairings:
    rng = np.random.default_rng(seed)
    plan = plan_exchange(keys.runs, keys.positions, keys.folds)
    random = plan.draw(permutations, rng)
    return _Pairings(random, plan.draw(permutations, rng, derangement=True), plan.caveat, keys.folds)


def _measure(
    videos: NDArray[np.uint8], truth: NDArray[np.uint8], keys: Keys, drawn: _Pairings, within_runs: bool
) -> dict[str, _Measured]:
    """Return every video metric of one condition, identification first."""
    if is_constant(videos, keys.folds):  # whichever clip it is paired with: the same video, hence the same mean
        drawn = _Pairings(None, np.arange(len(keys.runs))[None], "", keys.folds)
    found: dict[str, _Measured] = {}
    similarity = correlation(area_means(videos), area_means(truth))
    for name, kind in _FOILS.items():
        if kind == "within-run" and not within_runs:
            continue
        matrices = identify(similarity, keys.runs, keys.folds, kind)
        if (matrices.foils > 0).any():
            found[name] = _measured(matrices.two_way, drawn, 0.5)
            if kind == "all":
                found["identification top-1"] = _measured(matrices.top1, drawn, matrices.top1_chance)
    found["psnr"] = _measured(psnr_matrix(videos, truth, keys.folds), drawn)
    found["ssim"] = _measured(_ssim_matrix(videos, truth, drawn), drawn)
    return found


def _measured(matrix: Array, drawn: _Pairings, chance: float | None = None) -> _Measured:
    """Test a metric ``(decoded event, true event)``; without a formula, chance is what wrong pairings score."""
    kind: ChanceKind = "pairing" if chance is None else "analytic"
    level = float(paired_null(matrix, drawn.foils).mean()) if chance is None else chance
    return _Measured(matrix.diagonal(), _Test(level, kind, drawn.p(matrix), drawn.note))


def _ssim_matrix(videos: NDArray[np.uint8], truth: NDArray[np.uint8], drawn: _Pairings) -> Array:
    """Return SSIM ``(decoded event, true event)``, mean over frames, of the pairs that are looked at; NaN elsewhere.

    SSIM is dear, so a pair is computed once, however many pairings it is in: at most runs x events pairs of a fold.
    """
    events = np.arange(len(truth))
    asked = np.eye(len(truth), dtype=bool)  # (true, decoded): in this order PairedSsim sums a true clip's windows once
    for pairings in (drawn.random, drawn.foils):
        if pairings is not None:
            asked[pairings, events] = True
    true_index, decoded_index = np.nonzero(asked)
    matrix = np.full(asked.shape, np.nan)
    matrix[decoded_index, true_index] = PairedSsim(videos, truth)(decoded_index, true_index)
    return matrix


def is_constant(videos: NDArray[np.uint8], folds: NDArray) -> bool:
    """Tell whether a condition shows one and the same video to every event of a fold."""
    first = {fold: index for index, fold in reversed(list(enumerate(folds)))}
    return all(np.array_equal(videos[index], videos[first[fold]]) for index, fold in enumerate(folds))


def _row(subject: str, condition: str, metric: str, kind: Kind, interval: Interval, test: _Test) -> Score:
    return Score(
        subject=subject,
        condition=condition,
        metric=metric,
        kind=kind,
        value=interval.value,
        low=_bound(interval.low),
        high=_bound(interval.high),
        chance=test.chance,
        chance_kind=test.chance_kind,
        p=test.p,
        note=test.note,
        n_events=interval.n_events,
        n_runs=interval.n_runs,
    )


def _bound(bound: float) -> float | None:
    """Return a bound of an interval, None where fewer than two runs give none."""
    return float(bound) if np.isfinite(bound) else None


@dataclass(frozen=True)
class LabelledPredictions:
    """Class probabilities of one task under one condition, with the truth; each ``(event,)`` but the first."""

    subject: str
    condition: str
    task: str
    probabilities: NDArray[np.floating]
    labels: NDArray
    majority: NDArray
    runs: NDArray
    positions: NDArray
    folds: NDArray


def score_labels(given: LabelledPredictions, *, permutations: int, bootstraps: int, seed: int) -> list[Score]:
    """Score one task: accuracy against the majority class, balanced accuracy, top-5 where there are more classes.

    Where all clips of a run have one label, p-values come from labels of whole runs that change places, whatever the
    runs' lengths; elsewhere runs change places clip by clip (`LabelNull`).

    Parameters
    ----------
    given
        Probabilities ``(event, class)`` and what belongs to them; `majority` is the commonest class
        among the events that were learned from, per event's fold.
    permutations, bootstraps, seed
        As for `score_videos`.
    """
    null = LabelNull.of(given.labels, given.runs, given.positions, given.folds, n=permutations, seed=seed)
    probabilities = given.probabilities.astype(np.float64)
    classes = probabilities.shape[1]
    rows: list[Score] = []

    def add(metric: str, k: int, chance: float, kind: ChanceKind, balanced: bool = False) -> None:
        hits, expected = top_k_hits(probabilities, given.labels, k), expected_hits(probabilities, k)
        rng = np.random.default_rng(seed)
        if balanced:
            interval = bootstrap_class_mean(hits, given.labels, given.runs, rng, n=bootstraps)
        else:
            interval = bootstrap_mean(hits, given.runs, rng, n=bootstraps)
        test = _Test(chance, kind, null.p(expected, balanced), null.caveat)
        rows.append(_row(given.subject, given.condition, f"{given.task} {metric}", "classification", interval, test))

    add("accuracy", 1, float(np.mean(given.majority == given.labels)), "majority")
    add("balanced accuracy", 1, 1 / classes, "analytic", balanced=True)
    if classes > 5:
        add("top-5", 5, 5 / classes, "analytic")
    return rows
