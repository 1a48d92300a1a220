"""From what was decoded to rows: every metric that can be asked, with its interval, chance level and p-value."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.scores import Definition, Kind, Look, Score, Values
from eeg2vid.stages.metrics.frames import FloatArray, IntArray
from eeg2vid.stages.metrics.metric import LABEL, Given, Measured, Metric
from eeg2vid.stages.metrics.nulls import Nulls, Tested, exchange_of
from eeg2vid.stages.metrics.pairing import paired_null
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.statistics.adjust import holm
from eeg2vid.stages.statistics.centred import centred
from eeg2vid.stages.statistics.differences import paired_difference
from eeg2vid.stages.statistics.intervals import Interval, class_mean_interval, hit_interval, mean_interval
from eeg2vid.stages.statistics.permutation import permutation_p

Progress = Callable[[str, int, int], None]
_REFITTED = "models were fitted anew to {} relabelings"


@dataclass(frozen=True)
class Effort:
    """How hard to try.

    Attributes
    ----------
    permutations
        Random pairings of runs behind each p-value, and as many wrong ones behind chance levels without a formula.
    seed
        Root of all random numbers; the same for every condition, so that conditions are paired.
    ties_at_random
        Of relabelings that score as the truth does, a random share counts instead of all: p is then uniform where
        nothing is known, also of hits, which take few values.
    """

    permutations: int
    seed: int
    ties_at_random: bool = False


@dataclass(frozen=True)
class Scored:
    """A row of the score table, and what it rests on.

    Attributes
    ----------
    row
        The score.
    values
        Of each event `(event,)`, NaN where nothing is asked; their mean is the score.
    wrong
        What decoded clips of other runs score with the truth of each event `(event,)`; None: not asked.
    null
        The score under each relabeling of runs `(permutation,)`; None: not tested.
    """

    row: Score
    values: FloatArray
    wrong: FloatArray | None
    null: FloatArray | None


def score(given: Given, effort: Effort, progress: Progress | None = None) -> tuple[list[Scored], list[Look]]:
    """Score one condition of one subject, metric by metric.

    Clips of a run share concept, time and drift, so runs change places, never clips. Where all clips of a run have
    one label, p-values of labels come from labels of whole runs that change places, whatever the runs' lengths.

    Parameters
    ----------
    given
        What was decoded, and the truth.
    effort
        How hard to try.
    progress
        Told before each metric which one it is, how many are done, and how many there are.

    Returns
    -------
    The scores, each tested; and how the clips look, which is not.

    Raises
    ------
    BadDataError
        If videos are not uint8, differ in shape or are smaller than SSIM's window; if a run spans two folds.
    """
    nulls = Nulls(given, effort.permutations, effort.seed)
    if given.labels is None:
        given = replace(given, asked=nulls.pairings.all)
    scores: list[Scored] = []
    looks: list[Look] = []
    asked = [metric for metric in METRICS.values() if given.offers.issuperset(metric.needs)]
    for done, metric in enumerate(asked):
        if progress is not None:
            progress(metric.name, done, len(asked))
        for variant, measured in _measure(metric, given).items():
            if metric.variants[variant].look:
                looks.append(_look(given, metric, variant, measured))
            else:
                scores.append(_scored(given, metric, variant, measured, nulls, effort))
    return _adjusted(scores), looks


def _measure(metric: Metric, given: Given) -> dict[str, Measured]:
    module, function = metric.builds.split(":")
    found: dict[str, Measured] = getattr(import_module(module), function)(given)
    return found


def _adjusted(found: list[Scored]) -> list[Scored]:
    """Return the rows with their p-values corrected for the number of tests."""
    corrected = iter(holm([one.row.p for one in found if one.row.p is not None]))
    return [
        one if one.row.p is None else replace(one, row=one.row.model_copy(update={"p_adjusted": next(corrected)}))
        for one in found
    ]


def _look(given: Given, metric: Metric, variant: str, measured: Measured) -> Look:
    return Look(
        **_named(given, metric, variant),
        value=float(np.nanmean(measured.table)),
        n_events=len(given.keys.events),
        detail=measured.detail,
    )


def _named(given: Given, metric: Metric, variant: str) -> dict[str, str]:
    return {
        "subject": given.keys.subject,
        "target": given.target,
        "metric": metric.name,
        "variant": variant,
        "subset": given.subset,
        "condition": given.condition,
    }


def _scored(given: Given, metric: Metric, variant: str, measured: Measured, nulls: Nulls, effort: Effort) -> Scored:
    values = _values(given, metric, measured)
    tested = _test(given, metric, variant, measured, nulls, effort)
    if tested is not None and effort.ties_at_random:
        tested = _with_random_ties(tested, float(np.nanmean(values)), metric, effort)
    chance = measured.chance
    if chance is None:  # no formula: what wrong pairings score
        chance = float(paired_null(measured.table, nulls.pairings.foils).mean())
    interval = _interval(given, metric, variant, measured, values)
    best = metric.bounds[1] if metric.direction == "higher" else metric.bounds[0]
    row = Score(
        **_named(given, metric, variant),
        kind=_kind(given),
        value=interval.value,
        low=bound(interval.low),
        high=bound(interval.high),
        interval=interval.how,
        chance=chance,
        chance_kind=metric.variants[variant].chance,
        empirical_chance=measured.empirical,
        baseline=measured.baseline,
        above_chance=None if best is None or best == chance else (interval.value - chance) / (best - chance),
        p=None if tested is None else tested.p,
        note="" if tested is None else tested.note,
        n_events=interval.n_events,
        n_clips=len(set(given.keys.clips)),
        n_runs=interval.n_runs,
        exchange=""
        if tested is None
        else exchange_of(given.keys, _exchanged(given, effort), effort.permutations, effort.seed),
        detail="; ".join(one for one in (given.detail, measured.detail) if one),
    )
    paired = given.labels is None and measured.table.ndim == 2
    wrong = nulls.pairings.wrong(measured.table) if paired else None
    return Scored(row, values, wrong, None if tested is None else tested.null)


def _values(given: Given, metric: Metric, measured: Measured) -> FloatArray:
    """Return the value of each event, such that their mean is the score."""
    table = measured.table
    if table.ndim < 2:
        return table
    if given.labels is None:
        return table.diagonal()
    hits = np.asarray(table[np.arange(len(table)), given.labels.true])
    return hits if metric.form == "event" else hits * _class_weights(given.labels.true)


def _class_weights(labels: IntArray) -> FloatArray:
    """Return weights `(event,)` that make the mean over events the mean over classes of the means of their events."""
    classes, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.asarray(len(labels) / (len(classes) * counts[place]))


def _interval(given: Given, metric: Metric, variant: str, measured: Measured, values: FloatArray) -> Interval:
    """Return the mean with its interval over runs: of the statistic that is tested, where pairs of runs are."""
    runs = given.keys.runs
    if given.labels is not None and metric.form == "set":
        found = class_mean_interval(values / _class_weights(given.labels.true), given.labels.true, runs)
    elif metric.variants[variant].hits:
        found = hit_interval(values, runs, measured.chance)
    elif given.labels is None and measured.table.ndim == 2:
        found = mean_interval(centred(measured.table, runs, given.keys.folds), runs, bounds=metric.bounds)
    else:
        found = mean_interval(values, runs, bounds=metric.bounds)
    return replace(found, value=float(np.nanmean(values)))  # the same but for rounding


def _test(
    given: Given, metric: Metric, variant: str, measured: Measured, nulls: Nulls, effort: Effort
) -> Tested | None:
    """Return the test of a score; None where there is nothing to exchange."""
    if measured.table.ndim < 2:
        return None
    sign = 1.0 if metric.direction == "higher" else -1.0
    if given.labels is None:
        found = nulls.pairings.test(sign * measured.table)
        return found and replace(found, null=sign * found.null)
    p, null = nulls.labels.test(sign * measured.table, metric.form == "set")
    if (anew := given.refitted.get((metric.name, variant))) is not None:
        p, note = permutation_p(float(_values(given, metric, measured).mean()), anew), _REFITTED.format(len(anew))
        kept = anew[: len(null)] if len(anew) >= len(null) else null  # too few would pass for more than they are
        return Tested(max(p, _majority_p(given, metric, measured, effort)), kept, note)
    return Tested(max(p, _majority_p(given, metric, measured, effort)), sign * null, nulls.labels.caveat)


def _with_random_ties(tested: Tested, value: float, metric: Metric, effort: Effort) -> Tested:
    """Return a test whose ties are broken at random; what it was not significant for besides stays."""
    sign = 1.0 if metric.direction == "higher" else -1.0
    rng = np.random.default_rng([effort.seed, 1])
    plain, random = (permutation_p(sign * value, sign * tested.null, rng=one) for one in (None, rng))
    return replace(tested, p=random if tested.p <= plain + 1e-12 else max(random, tested.p))


def _majority_p(given: Given, metric: Metric, measured: Measured, effort: Effort) -> float:
    """Return the p-value of being better than the training majority, event by event; 0 where that is not asked.

    It is asked where the majority is more than one of all classes: there a good p against shuffled labels says little.
    """
    assert given.labels is not None
    labels = given.labels.true
    vote = (given.labels.majority == labels).astype(np.float64)
    if measured.baseline is None or vote.mean() <= 1 / measured.table.shape[1] + 1e-9:
        return 0.0
    hits = measured.table[np.arange(len(labels)), labels]
    rng = np.random.default_rng(effort.seed)
    return paired_difference(hits, vote, given.keys.runs, rng, effort.permutations, alternative="greater").p


def _exchanged(given: Given, effort: Effort) -> str:
    if given.labels is None:
        return "clips"
    anew = any(len(null) >= effort.permutations for null in given.refitted.values())
    return f"{'relabelings' if anew else 'labels'} of {given.target}"


def _kind(given: Given) -> Kind:
    if not given.target:
        return "video"
    return "classification" if LABEL in given.offers else "value"


def rows_of(found: Sequence[Scored], places: Sequence[int], events: int) -> list[Values]:
    """Return the values of the events of some scores, by their places on the artifact's event axis.

    Parameters
    ----------
    found
        Scores of the same events.
    places
        Where each of these events stands.
    events
        How many there are.
    """

    def spread(values: FloatArray) -> tuple[float | None, ...]:
        row: list[float | None] = [None] * events
        for place, value in zip(places, values.tolist(), strict=True):
            row[place] = value if np.isfinite(value) else None
        return tuple(row)

    return [
        Values(
            **one.row.measure._asdict(),
            condition=one.row.condition,
            values=spread(one.values),
            wrong=() if one.wrong is None else spread(one.wrong),
        )
        for one in found
    ]


def bound(value: float) -> float | None:
    """Return a bound of an interval, None where fewer than two runs give none."""
    return float(value) if np.isfinite(value) else None


def extras_of(named: Sequence[str]) -> frozenset[str]:
    """Return the measures that are asked only by name.

    Raises
    ------
    UsageError
        If there is no such measure.
    """
    known = [f"{metric.name}:{variant}" for metric in METRICS.values() for variant in metric.variants]
    for name in named:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            extra = [f"{m.name}:{variant}" for m in METRICS.values() for variant, v in m.variants.items() if v.extra]
            hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(extra)}."
            raise UsageError(f"`also`: there is no measure '{name}'. {hint}", "METRIC:VARIANT, as in ssim:gaussian")
    return frozenset(named)


def definitions_of(rows: Sequence[Score | Look]) -> list[Definition]:
    """Return what the metrics of some rows are, in the order of the table."""
    asked = {(row.metric, row.variant) for row in rows}
    return [
        metric.definition(variant)
        for metric in METRICS.values()
        for variant in metric.variants
        if (metric.name, variant) in asked
    ]
