"""Commands as a user calls them: what they print, where options may stand, what decides a setting."""

import json
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.cli.app import app
from eeg2vid.stages.registry import STAGES

SERVICES = [command.name for command in app.registered_commands if command.name not in STAGES]
# what the recipe `ridge` plans: (stage, variants, per study, per subject)
PLAN = {
    "ingest": (["default"], 1, 1),
    "split": (["default"], 0, 1),
    "preprocess": (["default"], 0, 1),
    "split-videos": (["default"], 1, 0),
    "encode-latents": (["default"], 1, 0),
    "train-encoder": (["lda"], 0, 1),
    "train-mapper": (["ridge"], 0, 1),
    "predict": (["ridge", "ridge~shuffled-runs"], 0, 1),
    "generate": (["ridge", "ridge~shuffled-runs", "ridge~mean-video", "ridge~grey"], 0, 1),
    "score": (["ridge"], 0, 1),
}


def planned_units(subjects=("1", "2")):
    units = set()
    for stage, (variants, study, subject) in PLAN.items():
        names = ["study"] * study + [f"sub-{label}" for label in subjects] * subject
        units |= {f"{stage}/{variant}/{name}" for variant in variants for name in names}
    return units


@pytest.fixture(scope="module")
def done(tiny):
    """Return the finished workspace; tests that use it only look."""
    return tiny / "workspace"


@pytest.fixture
def fresh(tiny, tmp_path):
    """Return an empty workspace that knows where the data are."""
    root = tmp_path / "fresh"
    root.mkdir()
    (root / "eeg2vid.toml").write_text(f"[study]\ndata = {json.dumps(str(tiny / 'data'))}\n")
    return root


# -- what commands print -----------------------------------------------------------------------------


def test_status(done, cli_ok):
    rows = cli_ok("status", "-w", done, "--json").json
    units = {f"{row['stage']}/{row['variant']}/{row['unit']}" for row in rows}
    assert planned_units() <= units
    assert {unit.split("/")[0] for unit in units - planned_units()} == {"report"}
    assert {row["state"] for row in rows} == {"done"}
    shown = cli_ok("status", "-w", done)
    assert "generate" in shown.out
    assert "2 subjects" in shown.out
    assert "missing" not in shown.out


def test_status_of_one_subject(done, cli_ok):
    rows = cli_ok("status", "-w", done, "--subject", 2, "--json").json
    assert {row["unit"] for row in rows} == {"study", "sub-2"}


def test_status_and_inspect_tell_what_other_code_made(done, cli_ok, monkeypatch):
    assert {tuple(row["notes"]) for row in cli_ok("status", "-w", done, "--json").json} == {()}
    assert "another version" not in cli_ok("status", "-w", done).err
    one = ("inspect", "split/default/sub-1/folds", "-w", done)
    assert "the same as here" in cli_ok(*one).out
    monkeypatch.setattr("eeg2vid.cli.commands.status.package_digest", lambda: "0" * 64)
    monkeypatch.setattr("eeg2vid.stages.services.inspecting.package_digest", lambda: "0" * 64)
    rows = cli_ok("status", "-w", done, "--json").json
    assert {(row["state"], *row["notes"]) for row in rows} == {("done", "made by other code of eeg2vid than runs here")}
    said = cli_ok("status", "-w", done).err
    count = len(rows)
    assert (
        f"{count} of {count} units were made by other code of eeg2vid than runs here, first ingest/default/st" in said
    )
    assert "another than here (000000000000)" in cli_ok(*one).out


def test_status_before_anything_is_made(fresh, cli_ok):
    rows = cli_ok("status", "-w", fresh, "--json").json
    states = {row["stage"]: row["state"] for row in rows}
    assert states["ingest"] == "missing"
    assert {states[stage] for stage in PLAN if stage != "ingest"} == {"waiting"}
    split = next(row for row in rows if row["stage"] == "split")
    assert split["reasons"] == [f"ingest/default/{role} is missing" for role in ("study/clips", "sub-1/events")]


def test_inspect_lists_every_artifact(done, cli_ok, digests):
    rows = cli_ok("inspect", "-w", done, "--json").json
    assert {row["artifact"]: row["digest"] for row in rows} == {k: v[:12] for k, v in digests(done).items()}
    shown = cli_ok("inspect", "-w", done).out
    assert all(address in shown for address in digests(done))


def test_inspect_one_artifact(done, cli_ok):
    data = cli_ok("inspect", "train-mapper/ridge/sub-1", "-w", done, "--json").json
    assert data["schema_name"] == "checkpoints"
    assert data["settings"]["network"]["name"] == "ridge"
    assert data["stamps"] == ["simulated"]
    assert {ref["stage"] for ref in data["inputs"]} == {"preprocess", "ingest", "split", "encode-latents"}
    shown = cli_ok("inspect", "train-mapper/ridge/sub-1", "-w", done).out
    assert data["digest"] in shown
    assert "stamps: simulated" in shown
    by_folder = cli_ok("inspect", done / "artifacts/train-mapper/ridge/sub-1/mappers", "--json").json
    assert by_folder == data


def test_inspect_shows_shapes_dims_and_units(done, cli_ok):
    (entry,) = cli_ok("inspect", "preprocess/default/sub-1/epochs", "-w", done, "--json").json["arrays"].values()
    # 3 blocks x 4 concepts x 5 clips, 62 electrodes, 2 s at 200 Hz
    assert (entry["shape"], entry["dims"], entry["unit"]) == ([60, 62, 400], ["event", "electrode", "sample"], "µV")


def test_inspect_takes_any_leading_part(done, cli_ok):
    rows = cli_ok("inspect", "generate/ridge", "-w", done, "--json").json
    assert [row["artifact"] for row in rows] == ["generate/ridge/sub-1/videos", "generate/ridge/sub-2/videos"]


def test_verify(done, cli_ok):
    assert cli_ok("verify", "-w", done, "--json").json == []
    assert "2 artifacts are intact" in cli_ok("verify", "generate/ridge", "-w", done).err


def test_doctor(done, cli_ok):
    rows = {row["check"]: row for row in cli_ok("doctor", "-w", done, "--json").json}
    assert rows["Python"]["found"] == ".".join(map(str, sys.version_info[:3]))
    assert {rows[name]["verdict"] for name in ("torch", "zarr", "H.264", "file locks", "left-over work")} == {"ok"}


def test_doctor_tells_what_a_dead_process_left(workspace, cli_ok):
    (workspace / "artifacts/split/default/sub-1/work-00000000/done").mkdir(parents=True)
    rows = {row["check"]: row for row in cli_ok("doctor", "-w", workspace, "--json").json}
    assert rows["left-over work"]["verdict"] == "warning"
    assert "split/default/sub-1" in rows["left-over work"]["found"]
    cli_ok("split", "--subject", 1, "--force", "-w", workspace)
    rows = {row["check"]: row for row in cli_ok("doctor", "-w", workspace, "--json").json}
    assert rows["left-over work"]["found"] == "none"


def test_dry_run_does_nothing_and_says_why(fresh, cli_ok):
    before = sorted(fresh.rglob("*"))
    rows = cli_ok("run", "-w", fresh, "--dry-run", "--json").json
    assert planned_units() <= {row["unit"] for row in rows}
    assert rows[0] == {"unit": "ingest/default/study", "state": "missing", "reasons": ["not made yet"]}
    split = next(row for row in rows if row["unit"] == "split/default/sub-2")
    assert split["reasons"] == [f"ingest/default/{role} is missing" for role in ("study/clips", "sub-2/events")]
    until = cli_ok("run", "-w", fresh, "--dry-run", "--json", "--until", "split", "--subject", "2").json
    assert [row["unit"] for row in until] == ["ingest/default/study", "ingest/default/sub-2", "split/default/sub-2"]
    assert sorted(fresh.rglob("*")) == before


def test_dry_run_of_one_stage(done, cli_ok):
    rows = cli_ok("predict", "--subject", 1, "-w", done, "--dry-run", "--json").json
    assert [(row["unit"], row["state"]) for row in rows] == [
        ("predict/ridge/sub-1", "done"),
        ("predict/ridge~shuffled-runs/sub-1", "done"),
    ]


def test_dry_run_foresees_what_hangs_on_a_change(done, cli_ok, tmp_path):
    (tmp_path / "mine.toml").write_text(
        '[recipe]\nname = "ridge"\ntitle = "Mine"\nconditions = ["grey"]\n'
        '[train-mapper.ridge]\nnetwork = {name = "ridge", penalties = 3}\n'
        "[predict.ridge]\n[generate.ridge]\n[score.ridge]\n"
    )
    rows = cli_ok("run", "--recipe", tmp_path / "mine.toml", "-w", done, "--subject", 1, "--dry-run", "--json").json
    found = {row["unit"]: (row["state"], row["reasons"]) for row in rows}
    assert found["encode-latents/default/study"] == ("done", [])
    assert found["train-mapper/ridge/sub-1"] == ("stale", ["`train-mapper.network.penalties` 29 -> 3"])
    state, reasons = found["predict/ridge/sub-1"]
    assert state == "stale"
    assert any("no longer read" in reason for reason in reasons)


def test_scores_are_printed(done, cli_ok):
    rows = cli_ok("score", "--subject", 1, "-w", done, "--json").json
    assert {row["unit"] for row in rows} == {"sub-1"}
    assert {"target", "metric", "variant", "condition", "value", "low", "high", "chance", "p"} <= rows[0].keys()
    shown = cli_ok("score", "--subject", 1, "-w", done)
    assert "chance" in shown.out and "best control" in shown.out
    assert "already done" in shown.err
    first = next(line for line in shown.out.splitlines() if line.startswith("identification "))
    wanted = ("identification", "", "full")
    own = next(row for row in rows if (row["metric"], row["variant"], row["condition"]) == wanted)
    page = [f"{own[name]:.3f}".lstrip("0") for name in ("value", "low", "high")]  # as the report writes them
    assert f" {page[0]} " in first and f"[{page[1]}, {page[2]}]" in first
    assert max(map(len, shown.out.splitlines())) <= 100


def test_version(cli_ok):
    from importlib.metadata import version

    assert cli_ok("--version").out == f"eeg2vid {version('eeg2vid')}\n"


@pytest.mark.parametrize("name", ["", *STAGES, *SERVICES])
def test_help(cli_ok, name):
    words = [name] if name else []
    shown = cli_ok(*words, "--help").out
    assert cli_ok(*words, "-h").out == shown
    summary = STAGES[name].summary() if name in STAGES else ""
    assert " ".join(summary.split()[:4]) in shown
    assert "Usage:" in shown


# -- where options may stand -------------------------------------------------------------------------


def test_options_before_and_after_the_command(done, cli_ok, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    after = cli_ok("status", "-w", done, "--json").json
    assert cli_ok("-w", done, "--json", "status").json == after
    assert cli_ok("--json", "status", "--workspace", done).json == after
    assert cli_ok("--workspace", done, "status", "--json").json == after
    for words in (("predict", "--dry-run", "--subject", 1), ("verify",), ("inspect", "generate"), ("doctor",)):
        assert cli_ok("-w", done, "--json", *words).json == cli_ok(*words, "-w", done, "--json").json


def test_workspace_from_option_environment_or_folder(done, fresh, cli_ok, monkeypatch, tmp_path):
    def state(*words):
        return {row["state"] for row in cli_ok(*words, "--json", "status").json}

    monkeypatch.chdir(done)
    assert state() == {"done"}
    monkeypatch.setenv("EEG2VID_WORKSPACE", str(fresh))
    assert "waiting" in state()
    assert state("-w", done) == {"done"}
    assert "waiting" in {row["state"] for row in cli_ok("-w", done, "status", "-w", fresh, "--json").json}


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("2", ["sub-2"]),
        ("sub-2", ["sub-2"]),
        ("1-2", ["sub-1", "sub-2"]),
        ("2,1", ["sub-2", "sub-1"]),
        ("1,1-2", ["sub-1", "sub-2"]),
        ("all", ["sub-1", "sub-2"]),
        ("@array", ["sub-2"]),
    ],
)
def test_forms_of_subject(done, cli_ok, monkeypatch, text, units):
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "2")
    for flag in ("--subject", "-s"):
        rows = cli_ok("preprocess", flag, text, "-w", done, "--dry-run", "--json").json
        assert [row["unit"].split("/")[-1] for row in rows] == units


def test_subjects_of_the_configuration(fresh, cli_ok):
    with (fresh / "eeg2vid.toml").open("a") as file:
        file.write('subjects = "2"\n')
    rows = cli_ok("split", "-w", fresh, "--dry-run", "--json").json
    assert [row["unit"] for row in rows] == ["split/default/sub-2"]
    rows = cli_ok("split", "-w", fresh, "--dry-run", "--json", "--subject", "1").json
    assert [row["unit"] for row in rows] == ["split/default/sub-1"]


# -- settings ----------------------------------------------------------------------------------------


def test_precedence_of_settings(fresh, cli_ok, tmp_path):
    """Default < recipe < its protocol < eeg2vid.toml < command line, as the manifest tells afterwards."""
    settings = '[preprocess.default]\nwindow_s = 0.5\ntmin_s = 0.1\nexclude = ["CB1"]\nmethod = "corrected"\n'
    settings += '[published.preprocess.default]\nmethod = "published"\n'
    (tmp_path / "mine.toml").write_text(f'[recipe]\nname = "mine"\ntitle = "Mine"\n{settings}')
    with (fresh / "eeg2vid.toml").open("a") as file:
        file.write(f"recipe = {json.dumps(str(tmp_path / 'mine.toml'))}\n[preprocess.default]\ntmin_s = 0.2\n")
        file.write("bands = [[4, 8], [8, 13]]\n")
    cli_ok("run", "--subject", 1, "--until", "split", "-w", fresh)
    words = ["preprocess", "--subject", 1, "-w", fresh, "--bands", "1-4", "--tmax-s", "1.7"]
    cli_ok(*words, "--protocol", "published")
    data = cli_ok("inspect", "preprocess/default/sub-1/features", "-w", fresh, "--json").json
    assert (
        data["settings"].items()
        >= {
            "method": "published",  # protocol, over the recipe
            "window_s": 0.5,  # recipe, over the default
            "exclude": ["CB1"],
            "tmin_s": 0.2,  # eeg2vid.toml, over the recipe
            "bands": [[1.0, 4.0]],  # command line, over eeg2vid.toml
            "tmax_s": 1.7,
        }.items()
    )
    assert data["protocol"] == "published"
    assert data["arrays"]["de"]["shape"] == [60, 3, 61, 1]
    result = cli_ok(*words)
    assert "`preprocess.method` published -> corrected" in result.err
    shown = cli_ok("inspect", "preprocess/default/sub-1/features", "-w", fresh).out
    assert "protocol corrected" in shown


def test_set_reaches_nested_settings(workspace, cli_ok):
    words = ["--network", "latent-cnn", "--set", "network.width=8", "--set", "training.epochs=1"]
    cli_ok("train-mapper", "--variant", "mine", "--new", "--subject", 1, "--folds", "block-3", *words, "-w", workspace)
    data = cli_ok("inspect", "train-mapper/mine/sub-1", "-w", workspace, "--json").json
    assert data["settings"]["network"]["name"] == "latent-cnn"
    assert (data["settings"]["network"]["width"], data["settings"]["training"]["epochs"]) == (8, 1)
    assert data["tables"]["models"]["rows"] == 1


# -- the process -------------------------------------------------------------------------------------


def test_module_runs_beside_a_users_own_schemas(tmp_path, done):
    """On a cluster the current folder is first on the path; it may hold anything."""
    for name in ("schemas", "stages", "registry", "eeg2vid_cli"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not yours')\n")
    command = [sys.executable, "-m", "eeg2vid.cli", "status", "-w", str(done), "--json"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert {row["state"] for row in json.loads(result.stdout)} == {"done"}


def test_interrupt_keeps_what_is_finished(workspace, cli, cli_ok, digests, monkeypatch):
    before = digests(workspace)
    shutil.rmtree(workspace / "artifacts/split/default/sub-2")

    def interrupted(self, ctx):
        ctx.write("folds").array("assignment", np.zeros((1, 1), np.int8))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("eeg2vid.stages.split.Split.run", interrupted)
        result = cli("run", "-w", workspace)
    assert result.code == 130
    assert "Finished artifacts are kept" in result.err
    assert digests(workspace) == {k: v for k, v in before.items() if k != "split/default/sub-2/folds"}
    assert [path.name for path in (workspace / "artifacts/split/default/sub-2").iterdir()] == [".lock"]
    cli_ok("run", "-w", workspace)
    assert digests(workspace) == before


def test_latents_of_another_vae_are_not_decoded(workspace, cli, digests):
    tiny = Path(str(resources.files("eeg2vid.stages") / "profiles" / "tiny" / "vae"))
    shutil.copytree(tiny, workspace / "vae")
    config = workspace / "vae" / "config.json"
    config.write_text(config.read_text().replace("\n}", ',\n  "retrained": true\n}'))
    (workspace / "other.toml").write_text('name = "other"\n[roles.vae]\nfolder = "vae"\n')
    before = digests(workspace)
    words = ("generate", "--subject", 1, "--condition", "full", "--models", workspace / "other.toml", "-w", workspace)
    result = cli(*words)
    assert result.code == 2, result.err
    assert "holds latents of another VAE" in result.err
    assert digests(workspace) == before
