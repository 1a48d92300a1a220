"""What a study knows of its conditions: where they act, which cannot be made and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from eeg2vid.schemas.conditions import CONDITIONS, FULL, require_maker
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.store.layout import split_variant


class Conditioned:
    """The part of a study that answers for its conditions.

    Attributes
    ----------
    stages
        By name.
    conditions
        Those asked for, but for 'full'.
    planned_stages
        Names of the stages that a full run makes.
    bases
        From a stage to its variants without conditions.
    carries
        Whether a variant (stage, base) exists under a condition.
    refusal
        Why a variant (stage, base) of a stage where a condition acts cannot be made under it; empty: it can.
    """

    stages: Mapping[str, Stage]
    conditions: tuple[str, ...]
    planned_stages: Callable[[], list[str]]
    bases: Callable[[str], list[str]]
    carries: Callable[[str, str, str], bool]
    refusal: Callable[[str, str, str], str]

    def acts(self, stage: str, condition: str) -> bool:
        """Tell whether a condition acts at a stage.

        Raises
        ------
        UsageError
            If there is no such condition.
        """
        require_known(condition)
        return bool(self.stages[stage].acts) and CONDITIONS[condition].at == self.stages[stage].acts

    def refusals(self, condition: str) -> dict[str, str]:
        """Return why a condition cannot be made, of every planned variant where it acts and can not."""
        there = [
            (name, base) for name in self.planned_stages() if self.acts(name, condition) for base in self.bases(name)
        ]
        return {f"{name}/{base}": why for name, base in there if (why := self.refusal(name, base, condition))}

    def impossible(self, condition: str) -> str:
        """Say why nothing that is planned can be made under a condition; empty: something can.

        Raises
        ------
        UsageError
            If there is no such condition.
        """
        require_known(condition)
        if condition == FULL:
            return ""
        if not CONDITIONS[condition].maker:
            return "nothing makes it yet"
        acting = [name for name in self.planned_stages() if self.acts(name, condition)]
        if not acting:
            return f"it acts at {CONDITIONS[condition].at}, which is not planned"
        if any(self.carries(name, base, condition) for name in acting for base in self.bases(name)):
            return ""
        return "; ".join(dict.fromkeys(self.refusals(condition).values()))

    def left_out(self) -> list[str]:
        """Return a sentence for each condition that was asked for and of which something cannot be made."""
        found = []
        for condition in self.conditions:
            if why := self.impossible(condition):
                found.append(f"Condition '{condition}' is left out: {why}.")
            else:
                of = self.refusals(condition).items()
                found += [f"Condition '{condition}' is left out of {variant}: {reason}." for variant, reason in of]
        return found

    def require_condition(self, stage: str, variant: str) -> None:
        """Refuse a variant under a condition that changes nothing of it: the full system would pass for it.

        Raises
        ------
        UsageError
            If the condition is unknown, cannot be made, or acts neither at the stage nor before it.
        """
        base, condition = split_variant(variant)
        if condition == FULL:
            if variant != base:
                raise UsageError(f"'{variant}': expected a condition after '~', found '{FULL}'.", f"Write {base}.")
            return
        if not self.carries(stage, base, condition):
            at, here = CONDITIONS[condition].at, self.acts(stage, condition)
            why = self.refusal(stage, base, condition) if here else self.impossible(condition)
            if why:
                raise UsageError(f"'{variant}' cannot be made: {why}.", f"Leave out ~{condition}.")
            raise UsageError(
                f"'{variant}': condition '{condition}' acts at {at}; expected one that acts at {stage} or at what it "
                "reads.",
                f"Leave out ~{condition}.",
            )


def checked_conditions(conditions: Iterable[str]) -> tuple[str, ...]:
    """Return conditions that can be made, each once, without 'full'.

    Raises
    ------
    UsageError
        If one is unknown, or nothing makes it.
    """
    found = tuple(dict.fromkeys(conditions))
    for condition in found:
        require_known(condition)
        if condition != FULL:
            require_maker(condition)
    return tuple(condition for condition in found if condition != FULL)


def require_known(condition: str) -> None:
    """Refuse a condition that nobody declared."""
    if condition not in (FULL, *CONDITIONS):
        raise UsageError(f"There is no condition '{condition}'.{did_you_mean(condition, [FULL, *CONDITIONS])}")
