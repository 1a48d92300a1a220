"""The example package `examples/plugin`, installed: planned, trained, decoded, scored; then changed; then gone."""

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eeg2vid.schemas.generators import GENERATORS
from eeg2vid.schemas.networks import NETWORKS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("plugins")]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "plugin"
RECIPE = """
[recipe]
name = "theirs"
title = "A network and a generator of another package"
conditions = ["grey"]
[train-mapper.gru]
network = { name = "gru", width = 4 }
targets = ["latents"]
training = { epochs = 1 }
[predict.gru]
[generate.gru]
generator = { name = "steady" }
[score.gru]
permutations = 20
[report.gru]
"""


def forget():
    for name in [name for name in sys.modules if name.partition(".")[0] == "eeg2vid_gru"]:
        del sys.modules[name]
    NETWORKS.look_anew()
    GENERATORS.look_anew()


def install(source, folder):
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--target", str(folder), str(source)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a folder into which pip installed the example."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    install(folder / "source", folder / "packages")
    return folder / "packages"


@pytest.fixture
def installed(site, tmp_path, monkeypatch):
    """Return a copy of the installed example, on the path of this process and of those it starts."""
    folder = shutil.copytree(site, tmp_path / "packages")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{':'.join(sys.path)}")
    forget()
    yield folder
    forget()


def manifest(workspace, place):
    return json.loads((workspace / "artifacts" / place / "manifest.json").read_text())


def states(rows):
    return {(row["stage"], row["variant"], row["unit"]): row for row in rows}


def test_from_plan_to_scores_and_back(workspace, installed, tmp_path, monkeypatch, cli, cli_ok, digests):
    recipe = tmp_path / "theirs.toml"
    recipe.write_text(RECIPE)
    here = ("-w", workspace, "--recipe", recipe)
    planned = {row["unit"] for row in cli_ok("run", *here, "--dry-run", "--json").json if row["state"] != "done"}
    assert {"train-mapper/gru/sub-1", "generate/gru/sub-2", "score/gru/sub-2", "report/gru/study"} <= planned
    cli_ok("train-mapper", *here, "--jobs", 2)  # in processes of their own
    cli_ok("predict", *here)
    for stage in ("generate", "score"):
        cli_ok(stage, *here, "--subject", 2)

    # the manifest says whose they are; ours say nothing
    made = manifest(workspace, "train-mapper/gru/sub-1/mappers")
    assert made["choices"] == {"network gru": 1}
    assert {key: made["plugins"]["network gru"][key] for key in ("package", "version")} == {
        "package": "eeg2vid-gru", "version": "0.1.0",
    }  # fmt: skip
    assert list(manifest(workspace, "generate/gru/sub-2/videos")["plugins"]) == ["generator steady"]
    assert manifest(workspace, "train-mapper/ridge/sub-1/mappers").get("plugins", {}) == {}
    assert json.loads(cli_ok("score", *here, "--subject", 2, "--json").out)
    assert "cho2014gru" in cli_ok("cite", *here).out
    found = {row["found"]: row["verdict"] for row in cli_ok("doctor", "-w", workspace, "--json").json}
    assert found["network 'gru' of eeg2vid-gru 0.1.0"] == found["generator 'steady' of eeg2vid-gru 0.1.0"] == "ok"
    assert "stretches of time" in cli_ok("train-mapper", "--network", "gru", "--help").out

    # one process makes the same bytes
    before = digests(workspace)
    cli_ok("train-mapper", *here, "--force", "--subject", 1)
    assert digests(workspace) == before

    # a change of its code makes stale what was made with it, and nothing else
    code = installed / "eeg2vid_gru" / "network.py"
    code.write_text(code.read_text() + "\n# changed\n")
    forget_code(monkeypatch)
    now = states(cli_ok("status", *here, "--json").json)
    stale = {key: row["reasons"] for key, row in now.items() if row["state"] == "stale"}
    assert {key[0] for key in stale} == {"train-mapper", "generate"}
    says = "network gru: the code of package eeg2vid-gru 0.1.0 changed"
    assert stale["train-mapper", "gru", "sub-1"] == [says]
    result = cli("predict", *here, "--force")
    assert result.code == 3 and "was trained by network 'gru' of package eeg2vid-gru 0.1.0; here it is of" in result.err
    cli_ok("train-mapper", *here, "--subject", 1)
    assert states(cli_ok("status", *here, "--json").json)["predict", "gru", "sub-1"]["state"] == "stale"

    # one that is here, and not for this stage, is not called absent
    monkeypatch.setattr(NETWORKS["gru"], "learns", frozenset({"value"}))
    result = cli("train-encoder", "-w", workspace, "--network", "gru", "--variant", "new")
    assert result.code == 2 and "there is no 'gru'" in result.err

    # gone: all stays readable, the plan stands, and what would need it says what to install
    shutil.rmtree(installed)
    forget_code(monkeypatch)
    now = states(cli_ok("status", *here, "--json").json)
    reasons = now["train-mapper", "gru", "sub-2"]["reasons"]
    assert reasons == ["cannot be compared: Network 'gru' of package eeg2vid-gru 0.1.0 is not installed."]
    assert now["predict", "gru", "sub-2"]["state"] == "done" and now["score", "gru", "sub-2"]["state"] == "done"
    assert cli_ok("inspect", "train-mapper/gru/sub-1/mappers", "-w", workspace).out
    for words in (["train-mapper"], ["generate", "--force"], ["predict", "--force"]):
        result = cli(*words, "--subject", 2, *here)
        assert result.code == 5 and "is not installed. pip install eeg2vid-gru==0.1.0" in result.err, result.err


def forget_code(monkeypatch):
    """Be another process: what was imported and hashed is not."""
    from eeg2vid.schemas import plugins

    plugins._CODE.clear()
    forget()


def test_the_examples_own_tests(installed):
    namespace = runpy.run_path(str(EXAMPLE / "tests" / "test_plugin.py"))
    tests = [test for name, test in namespace.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_a_broken_package_breaks_nothing_else(workspace, installed, cli, cli_ok):
    (installed / "eeg2vid_gru" / "settings.py").write_text("import no_such_package\n")
    forget()
    assert {row["state"] for row in cli_ok("status", "-w", workspace, "--json").json} == {"done"}
    found = {row["found"]: row["verdict"] for row in cli_ok("doctor", "-w", workspace, "--json").json}
    [broken] = [text for text in found if text.startswith("network 'gru' of eeg2vid-gru 0.1.0: ")]
    assert "No module named 'no_such_package'" in broken and found[broken] == "warning"
    result = cli("train-mapper", "-w", workspace, "--network", "gru", "--variant", "new")
    assert result.code == 5 and "Network 'gru' of package eeg2vid-gru 0.1.0 cannot be used" in result.err
    result = cli("train-mapper", "-w", workspace, "--network", "gruu", "--variant", "new")
    assert result.code == 2 and "there is no 'gruu'" in result.err
