"""Every recipe once, from the data set to the report, on the smallest study: `make test-recipes`."""

import json

import pytest

from eeg2vid.schemas.scores import Score
from eeg2vid.stages.engine.recipe import builtin_recipes
from eeg2vid.stages.store.layout import find_artifacts
from eeg2vid.stages.store.reader import open_artifact

pytestmark = pytest.mark.recipes

SMALL = {  # what else would take hours on a CPU
    "eeg2video": """
[train-encoder.eeg2video]
folds = "last"
training = { epochs = 5 }
[train-mapper.text]
folds = "last"
[train-mapper.latents]
folds = "last"
network = { name = "seq2seq", width = 64, feed_forward = 64, encoder_layers = 1, decoder_layers = 1 }
training = { epochs = 2 }
[finetune-video.eeg2video]
folds = "last"
steps = 4
batch_size = 4
precision = "float32"
[generate.eeg2video]
generator = { precision = "float32", sampling = { steps = 3 } }
"""
}
PUBLISHED = """
[train-encoder.eeg2video]
folds = "last"
[train-mapper.text]
folds = "last"
network = { width = 32 }
training = { epochs = 2 }
[train-mapper.latents]
folds = "last"
network = { width = 64, feed_forward = 64 }
training = { epochs = 2 }
[finetune-video.eeg2video]
folds = "last"
steps = 4
batch_size = 4
precision = "float32"
[generate.eeg2video]
generator = { precision = "float32", sampling = { steps = 3 } }
"""


def made_by(cli_ok, data, workspace, recipe, tables="", *more):
    """Run a recipe in a new workspace and return the addresses of all that was made."""
    workspace.mkdir()
    (workspace / "eeg2vid.toml").write_text(f'[study]\ndata = "{data}"\nrecipe = "{recipe}"\n{tables}')
    cli_ok("run", "-w", workspace, "--device", "cpu", *more)
    left = [row for row in cli_ok("status", "-w", workspace, *more, "--json").json if row["state"] != "done"]
    assert not left, left
    return find_artifacts(workspace)


def manifests(workspace, made):
    return [json.loads((address.folder(workspace) / "manifest.json").read_bytes()) for address in made]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("recipe", builtin_recipes())
def test_recipe_runs_to_its_report(tiny, tmp_path, recipe, cli_ok):
    workspace = tmp_path / "workspace"
    made = made_by(cli_ok, tiny / "data", workspace, recipe, SMALL.get(recipe, ""))
    scores = [open_artifact(workspace, address) for address in made if address.role == "scores"]
    rows = [row for one in scores for row in one.table("scores", Score)]
    assert rows and {row.condition for row in rows} >= {"full", "shuffled-runs"}
    pages = [address.folder(workspace) / "media" / "index.html" for address in made if address.role == "report"]
    assert pages and all("simulated" in page.read_text() for page in pages)
    assert all("simulated" in one["stamps"] for one in manifests(workspace, made))


@pytest.mark.timeout(1200)
def test_the_published_eeg2video_runs_to_its_report(tiny, tmp_path, cli_ok):
    """Made small by eeg2vid.toml, which lies over the published tables; what is as published says so."""
    published = ("--protocol", "published")
    workspace = tmp_path / "workspace"
    made = made_by(cli_ok, tiny / "data", workspace, "eeg2video", PUBLISHED, "--subject", 1, *published)
    protocols = {
        one["stage"]: one["protocol"]
        for one in manifests(workspace, made)
        if "~" not in one["variant"] and one["protocol"]
    }
    assert protocols["preprocess"] == protocols["train-encoder"] == "published"
    for stage in ("train-mapper", "finetune-video", "generate"):  # steps, epochs and precision are not as published
        assert protocols[stage] == "mixed"
