"""Services around the stages: SLURM scripts, weights, citations, recipes, doctor."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.cli.commands import doctor
from eeg2vid.cli.signature import stage_command
from eeg2vid.schemas.errors import BadDataError, MissingPackageError, UsageError
from eeg2vid.stages.engine import profile, weights
from eeg2vid.stages.engine.citations import bibliography, cited_by, parse_entries
from eeg2vid.stages.engine.recipe import builtin_recipes, load_recipe
from eeg2vid.stages.engine.slurm import Job, SlurmTable, render, slurm_table
from eeg2vid.stages.registry import STAGES
from tests.conftest import call, succeed

SLURM = Path(__file__).resolve().parents[2] / "examples" / "slurm"
COMMIT, NEWER = "a" * 40, "b" * 40


def options(script):
    """Return the #SBATCH options of a script."""
    words = [word for line in script.splitlines() if line.startswith("#SBATCH ") for word in shlex.split(line[8:])]
    return dict(word.removeprefix("--").partition("=")[::2] for word in words)


def run_script(script, tmp_path, *, code=0, **env):
    """Run a script in bash with a fake srun and scontrol; return exit code, eeg2vid's words, scontrol's words."""
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    for name, end in (("srun", code), ("scontrol", 0)):
        said = tmp_path / name
        said.unlink(missing_ok=True)
        body = (
            f'#!/bin/bash\nfor word in "$@"; do printf "%s\\n" "$word" >> {shlex.quote(str(said))}; done\nexit {end}\n'
        )
        (tools / name).write_text(body)
        (tools / name).chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", script], env={**os.environ, "PATH": path, **env}, check=False)
    files = [tmp_path / name for name in ("srun", "scontrol")]
    return done.returncode, *(file.read_text().splitlines() if file.exists() else [] for file in files)


# -- slurm ---------------------------------------------------------------------------------------


def test_script_states_what_the_stage_needs(workspace):
    script = succeed("slurm", "script", "generate", "-w", workspace, "--partition", "gpu").out
    found = options(script)
    needs = STAGES["generate"].resources
    assert found["gres"] == f"gpu:{needs.gpus}" and found["mem"] == f"{needs.memory_gb}G"
    assert found["cpus-per-task"] == str(needs.cpus) and found["partition"] == "gpu"
    assert found["time"] == f"{needs.minutes * 4 // 60:02d}:00:00"  # full, shuffled-runs, mean-video, grey
    assert found["array"] == "1-2" and found["signal"] == "TERM@60"
    assert found["output"] == f"{workspace}/logs/generate-%A_%a.log" and {"requeue", "open-mode"} <= found.keys()


def test_array_task_runs_its_subject_and_requeues_itself(tmp_path):
    script = render(Job(STAGES["preprocess"], Path("/data/my study"), subjects=("1", "2", "5")))
    assert options(script)["array"] == "1-2,5"
    assert '--output="/data/my study/logs/preprocess-%A_%a.log"' in script
    task = {"SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_JOB_ID": "70", "SLURM_JOB_ID": "70"}
    code, words, requeued = run_script(script, tmp_path, **task)
    assert code == 0 and not requeued
    assert words == ["eeg2vid", "preprocess", "--workspace", "/data/my study", "--subject", "@array"]
    for stopped in (75, 143):
        assert run_script(script, tmp_path, code=stopped, **task)[::2] == (stopped, ["requeue", "70_5"])
    for failed in (1, 3, 4, 6):
        assert run_script(script, tmp_path, code=failed, **task)[::2] == (failed, [])
    assert run_script(script, tmp_path, code=75, **task, SLURM_RESTART_COUNT="20")[::2] == (75, [])


def test_labels_that_are_no_numbers_are_looked_up(tmp_path):
    script = render(Job(STAGES["preprocess"], Path("/w"), subjects=("A7", "01", "P3")))
    assert options(script)["array"] == "0-2"
    _, words, _ = run_script(script, tmp_path, SLURM_ARRAY_TASK_ID="1", SLURM_ARRAY_JOB_ID="70")
    assert words[-2:] == ["--subject", "01"]


def test_single_job_requeues_by_its_id(tmp_path):
    script = render(Job(STAGES["report"], Path("/w"), arguments=("--title", "It's $HOME")))
    assert "array" not in options(script)
    code, words, requeued = run_script(script, tmp_path, code=75, SLURM_JOB_ID="9")
    assert (code, words[-1], requeued) == (75, "It's $HOME", ["requeue", "9"])


def test_shards(workspace, tmp_path):
    script = succeed("slurm", "script", "encode-latents", "-w", workspace, "--shards", 3).out
    assert options(script)["array"] == "1-3"
    _, words, _ = run_script(script, tmp_path, SLURM_ARRAY_TASK_ID="2", SLURM_ARRAY_JOB_ID="70")
    assert words[-2:] == ["--shard", "2/3"]
    refused = call("slurm", "script", "split", "-w", workspace, "--shards", 2)
    assert refused.code == 2 and "one piece" in refused.err


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.sets(st.integers(0, 1000), min_size=2, max_size=40))
def test_array_names_every_subject_once(numbers):
    text = options(render(Job(STAGES["split"], Path("/w"), subjects=tuple(map(str, numbers)))))["array"]
    spans = [[int(end) for end in span.split("-")] for span in text.split(",")]
    assert sorted(n for span in spans for n in range(span[0], span[-1] + 1)) == sorted(numbers)


def test_configuration_changes_what_the_cluster_gives(workspace, tmp_path):
    with (workspace / "eeg2vid.toml").open("a") as file:
        file.write('[slurm]\npartition = "main"\nmemory_gb = 2\nsetup = ["module load cuda"]\n')
        file.write('[slurm.generate]\ngpus = 0\ntime = "1-02:00:00"\noptions = ["--constraint=a100"]\nrequeues = 3\n')
    script = succeed("slurm", "script", "generate", "-w", workspace, "--subject", 2, "--recipe", "ridge").out
    found = options(script)
    assert found["mem"] == "2G" and found["partition"] == "main" and found["time"] == "1-02:00:00"
    assert found["constraint"] == "a100" and "gres" not in found and "array" not in found
    assert "\nmodule load cuda\n" in script and "-lt 3 ]" in script
    assert "--subject 2 --recipe ridge" in script
    assert "gres" in options(succeed("slurm", "script", "predict", "-w", workspace).out)
    succeed("status", "-w", workspace)  # [slurm] is no stage


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"generat": {"gpus": 1}}, "Did you mean 'generate'"),
        ({"generate": {"gpu": 1}}, "Did you mean 'gpus'"),
        ({"time": "soon"}, "HH:MM:SS"),
        ({"partition": "a b"}, "partition"),
        ({"setup": ["echo 1\necho 2"]}, "setup"),
        ({"options": ["--x\n#SBATCH --y"]}, "options"),
        ("main", "table"),
    ],
)
def test_wrong_slurm_tables_are_refused(tables, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        slurm_table(tables, "generate", list(STAGES), {})


def test_script_goes_to_a_new_file_only(workspace, tmp_path):
    out = tmp_path / "scripts" / "x.sbatch"
    succeed("slurm", "script", "score", "-w", workspace, "--out", out)
    before = out.read_text()
    assert call("slurm", "script", "score", "-w", workspace, "--out", out).code == 2
    succeed("slurm", "script", "score", "-w", workspace, "--out", out, "--force", "--", "--force")
    assert "--force" in out.read_text() and "--force" not in before
    assert (workspace / "logs").is_dir()
    assert call("slurm", "script", "scor", "-w", workspace).code == 2


def test_percent_signs_and_quotes_in_log_paths():
    assert "--output=/a%%b/logs/split-%j.log" in render(Job(STAGES["split"], Path("/a%b")))
    with pytest.raises(UsageError):
        render(Job(STAGES["split"], Path('/a"b')))


@pytest.mark.parametrize("name", ["preprocess", "train", "generate", "shards"])
def test_example_scripts_call_what_there_is(name, tmp_path):
    script = (SLURM / f"{name}.sbatch").read_text()
    env = {"EEG2VID_WORKSPACE": "/w", "SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "4"}
    code, words, _ = run_script(script, tmp_path, SLURM_ARRAY_JOB_ID="7", **env)
    assert code == 0
    calls = " ".join(words).split("eeg2vid ")[1:]
    assert len(calls) == (2 if name == "train" else 1)
    for one in calls:
        stage, *given_options = one.split()
        known = stage_command(STAGES[stage], lambda *_: None).__annotations__
        assert {word[2:] for word in given_options if word.startswith("--")} <= known.keys()
    needs = [STAGES[one.split()[0]].resources for one in calls]
    assert options(script)["mem"] == f"{max(need.memory_gb for need in needs)}G"
    code, _, requeued = run_script(script, tmp_path, code=75, SLURM_ARRAY_JOB_ID="7", **env)
    assert (code, requeued) == (75, ["requeue", "7_2"])


# -- cite and recipe -----------------------------------------------------------------------------


def test_every_cited_key_has_an_entry():
    for name in builtin_recipes():
        recipe = load_recipe(name, list(STAGES))
        assert cited_by(recipe, STAGES.values()).keys() <= bibliography().keys(), name


def test_entries_are_bibtex():
    for key, entry in bibliography().items():
        assert entry.count("{") == entry.count("}") and entry.startswith("@") and entry.endswith("}")
        fields = dict(re.findall(r"^  (\w+)\s*= \{(.*)", entry, flags=re.MULTILINE))
        assert {"title", "year"} <= fields.keys() and fields["year"][:4] in key
    with pytest.raises(ValueError, match="twice"):
        parse_entries("@misc{a, title={x}}\n@misc{a, title={y}}")
    with pytest.raises(ValueError, match="end"):
        parse_entries("@misc{a, title={x}")


def test_cite_prints_what_the_recipe_uses(workspace):
    out = succeed("cite", "-w", workspace, "--recipe", "glmnet").out
    assert set(parse_entries(out)) >= {"liu2024eeg2video", "duan2013differential"}
    assert "rombach2022ldm" not in out  # no latents in a recipe of labels
    rows = succeed("cite", "-w", workspace, "--json").json
    assert {"key": "rombach2022ldm", "cited_by": ["encode-latents"], "bibtex": bibliography()["rombach2022ldm"]} in rows


def test_own_recipe_may_cite_what_is_not_here(workspace, tmp_path):
    (tmp_path / "own.toml").write_text('[recipe]\nname = "own"\ntitle = "t"\ncites = ["me2030"]\n[report.own]\n')
    result = succeed("cite", "-w", workspace, "--recipe", tmp_path / "own.toml")
    assert "me2030" in result.err


def test_recipes_are_listed_shown_and_copied(tmp_path):
    rows = succeed("recipe", "list", "--json").json
    assert [row["name"] for row in rows] == builtin_recipes() and all(row["title"] for row in rows)
    shown = tomllib.loads(succeed("recipe", "show", "ridge").out)
    assert shown == succeed("recipe", "show", "ridge", "--json").json | {"recipe": shown["recipe"]}
    copy = tmp_path / "mine.toml"
    succeed("recipe", "copy", "ridge", copy)
    assert tomllib.loads(copy.read_text()) == shown
    copy.write_text("mine")
    assert call("recipe", "copy", "ridge", copy).code == 2 and copy.read_text() == "mine"
    assert call("recipe", "copy", "ridge", tmp_path / "no" / "x.toml").code == 2
    assert call("recipe", "copy", "ridge", tmp_path / "x.txt").code == 2
    assert "Did you mean 'ridge'" in call("recipe", "show", "rigde").err


# -- weights -------------------------------------------------------------------------------------


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Return a function that stands for the hub: a cache folder and commits, no network."""
    import huggingface_hub

    monkeypatch.setenv("EEG2VID_HOME", str(tmp_path / "home"))
    cache = tmp_path / "hub"
    served = {"main": COMMIT}

    class Api:
        def model_info(self, repo, revision=None):
            return type("Info", (), {"sha": served.get(revision or "main", revision)})

    def download(repo, revision=None, local_files_only=False, allow_patterns=None, ignore_patterns=None):
        folder = cache / (revision or "main")
        if local_files_only:
            if not folder.is_dir():
                raise huggingface_hub.errors.LocalEntryNotFoundError("not here")
            return str(folder)
        assert "*.bin" in ignore_patterns
        for pattern in allow_patterns:
            inside = folder / pattern.split("/")[0] if "/" in pattern else folder
            shutil.copytree(tiny_vae(), inside, dirs_exist_ok=True)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return served


def tiny_vae():
    return profile.Models("tiny").locate("vae").folder


def test_tiny_weights_are_here():
    rows = succeed("weights", "list", "--json").json
    assert {row["role"] for row in rows} == set(profile.Models("sd").profile.roles)
    assert all(row["here"] == "yes" and row["identity"].startswith("sha256:") for row in rows)
    assert all(row["verdict"] == "ok" for row in succeed("weights", "verify", "--json").json)
    assert "nothing to fetch" in succeed("weights", "fetch").err


def test_fetch_locks_the_commit_that_is_then_used(hub, tmp_path):
    missing = call("weights", "verify", "--models", "sd")
    assert missing.code == 5 and "weights fetch --models sd" in missing.err
    assert succeed("weights", "list", "--models", "sd", "--json").json[0]["here"] == "no"
    said = succeed("weights", "fetch", "--models", "sd")
    assert COMMIT in said.out and COMMIT in said.err
    lock = json.loads((tmp_path / "home" / "locks" / "sd.json").read_text())
    hubs = {source.hub for source in profile.Models("sd").profile.roles.values()}
    assert lock == {"profile": "sd", "commits": {f"{name}@main": COMMIT for name in hubs}} and len(hubs) == 5
    assert profile.Models("sd").locate("vae").identity == f"commit:{COMMIT}"
    hub["main"] = NEWER  # the branch moves on: the lock holds
    assert "already here" in succeed("weights", "fetch", "--models", "sd").err
    assert profile.Models("sd").locate("vae").identity == f"commit:{COMMIT}"
    succeed("weights", "fetch", "--models", "sd", "--update")
    assert profile.Models("sd").locate("vae").identity == f"commit:{NEWER}"
    assert succeed("weights", "verify", "--models", "sd", "--json").json[0]["verdict"] == "ok"


def test_locked_commit_is_not_replaced_by_another(hub, tmp_path):
    succeed("weights", "fetch", "--models", "sd")
    shutil.copytree(tmp_path / "hub" / COMMIT, tmp_path / "hub" / "main")
    shutil.rmtree(tmp_path / "hub" / COMMIT)
    with pytest.raises(MissingPackageError, match=COMMIT):
        profile.Models("sd").locate("vae")


def test_a_snapshot_with_other_roles_only_is_not_enough(hub, tmp_path):
    (tmp_path / "hub" / "main" / "unet").mkdir(parents=True)
    with pytest.raises(MissingPackageError, match="vae"):
        profile.Models("sd").locate("vae")


def test_fetch_offline_is_a_sentence(tmp_path):
    script = "from eeg2vid.cli.app import main; import sys; sys.argv = ['eeg2vid', *sys.argv[1:]]; main()"
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "EEG2VID_HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf")}
    words = [sys.executable, "-c", script, "weights", "fetch", "--models", "sd"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 5 and "could not be fetched" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "locks").exists()


def test_a_damaged_lock_is_named(hub, tmp_path):
    path = tmp_path / "home" / "locks" / "sd.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"profile": "sd", "commits": 3}')
    with pytest.raises(BadDataError, match=r"sd\.json"):
        profile.Models("sd").locate("vae")


def test_verify_finds_damage(tmp_path):
    folder = tmp_path / "vae"
    shutil.copytree(tiny_vae(), folder)
    assert weights.problems(folder) == []
    whole = (folder / "diffusion_pytorch_model.safetensors").read_bytes()
    (folder / "diffusion_pytorch_model.safetensors").write_bytes(whole[:-10])
    (folder / "config.json").write_text("{")
    assert len(weights.problems(folder)) == 2
    (folder / "diffusion_pytorch_model.safetensors").unlink()
    assert any("no .safetensors" in problem for problem in weights.problems(folder))
    (tmp_path / "own.toml").write_text('name = "own"\n[roles.vae]\nfolder = "vae"\n')
    assert call("weights", "verify", "--models", tmp_path / "own.toml").code == 4


def test_verify_checks_the_hubs_own_hash(tmp_path):
    import hashlib

    folder = tmp_path / "vae"
    shutil.copytree(tiny_vae(), folder)
    file = folder / "diffusion_pytorch_model.safetensors"
    data = bytearray(file.read_bytes())
    blob = tmp_path / hashlib.sha256(data).hexdigest()
    file.unlink()
    file.symlink_to(blob)
    blob.write_bytes(data)
    assert weights.problems(folder) == []
    data[-1] ^= 1
    blob.write_bytes(data)
    assert "hub" in weights.problems(folder)[0]


# -- doctor --------------------------------------------------------------------------------------


def test_a_fit_machine(workspace):
    rows = succeed("doctor", "-w", workspace, "--json").json
    assert {row["verdict"] for row in rows} <= {"ok", "warning"}
    names = {row["check"] for row in rows}
    assert {"Python", "torch", "device", "H.264", "workspace", "file locks", "clock", "left-over work"} <= names


def test_broken_companion_of_torch_makes_unfit(workspace, tmp_path, monkeypatch):
    (tmp_path / "torchaudio").mkdir()
    (tmp_path / "torchaudio" / "__init__.py").write_text("raise RuntimeError('operator torchaudio::x does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    result = call("doctor", "-w", workspace, "--json")
    (row,) = [row for row in result.json if row["check"] == "torchaudio"]
    assert result.code == 5 and row["verdict"] == "FAIL" and "pip uninstall torchaudio" in row["found"]


def test_files_that_shadow_packages(tmp_path, monkeypatch):
    assert doctor._shadowed(tmp_path)[0]["verdict"] == "ok"
    (tmp_path / "zarr.py").touch()
    (tmp_path / "schemas.py").touch()  # a name of ours, but not one that is imported
    (row,) = doctor._shadowed(tmp_path)
    assert row["found"].startswith("zarr.py") and row["verdict"] == "warning"
    monkeypatch.syspath_prepend(tmp_path)
    assert doctor._shadowed(tmp_path)[0]["verdict"] == "FAIL"


def test_left_over_work_is_listed_with_its_age(tmp_path):
    unit = tmp_path / "artifacts" / "generate" / "ridge" / "sub-1"
    work = unit / "work-0123abcd"
    (work / "done").mkdir(parents=True)
    (work / "done" / "0.json").touch()
    (work / "alive").mkdir()
    long_ago = time.time() - 3 * 3600
    for path in (work / "done" / "0.json", work / "done", work / "alive", work):
        os.utime(path, (long_ago, long_ago))
    with FileLock(work / "alive" / "host-1.lock"):
        assert doctor._leftovers(tmp_path)[0]["found"] == "none"  # somebody is at it
    os.utime(work / "alive", (long_ago, long_ago))
    (work / "alive" / "host-1.lock").unlink(missing_ok=True)
    os.utime(work / "alive", (long_ago, long_ago))
    (row,) = doctor._leftovers(tmp_path)
    assert "generate/ridge/sub-1" in row["found"] and "3.0 hours" in row["found"] and "1 parts done" in row["found"]


def test_locks_and_clock_that_do_not_work(tmp_path, monkeypatch):
    import filelock

    assert doctor._locks(tmp_path)[0]["verdict"] == doctor._clock(tmp_path)[0]["verdict"] == "ok"

    class Useless(filelock.SoftFileLock):
        def acquire(self, *_, **__):
            return self

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    now = time.time()
    monkeypatch.setattr(filelock, "FileLock", Useless)
    assert doctor._locks(tmp_path)[0]["verdict"] == "FAIL"
    monkeypatch.setattr(doctor.time, "time", lambda: now + 100)
    row = doctor._clock(tmp_path)[0]
    assert row["verdict"] == "warning" and "s off" in row["found"]


def test_a_check_that_crashes_is_a_failed_check():
    def crash():
        raise RuntimeError("no")

    assert doctor._survive("codec", crash)[0]["verdict"] == "FAIL"


def test_table_of_the_command_line_wins():
    table = slurm_table(
        {"time": "01:00:00", "split": {"time": "02:00:00"}}, "split", list(STAGES), {"time": "03:00:00"}
    )
    assert table == SlurmTable(time="03:00:00")
