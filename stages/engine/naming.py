"""Which variants there are and where a role comes from: by tables, by the command line, by what others ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from eeg2vid.schemas.choice import choices_of
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.recipe import Recipe
from eeg2vid.stages.engine.settings import merge
from eeg2vid.stages.engine.stage import Needs, Per, Stage
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.engine.workspace import CONFIG, Workspace
from eeg2vid.stages.store.layout import join_eye, split_eye, split_variant


class Naming:
    """The names of a study.

    Parameters
    ----------
    stages, recipe, workspace, choices
        Of the study; the workspace's tables are spread over the recipe's sweep.
    needs
        What one kind of unit of a variant needs.
    """

    def __init__(
        self,
        stages: Mapping[str, Stage],
        recipe: Recipe,
        workspace: Workspace,
        choices: Choices,
        needs: Callable[[str, str, Per], Needs],
    ) -> None:
        self.stages, self.recipe, self.workspace, self.choices, self.needs = stages, recipe, workspace, choices, needs
        self.bases = cache(self._bases)  # asked for every unit of every stage
        self.check_roles()

    def _bases(self, stage: str) -> list[str]:
        """Return the variants of a stage without conditions: the recipe's and the configuration's."""
        named = dict.fromkeys([*self._named(stage), *self._asked_of(stage)])
        asked = self.choices.stage == stage
        chosen = asked and not self.choices.variant and self._chooses(stage)
        if self.stages[stage].named_by and (not named or chosen):
            return self._called_after_choice(stage)
        return list(named) or ["default"]

    def _asked_of(self, stage: str) -> list[str]:
        """Return the variants that others ask a stage for: eyes that look at decoded clips, and eyes of targets."""
        declared = self.stages[stage]
        if not declared.named_by or declared.named_after:
            return []
        found = []
        for name, other in self.stages.items():
            if other.named_after and set(other.writes) & set(declared.writes):
                found += [eye for base in self._named(name) if (eye := split_eye(base)[1])]
            elif set(other.reads) & set(declared.writes):
                kinds: tuple[Per, ...] = ("study", "subject")
                reads = [self.needs(name, base, kind).reads for base in self._named(name) for kind in kinds]
                found += [read.variant for one in reads for role, read in one.items() if role in declared.writes]
        return [name for name in dict.fromkeys(found) if name]

    def _named(self, stage: str) -> list[str]:
        """Return the variants of a stage that have a table, or are asked for."""
        tables = {**self.recipe.tables.get(stage, {}), **self.workspace.tables.get(stage, {})}
        asked = [self.choices.variant] if self.choices.stage == stage and self.choices.variant else []
        return list(dict.fromkeys(split_variant(variant)[0] for variant in (*tables, *asked)))

    def _chooses(self, stage: str) -> bool:
        """Tell whether the command line makes the choice that the stage's variants are called after."""
        return self.stages[stage].named_by in self.choices.settings

    def _called_after_choice(self, stage: str) -> list[str]:
        """Return the variants of a stage that no table names: after their choice, and after what they read."""
        declared = self.stages[stage]
        chosen = declared.Settings().model_dump()[declared.named_by]
        if self.choices.stage == stage:
            chosen = merge(chosen, self.choices.settings.get(declared.named_by, {}))
        name = str(chosen["name"])
        if not declared.named_after:
            return [name]
        named = self.choices.inputs.get(declared.named_after) if self.choices.stage == stage else None
        if named:
            return [join_eye(split_variant(named.partition("/")[2] or "default")[0], name)]
        return [join_eye(base, name) for base in self.bases(self.producers(declared.named_after)[0])]

    def kin(self, base: str, bases: list[str]) -> list[str]:
        """Return the variants that another stage's variant reads: its namesake, those of its system, or all."""
        system, _ = split_eye(base)
        if base not in bases and (same := [one for one in bases if split_eye(one)[0] == system]):
            return same
        return self.recipe.kin(base if base in bases else system, bases)

    def chosen(self, node: Node, role: str) -> list[tuple[str, str]] | None:
        """Return what --from or a `from` table names for a role; empty for 'none', None if nothing is named."""
        tables = [self.recipe.tables, self.workspace.tables]
        base, _ = split_variant(node.variant)
        named: Any = None
        for table in tables:
            named = table.get(node.stage, {}).get(base, {}).get("from", {}).get(role, named)
        if self.choices.stage == node.stage:
            named = self.choices.inputs.get(role, named)
        if not named or named == "none":
            return None if not named else []
        texts = [named] if isinstance(named, str) else named
        return [self._parse_reference(text, role) for text in texts]

    def check_roles(self) -> None:
        """Refuse inputs named for roles that the stage does not read: they would change nothing, silently."""
        named = [
            (f"{where}, [{stage}.{variant}]", stage, table.get("from", {}))
            for where, tables in ((self.recipe.header.name, self.recipe.tables), (CONFIG, self.workspace.tables))
            for stage, variants in tables.items()
            for variant, table in variants.items()
        ]
        if self.choices.stage:
            named.append(("--from", self.choices.stage, self.choices.inputs))
        for where, stage, inputs in named:
            if not isinstance(inputs, Mapping):
                raise UsageError(
                    f"{where}: `from` is a table of roles, as {{role = 'stage/variant'}}; found {inputs!r}."
                )
            for role in inputs:
                if role not in self.stages[stage].reads:  # all there may be; which of them is read, settings say
                    raise UsageError(
                        f"{where}: {stage} does not read '{role}'.{did_you_mean(role, self.stages[stage].reads)}"
                    )

    def _parse_reference(self, text: str, role: str) -> tuple[str, str]:
        stage, _, variant = text.partition("/")
        writers = self.producers(role)
        if stage not in writers:
            known = [f"{name}/{base}" for name in writers for base in self.bases(name)]
            raise UsageError(f"'{text}' does not make role '{role}'.{did_you_mean(text, known)}")
        return stage, variant or "default"

    def settings_by_name(self, stage: Stage, base: str) -> dict[str, Mapping[str, Any]]:
        """Return the choice that a variant is called after, below all that tables say."""
        name = split_eye(base)[1] or base
        if not stage.named_by or name not in choices_of(stage.Settings.model_fields[stage.named_by]):
            return {}
        return {f"variant {base}": {stage.named_by: {"name": name}}}

    def producers(self, role: str) -> list[str]:
        """Return the stages that write a role, in registry order."""
        return [name for name, stage in self.stages.items() if role in stage.writes]
