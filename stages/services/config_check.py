"""All that is wrong with eeg2vid.toml and the recipe, found without running anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.stages.engine.conditioned import checked_conditions
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.profile import Models
from eeg2vid.stages.engine.recipe import DEFAULT_RECIPE, load_recipe
from eeg2vid.stages.engine.settings import faults_of
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.subjects import Anyone, parse_subjects
from eeg2vid.stages.engine.sweep import Tables
from eeg2vid.stages.engine.text import did_you_mean, sentences_of
from eeg2vid.stages.engine.workspace import CONFIG, StudyConfig, Workspace, read_toml
from eeg2vid.stages.services.slurm import SlurmTable
from eeg2vid.stages.services.toml_lines import line_of, tables_at
from eeg2vid.stages.services.unread import unread_variants
from eeg2vid.stages.store.layout import is_variant

T = TypeVar("T")
_OF_RECIPES = ("recipe", "sweep", "published")


@dataclass(frozen=True)
class Fault:
    """Something that is wrong, or that has no effect.

    Attributes
    ----------
    source
        'eeg2vid.toml', 'recipe NAME', 'command line', ...
    key
        What it is about: `study.data`, `preprocess.default.tmin_s`.
    what
        A sentence.
    line
        Of eeg2vid.toml.
    kind
        'error': a command would refuse it, or do something else; 'warning': it works and leads nowhere.
    """

    source: str
    key: str
    what: str
    line: int | None = None
    kind: Literal["error", "warning"] = "error"

    @property
    def where(self) -> str:
        """The file, and the line if it is known."""
        return f"{self.source}, line {self.line}" if self.line else self.source


class Checker:
    """Looks at a workspace's settings and collects what is wrong.

    Parameters
    ----------
    root
        The workspace.
    stages
        By name.
    choices
        Recipe, profile and protocol of the command line.
    """

    def __init__(self, root: Path, stages: Mapping[str, Stage], choices: Choices) -> None:
        self.root, self.stages, self.choices = root, stages, choices
        self.config = root / CONFIG
        self.faults: list[Fault] = []

    def check(self) -> list[Fault]:
        """Return everything that is wrong: in the file, line by line, then in the recipe."""
        data = self._try("", lambda: read_toml(self.config)) if self.config.is_file() else {}
        if data is None:
            return self.faults
        study, slurm = data.pop("study", {}), data.pop("slurm", {})
        config = self._study_table(study)
        self._slurm_tables(slurm)
        self._with_recipe(Workspace(self.root, (config, {}, self._stage_tables(data))))
        return sorted(dict.fromkeys(self.faults), key=lambda fault: (fault.line is None, fault.line or 0))

    # -- the file by itself ----------------------------------------------------------------------

    def _study_table(self, table: Any) -> StudyConfig:
        """Check [study]; return what of it is right."""
        if not isinstance(table, dict):
            self._add(("study",), "'study' is a table: [study].")
            return StudyConfig()
        wrong = self._fields(StudyConfig, table, ("study",))
        return StudyConfig.model_validate({name: value for name, value in table.items() if name not in wrong})

    def _slurm_tables(self, tables: Any) -> None:
        if not isinstance(tables, dict):
            self._add(("slurm",), "'slurm' is a table: [slurm] or [slurm.<stage>].")
            return
        of_stages = {name: table for name, table in tables.items() if isinstance(table, dict)}
        self._fields(SlurmTable, {name: value for name, value in tables.items() if name not in of_stages}, ("slurm",))
        for stage, table in of_stages.items():
            if stage not in self.stages:
                self._add(("slurm", stage), f"There is no stage '{stage}'.{did_you_mean(stage, self.stages)}")
            self._fields(SlurmTable, table, ("slurm", stage))

    def _fields(self, model: type[BaseModel], table: Mapping[str, Any], at: tuple[str, ...]) -> set[str]:
        """Check a table by its model; return the keys that are wrong."""
        try:
            model.model_validate(table)
        except ValidationError as error:
            wrong = [str(problem["loc"][0]) for problem in error.errors()]
            for key, sentence in zip(wrong, sentences_of(error, model, ".".join(at)), strict=True):
                self._add((*at, key), sentence)
            return set(wrong)
        return set()

    def _stage_tables(self, data: dict[str, Any]) -> Tables:
        """Check the tables' form; return those that are right."""
        kept: Tables = {}
        for stage, variants in data.items():
            if stage in StudyConfig.model_fields:
                self._add((stage,), f"'{stage}' belongs into the table [study].")
            elif stage in _OF_RECIPES:
                self._add((stage,), f"[{stage}] belongs into a recipe's file: eeg2vid recipe copy NAME FILE.toml")
            elif stage not in self.stages:
                self._add((stage,), f"There is no stage '{stage}'.{did_you_mean(stage, self.stages)}")
            elif not isinstance(variants, dict):
                self._add((stage,), f"Settings of '{stage}' belong into a table [{stage}.VARIANT].")
            else:
                kept[stage] = {}
                for variant, table in variants.items():
                    if not isinstance(table, dict):
                        self._add((stage, variant), f"It belongs into a table [{stage}.VARIANT], as [{stage}.default].")
                    elif not is_variant(variant):
                        self._add((stage, variant), f"'{variant}' is no variant name; use a-z, 0-9 and '-'.")
                    else:
                        right = self._inputs(stage, variant, table)
                        kept[stage][variant] = {key: value for key, value in table.items() if right or key != "from"}
        return kept

    def _inputs(self, stage: str, variant: str, table: dict[str, Any]) -> bool:
        """Check `from` of a table; tell whether it is right."""
        named, at, before = table.get("from", {}), (stage, variant, "from"), len(self.faults)
        if not isinstance(named, dict):
            self._add(at, f'`from` is a table of roles, as from.ROLE = "STAGE/VARIANT"; found {named!r}.')
            return False
        for role, texts in named.items():
            if role not in self.stages[stage].reads:
                near = did_you_mean(role, self.stages[stage].reads)
                self._add((*at, role), f"Stage {stage} does not read '{role}'.{near}")
                continue
            makers = [name for name, one in self.stages.items() if role in one.writes]
            for text in [texts] if isinstance(texts, str) else texts if isinstance(texts, list) else [None]:
                if not isinstance(text, str):
                    self._add((*at, role), f'Expected "STAGE/VARIANT" or a list of them, found {texts!r}.')
                elif text != "none" and text.partition("/")[0] not in makers:
                    self._add((*at, role), f"'{text}' does not make role '{role}'.{did_you_mean(text, makers)}")
        return len(self.faults) == before

    # -- together with the recipe ----------------------------------------------------------------

    def _with_recipe(self, workspace: Workspace) -> None:
        """Check folders, recipe, profile, conditions, all settings under each protocol, and what is planned."""
        if workspace.data is not None and not workspace.data.is_dir():
            self._add(("study", "data"), f"{workspace.data}: there is no such folder.")
            workspace = Workspace(self.root, (workspace.study.model_copy(update={"data": None}), {}, workspace.tables))
        models, named = self.choices.models, self.choices.recipe
        profile = models or workspace.named(workspace.study.models) or "tiny"
        if self._try("" if models else "study.models", lambda: Models(profile)) is None:
            self.choices = replace(self.choices, models="tiny")
        wanted = named or workspace.named(workspace.study.recipe) or DEFAULT_RECIPE
        recipe = self._try("" if named else "study.recipe", lambda: load_recipe(wanted, self.stages))
        if recipe is None:
            self._alone(workspace.tables)
            return
        conditions = tuple(one for one in workspace.study.conditions or () if self._condition(one))
        if conditions != (workspace.study.conditions or ()):
            study = workspace.study.model_copy(update={"conditions": conditions or None})
            workspace = Workspace(self.root, (study, {}, workspace.tables))
        if not recipe.published and (self.choices.protocol or workspace.study.protocol) == "published":
            self._try("" if self.choices.protocol else "study.protocol", recipe.require_published)
            self.choices = replace(self.choices, protocol="corrected")
        for protocol in ("corrected", "published") if recipe.published else ("corrected",):
            study_so = self._study(workspace, replace(self.choices, protocol=protocol))  # type: ignore[arg-type]
            workspace = self._settings(study_so, workspace) if study_so else workspace
        if self.faults and any(fault.source.startswith("recipe ") for fault in self.faults):
            return  # what such a recipe plans cannot be told
        if found := self._study(workspace, self.choices):
            self._plan(found)

    def _condition(self, name: str) -> bool:
        return self._try("study.conditions", lambda: checked_conditions([name])) is not None

    def _study(self, workspace: Workspace, choices: Choices) -> Study | None:
        return self._try("", lambda: Study(workspace, self.stages, choices))

    def _settings(self, study: Study, workspace: Workspace) -> Workspace:
        """Check the settings of every variant; return the workspace without the tables that are wrong."""
        tables = {stage: dict(variants) for stage, variants in workspace.tables.items()}
        sweep = study.recipe.sweep
        for name, stage in self.stages.items():
            planned = {**study.recipe.tables.get(name, {}), **study.workspace.tables.get(name, {})}
            for base in planned:
                written = base if base in tables.get(name, {}) or not sweep else sweep.variant
                for layer, sentence in faults_of(stage, study.layers(name, base)):
                    self._sentence(name, written, layer, sentence)
                    if written in tables.get(name, {}):
                        kept = tables[name][written].get("from")
                        tables[name][written] = {"from": kept} if kept else {}
        return Workspace(self.root, (workspace.study, {}, tables))

    def _plan(self, study: Study) -> None:
        """Check that everything planned can be told what it reads, and that somebody reads what the file adds."""
        if subjects := study.workspace.study.subjects:
            known = self._try("", study.known_subjects) or Anyone()
            self._try("study.subjects", lambda: parse_subjects(subjects, known))
        everyone = self._try("", lambda: study.everyone(["1"])) or ["1"]
        nodes = self._try("", lambda: study.plan(everyone))
        if nodes is None:
            return
        for node in nodes:
            self._try(f"{node.stage}.{node.variant}", partial(study.inputs, node, everyone))
        for sentence in study.left_out():
            source = CONFIG if study.workspace.study.conditions else f"recipe {study.recipe.header.name}"
            self.faults.append(Fault(source, "conditions", sentence, kind="warning"))
        self._unread(study, everyone, nodes)
        for stage in study.planned_stages():
            for base in study.bases(stage):
                self._files(study, stage, base)

    def _alone(self, tables: Tables) -> None:
        """Check the file's own settings where there is no recipe to lay them over."""
        for stage, variants in tables.items():
            for variant, table in variants.items():
                own = {key: value for key, value in table.items() if key != "from"}
                for layer, sentence in faults_of(self.stages[stage], {CONFIG: own}):
                    self._sentence(stage, variant, layer, sentence)

    def _sentence(self, stage: str, variant: str, layer: str, sentence: str) -> None:
        said = f"[{stage}.{variant}]: {sentence}"
        if layer != CONFIG:
            self.faults.append(Fault(layer, f"{stage}.{variant}", f"{said[:1].upper()}{said[1:]}"))
            return
        setting = sentence.partition(f"'{stage}.")[2].partition("'")[0].split(".")
        self._add((stage, variant, *setting), said)

    def _unread(self, study: Study, subjects: Sequence[str], nodes: Sequence[Node]) -> None:
        """Name the tables of the file whose variants would be made and lead nowhere."""
        for one in unread_variants(Judge(study, subjects), nodes):
            if one.variant in study.workspace.tables.get(one.stage, {}):
                self._add((one.stage, one.variant), str(one), "warning")

    def _files(self, study: Study, stage: str, base: str) -> None:
        """Look for the files that settings name: `split --table`."""
        table = getattr(study.settings(stage, base).settings, "table", None)
        if isinstance(table, str) and not (study.root / table).is_file():
            self._add((stage, base, "table"), f"{study.root / table}: there is no such file.")

    # -- collecting ------------------------------------------------------------------------------

    def _add(self, key: tuple[str, ...], what: str, kind: Literal["error", "warning"] = "error") -> None:
        line = None
        for place in (line_of(self.config, key), tables_at(self.config, key), tables_at(self.config, key[:2])):
            line = line or (place if key else None)
        source = CONFIG if line or (key and self.config.is_file()) else "the plan"
        self.faults.append(Fault(source, ".".join(key), f"{what[:1].upper()}{what[1:]}", line, kind))

    def _try(self, key: str, act: Callable[[], T]) -> T | None:
        """Do something; what it refuses is a fault."""
        try:
            return act()
        except Eeg2VidError as error:
            hint = f" {error.hint}" if error.hint and "\n" not in error.hint else ""
            self._add(tuple(key.split(".")) if key else (), f"{error.message}{hint}")
            return None
