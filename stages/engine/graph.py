"""The study as a graph: which variants a recipe plans, which artifacts each unit reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, TypeVar

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import BadDataError, MissingInputError, UnreadableError, UsageError
from eeg2vid.schemas.recordings import ClipIndexAttributes
from eeg2vid.schemas.settings import Protocol
from eeg2vid.stages.engine.alone import decoded_alone, holds_clips_alone, needs_alone, recipe_alone, with_controls
from eeg2vid.stages.engine.conditioned import Conditioned, checked_conditions
from eeg2vid.stages.engine.ingested import CLIP_INDEX, people_with_artifacts, recorded_source
from eeg2vid.stages.engine.naming import Naming
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.plugins import stand_in_for
from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.engine.recipe import DEFAULT_RECIPE, load_recipe
from eeg2vid.stages.engine.settings import COMMAND_LINE, Layers, Resolved, resolve_settings
from eeg2vid.stages.engine.stage import Needs, Per, Read, Stage, Upstream
from eeg2vid.stages.engine.subjects import people_of
from eeg2vid.stages.engine.workspace import CONFIG, Workspace, check_tables
from eeg2vid.stages.store.layout import (
    STUDY,
    Address,
    join_variant,
    split_eye,
    split_variant,
    subject_unit,
)
from eeg2vid.stages.store.reader import open_artifact

T = TypeVar("T")


class Study(Conditioned):
    """A workspace seen through a recipe."""

    def __init__(self, workspace: Workspace, stages: Mapping[str, Stage], choices: Choices | None = None) -> None:
        choices = choices or Choices()
        self.workspace = workspace
        self.root = workspace.root
        self.stages = stages
        self.choices = choices
        self.alone = holds_clips_alone(self.root)
        if self.alone and choices.source:
            raise UsageError(
                f"{self.root} holds clips that were imported without EEG; {choices.source} would not be read.",
                "Take another workspace for it: --workspace FOLDER",
            )
        self._decoded = decoded_alone(self.root, stages) if self.alone else {}
        named = choices.recipe or workspace.named(workspace.study.recipe)
        plain = recipe_alone(self.root, stages) if self.alone and not named else None
        self.recipe = plain or load_recipe(named or DEFAULT_RECIPE, stages)
        check_tables(workspace.tables, CONFIG, list(stages))
        self.workspace = workspace.with_tables(self.recipe.spread(workspace.tables))
        self.needs = cache(self._needs)
        self.names = Naming(stages, self.recipe, self.workspace, choices, self.needs)
        self.bases, self.producers = self.names.bases, self.names.producers
        self.carries = cache(self._carries)
        self.refusal = cache(self._refusal)
        self.planned_stages = cache(self._planned_stages)
        self.models = Models(choices.models or workspace.named(workspace.study.models) or "tiny")
        self.protocol: Protocol = choices.protocol or workspace.study.protocol or "corrected"
        if self.protocol == "published":
            self.recipe.require_published()
        planned = workspace.study.conditions or self.recipe.header.conditions
        self.conditions = checked_conditions((*planned, *choices.conditions))
        self._everyone: list[str] | None = None
        self._in_data: list[str] | None = None
        self._told: dict[Node, set[str]] = {}
        self._made: dict[str, Any] = {}
        self.source = choices.source or workspace.data or recorded_source(self.root)
        self.stand_in = cache(partial(stand_in_for, self.root))
        self.variants = cache(self._variants)  # asked for every unit of every stage

    def again(self) -> Study:
        """Return the study as its workspace is now: what was imported since may have changed what is planned."""
        return Study(Workspace(self.root), self.stages, self.choices)

    def plain(self) -> Study:
        """Return the study as another command finds it: without what was said of this one's stage and conditions."""
        said = self.choices
        given = Choices(recipe=said.recipe, models=said.models, protocol=said.protocol)
        return self.once("plain", lambda: self if given == said else Study(Workspace(self.root), self.stages, given))

    def once(self, what: str, make: Callable[[], T]) -> T:
        """Return what is made once for this view of the workspace, by its name: the data set, opened."""
        if what not in self._made:
            self._made[what] = make()
        found: T = self._made[what]
        return found

    # -- what is planned -------------------------------------------------------------------------

    def _variants(self, stage: str) -> tuple[str, ...]:
        """Return all variants of a stage that are planned, conditions included, plain ones first."""
        bases = self.bases(stage)
        return (*bases, *(join_variant(b, c) for c in self.conditions for b in bases if self.carries(stage, b, c)))

    def _carries(self, stage: str, base: str, condition: str) -> bool:
        """Tell whether a variant exists under a condition: it acts here, or on something that the variant reads."""
        if condition == FULL:
            return False
        if self.acts(stage, condition):
            return not self.refusal(stage, base, condition)
        for unit in (STUDY, subject_unit("")):
            needs = self.needs(stage, base, _kind(unit))
            if not needs.writes:
                continue
            if any(read.arity == "conditions" for read in needs.reads.values()):
                return False
            node = Node(stage, base, unit)
            for role, read in needs.reads.items():
                if any(
                    self.carries(name, split_variant(v)[0], condition) for name, v in self._sources(node, role, read)
                ):
                    return True
        return False

    def _refusal(self, stage: str, base: str, condition: str) -> str:
        """Say why a variant of a stage where a condition acts cannot be made under it; empty: it can."""
        declared = self.stages[stage]
        if type(declared).refuses is Stage.refuses:  # settings cost time
            return ""
        settings = self.settings(stage, base).settings
        return declared.refuses(settings, condition, self._upstream_of(stage, join_variant(base, condition)))

    def _upstream_of(self, stage: str, variant: str) -> Upstream:
        """Return what tells the settings of what a variant reads; a study's models as a person's."""

        def settings(role: str) -> list[Any]:
            sources = self._sources(Node(stage, variant, subject_unit("")), role, self.stages[stage].reads[role])
            return [self.settings(name, read).settings for name, read in sources]

        return settings

    def _sources(self, node: Node, role: str, read: Read) -> list[tuple[str, str]]:
        """Return where a role comes from; where that is still to be chosen, all it may come from."""
        try:
            return self._upstream(node, role, read)
        except UsageError:
            return [(name, base) for name in self.producers(role) for base in self.bases(name)]

    def _needs(self, stage: str, variant: str, unit: Per) -> Needs:
        """Return what one kind of unit of a variant needs."""
        declared = self.stages[stage]
        base, condition = split_variant(variant)
        settings = None  # asked for every stage: settings cost time
        if type(declared).needs is not Stage.needs:
            settings = self.settings(stage, base).settings
        if condition == FULL or not self.acts(stage, condition):
            needs = declared.needs(settings, FULL, unit)
        else:
            needs = declared.needs(settings, condition, unit)
            if needs.writes:
                needs = declared.needs_under(needs, condition, self._upstream_of(stage, variant))
        return needs_alone(declared, needs) if self.alone else needs

    def needs_of(self, node: Node) -> Needs:
        """Return what a unit needs."""
        return self.needs(node.stage, node.variant, _kind(node.unit))

    def written_per(self, stage: str, variant: str, role: str) -> Per:
        """Return whether a variant writes a role once per study or once per subject.

        A variant that nothing plans was made with settings that only its command line knew: what is there tells.
        """
        unplanned = split_variant(variant)[0] not in self.bases(stage)
        there = unplanned and Address(stage, variant, STUDY, role).folder(self.root).is_dir()
        return "study" if there or role in self.needs(stage, variant, "study").writes else "subject"

    def _writes(self, stage: str, variant: str, role: str) -> bool:
        """Tell whether a variant writes a role at all: an eye that compares sees nothing in true clips alone."""
        kinds: tuple[Per, ...] = ("study", "subject")
        return any(role in self.needs(stage, variant, unit).writes for unit in kinds)

    def _planned_stages(self) -> list[str]:
        """Return the stages a full run makes: those the recipe names and all they must read."""
        wanted = {*self.recipe.tables, *self.workspace.tables, list(self.stages)[-1]}
        for name in reversed(list(self.stages)):
            if name in wanted:
                if self.stages[name].named_after:  # who looks at what is decoded looks at what is true
                    wanted.update(stage for role in self.stages[name].writes for stage in self.producers(role))
                for base in self.bases(name):
                    for role in self._must_read(name, base):
                        named = self.names.chosen(Node(name, base, STUDY), role)
                        wanted.update([stage for stage, _ in named] if named else self.producers(role)[:1])
        return [name for name in self.stages if name in wanted]

    def _must_read(self, stage: str, base: str) -> set[str]:
        """Return the roles that a variant cannot do without."""
        needs = [self.needs(stage, base, unit) for unit in ("study", "subject")]
        return {role for one in needs if one.writes for role, read in one.reads.items() if read.arity == "one"}

    def for_everyone(self) -> set[str]:
        """Return the stages that are needed of every subject, whoever was asked for: a pooled unit reads them."""
        found: set[str] = set()
        for stage in reversed(self.planned_stages()):
            for variant in self.variants(stage):
                for unit in ("study", "subject"):
                    needs = self.needs(stage, variant, unit)
                    for role, read in needs.reads.items() if needs.writes else ():
                        if read.whose == "all" or (stage in found and unit == "subject"):
                            node = Node(stage, variant, STUDY if unit == "study" else subject_unit(""))
                            found.update(name for name, _ in self._sources(node, role, read))
        return found

    def plan(self, subjects: Sequence[str], until: str | None = None) -> list[Node]:
        """Return every unit the recipe plans, in order, up to a stage; wrong settings are said at once."""
        order = list(self.stages)
        last = order.index(until) if until else len(order)
        stages = [name for name in self.planned_stages() if order.index(name) <= last]
        for name in stages:
            for variant in self.variants(name):
                self.settings(name, variant)
        widened = self.for_everyone() & set(stages)
        everyone = self.everyone(subjects) if widened else subjects
        return [node for name in stages for node in self.nodes(name, everyone if name in widened else subjects)]

    def nodes(
        self, stage: str, subjects: Sequence[str], *, variant: str | None = None, only_condition: str | None = None
    ) -> list[Node]:
        """Return the units of a stage, the study's first, then subject by subject."""
        variants = [variant] if variant else list(self.variants(stage))
        if variant and only_condition and split_variant(variant)[1] == FULL:  # the variant, under the condition
            variants = [join_variant(variant, only_condition)]
        if only_condition:
            variants = [name for name in variants if split_variant(name)[1] == only_condition]
        found = [Node(stage, name, STUDY) for name in variants if self.needs(stage, name, "study").writes]
        mine = [name for name in variants if self.needs(stage, name, "subject").writes]
        units = [(name, subject_unit(label)) for label in subjects for name in mine]
        return found + [Node(stage, name, unit) for name, unit in units if self._exists(name, unit)]

    def _exists(self, variant: str, unit: str) -> bool:
        """Tell whether a subject has a variant: of clips alone, each system was imported of some people only."""
        people = self._decoded.get(split_eye(split_variant(variant)[0])[0])
        return people is None or unit in people

    # -- what a unit reads -----------------------------------------------------------------------

    def inputs(self, node: Node, subjects: Sequence[str]) -> dict[str, list[Address]]:
        """Return the addresses a unit reads, by role.

        Raises
        ------
        UsageError
            If a role has several candidate variants and nothing chooses among them.
        """
        reads = self.needs_of(node).reads
        return {role: self._addresses(node, role, read, subjects) for role, read in reads.items()}

    def _addresses(self, node: Node, role: str, read: Read, subjects: Sequence[str]) -> list[Address]:
        found = []
        for producer, variant in self._upstream(node, role, read):
            if read.arity != "one" and not self._writes(producer, variant, role):
                continue
            if self.written_per(producer, variant, role) == "study":
                units = [STUDY]
            elif node.unit != STUDY and read.whose == "own":
                units = [node.unit]
            else:
                people = self.everyone(subjects) if read.whose == "all" else self._people(node, subjects)
                units = [unit for label in people if self._exists(variant, unit := subject_unit(label))]
            found += [Address(producer, variant, unit, role) for unit in units]
        return found

    def _people(self, node: Node, asked: Sequence[str]) -> Sequence[str]:
        """Return whom a study unit is about: those asked for and, unless its stage was, those it tells of already."""
        everyone = self.everyone(asked)
        if node.stage == self.choices.stage or len(asked) == len(everyone):
            return asked
        if node not in self._told:
            made = [Address(node.stage, node.variant, node.unit, role) for role in self.needs_of(node).writes]
            self._told[node] = people_of(self.root, made)
        return [label for label in everyone if label in asked or label in self._told[node]] or asked

    def _upstream(self, node: Node, role: str, read: Read) -> list[tuple[str, str]]:
        chosen = self.names.chosen(node, role)
        if chosen is not None:
            if not chosen and read.arity == "one":
                raise UsageError(f"{node} needs '{role}': it cannot be 'none'.")
            if read.arity == "conditions":
                return with_controls(self.root, chosen, role)
            return [self._under_condition_of(node, *one) for one in chosen]
        planned = self.planned_stages()
        producers = [name for name in self.producers(role) if name in planned or read.arity == "one"]
        base, condition = split_variant(node.variant)
        if read.arity == "one":
            producer = producers[0]
            if read.variant:
                return [self._under_condition_of(node, producer, read.variant)]
            return [(producer, self._one_variant(node, role, producer, base, condition))]
        if read.arity == "optional":
            return [(name, self._one_variant(node, role, name, base, condition)) for name in producers[:1]]
        found = []
        for producer in producers:
            bases = self.bases(producer)
            kept = self.names.kin(base, bases)
            for variant in self.variants(producer):
                own_base, own_condition = split_variant(variant)
                under = read.arity == "conditions" or own_condition == (
                    condition if self.carries(producer, own_base, condition) else FULL
                )
                if own_base in kept and under:
                    found.append((producer, variant))
        return found

    def _under_condition_of(self, node: Node, producer: str, variant: str) -> tuple[str, str]:
        """Return what is named for a role under the unit's condition, unless a condition is named with it."""
        base, named = split_variant(variant)
        _, condition = split_variant(node.variant)
        if named != FULL or condition == FULL:
            return producer, variant
        return producer, join_variant(base, condition) if self.carries(producer, base, condition) else variant

    def _one_variant(self, node: Node, role: str, producer: str, base: str, condition: str) -> str:
        bases = self.names.kin(base, self.bases(producer))
        system, eye = split_eye(base)
        if eye and role == self.stages[node.stage].named_after and bases == self.bases(producer):
            bases = [system]  # who is called SYSTEM+EYE looks at that system, never at another for want of it
        if len(bases) > 1:
            options = ", ".join(f"{producer}/{name}" for name in bases)
            raise UsageError(
                f"{node}: role '{role}' could come from {options}.", f"Choose with --from {role}={producer}/{bases[0]}."
            )
        kept = bases[0]
        return join_variant(kept, condition) if self.carries(producer, kept, condition) else kept

    # -- settings and subjects -------------------------------------------------------------------

    def settings(self, stage: str, variant: str) -> Resolved:
        """Return the settings of a variant; conditions do not change settings."""
        declared = self.stages[stage]
        return resolve_settings(declared, self.layers(stage, variant), partial(self.stand_in, declared))

    def layers(self, stage: str, variant: str) -> Layers:
        """Return who says what of a variant's settings, later ones winning."""
        base, _ = split_variant(variant)
        declared = self.stages[stage]
        recipe = f"recipe {self.recipe.header.name}"
        layers: dict[str, Mapping[str, Any]] = self.names.settings_by_name(declared, base)
        named = {recipe: self.recipe.tables}
        if self.protocol == "published":
            named[f"{recipe}, [published]"] = self.recipe.published
        named[CONFIG] = self.workspace.tables
        for name, tables in named.items():
            table = tables.get(stage, {}).get(base, {})
            layers[name] = {key: value for key, value in table.items() if key != "from"}
        if self.choices.stage == stage:
            layers[COMMAND_LINE] = self.choices.settings
        return layers

    def known_subjects(self) -> list[str] | None:
        """Return the subjects of the clip index and who has come to the data set since, None if unknown.

        Of clips alone: those under whose names decoded clips were imported.
        """
        if self.alone:
            return people_with_artifacts(self.root) or None
        try:
            index = open_artifact(self.root, CLIP_INDEX)
            attributes: ClipIndexAttributes = index.attributes()
            known = list(attributes.subjects)
            there = [] if index.manifest.provenance == "imported" else self.people_in_data()
            return there if set(known) <= set(there) else list(dict.fromkeys([*known, *there]))
        except MissingInputError:
            pass
        except UnreadableError:  # whoever has artifacts is known all the same
            if labels := people_with_artifacts(self.root):
                return labels
        return self._subjects_of_source()

    def people_in_data(self) -> list[str]:
        """Return the subjects of the data set, nobody while it is out of reach or cannot be read: its unit says why."""
        if self._in_data is None:
            self._in_data = []
            with contextlib.suppress(BadDataError, OSError):
                self._in_data = self._subjects_of_source() or []
        return self._in_data

    def _subjects_of_source(self) -> list[str] | None:
        for stage in self.stages.values():
            if stage.takes_source and self.source is not None:
                return list(stage.subjects_of(self.source))
        return None

    def everyone(self, asked: Sequence[str]) -> list[str]:
        """Return every subject of the study; those asked for while it is not known."""
        if self._everyone is None:
            self._everyone = self.known_subjects()
        return self._everyone or list(asked)


def _kind(unit: str) -> Per:
    return "study" if unit == STUDY else "subject"
