"""A command reads what its words suggest, or says so."""

import pytest

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.recipe import builtin_recipes
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.asked_inputs import borrowed, require_read
from tests.conftest import call, succeed


def study_of(root, **choices):
    return Study(Workspace(root), STAGES, Choices(**choices))


@pytest.mark.parametrize("recipe", builtin_recipes())
def test_no_recipe_scores_what_another_system_decoded(tmp_path, recipe):
    study = study_of(tmp_path, recipe=recipe)
    assert borrowed(study, study.plan(["1", "2"]), ["1", "2"]) == []


def test_videos_of_another_system_are_named(tmp_path):
    (tmp_path / "eeg2vid.toml").write_text("[train-encoder.lda]\n[predict.lda]\n[score.lda]\n")
    study = study_of(tmp_path)
    said = borrowed(study, study.plan(["1"]), ["1"])
    assert any("score/lda reads the videos of generate/ridge" in one for one in said)
    named = '[predict.lda]\n[score.lda]\nfrom = { videos = "generate/ridge", predictions = "predict/lda" }\n'
    (tmp_path / "eeg2vid.toml").write_text(named)
    study = study_of(tmp_path)
    assert not any("score/lda" in one for one in borrowed(study, study.plan(["1"]), ["1"]))


def test_an_input_that_is_not_read_is_refused(tmp_path):
    study = study_of(tmp_path, stage="predict", inputs={"latents": "encode-latents/theirs"})
    with pytest.raises(UsageError, match="predict/ridge reads no latents under its settings"):
        require_read(study, study.nodes("predict", ["1"]))
    study = study_of(tmp_path, stage="predict", inputs={"mappers": "train-mapper/ridge"})
    require_read(study, study.nodes("predict", ["1"]))


def test_a_new_variant_takes_nobodys_place(workspace):
    words = ("split", "-w", workspace, "--subject", 1, "--variant", "mine", "--new")
    succeed(*words, "--validation", "none")
    succeed(*words, "--validation", "none")
    refused = call(*words, "--validation", "previous-group")
    assert refused.code == 2 and "split/mine/sub-1 is there already, made otherwise" in refused.err
    succeed(*[word for word in words if word != "--new"], "--validation", "previous-group")
