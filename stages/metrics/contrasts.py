"""The full condition against every other, event by event."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.scores import Contrast, Measure, Values
from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.scoring import Effort, bound
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.statistics.differences import paired_difference


def contrast(
    values: Sequence[Values],
    subject: str,
    runs: NDArray,
    effort: Effort,
    shuffles: Collection[str] = (),
    apart: Collection[str] = (),
) -> list[Contrast]:
    """Contrast `full` with every other condition, measure by measure.

    Parameters
    ----------
    values
        What `score` gave each event, of all conditions.
    subject
        Who was decoded.
    runs
        Run of each event, unique over folds `(event,)`.
    effort
        How hard to try.
    shuffles
        Conditions that decode the EEG of another run: one draw of the shuffle would decide much, so `full` is held
        against all that was drawn, the mean of the wrong pairings of its own clips.
    apart
        Conditions that were made elsewhere than `full` and are never held against it.
    """
    found = []
    for measure, conditions in _by_measure(values).items():
        if FULL not in conditions:
            continue
        full = conditions.pop(FULL)
        for control, other in conditions.items():
            if control in apart:
                continue
            drawn = control in shuffles and full.wrong
            difference = paired_difference(
                _array(full.values),
                _array(full.wrong if drawn else other.values),
                runs,
                np.random.default_rng(effort.seed),
                effort.permutations,
                bounds=METRICS[measure.metric].bounds if measure.metric in METRICS else (None, None),
            )
            found.append(
                Contrast(
                    subject=subject,
                    **measure._asdict(),
                    condition=FULL,
                    control=control,
                    difference=difference.value,
                    low=bound(difference.low),
                    high=bound(difference.high),
                    p=difference.p,
                )
            )
    return found


def _by_measure(values: Sequence[Values]) -> Mapping[Measure, dict[str, Values]]:
    found: dict[Measure, dict[str, Values]] = {}
    for row in values:
        found.setdefault(row.measure, {})[row.condition] = row
    return found


def _array(values: Sequence[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
