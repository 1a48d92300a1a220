"""On a real one-node SLURM: arrays, shards, stopped and requeued tasks give what one serial run gives.

The scheduler is started by a script beside the checkout (`../shared/slurm/start-one-node-slurm.sh`, or below
EEG2VID_SHARED) and stopped again if it was not running before. Run by `make test-slurm`.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eeg2vid.stages.store.layout import find_artifacts
from eeg2vid.stages.store.reader import load_manifest
from tests.conftest import ROOT, call, succeed

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(900), pytest.mark.xdist_group("slurm")]

SMALL = "[slurm]\ngpus = 0\ncpus = 1\nmemory_gb = 2\n"
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "DEADLINE"}


def start_script():
    """Return the script that starts SLURM, None if there is none."""
    places = [Path(os.environ["EEG2VID_SHARED"])] if "EEG2VID_SHARED" in os.environ else []
    found = [place / "slurm" / "start-one-node-slurm.sh" for place in (*places, ROOT.parent / "shared")]
    return next((path for path in found if path.is_file()), None)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Start SLURM, put `eeg2vid` on the PATH of its jobs, and yield the environment to submit from."""
    script = start_script()
    if script is None:
        pytest.skip("no ../shared/slurm/start-one-node-slurm.sh beside the checkout; set EEG2VID_SHARED")
    ran_before = subprocess.run([script, "status"], capture_output=True, check=False).returncode == 0
    if not ran_before:
        started = subprocess.run([script, "start"], capture_output=True, text=True, check=False, timeout=600)
        if started.returncode:
            pytest.skip(f"SLURM does not start here: {started.stderr.strip().splitlines()[-1]}")
    shown = subprocess.run([script, "env"], capture_output=True, text=True, check=True).stdout
    name, value = shlex.split(shown)[1].split("=", 1)
    tools = tmp_path_factory.mktemp("tools")
    (tools / "eeg2vid").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m eeg2vid.cli "$@"\n')
    (tools / "eeg2vid").chmod(0o755)
    code = os.pathsep.join(str(Path(entry).resolve()) for entry in os.environ.get("PYTHONPATH", "").split(":") if entry)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, name: value, "PATH": path, "PYTHONPATH": code, "OMP_NUM_THREADS": "1"}
    environment.pop("EEG2VID_WORKSPACE", None)
    yield environment
    if not ran_before:
        subprocess.run([script, "stop"], capture_output=True, check=True)


class Queue:
    """Submitting, watching and signalling jobs."""

    def __init__(self, environment, folder):
        self.environment = environment
        self.folder = folder

    def run(self, *words):
        done = subprocess.run(
            [str(word) for word in words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def submit(self, workspace, stage, *options, sbatch=()):
        out = self.folder / f"{stage}.sbatch"
        succeed("slurm", "script", stage, "-w", workspace, "--out", out, "--force", *options)
        return self.run("sbatch", "--parsable", *sbatch, out).strip()

    def tasks(self, job):
        """Return the fields of every task of a job."""
        lines = self.run("scontrol", "--oneliner", "show", "job", job).splitlines()
        return [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines if line.strip()]

    def wait(self, job, *, seconds=300):
        """Wait until every task of a job has ended; a requeued one need not wait its two minutes."""
        end = time.monotonic() + seconds
        while True:
            tasks = self.tasks(job)
            if all(task["JobState"] in ENDED for task in tasks):
                return tasks
            assert time.monotonic() < end, tasks
            for task in tasks:
                if task.get("Reason") == "BeginTime":
                    name = f"{task['ArrayJobId']}_{task['ArrayTaskId']}" if "ArrayTaskId" in task else task["JobId"]
                    self.run("scontrol", "update", f"JobId={name}", "StartTime=now")
            time.sleep(0.5)

    def complete(self, job, **how):
        tasks = self.wait(job, **how)
        assert {task["JobState"] for task in tasks} == {"COMPLETED"}, [tasks, self.logs(tasks)]
        return tasks

    def logs(self, tasks):
        return [path.read_text() for task in tasks if (path := Path(task["StdOut"])).is_file()]


@pytest.fixture
def queue(cluster, tmp_path):
    return Queue(cluster, tmp_path)


def digests(workspace):
    """Return every artifact's digest by its address."""
    return {str(a): load_manifest(a.folder(workspace)).digest for a in find_artifacts(workspace)}


def prepare(workspace, *remade):
    """Take the artifacts of some stages away and let jobs be small; return the digests of before."""
    before = digests(workspace)
    for stage in remade:
        shutil.rmtree(workspace / "artifacts" / stage)
    with (workspace / "eeg2vid.toml").open("a") as file:
        file.write(SMALL)
    return before


def until(found, *, seconds=60):
    """Wait until something is there and return it."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return result


def first_part(workspace, stage):
    """Wait until a stage at work has finished a part."""
    return until(lambda: list(workspace.glob(f"artifacts/{stage}/*/*/work-*/done/*.json")))


def test_a_chain_of_arrays_gives_the_serial_run(queue, workspace):
    made = sorted({path.name for path in (workspace / "artifacts").iterdir()} - {"ingest"})
    before = prepare(workspace, *made)
    listed = queue.run(ROOT / "examples" / "slurm" / "chain.sh", workspace).split()
    stages, jobs = listed[::2], listed[1::2]
    assert sorted(stages) == made
    for stage, job in zip(stages, jobs, strict=True):
        assert len(queue.complete(job)) == (1 if stage in ("split-videos", "encode-latents", "report") else 2)
    assert digests(workspace) == before
    succeed("verify", "-w", workspace)


def test_shards_give_the_serial_run(queue, workspace):
    before = prepare(workspace, "encode-latents")
    assert len(queue.complete(queue.submit(workspace, "encode-latents", "--shards", 2))) == 2
    assert digests(workspace) == before


def test_example_script_runs_as_it_is(queue, workspace):
    before = prepare(workspace, "preprocess")
    export = f"--export=ALL,EEG2VID_WORKSPACE={workspace}"
    script = ROOT / "examples" / "slurm" / "preprocess.sbatch"
    queue.complete(queue.run("sbatch", "--parsable", "--mem=2G", "-c1", "--array=1-2", export, script).strip())
    assert digests(workspace) == before


def test_labels_and_folders_of_any_kind(queue, workspace, tmp_path):
    elsewhere = tmp_path / "100% my study"
    before = prepare(workspace, "preprocess")
    shutil.copytree(workspace.parent, elsewhere)
    elsewhere /= "workspace"
    out = tmp_path / "labels.sbatch"
    text = succeed("slurm", "script", "preprocess", "-w", elsewhere).out
    text = text.replace("--array=1-2", "--array=0-1").replace("set -u", "set -u\nsubjects=(1 2)")
    out.write_text(text.replace("@array", '"${subjects[$SLURM_ARRAY_TASK_ID]}"'))
    tasks = queue.complete(queue.run("sbatch", "--parsable", out).strip())
    assert digests(elsewhere) == before and len(list((elsewhere / "logs").glob("preprocess-*_[01].log"))) == len(tasks)


def test_a_stopped_task_saves_is_requeued_alone_and_goes_on(queue, workspace):
    before = prepare(workspace, "generate")
    job = queue.submit(workspace, "generate")
    subject = first_part(workspace, "generate")[0].parts[-4].removeprefix("sub-")
    queue.run("scancel", "--signal=TERM", f"{job}_{subject}")
    tasks = queue.complete(job)
    restarts = {task["ArrayTaskId"]: task["Restarts"] for task in tasks}
    assert restarts == {"1": "0", "2": "0"} | {subject: "1"}
    (log,) = (workspace / "logs").glob(f"generate-*_{subject}.log")
    assert "Stopped by SIGTERM" in log.read_text() and "exit code 75" in log.read_text()
    assert digests(workspace) == before


def test_a_cancelled_task_leaves_nothing_broken(queue, workspace):
    before = prepare(workspace, "generate")
    job = queue.submit(workspace, "generate", "--subject", 2)
    first_part(workspace, "generate")
    queue.run("scancel", job)
    (task,) = queue.wait(job)
    assert task["JobState"] == "CANCELLED" and task["Restarts"] == "0"
    until(lambda: "COMPLETING" not in queue.run("squeue", "--noheader", "--format=%T"))
    succeed("verify", "-w", workspace)
    assert len(digests(workspace)) < len(before)
    left = [row for row in call("doctor", "-w", workspace, "--json").json if row["check"] == "left-over work"]
    assert left
    succeed("generate", "-w", workspace)
    assert digests(workspace) == before
    assert not list(workspace.glob("artifacts/*/*/*/work-*"))


def test_a_task_at_its_time_limit_goes_on_until_done(queue, tmp_path):
    data, workspace, serial = (tmp_path / name for name in ("data", "workspace", "serial"))
    sizes = ["--subjects", 1, "--blocks", 7, "--concepts", 6, "--resolution", 256]  # over a minute of encoding
    succeed("simulate", "--out", data, "--no-observers", *sizes)
    workspace.mkdir()
    (workspace / "eeg2vid.toml").write_text('[study]\ndata = "../data"\n' + SMALL)
    for stage in ("ingest", "split-videos"):
        succeed(stage, "-w", workspace)
    shutil.copytree(workspace, serial)
    # SLURM looks every 30 s and signals rather early than late: here 10 to 40 s after the start; a part takes 10 s
    (workspace / "eeg2vid.toml").write_text((serial / "eeg2vid.toml").read_text() + "grace_s = 20\n")
    job = queue.submit(workspace, "encode-latents", "--time", "00:01:00")
    (task,) = queue.complete(job, seconds=600)
    log = Path(task["StdOut"]).read_text()
    assert int(task["Restarts"]) >= 1 and "Stopped by SIGTERM" in log
    succeed("encode-latents", "-w", serial)
    assert digests(workspace) == digests(serial)
    print(f"restarts: {task['Restarts']}, stopped {log.count('Stopped by')} times")
