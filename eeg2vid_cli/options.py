"""Options that commands share, and what they become: a Study, its subjects, an Execution."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from eeg2vid.cli.globals import EXECUTION, INPUTS, workspace_path
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.schemas.settings import Execution
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.subjects import Anyone, parse_subjects
from eeg2vid.stages.engine.variants import require_known_variant
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.finding import workspace_beside
from eeg2vid.stages.store.layout import split_variant

SubjectOption = Annotated[
    str | None,
    typer.Option("--subject", "-s", help="17, 1-15, 1-5,17, all, @array \\[default: all]", rich_help_panel=INPUTS),
]
RecipeOption = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        help="Built-in recipe or TOML file \\[default: ridge]",
        rich_help_panel=INPUTS,
    ),
]
ModelsOption = Annotated[
    str | None,
    typer.Option(
        "--models",
        help="Built-in model profile or TOML file \\[default: tiny]",
        rich_help_panel=INPUTS,
    ),
]
ProtocolOption = Annotated[
    str | None, typer.Option("--protocol", help="published or corrected \\[default: corrected]", rich_help_panel=INPUTS)
]
VariantOption = Annotated[
    str | None, typer.Option("--variant", help="Only this variant \\[default: all planned]", rich_help_panel=INPUTS)
]
NewOption = Annotated[
    bool,
    typer.Option(
        "--new",
        help="--variant may be one without table and artifact: made from defaults",
        rich_help_panel=INPUTS,
    ),
]
ConditionOption = Annotated[
    str | None,
    typer.Option("--condition", help="Only this condition, e.g. full \\[default: all planned]", rich_help_panel=INPUTS),
]
ConditionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--condition",
        help="Also under this condition, repeated; `conditions` of eeg2vid.toml or the recipe says it for good",
        rich_help_panel=INPUTS,
    ),
]
FromOption = Annotated[
    list[str] | None,
    typer.Option(
        "--from", help="ROLE=STAGE/VARIANT: read this input instead; ROLE=none: do without", rich_help_panel=INPUTS
    ),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="KEY=VALUE: a nested setting, e.g. network.name=ridge")
]
DeviceOption = Annotated[
    str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps", rich_help_panel=EXECUTION, show_default=True)
]
ThreadsOption = Annotated[
    int,
    typer.Option(
        "--threads",
        help="CPU threads; the same number gives the same bytes, another may differ in last digits",
        rich_help_panel=EXECUTION,
    ),
]
JobsOption = Annotated[
    int,
    typer.Option(
        "--jobs",
        help="Units of a stage (subjects, variants) made at once, each by a process with its own --threads, memory "
        "and share of the GPU: on one GPU you decide whether they fit",
        rich_help_panel=EXECUTION,
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Recompute even if nothing changed", rich_help_panel=EXECUTION)
]
CheckOption = Annotated[
    bool,
    typer.Option("--check", help="Only look: a table of every file of the data set", rich_help_panel=EXECUTION),
]
KeepGoingOption = Annotated[
    bool,
    typer.Option(
        "--keep-going",
        help="After a failure make what does not hang on it; then exit with its code",
        rich_help_panel=EXECUTION,
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print the plan with reasons, do nothing", rich_help_panel=EXECUTION)
]
NoComputeOption = Annotated[
    bool,
    typer.Option(
        "--no-compute",
        help="Print what is there and make nothing; exit 3 if anything is missing or stale",
        rich_help_panel=EXECUTION,
    ),
]
ContainerOption = Annotated[
    str, typer.Option("--container", help="zarr or hdf5, for new artifacts", rich_help_panel=EXECUTION)
]
ShardOption = Annotated[
    str,
    typer.Option("--shard", help="I/N: every N-th part from the I-th on; the last commits", rich_help_panel=EXECUTION),
]
SaveEveryOption = Annotated[
    float,
    typer.Option(
        "--save-every", help="Seconds between saves inside a training; 0: every step", rich_help_panel=EXECUTION
    ),
]
MemoryOption = Annotated[
    float,
    typer.Option("--memory-gb", help="Above this much, inputs go to a scratch file", rich_help_panel=EXECUTION),
]


@dataclass
class Request:
    """The shared options of one call, raw."""

    ctx: typer.Context
    workspace: Path | None = None
    recipe: str | None = None
    models: str | None = None
    protocol: str | None = None
    condition: str | None = None
    conditions: list[str] = field(default_factory=list)
    source: Path | None = None
    stage: str | None = None
    variant: str | None = None
    new: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)

    def study(self) -> Study:
        """Open the workspace through the chosen recipe."""
        if self.protocol not in (None, "published", "corrected"):
            raise UsageError(f"--protocol is published or corrected, not '{self.protocol}'.")
        if self.source is not None and not self.source.is_dir():
            raise MissingInputError(f"{self.source}: there is no such folder.", "Give the data set's folder.")
        choices = Choices(
            recipe=self.recipe,
            models=self.models,
            protocol=self.protocol,  # type: ignore[arg-type]
            source=None if self.source is None else self.source.resolve(),
            conditions=tuple(self.conditions),
            stage=self.stage,
            variant=self.variant,
            settings=self.settings,
            inputs=dict(_pair(text, "--from") for text in self.inputs),
        )
        study = Study(Workspace(workspace_path(self.ctx, self.workspace)), STAGES, choices)
        for condition in self.conditions:
            if why := study.impossible(condition):
                raise UsageError(f"Condition '{condition}' cannot be made: {why}.", "Leave it out.")
        if self.new and not self.variant:
            raise UsageError("--new makes a variant: give it a name.", "Write --variant NAME --new.")
        if self.stage and self.variant:
            _check_variant(study, self.stage, split_variant(self.variant)[0])
            if not self.new:
                require_known_variant(study, self.stage, split_variant(self.variant)[0])
        return study


def _check_variant(study: Study, stage: str, base: str) -> None:
    """Refuse a variant that a sweep spreads out, and one of which the recipe does not say what published means."""
    recipe = study.recipe
    if recipe.sweep and base == recipe.sweep.variant and stage in recipe.sweep.stages:
        raise UsageError(
            f"'{base}' is swept: its variants are {', '.join(recipe.sweep.names)}.", "Name one, or leave out --variant."
        )
    said = recipe.published.get(stage, {})
    if study.protocol == "published" and said and base not in said:
        raise UsageError(
            f"Recipe '{recipe.header.name}' does not say what published means for {stage}/{base}, only for "
            f"{', '.join(said)}.",
            f"Copy the recipe and give it a table [published.{stage}.{base}].",
        )


def chosen_subjects(study: Study, text: str | None) -> list[str]:
    """Return the subjects of --subject, of eeg2vid.toml, or all.

    Raises
    ------
    MissingInputError
        If 'all' is wanted and nothing is ingested yet.
    """
    wanted = text or study.workspace.study.subjects or "all"
    known = study.known_subjects()
    if known is None:
        if "all" in wanted.split(",") and study.alone:
            raise MissingInputError(
                f"No decoded clips are imported in {study.root}.",
                "Run first:\n  eeg2vid import FOLDER --as videos --to generate/NAME --subject 1",
            )
        if "all" in wanted.split(","):
            beside = workspace_beside(study.root)
            raise MissingInputError(
                f"Nothing is ingested in {study.root}{'' if study.root.is_dir() else ', which does not exist'}.",
                f"Is it {beside} that you mean? Name it: -w {shlex.quote(str(beside))}"
                if beside
                else "Run first:\n  eeg2vid ingest PATH/TO/DATA",
            )
        known = parse_subjects(wanted, Anyone())
    return parse_subjects(wanted, known)


def make_execution(**values: Any) -> Execution:
    """Return validated execution options."""
    try:
        return Execution(**values)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        about = Execution.model_fields[name].description
        flag = name.replace("_", "-")
        raise UsageError(f"--{flag}: '{values[name]}' will not do.", f"It takes {about}.") from error


def nested_settings(assignments: list[str]) -> dict[str, Any]:
    """Turn ['network.depth=3'] into {'network': {'depth': 3}}; values are TOML, else text."""
    import tomllib

    result: dict[str, Any] = {}
    for text in assignments:
        path, value = _pair(text, "--set")
        try:
            parsed = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parsed = value
        *parents, last = path.split(".")
        target = result
        for parent in parents:
            target = target.setdefault(parent, {})
            if not isinstance(target, dict):
                raise UsageError(f"--set {text}: '{parent}' has been given a value of its own ({target!r}).")
        target[last] = parsed
    return result


def _pair(text: str, option: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key or not value:
        raise UsageError(f"{option} wants KEY=VALUE, found '{text}'.")
    return key, value
