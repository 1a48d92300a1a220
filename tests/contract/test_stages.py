"""What every stage must be; a new one is tested by standing in the registry."""

import inspect
import re
import typing
from importlib import resources
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from eeg2vid.cli.signature import stage_command
from eeg2vid.schemas.catalogue import SCHEMAS
from eeg2vid.schemas.conditions import CONDITIONS
from eeg2vid.stages.engine.recipe import builtin_recipes, load_recipe
from eeg2vid.stages.engine.settings import protocol_of, resolve_settings
from eeg2vid.stages.registry import STAGES

ROOT = Path(__file__).resolve().parents[2]
ALL = pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)


@ALL
def test_name_is_verb_and_file(stage):
    assert STAGES[stage.name] is stage
    file = Path(inspect.getfile(type(stage)))
    assert file.name == f"{stage.name.replace('-', '_')}.py"
    assert file.parent.name == "stages"


@ALL
def test_says_what_it_does_and_how_to_call_it(stage):
    assert stage.summary().endswith((".", ":", ").")) and len(stage.summary()) < 130
    assert stage.examples
    assert all(example.startswith(f"eeg2vid {stage.name}") for example in stage.examples)


@ALL
def test_settings_are_described_frozen_and_have_defaults(stage):
    assert stage.Settings.model_config["frozen"]
    assert stage.Settings.model_config["extra"] == "forbid"
    for name, info in stage.Settings.model_fields.items():
        assert info.description, f"{stage.name}.{name} has no description"
    first = stage.Settings()
    assert stage.Settings.model_validate(first.model_dump(mode="json")) == first


@ALL
def test_reads_what_an_earlier_stage_writes(stage):
    before = list(STAGES.values())[: list(STAGES).index(stage.name)]
    for role, read in stage.reads.items():
        writers = [other for other in before if role in other.writes]
        assert writers, f"{stage.name} reads '{role}', which nothing before it writes"
        assert all(writer.writes[role].schema is read.schema for writer in writers)
    assert all(SCHEMAS[write.schema.name] is write.schema for write in stage.writes.values())
    assert not set(stage.reads) & set(stage.writes), "a stage that reads what it writes is never done"


@ALL
def test_every_flat_setting_is_an_option(stage):
    command = stage_command(stage, lambda *_: None)
    options = {}
    for name, parameter in inspect.signature(command).parameters.items():
        for extra in typing.get_args(parameter.annotation)[1:]:
            if isinstance(extra, typer.models.OptionInfo):
                options[name] = [extra.default, *(extra.param_decls or ())]
    for name in stage.Settings.model_fields:
        assert any(flag.startswith(f"--{name.replace('_', '-')}") for flag in options[f"setting_{name}"])
    flags = [flag for declared in options.values() for flag in declared if str(flag).startswith("-")]
    assert len(flags) == len(set(flags)), "a setting clashes with a shared option"


def test_no_stage_imports_another():
    for stage in STAGES.values():
        source = Path(inspect.getfile(type(stage))).read_text()
        siblings = [name.replace("-", "_") for name in STAGES if name != stage.name]
        assert not re.search(rf"eeg2vid\.stages\.({'|'.join(siblings)})\b", source)


@pytest.mark.parametrize("name", builtin_recipes())
def test_recipes_resolve(name):
    recipe = load_recipe(name, STAGES)
    assert recipe.header.name == name
    assert all(CONDITIONS[name].maker for name in recipe.header.conditions)
    for stage, variants in recipe.tables.items():
        for table in variants.values():
            resolve_settings(STAGES[stage], {"recipe": {k: v for k, v in table.items() if k != "from"}})
    for stage, variants in recipe.published.items():
        for variant, table in variants.items():
            layers = {"recipe": recipe.tables.get(stage, {}).get(variant, {}), "published": table}
            settings = resolve_settings(STAGES[stage], layers).settings
            assert protocol_of(table, settings) == "published"
            assert (
                protocol_of(table, resolve_settings(STAGES[stage], {"recipe": layers["recipe"]}).settings)
                == "corrected"
            )


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_schemas_are_complete(schema):
    assert schema.doc.endswith(".")
    for spec in schema.arrays.values():
        assert spec.unit
        assert spec.doc
        assert not spec.chunked or spec.chunked in spec.dims
    dims = {dim for spec in schema.arrays.values() for dim in spec.dims} | {schema.family.axis if schema.family else ""}
    assert set(schema.index) <= dims
    assert set(schema.index.values()) <= set(schema.tables)
    assert all(issubclass(table, BaseModel) for table in schema.tables.values())


def test_profiles_are_in_the_package():
    folder = resources.files("eeg2vid.stages") / "profiles"
    assert {"tiny.toml", "sd.toml"} <= {entry.name for entry in folder.iterdir()}
