"""The full condition against every other, event by event."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.scores import Contrast, EventScore, Measure
from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.metric import Keys
from eeg2vid.stages.metrics.scoring import Effort, bound
from eeg2vid.stages.statistics.bootstrap import paired_difference


def contrast(events: Sequence[EventScore], keys: Keys, effort: Effort) -> list[Contrast]:
    """Contrast `full` with every other condition.

    Parameters
    ----------
    events
        What `score` returned for each condition.
    keys, effort
        As there.
    """
    place = {event: index for index, event in enumerate(keys.events)}
    values: dict[Measure, dict[str, FloatArray]] = {}  # then by condition, (event,)
    for row in events:
        of_measure = values.setdefault(row.measure, {})
        of_measure.setdefault(row.condition, np.full(len(place), np.nan))[place[row.event]] = row.value
    found = []
    for measure, conditions in values.items():
        for control in (name for name in conditions if name != FULL and FULL in conditions):
            difference = paired_difference(
                conditions[FULL],
                conditions[control],
                keys.runs,
                np.random.default_rng(effort.seed),
                n=effort.bootstraps,
            )
            found.append(
                Contrast(
                    subject=keys.subject,
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
