"""What a metric says of itself, what it is given, and what it gives back.

A metric is a file with its row (`Metric`) and the function that measures, and one line in `table.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.scores import ChanceKind, Definition, Direction, Form
from eeg2vid.stages.metrics.frames import FloatArray

LABEL, VALUE, FRAMES = "target:label", "target:value", "frames"


@dataclass(frozen=True)
class Variant:
    """One way to ask a metric, e.g. which clips compete.

    Attributes
    ----------
    title
        Its name as people write it, behind that of a target if there is one.
    definition
        What it is, in a sentence.
    chance
        Where its chance level comes from: a formula, wrong pairings, or the commonest class in training.
    among
        Of identification: which clips the own one is picked from, in words.
    apart
        It tells clips of one run apart, which no clock can do.
    lenient
        It takes any of three labels for right, so chance is 3/(N + 2).
    look
        It tells how all clips together look, whatever was shown: never tested, never evidence.
    hits
        The value of an event is a hit, 0 or 1 or the chance of one.
    lead
        It stands first in tables, and a verdict rests on it; the others are there to be looked up.
    extra
        It is dear or seldom wanted: asked only where the settings of `score` name it.
    """

    title: str
    definition: str
    chance: ChanceKind
    among: str = ""
    apart: bool = False
    lenient: bool = False
    look: bool = False
    hits: bool = False
    lead: bool = True
    extra: bool = False


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes
    ----------
    form
        event: a value of each event; pair: a value of each pairing of a decoded with a true event; set: one value of
        all events.
    needs
        What it must be given: "frames", "percepts:EYE", "target:label", "target:value" or "target:NAME".
    direction
        Which values are the better ones.
    bounds
        Least and greatest possible value; None: there is none.
    variants
        By name; "" is the metric as such.
    builds
        "module:function" from a `Given` to `Measured` by variant; a variant that cannot be asked is left out.
    source
        The paper that it comes from.
    """

    name: str
    form: Form
    needs: tuple[str, ...]
    direction: Direction
    bounds: tuple[float | None, float | None]
    variants: Mapping[str, Variant]
    builds: str
    source: str = ""

    def definition(self, variant: str) -> Definition:
        """Return what one variant is, as it is stored beside its scores."""
        one = self.variants[variant]
        return Definition(
            metric=self.name,
            variant=variant,
            form=self.form,
            direction=self.direction,
            low=self.bounds[0],
            high=self.bounds[1],
            title=one.title,
            definition=one.definition,
            source=self.source,
            among=one.among,
            apart=one.apart,
            lenient=one.lenient,
            look=one.look,
            lead=one.lead,
        )


@dataclass(frozen=True)
class Keys:
    """What the rows of decoded and true events stand for, each ``(event,)``.

    `concepts` is what each true clip shows, a number, -1 where it is not known; None: of no clip.
    """

    subject: str
    events: list[str]
    clips: list[str]
    runs: NDArray
    positions: NDArray
    folds: NDArray
    concepts: NDArray | None = None

    def take(self, kept: NDArray[np.integer]) -> Keys:
        """Return some of the rows."""
        return Keys(
            self.subject,
            [self.events[k] for k in kept],
            [self.clips[k] for k in kept],
            self.runs[kept],
            self.positions[kept],
            self.folds[kept],
            None if self.concepts is None else self.concepts[kept],
        )


@dataclass(frozen=True)
class Sides:
    """The decoded and the true side of something, in one order, each ``(event, ...)``.

    Clips may lie on disk: then they have `shape` and `dtype`, are indexed by event, and `take` some of them.
    """

    decoded: Any
    true: Any

    def take(self, kept: NDArray[np.integer]) -> Sides:
        """Return some of the events; a table of every event with every other loses both its rows and its columns."""
        if hasattr(self.decoded, "take") and not isinstance(self.decoded, np.ndarray):
            return Sides(self.decoded.take(kept), self.true.take(kept))
        square = not self.true.size and self.decoded.ndim == 2
        decoded = self.decoded[kept][:, kept] if square else self.decoded[kept]
        return Sides(decoded, self.true[kept] if self.true.size else self.true)


@dataclass(frozen=True)
class Judge:
    """What is known of an eye that looked.

    Attributes
    ----------
    eye, settings
        Its name, and what it looks at.
    classes
        Names of the classes by array: of "logits", of "color"; absent where unknown.
    concept_of_class
        Of "logits": the concept that each class belongs to, 0 for none; empty where unknown.
    """

    eye: str
    settings: Mapping[str, Any]
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    concept_of_class: tuple[int, ...] = ()


@dataclass(frozen=True)
class Labels:
    """A decoded label: probabilities ``(event, class)``; true class, and the fold's commonest, each ``(event,)``."""

    probabilities: NDArray[np.floating]
    true: NDArray
    majority: NDArray

    def take(self, kept: NDArray[np.integer]) -> Labels:
        """Return some of the events."""
        return Labels(self.probabilities[kept], self.true[kept], self.majority[kept])

    def among_shown(self) -> Labels:
        """Return the choice among the classes that are shown at all: other ones are no candidates."""
        shown, true = np.unique(self.true, return_inverse=True)
        place = np.full(self.probabilities.shape[1], -1)
        place[shown] = np.arange(len(shown))
        return Labels(self.probabilities[:, shown], true, place[self.majority.astype(np.int64)])


@dataclass(frozen=True)
class Given:
    """What one condition decoded, and the truth.

    Attributes
    ----------
    target
        What was decoded; empty: the clips themselves.
    frames
        Clips, uint8 ``(event, frame, row, column, rgb)``, read by event, fold by fold (`Sides`).
    percepts
        What an eye saw in the clips: eye, then array.
    labels, values
        Of a target that is a label, or has values.
    asked
        Pairings ``(pairing, event)`` that the walk will look at: a pair metric that is dear need compute no others.
    apart
        Whether clips of a run are told apart at all: not where smoothing has mixed them.
    truths
        True label of each event's clip by name of the label, int ``(event,)``; -1 where it is not asked.
    truth_classes
        By label, beside `truths`: the names of its classes, in the order of their numbers.
    judges
        By eye, beside `percepts`.
    refitted
        What models fitted anew to relabelings score, by metric and variant `(labeling,)`; where it is there, p comes
        from it.
    subset
        Which events these are; empty: all that were decoded.
    detail
        How the values came about, for every row.
    extras
        Variants that are asked though they are dear, "metric:variant".
    threads
        How many a metric may use; never changes a number.
    """

    keys: Keys
    condition: str
    target: str = ""
    frames: Sides | None = None
    percepts: Mapping[str, Mapping[str, Sides]] = field(default_factory=dict)
    labels: Labels | None = None
    values: Sides | None = None
    asked: tuple[NDArray[np.int64], ...] = ()
    apart: bool = True
    truths: Mapping[str, NDArray] = field(default_factory=dict)
    truth_classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    judges: Mapping[str, Judge] = field(default_factory=dict)
    refitted: Mapping[tuple[str, str], FloatArray] = field(default_factory=dict)
    subset: str = ""
    detail: str = ""
    extras: frozenset[str] = frozenset()
    threads: int = 1

    def asks(self, metric: Metric, variant: str) -> bool:
        """Tell whether a variant is asked: where it is extra, only if it is named."""
        return not metric.variants[variant].extra or f"{metric.name}:{variant}" in self.extras

    def take(self, kept: NDArray[np.integer], subset: str) -> Given:
        """Return some of the events, under the name of a subset; pairings are drawn anew."""
        return replace(
            self,
            keys=self.keys.take(kept),
            frames=None if self.frames is None else self.frames.take(kept),
            percepts={e: {n: one.take(kept) for n, one in arrays.items()} for e, arrays in self.percepts.items()},
            labels=None if self.labels is None else self.labels.take(kept),
            values=None if self.values is None else self.values.take(kept),
            truths={name: values[kept] for name, values in self.truths.items()},
            asked=(),
            refitted={},
            subset=subset,
        )

    @property
    def offers(self) -> frozenset[str]:
        """What metrics may need of it."""
        found = {f"percepts:{eye}" for eye in self.percepts}
        found |= {FRAMES} if self.frames is not None else set()
        found |= {LABEL} if self.labels is not None else set()
        found |= {VALUE} if self.values is not None else set()
        return frozenset(found | ({f"target:{self.target}"} if self.target else set()))

    def sides(self) -> list[Sides]:
        """Return what was decoded for clips: where it is constant, nothing can be tested, whatever eyes say of it."""
        if self.frames is not None:
            return [self.frames]
        eyes = [sides for arrays in self.percepts.values() for sides in arrays.values()]
        return [*([] if self.values is None else [self.values]), *eyes]


@dataclass(frozen=True)
class Measured:
    """What one variant of a metric measured.

    Attributes
    ----------
    table
        Of a pair ``(decoded event, true event)``: every event decoded with every event as its truth; NaN across folds
        and where nothing can be asked. Of a label ``(event, class)``: every event with every class as its truth.
        Of a look ``(event,)``, a value of each event that no wrong pairing has, or ``()``, one of all clips together.
    chance
        The level that a formula gives; None: what wrong pairings score.
    empirical
        Beside a formula: the exact mean over all pairs of clips of different runs.
    baseline
        What must be beaten where it is more than chance: the share of the majority.
    detail
        What must be known to read the value, e.g. how large the gallery is.
    """

    table: FloatArray
    chance: float | None = None
    empirical: float | None = None
    baseline: float | None = None
    detail: str = ""
