"""What a picture of the plan shows: stage variants with the states of their units, and what they hand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eeg2vid.stages.engine.plan import Judge, Verdict
from eeg2vid.stages.engine.sweep import Sweep

Key = tuple[str, str]
"""Stage and variant."""

NOT_PLANNED = "not planned"


@dataclass(frozen=True)
class Variant:
    """A stage variant and how many of its units are in which state; one that is only read has none."""

    stage: str
    variant: str
    counts: Mapping[str, int]

    @property
    def key(self) -> Key:
        """Stage and variant."""
        return self.stage, self.variant


@dataclass(frozen=True)
class Plan:
    """Everything that is planned.

    Attributes
    ----------
    recipe
        Its name.
    variants
        In the order of the stages.
    edges
        From source and target to the roles that the target reads of the source, both among the variants.
    named_by_eye
        Stages whose variants are called after an eye.
    sweep
        Of the recipe, None if it has none.
    """

    recipe: str
    variants: tuple[Variant, ...]
    edges: Mapping[tuple[Key, Key], tuple[str, ...]]
    named_by_eye: frozenset[str] = frozenset()
    sweep: Sweep | None = None


def plan_of(judge: Judge, verdicts: Sequence[Verdict]) -> Plan:
    """Return what is planned and what each variant reads.

    Parameters
    ----------
    judge
        Of the study and its subjects.
    verdicts
        One per unit, in the order of the plan.
    """
    study = judge.study
    counts: dict[Key, Counter[str]] = {}
    edges: dict[tuple[Key, Key], dict[str, None]] = {}
    for verdict in verdicts:
        key = verdict.node.stage, verdict.node.variant
        state = "missing" if verdict.state == "waiting" else verdict.state
        counts.setdefault(key, Counter())[state] += 1
        for role, addresses in judge.inputs(verdict.node).items():
            for address in addresses:
                edges.setdefault(((address.stage, address.variant), key), {})[role] = None
    for source, _ in edges:
        counts.setdefault(source, Counter())
    order = {name: place for place, name in enumerate(study.stages)}
    keys = sorted(counts, key=lambda key: order[key[0]])
    return Plan(
        study.recipe.header.name,
        tuple(Variant(*key, dict(counts[key])) for key in keys),
        {pair: tuple(roles) for pair, roles in edges.items()},
        frozenset(name for name, stage in study.stages.items() if stage.named_by),
        study.recipe.sweep,
    )


def state_of(counts: Mapping[str, int]) -> str:
    """Return the one state of some units, 'mixed' where they differ."""
    return "mixed" if len(counts) > 1 else next(iter(counts), "missing")


def words_of(counts: Mapping[str, int]) -> str:
    """Return the states of some units in words: '2 done', '3 done, 1 stale'."""
    return ", ".join(f"{count} {state}" for state, count in counts.items()) or NOT_PLANNED
