"""SLURM scripts: what they state, what their tasks do, the configuration behind them."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.cli.signature import stage_command
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.slurm import Job, render, slurm_table, this_executable
from tests.conftest import call, succeed

SLURM = Path(__file__).resolve().parents[2] / "examples" / "slurm"


def options(script):
    """Return the #SBATCH options of a script."""
    words = [word for line in script.splitlines() if line.startswith("#SBATCH ") for word in shlex.split(line[8:])]
    return dict(word.removeprefix("--").partition("=")[::2] for word in words)


def run_script(script, tmp_path, *, code=0, **env):
    """Run a script in bash with a fake srun and scontrol; return exit code, eeg2vid's words, scontrol's words."""
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    for name, end in (("srun", code), ("sleep", 0), ("scontrol", 0)):
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


def test_a_stopped_task_waits_before_it_is_requeued(tmp_path):
    pauses = {}
    for pause in (None, 3):
        table = slurm_table({} if pause is None else {"pause_s": pause}, "split", list(STAGES), {})
        run_script(render(Job(STAGES["split"], Path("/w"), table=table)), tmp_path, code=75, SLURM_JOB_ID="9")
        pauses[pause] = (tmp_path / "sleep").read_text().split()
        asked = [(tmp_path / name).stat().st_mtime_ns for name in ("srun", "sleep", "scontrol")]
        assert asked == sorted(asked)
    assert pauses == {None: ["10"], 3: ["3"]}
    for code in (0, 4):
        (tmp_path / "sleep").unlink(missing_ok=True)
        run_script(render(Job(STAGES["split"], Path("/w"))), tmp_path, code=code, SLURM_JOB_ID="9")
        assert not (tmp_path / "sleep").exists()


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


def test_a_task_calls_this_very_eeg2vid(workspace, tmp_path):
    """By an absolute path, so that a job needs no environment; and from any folder, without a PATH."""
    script = succeed("slurm", "script", "split", "-w", workspace, "--subject", 1).out
    _, words, _ = run_script(script, tmp_path, SLURM_JOB_ID="9")
    called = words[: words.index("split")]
    assert Path(called[0]).is_absolute() and called == list(this_executable())
    env = {name: value for name, value in os.environ.items() if name == "PYTHONPATH"}
    done = subprocess.run([*called, "--version"], env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("eeg2vid ")


def test_the_executable_may_be_named(workspace, tmp_path):
    with (workspace / "eeg2vid.toml").open("a") as file:
        file.write('[slurm]\nexecutable = "apptainer exec /images/eeg2vid.sif eeg2vid"\n')
    script = succeed("slurm", "script", "split", "-w", workspace, "--subject", 1).out
    _, words, _ = run_script(script, tmp_path, SLURM_JOB_ID="9")
    assert words[:5] == ["apptainer", "exec", "/images/eeg2vid.sif", "eeg2vid", "split"]


def test_percent_signs_and_quotes_in_log_paths():
    assert "--output=/a%%b/logs/split-%j.log" in render(Job(STAGES["split"], Path("/a%b")))
    with pytest.raises(UsageError):
        render(Job(STAGES["split"], Path('/a"b')))


@pytest.mark.parametrize("name", ["preprocess", "train", "generate", "shards"])
def test_example_scripts_call_what_there_is(name, tmp_path):
    script = (SLURM / f"{name}.sbatch").read_text()
    env = {"EEG2VID_WORKSPACE": "/w", "EEG2VID": "/venv/bin/eeg2vid"}
    env |= {"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "4"}
    code, words, _ = run_script(script, tmp_path, SLURM_ARRAY_JOB_ID="7", **env)
    assert code == 0
    calls = " ".join(words).split("/venv/bin/eeg2vid ")[1:]
    assert len(calls) == (2 if name == "train" else 1)
    for one in calls:
        stage, *given_options = one.split()
        known = stage_command(STAGES[stage], lambda *_: None).__annotations__
        assert {word[2:] for word in given_options if word.startswith("--")} <= known.keys()
    needs = [STAGES[one.split()[0]].resources for one in calls]
    assert options(script)["mem"] == f"{max(need.memory_gb for need in needs)}G"
    code, _, requeued = run_script(script, tmp_path, code=75, SLURM_ARRAY_JOB_ID="7", **env)
    assert (code, requeued) == (75, ["requeue", "7_2"])
