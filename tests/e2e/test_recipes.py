"""Every recipe once, from the data set to the report, on the smallest study: `make test-recipes`."""

import json

import pytest

from eeg2vid.schemas.scores import Score
from eeg2vid.stages.engine.recipe import builtin_recipes
from eeg2vid.stages.store.layout import find_artifacts
from eeg2vid.stages.store.reader import open_artifact

pytestmark = pytest.mark.recipes


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("recipe", builtin_recipes())
def test_recipe_runs_to_its_report(tiny, tmp_path, recipe, cli_ok):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "eeg2vid.toml").write_text(f'[study]\ndata = "{tiny / "data"}"\nrecipe = "{recipe}"\n')
    cli_ok("run", "-w", workspace, "--device", "cpu")
    left = [row for row in cli_ok("status", "-w", workspace, "--json").json if row["state"] != "done"]
    assert not left, left
    made = find_artifacts(workspace)
    scores = [open_artifact(workspace, address) for address in made if address.role == "scores"]
    rows = [row for one in scores for row in one.table("scores", Score)]
    assert rows and {row.condition for row in rows} >= {"full", "shuffled-runs"}
    pages = [address.folder(workspace) / "media" / "index.html" for address in made if address.role == "report"]
    assert pages and all("simulated" in page.read_text() for page in pages)
    manifests = [json.loads((address.folder(workspace) / "manifest.json").read_bytes()) for address in made]
    assert all("simulated" in one["stamps"] for one in manifests)
