"""What nothing reads is said; in a recipe of the package everything is read."""

import pytest

from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.recipe import builtin_recipes
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.unread import unread_variants


def unread(root, **choices):
    study = Study(Workspace(root), STAGES, Choices(**choices))
    return [str(one) for one in unread_variants(Judge(study, ["1", "2"]), study.plan(["1", "2"]))]


@pytest.mark.parametrize("recipe", builtin_recipes())
def test_no_recipe_plans_what_nothing_reads(tmp_path, recipe):
    assert unread(tmp_path, recipe=recipe) == []


def test_a_table_that_nothing_reads_is_named(tmp_path):
    (tmp_path / "eeg2vid.toml").write_text("[train-mapper.wide]\n[score.other]\n")
    said = [sentence.partition(":")[0] for sentence in unread(tmp_path)]
    assert said == ["Nothing reads train-mapper/wide"]


def test_a_table_that_is_read_is_no_news(tmp_path):
    (tmp_path / "eeg2vid.toml").write_text("[train-mapper.wide]\n[predict.wide]\n[generate.wide]\n[score.wide]\n")
    assert unread(tmp_path) == []
