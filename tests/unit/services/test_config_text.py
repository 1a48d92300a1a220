"""`eeg2vid config init`: the file as it is written changes nothing, and neither does any line that is uncommented."""

import random
import tomllib

import pytest

from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.recipe import builtin_recipes, load_recipe
from eeg2vid.stages.engine.workspace import CONFIG, Workspace
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.config_text import Told, config_text, setting_line
from eeg2vid.stages.services.in_force import values_of
from eeg2vid.stages.services.slurm import slurm_table

SWEEP = """
[recipe]
name = "mine"
title = "Which rate?"
extends = "latent-cnn"
[sweep]
variant = "latent-cnn"
stage = "train-mapper"
settings = "training.learning_rate"
values = [1e-3, 1e-4]
names = "rate-{learning_rate:e}"
select = "validation"
"""


def planned(root, **chosen):
    """Return all that a study would make: every unit, its settings, what it reads."""
    study = Study(Workspace(root), STAGES, Choices(**chosen))
    nodes = study.plan(["1", "2"])
    settings = {(node.stage, node.variant): study.settings(node.stage, node.variant).dump() for node in nodes}
    reads = {
        str(node): {role: list(map(str, found)) for role, found in study.inputs(node, ["1", "2"]).items()}
        for node in nodes
    }
    return [str(node) for node in nodes], settings, reads, study.conditions


def written(root, told=None, **chosen):
    study = Study(Workspace(root), STAGES, Choices(**chosen))
    return config_text(study, told or Told(recipe=chosen.get("recipe"), protocol=chosen.get("protocol")))


def uncommented(text, wanted):
    """Take the "# " away from the settings whose place `wanted` accepts."""
    lines = text.splitlines()
    return "\n".join(
        inner if (inner := setting_line(line)) and wanted(place) else line for place, line in enumerate(lines)
    )


def examples(text):
    """Return the lines that are not set and show an example only."""
    lines = text.splitlines()
    return {place for place, line in enumerate(lines) if setting_line(line) and "for example)" in lines[place - 1]}


def cases():
    for name in builtin_recipes():
        yield name, "corrected"
        if load_recipe(name, STAGES).published:
            yield name, "published"


@pytest.mark.parametrize(("recipe", "protocol"), cases())
def test_the_file_changes_nothing(recipe, protocol, tmp_path):
    before = planned(tmp_path, recipe=recipe, protocol=protocol)
    text = written(tmp_path, recipe=recipe, protocol=protocol)
    assert all(len(line) <= 100 for line in text.splitlines() if line.startswith("##"))
    config = tmp_path / CONFIG
    config.write_text(text)
    assert planned(tmp_path) == before
    kept = examples(text)
    config.write_text(uncommented(text, lambda place: place not in kept))
    assert planned(tmp_path) == before
    places = [place for place, line in enumerate(text.splitlines()) if setting_line(line)]
    assert len(places) > 90
    for one in random.Random(recipe).sample(places, 4):
        config.write_text(uncommented(text, lambda place, one=one: place == one))
        if one not in kept:
            assert planned(tmp_path) == before, text.splitlines()[one]
    config.write_text(uncommented(text, lambda place: place in kept))
    slurm_table(Workspace(tmp_path).slurm, "generate", list(STAGES), {})  # examples are values that are taken


def test_every_setting_of_every_variant_has_its_line(tmp_path):
    text = written(tmp_path, recipe="eeg2video")
    tables = tomllib.loads(uncommented(text, lambda place: True))
    study = Study(Workspace(tmp_path), STAGES, Choices(recipe="eeg2video"))
    for stage in study.planned_stages():
        for base in study.bases(stage):
            for one in values_of(study, stage, base):
                found = tables[stage][base]
                for part in one.setting.split("."):
                    found = found[part]
                assert found == ("none" if one.value is None else one.value), one
    said = "Takes a whole number at least 1, at most 100000;\n## default 100; here by recipe eeg2video."
    assert f"## passes over the training events, at most. {said}\n# training.epochs = 60\n" in text


def test_points_of_a_sweep_share_a_table(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(SWEEP)
    before = planned(tmp_path, recipe=str(file))
    text = written(tmp_path, recipe=str(file))
    assert "[train-mapper.latent-cnn]" in text and "rate-1e-3]" not in text
    assert "training.learning_rate differs from point to point: 0.001 in rate-1e-3, 0.0001 in rate-1e-4." in text
    config = tmp_path / CONFIG
    config.write_text(text)
    assert planned(tmp_path) == before
    kept = examples(text)
    config.write_text(uncommented(text, lambda place: place not in kept))
    assert planned(tmp_path) == before


def test_what_the_file_said_is_said_again(tmp_path):
    config = tmp_path / CONFIG
    config.write_text(
        '[study]\nrecipe = "ridge"\nsubjects = "1"\n[slurm]\npartition = "gpu"\n[slurm.generate]\ntime = "01:00:00"\n'
        "[preprocess.default]\nwindow_s = 0.5\n[train-mapper.wide]\n"
        'network = { name = "latent-cnn", width = 192 }\ntargets = ["latents"]\n'
        '[predict.wide]\nfrom.mappers = "train-mapper/wide"\n'
    )
    before = planned(tmp_path)
    text = written(tmp_path, Told())
    told = tomllib.loads(text)
    assert told["preprocess"]["default"] == {"window_s": 0.5}
    assert told["train-mapper"]["wide"]["network"] == {"name": "latent-cnn", "width": 192}
    assert told["predict"]["wide"] == {"from": {"mappers": "train-mapper/wide"}}
    assert told["study"] == {"recipe": "ridge", "subjects": "1"}
    assert told["slurm"] == {"partition": "gpu", "generate": {"time": "01:00:00"}}
    config.write_text(text)
    assert planned(tmp_path) == before
