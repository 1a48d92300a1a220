"""From what was decoded to rows: every metric that can be asked, with its interval, chance level and p-value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np

from eeg2vid.schemas.scores import Definition, EventScore, Kind, Score
from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.metric import LABEL, Given, Measured, Metric
from eeg2vid.stages.metrics.nulls import Nulls
from eeg2vid.stages.metrics.pairing import paired_null
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.statistics.bootstrap import Interval, bootstrap_class_mean, bootstrap_mean


@dataclass(frozen=True)
class Effort:
    """How hard to try.

    Attributes
    ----------
    permutations
        Random pairings of runs behind each p-value, and as many wrong ones behind chance levels without a formula.
    bootstraps
        Resamplings of runs behind intervals.
    seed
        Root of all random numbers; the same for every condition, so that conditions are paired.
    """

    permutations: int
    bootstraps: int
    seed: int


def score(given: Given, effort: Effort, detail: str = "") -> tuple[list[Score], list[EventScore]]:
    """Score one condition of one subject, metric by metric.

    Clips of a run share concept, time and drift, so runs change places, never clips. Where all clips of a run have
    one label, p-values of labels come from labels of whole runs that change places, whatever the runs' lengths.

    Parameters
    ----------
    given
        What was decoded, and the truth.
    effort
        How hard to try.
    detail
        How the values came about, for every row.

    Returns
    -------
    Rows of the score table, and, of clips and values, every event's values where they are finite.

    Raises
    ------
    BadDataError
        If videos are not uint8, differ in shape or are smaller than SSIM's window; if a run spans two folds.
    """
    nulls = Nulls(given, effort.permutations, effort.seed)
    if given.labels is None:
        given = replace(given, asked=nulls.pairings.all)
    scores: list[Score] = []
    events: list[EventScore] = []
    for metric in METRICS.values():
        if not given.offers.issuperset(metric.needs):
            continue
        for variant, measured in _measure(metric, given).items():
            values = _values(given, measured)
            interval = _interval(given, metric, values, effort)
            scores.append(_row(given, metric, variant, measured, interval, nulls, detail))
            if given.labels is None:
                events += _events(given, metric, variant, values)
    return scores, events


def _measure(metric: Metric, given: Given) -> dict[str, Measured]:
    module, function = metric.builds.split(":")
    found: dict[str, Measured] = getattr(import_module(module), function)(given)
    return found


def _values(given: Given, measured: Measured) -> FloatArray:
    """Return the value of each event."""
    if measured.table.ndim == 1:
        return measured.table
    if given.labels is not None:
        return np.asarray(measured.table[np.arange(len(measured.table)), given.labels.true])
    return measured.table.diagonal()


def _interval(given: Given, metric: Metric, values: FloatArray, effort: Effort) -> Interval:
    rng = np.random.default_rng(effort.seed)
    if metric.form == "set" and given.labels is not None:
        return bootstrap_class_mean(values, given.labels.true, given.keys.runs, rng, n=effort.bootstraps)
    return bootstrap_mean(values, given.keys.runs, rng, n=effort.bootstraps)


def _row(
    given: Given, metric: Metric, variant: str, measured: Measured, interval: Interval, nulls: Nulls, detail: str
) -> Score:
    p, note = _test(given, metric, measured, nulls)
    chance = measured.chance
    if chance is None:  # no formula: what wrong pairings score
        chance = float(paired_null(measured.table, nulls.pairings.foils).mean())
    return Score(
        subject=given.keys.subject,
        target=given.target,
        metric=metric.name,
        variant=variant,
        condition=given.condition,
        kind=_kind(given),
        value=interval.value,
        low=bound(interval.low),
        high=bound(interval.high),
        chance=chance,
        chance_kind=metric.variants[variant].chance,
        p=p,
        note=note,
        n_events=interval.n_events,
        n_runs=interval.n_runs,
        detail=detail,
    )


def _test(given: Given, metric: Metric, measured: Measured, nulls: Nulls) -> tuple[float | None, str]:
    """Return the p-value and what must be known to read it; None where there is nothing to exchange."""
    if measured.table.ndim == 1:
        return None, ""
    sign = 1.0 if metric.direction == "higher" else -1.0
    if given.labels is not None:
        return nulls.labels.p(sign * measured.table, metric.form == "set"), nulls.labels.caveat
    return nulls.pairings.p(sign * measured.table), nulls.pairings.note


def _kind(given: Given) -> Kind:
    if not given.target:
        return "video"
    return "classification" if LABEL in given.offers else "value"


def _events(given: Given, metric: Metric, variant: str, values: FloatArray) -> list[EventScore]:
    keys = given.keys
    return [
        EventScore(
            event=event,
            clip=clip,
            target=given.target,
            metric=metric.name,
            variant=variant,
            condition=given.condition,
            value=float(value),
        )
        for event, clip, value in zip(keys.events, keys.clips, values, strict=True)
        if np.isfinite(value)
    ]


def bound(value: float) -> float | None:
    """Return a bound of an interval, None where fewer than two runs give none."""
    return float(value) if np.isfinite(value) else None


def definitions_of(rows: Sequence[Score]) -> list[Definition]:
    """Return what the metrics of some rows are, in the order of the table."""
    asked = {(row.metric, row.variant) for row in rows}
    return [
        metric.definition(variant)
        for metric in METRICS.values()
        for variant in metric.variants
        if (metric.name, variant) in asked
    ]
